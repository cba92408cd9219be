// What a scrape of the control plane tells. Names are a closed list and no label has a customer's value, so that neither the number
// of series nor what a stranger could learn from them grows with the tenants.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { parkedEvents } from '../app/health.ts'
import type { ControlPlane } from '../app/control-plane.ts'

export type ApiMetrics = {
  readonly registry: Registry
  readonly answered: (call: { readonly operation: string; readonly status: number; readonly seconds: number }) => void
  /** Measures how long events wait until they are durable and charged. */
  readonly timeSettlement: <T>(settle: () => Promise<T>) => Promise<T>
}

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** @param registry where other parts of the process have their metrics; a new one, with those of the process, when left out. */
export function createApiMetrics(plane: ControlPlane, streams: () => number, registry: Registry | undefined): ApiMetrics {
  const register = registry ?? new Registry()
  if (registry === undefined) collectDefaultMetrics({ register })
  const registers = [register]
  const requests = new Counter({ name: 'tollgate_api_requests_total', help: 'Answered API requests.', labelNames: ['operation', 'status'], registers })
  const durations = new Histogram({
    name: 'tollgate_api_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: ['operation'],
    buckets: SECONDS,
    registers,
  })
  const settlement = new Histogram({
    name: 'tollgate_settlement_lag_seconds',
    help: 'Time from the arrival of ingested events until they are durable and charged.',
    buckets: SECONDS,
    registers,
  })
  gauge('tollgate_settlement_queue_events', 'Events that wait for settlement.', () => plane.queue.waiting())
  gauge('tollgate_nodes_connected', 'Gateway nodes that are connected.', () => plane.hub.nodes().length)
  gauge('tollgate_stream_clients', 'Live streams.', streams)
  gauge('tollgate_catalog_version', 'Version of the catalog in force.', () => plane.catalogs.current().version)
  // Not a number is told where the database cannot be asked: zero would look like all is well.
  gauge('tollgate_parked_events', 'Events that could not be settled and wait for a person.', () => parkedEvents(plane).catch(() => NaN))

  function gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read())
      },
    })
  }

  return {
    registry: register,
    answered: ({ operation, status, seconds }) => {
      requests.inc({ operation, status })
      durations.observe({ operation }, seconds)
    },
    timeSettlement: async (settle) => {
      const stop = settlement.startTimer()
      try {
        return await settle()
      } finally {
        stop()
      }
    },
  }
}
