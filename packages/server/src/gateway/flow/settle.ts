// Books the usage of a request and tells the client what it was charged. What really happened is booked also where it
// exceeds the hold; usage that the node refuses to book is lost revenue and is logged with all its figures.

import { formatUnits, inputTokens, outputTokens, planOf, type ProviderUsage } from '@tollgate/core'
import type { Settled, Usage } from '../../hot/contract.ts'
import type { Exchange } from '../exchange.ts'
import { decisionHeaders, degradedText, noticeHeaders, type Admitted } from './admitted.ts'
import type { Called } from './called.ts'
import { providerCost, quantitiesOf } from './usage.ts'

export type Told = { readonly usage: ProviderUsage; /** Counted by us. */ readonly isEstimated: boolean }
export type Booked = { readonly settled: Settled; readonly usage: Usage }

/** Longest label of a usage event. */
const LABEL_LENGTH_MAX = 256

/** `ending` is kept for explanation: how the answer ended. */
export function settle(exchange: Exchange, called: Called, told: Told, ending: string): Booked | null {
  const { context } = exchange
  const { reservation } = called.authorization
  const usage = usageOf(exchange, called, told, ending)
  const settled = context.node.settle(reservation, usage)
  if (settled.kind === 'settled') return { settled, usage }
  context.metrics.happened('settle_failed')
  context.log.error({ request: exchange.requestId, reservation, code: settled.code, quantities: usage.quantities }, `usage was not settled: ${settled.message}`)
  return null
}

function usageOf(exchange: Exchange, called: Called, told: Told, ending: string): Usage {
  const { model, known, dimensions } = called
  const { usage } = told
  const { cost, missing } = called.surface.isFree === true
    ? { cost: { amount: '0', currency: known.catalog.currency }, missing: [] }
    : providerCost(known.catalog, usage, { modelAsked: model.upstreamModel, at: exchange.startedAt, needsUncached: planOf(known.catalog, known.snapshot)?.needsUncachedCost ?? false })
  noteOddities(exchange, called, told, cost === null ? missing : [])
  return {
    quantities: quantitiesOf(usage),
    dimensions: {
      ...dimensions,
      ...(usage.model === null ? {} : { model_returned: usage.model.slice(0, LABEL_LENGTH_MAX) }),
      // Only what is not usual: a price by service tier has the standard one as its default.
      ...(usage.tier === 'standard' ? {} : { service_tier: usage.tier.slice(0, LABEL_LENGTH_MAX) }),
    },
    cost,
    estimated: told.isEstimated,
    context: usage.tier === 'standard' ? contextOf(exchange, called, ending) : { ...contextOf(exchange, called, ending), service_tier: usage.tier },
  }
}

/** What is usual is left out: each byte is written, shipped and stored with every request. */
function contextOf({ startedAt, requestId, context }: Exchange, { surface, request, answer, authorization, earlier, upstreamKey }: Called, ending: string): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {
    request_id: requestId, ending, stream: request.isStream, latency_ms: context.clock.now() - startedAt, estimate: formatUnits(authorization.estimate, authorization.currency),
  }
  if (request.isStream && answer.firstByteAt > 0) kept['first_byte_ms'] = answer.firstByteAt - startedAt
  if (surface.name !== 'chat') kept['surface'] = surface.name
  const attempts = answer.attempts + (earlier ?? []).reduce((sum, one) => sum + one.attempts, 0)
  if (attempts > 1) kept['attempts'] = attempts
  if (earlier !== undefined) kept['tried'] = earlier.map(({ upstream, key, what }) => `${upstream}${key === null ? '' : `/${key}`} ${what}`).join(', ')
  if (upstreamKey !== null) kept['upstream_key'] = upstreamKey.name
  if (authorization.degrade !== null) kept['degraded'] = degradedText(authorization.degrade)
  if (authorization.degrade?.model !== undefined && authorization.degrade.model !== null) kept['model_asked'] = request.model
  return kept
}

/**
 * Ends a request that used nothing: its hold goes, and what remains is its record, an event of a type that no meter counts unless the
 * operator says so.
 */
export function recordFailure(exchange: Exchange, called: Called, failure: { readonly status: number; readonly error: string; readonly ending: string }): void {
  const settled = exchange.context.node.settle(called.authorization.reservation, {
    type: FAILED_EVENT, quantities: {}, dimensions: called.dimensions, cost: null, estimated: false,
    context: { ...contextOf(exchange, called, failure.ending), status: failure.status, error: failure.error },
  })
  if (settled.kind !== 'settled') exchange.context.node.release(called.authorization.reservation)
}

const FAILED_EVENT = 'ai.request_failed'

function noteOddities(exchange: Exchange, { model, bound }: Called, { usage, isEstimated }: Told, missing: readonly string[]): void {
  const { metrics, log } = exchange.context
  if (isEstimated) metrics.happened('usage_estimated')
  if (usage.problems.length > 0) {
    metrics.happened('usage_odd')
    log.warn({ request: exchange.requestId, model: usage.model, problems: usage.problems.map(({ message }) => message) }, 'the usage that the provider told does not add up')
  }
  if (missing.length > 0) {
    metrics.happened('cost_unknown')
    log.warn({ request: exchange.requestId, missing }, 'provider cost unknown: the rate card has no price for it')
  }
  if (inputTokens(usage.buckets) > bound.inputTokens || outputTokens(usage.buckets) > bound.outputTokens) {
    metrics.happened('hold_exceeded')
    log.warn({ request: exchange.requestId, model: model.upstreamModel, bound, used: usage.buckets }, 'the provider used more than the upper bound that was held')
  }
}

/** What was charged, and the balance after it. Provider cost is shown to the operator's own keys alone. */
export function chargeHeaders({ authorization, key, known }: Pick<Admitted, 'authorization' | 'key' | 'known'>, booked: Booked | null): string[] {
  if (booked === null) return decisionHeaders(authorization, known)
  const { settled, usage } = booked
  const { currency, charge, balance, isFinal } = settled
  const headers = [
    'x-tollgate-decision', `allow; reservation=${settled.reservation}`,
    'x-tollgate-estimate', formatUnits(authorization.estimate, currency),
    'x-tollgate-charge', formatUnits(charge, currency),
    'x-tollgate-currency', currency,
  ]
  if (!isFinal || usage.estimated) headers.push('x-tollgate-charge-estimated', 'true')
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  if (key.showsCost && usage.cost !== null) headers.push('x-tollgate-cost', usage.cost.amount, 'x-tollgate-cost-currency', usage.cost.currency)
  return headers.concat(noticeHeaders(authorization, known))
}
