// A request of any surface, from its key to the end of its answer: key → body → model → hold → provider → usage → settle. The
// answer ends only when its settlement is written, so that nothing is used that a crash could forget; whatever happens after the
// hold, the hold is settled or released before this returns.

import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { assert, BACKGROUND_TTL_MS, planOf, RESERVATION_TTL_MS_MAX, type CustomerId, type KeyRecord, type PlanPriority } from '@tollgate/core'
import type { Authorization, AuthorizeInput, Known } from '../../hot/contract.ts'
import { attempt } from '../attempts/attempt.ts'
import { placeOf } from '../cache/place.ts'
import { replay } from '../cache/replay.ts'
import { tokensOfInstruction } from '../../hot/remedy.ts'
import { authenticate, readBody, sendError, type Exchange } from '../exchange.ts'
import { PRIORITY_WEIGHTS } from '../in-flight.ts'
import { errorAnswer, forbidden, invalidRequest, RequestRefused, tooManyInFlight, tooManyRefusals, upstreamBusy, type ErrorAnswer } from '../refusal.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import type { ResolvedModel } from '../upstreams.ts'
import { boundQuantities, type UsageBound } from '../usage-bound.ts'
import { passThroughAt } from '../pass-through.ts'
import type { Admitted } from './admitted.ts'
import { attributionOf, customerOf, type Attribution } from './attribution.ts'
import { finish } from './finish.ts'
import { keepPrompt } from '../prompts/keep.ts'
import { sendRefusal } from './refuse.ts'
import { countWithin } from './count-within.ts'

/** Where a request came in. `surface` is null for a path that only a catalog may open. */
export type Entry = { readonly path: string; readonly surface: Surface | null; readonly params: readonly string[]; readonly query: string }

/** False when the path is no surface for whom asks: nothing was answered. */
export async function runRequest(exchange: Exchange, entry: Entry): Promise<boolean> {
  const { context } = exchange
  const authenticated = authenticate(exchange, ['gateway', 'admin'])
  const key = authenticated instanceof Promise ? await authenticated : authenticated
  if (entry.surface === null && key.customer === null && exchange.request.headers['x-tollgate-customer'] === undefined) return false
  const customer = customerOf(exchange, key)
  const now = context.clock.now()
  if (context.refusals.isFlooding(key.id, now)) {
    await refuseLater(exchange, tooManyRefusals(context.limits.refusalsPerSecondMax))
    return true
  }
  const shed = context.inFlight.enter(customer, key.id)
  if (shed !== null) {
    context.metrics.happened('shed')
    await refuseLater(exchange, tooManyInFlight(shed, context.limits))
    return true
  }
  try {
    const found = context.node.snapshot(customer)
    const known = found instanceof Promise ? await found : found
    if (known === null) throw invalidRequest(`There is no customer ${customer}.`, { status: key.customer === null ? 404 : 403, code: 'customer_not_found' })
    const surface = entry.surface ?? passThroughAt(known.catalog, entry.path)
    if (surface === null) return false
    const priority = priorityOf(known)
    context.inFlight.weigh(customer, priority)
    const turn = context.turns.enter(customer, PRIORITY_WEIGHTS[priority])
    if (turn !== undefined) await turn
    const body = await readBody(exchange, context.limits.bodyBytesMax)
    await admit(exchange, { entry, key, customer, known, surface, body })
    return true
  } catch (error) {
    if (error instanceof RequestRefused) context.refusals.refused(key.id, now)
    throw error
  } finally {
    context.inFlight.leave(customer, key.id)
  }
}

/** A client in a loop waits for its next refusal, and the others have the thread meanwhile. */
async function refuseLater(exchange: Exchange, answer: ErrorAnswer): Promise<void> {
  const { context } = exchange
  if (context.refusals.enterDelay()) {
    await delay(context.limits.shedDelayMs)
    context.refusals.leaveDelay()
  }
  sendError(exchange, answer)
}

function priorityOf({ catalog, snapshot }: Known): PlanPriority {
  return planOf(catalog, snapshot)?.priority ?? 'normal'
}

type Identified = { readonly entry: Entry; readonly key: KeyRecord; readonly customer: CustomerId; readonly known: Known; readonly surface: Surface; readonly body: Buffer }

async function admit(exchange: Exchange, { entry, key, customer, known, surface, body }: Identified): Promise<void> {
  const { context } = exchange
  const asked = { body, params: entry.params, query: entry.query, contentType: exchange.request.headers['content-type'] ?? '' }
  const request = surface.prepare === undefined ? surface.read(asked) : await surface.prepare({ asked, catalog: known.catalog, at: exchange.startedAt, find: async (id) => (await context.background?.find(customer, id))?.job ?? null })
  const model = resolveModel(exchange, { key, known, surface, name: request.model, pinned: request.pinned })
  const attribution = attributionOf(exchange, key, known, entry.path)
  const bound = request.bound(model.rate)
  const dimensions = { model: request.model, provider: model.target.config.provider, upstream: model.target.config.name, ...attribution.tags }
  const rules = known.catalog.cacheRules
  const place = rules === undefined ? null : placeOf(rules, { known, surface, request, model, attribution, headers: exchange.request.headers })
  const stored = place === null || place.isRenewed ? null : (context.answers.find(place.owner, place.name, context.clock.now()) ?? (place.isShared && context.sharedAnswers !== null ? await context.sharedAnswers.find(place) : null))
  if (stored !== null) return replay(exchange, { key, known, surface, request, dimensions, attribution }, stored)
  const counting = known.catalog.requestBounds === undefined ? null : countWithin(exchange, known.catalog.requestBounds, { known, request, bound, feature: attribution.feature })
  const counted = counting === null ? null : await counting
  const asking: Asking = { key, customer, known, surface, request, bound, dimensions, attribution, counted, routes: null }
  const decided = context.node.authorize(authorizeInput(exchange, asking))
  const authorization = decided instanceof Promise ? await decided : decided
  if (authorization.kind !== 'allowed') {
    context.refusals.refused(key.id, exchange.startedAt)
    return sendRefusal(exchange, key, authorization)
  }
  const admitted = { surface, request, key, known, attribution, authorization, ...(place === null ? {} : { place }), ...asAdmitted(asking, authorization, { model, bound, dimensions }) }
  // Whoever went away meanwhile has used nothing.
  if (exchange.response.destroyed) context.node.release(authorization.reservation)
  else await call(exchange, admitted)
}

/** From here on there is a hold: every way out of this settles or releases it. */
async function call(exchange: Exchange, admitted: Admitted): Promise<void> {
  const { context } = exchange
  const { customer } = admitted.known.snapshot
  const { slots } = admitted.model.target.upstream
  let hasSlot = false
  try {
    const slot = slots.enter(customer, PRIORITY_WEIGHTS[priorityOf(admitted.known)])
    hasSlot = slot instanceof Promise ? await slot : slot
    if (!hasSlot) {
      context.metrics.happened('shed')
      throw new RequestRefused(upstreamBusy(admitted.model.target.config.name))
    }
    // No call runs at a provider that a restart of this node would not know of. Whoever went away while it waited has used nothing.
    await context.node.written()
    if (exchange.response.destroyed) return void context.node.release(admitted.authorization.reservation)
    const { called, end } = await attempt(exchange, admitted)
    await finish(exchange, called, end)
    if (admitted.known.catalog.promptRules !== undefined) keepPrompt(exchange, { ...admitted, id: admitted.authorization.reservation, end })
  } catch (error) {
    context.node.release(admitted.authorization.reservation)
    throw error
  } finally {
    if (hasSlot) slots.leave(customer)
  }
}

type Wanted = { readonly key: KeyRecord; readonly known: Known; readonly surface: Surface; readonly name: string; readonly pinned?: SurfaceRequest['pinned'] }

function resolveModel(exchange: Exchange, { key, known, surface, name, pinned }: Wanted): ResolvedModel {
  if (key.models !== null && !key.models.includes(name)) {
    throw forbidden('model_not_allowed', `The key ${key.hint} may not use the model ${name.slice(0, 100)}. It may use: ${key.models.slice(0, 20).join(', ')}.`)
  }
  const resolved = exchange.context.upstreams.resolve({ name, catalog: known.catalog, at: exchange.startedAt, kinds: surface.kinds, upstream: pinned?.upstream ?? surface.upstream })
  if (resolved === null) {
    throw invalidRequest(`The model ${JSON.stringify(name.slice(0, 100))} does not exist here. GET /v1/models lists those that do.`, { status: 404, code: 'model_not_found', param: 'model' })
  }
  if (resolved.target !== null) return resolved
  if (resolved.speaks !== null) {
    throw invalidRequest(`The model ${name} is served by the upstream ${resolved.upstream}, which speaks the format of ${FORMATS[resolved.speaks]}: send the request there, or ask the operator for an upstream that speaks this one.`, { code: 'surface_not_served', param: 'model' })
  }
  const remedy = resolved.upstream === null ? 'Add one that lists it' : `Add the upstream ${resolved.upstream}, with its key`
  throw new RequestRefused(errorAnswer({ status: 503, type: 'server_error', code: 'upstream_not_configured', message: `No upstream serves the model ${name}. ${remedy}, or ask the operator of this gateway to.` }))
}

const FORMATS = { openai: 'POST /v1/chat/completions and its like', azure: 'POST /v1/chat/completions and its like', anthropic: 'POST /v1/messages', gemini: 'POST /v1beta/models/{model}:generateContent' } as const

type Asking = {
  readonly key: KeyRecord
  readonly customer: CustomerId
  readonly known: Known
  readonly surface: Surface
  readonly request: SurfaceRequest
  readonly bound: UsageBound
  readonly dimensions: Readonly<Record<string, string>>
  readonly attribution: Attribution
  /** Tokens of input, where they were counted before. */
  readonly counted: number | null
  /** Where it would go under other models, as it was decided on: chosen again, it could be another of several upstreams. */
  routes: Map<string, Routed> | null
}

function authorizeInput(exchange: Exchange, asking: Asking): AuthorizeInput {
  const { key, customer, known, surface, request, bound, dimensions, attribution, counted } = asking
  return {
    reservation: null,
    customer,
    key,
    entity: attribution.entity,
    feature: attribution.feature,
    model: request.model,
    run: attribution.run,
    type: surface.event,
    bound: { quantities: boundQuantities(bound, known.catalog, surface.event), dimensions },
    // The gateway always ends its holds itself; a hold that expired under a long stream would lose its usage.
    ttlMs: request.background === undefined ? RESERVATION_TTL_MS_MAX : BACKGROUND_TTL_MS,
    outlives: request.background !== undefined,
    repeatable: false,
    withModel: (name) => {
      const other = routeOf(exchange, { key, known, surface, name }, { request, attribution })
      if (other !== null) (asking.routes ??= new Map()).set(name, other)
      return other === null ? null : { model: name, bound: { quantities: boundQuantities(other.bound, known.catalog, surface.event), dimensions: other.dimensions } }
    },
    canClamp: request.canClamp === true,
    canInstruct: request.canInstruct === true,
    canWait: true,
    ...(counted === null ? {} : { countedInput: counted }),
    ...(bound.outputOfOne === undefined ? {} : { outputOfOne: bound.outputOfOne }),
    prompt: attribution.run === null || request.prompt === undefined ? null : fingerprint(request.prompt()),
  }
}

/** Equal prompts have equal ones; the prompt itself is kept nowhere. */
function fingerprint(prompt: string): string {
  return createHash('sha256').update(prompt).digest('base64url').slice(0, 22)
}

type Routed = { readonly model: ResolvedModel; readonly bound: UsageBound; readonly dimensions: Readonly<Record<string, string>> }

/** Where a request would go under another model, and what it could use there; null where it cannot go. */
function routeOf(exchange: Exchange, wanted: Wanted, { request, attribution }: Pick<Asking, 'request' | 'attribution'>): Routed | null {
  // A file of requests asks for what it asks for.
  if (request.requests !== undefined) return null
  try {
    const model = resolveModel(exchange, wanted)
    return { model, bound: request.bound(model.rate), dimensions: { model: wanted.name, provider: model.target.config.provider, upstream: model.target.config.name, ...attribution.tags } }
  } catch (error) {
    if (error instanceof RequestRefused) return null
    throw error
  }
}

/** The route and bound of the request as it was admitted, which may be another than it asked for. */
function asAdmitted({ routes }: Asking, { degrade }: Extract<Authorization, { kind: 'allowed' }>, routed: Routed): Routed {
  if (degrade === null) return routed
  const found = degrade.model === null ? routed : routes?.get(degrade.model)
  assert(found !== undefined, `the model ${degrade.model} that was decided on cannot be reached`)
  const other = degrade.instruction === null ? found : { ...found, bound: { ...found.bound, inputTokens: found.bound.inputTokens + tokensOfInstruction(degrade.instruction) } }
  return degrade.outputTokens === null ? other : { ...other, bound: { ...other.bound, outputTokens: Math.min(other.bound.outputTokens, degrade.outputTokens) } }
}
