// The client: check, authorize, track. Decisions fall back to the fail mode when Tollgate does not answer; usage never does: it is
// delivered or the caller is told, because a lost event is lost money.

import { TollgateError } from './error.ts'
import { allowedOf, reservation } from './reservation.ts'
import { createTransport, errorOf, type Body } from './transport.ts'
import type { Allowed, AuthorizeRequest, Checked, Denied, Entitlement, EventResult, Options, Request, TrackedEvent } from './types.ts'
import { ADMITTED_BY_FAIL_MODE, checkedOf, deniedByFailMode, deniedOf, entitlementOf, eventBody, requestBody, resultOf } from './wire.ts'

export type Tollgate = {
  /** What a customer may do with a feature, without asking whether a certain request fits. */
  readonly entitlement: (request: { readonly customer: string; readonly feature: string }) => Promise<Entitlement>
  /** Whether a request would be admitted. Holds nothing: another may take what it saw. */
  readonly check: (request: Request) => Promise<Checked | Denied>
  /** Admits a request and holds what it can cost at most, or says why not. */
  readonly authorize: (request: AuthorizeRequest) => Promise<Allowed | Denied>
  /**
   * Sends usage events. Answers `results[i]` for `events[i]`: one that is not valid does not keep the others from being charged.
   * @throws {TrackError} when not all could be delivered: send its `events` again, with their ids.
   */
  readonly track: (events: TrackedEvent | readonly TrackedEvent[]) => Promise<EventResult[]>
}

/** Usage that was not delivered. What was delivered before stays: with the same ids nothing is charged twice. */
export class TrackError extends TollgateError {
  /** The events that were given, each with its id and source: send all of them again. */
  readonly events: readonly TrackedEvent[]

  constructor(error: TollgateError, events: readonly TrackedEvent[]) {
    super({ code: error.code, status: error.status, message: error.message, field: error.field, requestId: error.requestId, cause: error })
    this.events = events
  }
}

const SOURCE = 'tollgate-sdk'
/** Events in one call; the API takes 5,000. */
const BATCH_MAX = 1_000

export function createTollgate(options: Options): Tollgate {
  if (options.failMode !== 'open' && options.failMode !== 'closed')
    throw new TypeError('failMode must be "open" or "closed": what a decision is when Tollgate does not answer')
  const send = createTransport(options)

  /** That of the feature, where one is named and has its own. */
  function failModeOf(feature: string | undefined): 'open' | 'closed' {
    return (feature === undefined ? undefined : options.features?.[feature]?.failMode) ?? options.failMode
  }

  async function entitlement({ customer, feature }: { readonly customer: string; readonly feature: string }): Promise<Entitlement> {
    const answer = await send(`/v1/customers/${encodeURIComponent(customer)}/entitlements/${encodeURIComponent(feature)}`)
    if (answer.kind === 'unavailable') {
      return { feature, entitled: failModeOf(feature) === 'open', value: options.features?.[feature]?.value ?? null, models: failModeOf(feature) === 'open' ? ['*'] : [], reason: null, upgradePlans: [], degraded: true }
    }
    if (answer.status !== 200) throw errorOf(answer.status, answer.body)
    return entitlementOf(feature, answer.body)
  }

  async function check(request: Request): Promise<Checked | Denied> {
    const answer = await send('/v1/check', requestBody(request))
    if (answer.kind === 'unavailable') return failModeOf(request.feature) === 'open' ? ADMITTED_BY_FAIL_MODE : deniedByFailMode(answer.error)
    if (answer.status !== 200) throw errorOf(answer.status, answer.body)
    return answer.body['decision'] === 'deny' ? deniedOf(answer.body) : checkedOf(answer.body)
  }

  async function authorize(request: AuthorizeRequest): Promise<Allowed | Denied> {
    const { reservationId = `res_${newId()}`, ttlSeconds, canDegrade } = request
    const answer = await send('/v1/authorize', { reservation_id: reservationId, ...requestBody(request), ttl_seconds: ttlSeconds, can_degrade: canDegrade })
    if (answer.kind === 'unavailable') {
      if (failModeOf(request.feature) === 'closed') return deniedByFailMode(answer.error)
      return reservation(send, { checked: ADMITTED_BY_FAIL_MODE, id: reservationId, request, expiresAt: null, replayed: false, degrade: null })
    }
    if (answer.status !== 200) throw errorOf(answer.status, answer.body)
    return answer.body['decision'] === 'deny' ? deniedOf(answer.body) : allowedOf(send, { ...request, reservationId }, answer.body)
  }

  async function track(given: TrackedEvent | readonly TrackedEvent[]): Promise<EventResult[]> {
    const events = [given].flat().map((event) => ({ ...event, id: event.id ?? newId(), source: event.source ?? options.source ?? SOURCE }))
    const bodies = events.map(eventBody)
    const results: EventResult[] = []
    for (let start = 0; start < bodies.length; start += BATCH_MAX) {
      const answer = await send('/v1/events', bodies.slice(start, start + BATCH_MAX))
      if (answer.kind === 'unavailable') throw new TrackError(answer.error, events)
      if (answer.status !== 200) throw new TrackError(errorOf(answer.status, answer.body), events)
      results.push(...(answer.body['results'] as readonly Body[]).map(resultOf))
    }
    return results
  }

  return { check, authorize, track, entitlement }
}

function newId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
