// Answers a request with a stored answer. It is decided and settled like any request, with what the answer used the first time as its
// bound and use, and no cost. Where the plan leaves hits out of the charge (it does unless it says otherwise) they count as saved,
// not as used: no budget is drawn on, so that a customer whose budget is used up still gets them.

import { formatUnits, planOf, RESERVATION_TTL_MS_MAX, type KeyRecord } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import { idHeaders, type Exchange } from '../exchange.ts'
import type { Attribution } from '../flow/attribution.ts'
import { sendRefusal } from '../flow/refuse.ts'
import { chargeHeaders } from '../flow/settle.ts'
import { keepPrompt } from '../prompts/keep.ts'
import { quantitiesOf } from '../flow/usage.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import type { StoredAnswer } from './store.ts'

export type Replayed = {
  readonly key: KeyRecord
  readonly known: Known
  readonly surface: Surface
  readonly request: SurfaceRequest
  readonly dimensions: Readonly<Record<string, string>>
  readonly attribution: Attribution
}

export async function replay(exchange: Exchange, asked: Replayed, stored: StoredAnswer): Promise<void> {
  const { context } = exchange
  const { key, known, surface, request, attribution } = asked
  const quantities = hitQuantities(known, stored)
  const dimensions = { ...asked.dimensions, cache_status: 'hit', ...(stored.usage.model === null ? {} : { model_returned: stored.usage.model.slice(0, 256) }) }
  const authorization = await context.node.authorize({
    reservation: null, customer: known.snapshot.customer, key, entity: attribution.entity, feature: attribution.feature, model: request.model, run: attribution.run, type: surface.event,
    bound: { quantities, dimensions }, ttlMs: RESERVATION_TTL_MS_MAX, repeatable: false, withModel: () => null,
  })
  if (authorization.kind !== 'allowed') return sendRefusal(exchange, key, authorization)
  const usage = {
    quantities, dimensions, cost: { amount: '0', currency: known.catalog.currency }, estimated: false,
    context: {
      request_id: exchange.requestId, ending: 'complete', stream: request.isStream, cache: 'hit', latency_ms: context.clock.now() - exchange.startedAt,
      estimate: formatUnits(authorization.estimate, authorization.currency),
      ...(surface.name === 'chat' ? {} : { surface: surface.name }), ...(stored.cost === null ? {} : { saved_cost: `${stored.cost.amount} ${stored.cost.currency}` }),
    },
  }
  const settled = context.node.settle(authorization.reservation, usage)
  if (settled.kind === 'settled') await settled.written
  context.metrics.happened('cache_hit')
  if (known.catalog.promptRules !== undefined) keepPrompt(exchange, { known, request, attribution, id: authorization.reservation, end: null })
  const { response } = exchange
  if (response.destroyed) return
  const headers = ['content-type', stored.contentType, ...idHeaders(exchange), ...chargeHeaders({ authorization, key, known }, settled.kind === 'settled' ? { settled, usage } : null)]
  headers.push('x-tollgate-cache', 'hit', 'age', String(Math.floor((context.clock.now() - stored.at) / 1_000)))
  if (!request.isStream) headers.push('content-length', String(stored.body.length))
  if (context.isClosing()) headers.push('connection', 'close')
  response.writeHead(200, headers)
  response.end(stored.body)
}

/** What the hit counts as: the use of the stored answer where hits are charged, else what was saved. */
function hitQuantities(known: Known, { usage }: StoredAnswer): Readonly<Record<string, string>> {
  const used = quantitiesOf(usage)
  if (planOf(known.catalog, known.snapshot)?.excluded.includes('cache_hits') !== true) return used
  const { requests: _, ...saved } = used
  return { requests: '1', ...Object.fromEntries(Object.entries(saved).map(([property, count]) => [`saved_${property}`, count])) }
}
