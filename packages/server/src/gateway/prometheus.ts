// The gateway's counts as Prometheus text: what it answered, what happened to requests, and how its node stands. Names are a
// closed list and no label has a customer's value, so that the number of series does not grow with the tenants.

import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { HotNode } from '../hot/contract.ts'
import type { Standing } from './attempts/standing.ts'
import type { GatewayMetrics, MetricsPage } from './metrics.ts'

export type PrometheusMetrics = GatewayMetrics & MetricsPage

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What each figure of {@link HotNode.stats} is: what only grows is a counter to Prometheus too. */
const NODE_FIGURES = {
  authorized: ['tollgate_node_authorized_total', 'Requests that were admitted.'],
  denied: ['tollgate_node_denied_total', 'Requests that were refused by a decision.'],
  settled: ['tollgate_node_settled_total', 'Reservations that were settled.'],
  released: ['tollgate_node_released_total', 'Reservations that ended without use.'],
  expired: ['tollgate_node_expired_total', 'Reservations that nobody ended in time.'],
  acquires: ['tollgate_node_acquires_total', 'Calls to the authority for budget: decisions that memory could not make alone.'],
  unheard: ['tollgate_node_refused_unheard_total', 'Refusals of the authority while a node that may hold idle budget did not answer its recall: denials that may be wrong.'],
  degraded: ['tollgate_node_degraded_total', 'Requests that were admitted with another model or less output.'],
  estimates_settled: ['tollgate_estimate_settled_total', 'Requests that soft budgets and rates held by a learnt estimate.'],
  estimates_exceeded: ['tollgate_estimate_exceeded_total', 'Of them those that used more than it: 5 % is what is aimed at.'],
  open: ['tollgate_node_reservations_open', 'Reservations that are open.'],
  customers: ['tollgate_node_customers', 'Customers in memory.'],
  journal_bytes: ['tollgate_node_journal_bytes', 'Journal on disk: with what is settled already and not yet deleted.'],
} as const

/** `isOneOfMany`: other processes answer on the same port, so each series says in the label `node` whose it is. */
export function prometheusMetrics(node: Pick<HotNode, 'id' | 'stats' | 'isReady'>, isOneOfMany = false): PrometheusMetrics {
  const register = new Registry()
  if (isOneOfMany) register.setDefaultLabels({ node: node.id })
  collectDefaultMetrics({ register })
  const registers = [register]
  const requests = new Counter({ name: 'tollgate_gateway_requests_total', help: 'Answered requests; status 499: the client was gone.', labelNames: ['surface', 'status'], registers })
  const durations = new Histogram({ name: 'tollgate_gateway_request_duration_seconds', help: 'Time from request to the end of the answer, the provider included.', labelNames: ['surface'], buckets: SECONDS, registers })
  const events = new Counter({ name: 'tollgate_gateway_events_total', help: 'What happened to requests beside being answered.', labelNames: ['event'], registers })
  const figures = Object.entries(NODE_FIGURES).map(([figure, [name, help]]) => ({ figure, gauge: new Gauge({ name, help, registers }) }))
  const ready = new Gauge({ name: 'tollgate_node_ready', help: '1 while the node admits.', registers })
  const upstreams = upstreamGauges(registers)
  let standing: () => readonly Standing[] = () => []
  const refresh = () => {
    upstreams.set(standing())
    const stats = node.stats()
    for (const { figure, gauge } of figures) gauge.set(stats[figure] ?? 0)
    ready.set(node.isReady() ? 1 : 0)
  }
  return {
    answered: (surface, status, durationMs) => {
      requests.inc({ surface, status })
      durations.observe({ surface }, durationMs / 1_000)
    },
    happened: (event) => events.inc({ event }),
    watches: (read) => { standing = read },
    contentType: register.contentType,
    values: () => {
      refresh()
      return register.getMetricsAsJSON()
    },
    render: async (others) => {
      refresh()
      return others.length === 0 ? register.metrics() : AggregatorRegistry.aggregate([await register.getMetricsAsJSON(), ...(others as object[])]).metrics()
    },
  }
}

/** Labels are names that the operator gave: as many as there are upstreams and keys. */
function upstreamGauges(registers: Registry[]): { readonly set: (standing: readonly Standing[]) => void } {
  const resting = new Gauge({ name: 'tollgate_upstream_resting', help: '1 while the upstream is not asked, because it failed several times in a row.', labelNames: ['upstream'], registers })
  const keyResting = new Gauge({ name: 'tollgate_upstream_key_resting', help: '1 for a key of an upstream that is not used right now, because it was refused or limited.', labelNames: ['upstream', 'key'], registers })
  const running = new Gauge({ name: 'tollgate_upstream_requests', help: 'Requests that run at the upstream.', labelNames: ['upstream'], registers })
  const waiting = new Gauge({ name: 'tollgate_upstream_requests_waiting', help: 'Requests that wait for a slot at the upstream.', labelNames: ['upstream'], registers })
  return {
    set: (standing) => {
      for (const gauge of [resting, keyResting, running, waiting]) gauge.reset()
      for (const { upstream, rests, ...counts } of standing) {
        resting.set({ upstream }, rests.some(({ key }) => key === null) ? 1 : 0)
        running.set({ upstream }, counts.running)
        waiting.set({ upstream }, counts.waiting)
        for (const { key } of rests) if (key !== null) keyResting.set({ upstream, key }, 1)
      }
    },
  }
}
