// An admitted request and how it ends. Each call may be repeated. Usage of a reservation that the gateway does not know (any more, or
// never did, because the fail mode admitted it) goes in as an event under the same source and id, so that it is charged once whichever way
// arrives first.

import { TollgateError } from './error.ts'
import { errorOf, type Body, type Send } from './transport.ts'
import type { Allowed, AuthorizeRequest, Checked, Degrade, Denied, Settled, Usage } from './types.ts'
import { checkedOf, checkedQuantities, degradeOf, deniedOf, eventBody, moneyOf, resultOf, textOf } from './wire.ts'

/** The gateway records settled reservations under it. */
const RESERVATION_SOURCE = 'tollgate:api'

type Admission = {
  readonly checked: Checked
  readonly id: string
  readonly request: AuthorizeRequest
  readonly expiresAt: string | null
  readonly replayed: boolean
  readonly degrade: Degrade | null
}

export function allowedOf(send: Send, request: AuthorizeRequest & { readonly reservationId: string }, body: Body): Allowed {
  return reservation(send, {
    checked: checkedOf(body),
    id: request.reservationId,
    request,
    expiresAt: textOf(body, 'expires_at'),
    replayed: body['replayed'] === true,
    degrade: degradeOf(body),
  })
}

export function reservation(send: Send, admission: Admission): Allowed {
  const { checked, id, request } = admission
  const path = (action: string) => `/v1/reservations/${encodeURIComponent(id)}/${action}`

  async function settle(usage: Usage): Promise<Settled> {
    const { dimensions, cost, estimated } = usage
    const quantities = checkedQuantities(usage.quantities)
    // Also where the fail mode admitted it: the gateway may have heard of it, and only its answer was lost.
    const answer = await send(path('settle'), { quantities, dimensions, cost, estimated })
    if (answer.kind === 'unavailable') throw answer.error
    const { status, body } = answer
    if (status === 404 && body['code'] === 'reservation_not_found') return settleLate(usage)
    if (status !== 200) throw errorOf(status, body)
    return { charge: moneyOf(body, 'charge'), final: body['final'] === true, balance: textOf(body, 'balance'), replayed: body['replayed'] === true }
  }

  /** As an event. A conflict means that the settlement itself arrived before, with the times that the gateway gave it. */
  async function settleLate({ quantities, dimensions }: Usage): Promise<Settled> {
    const { customer, model, type, entity, feature, run } = request
    const labels = model === undefined || dimensions?.['model'] !== undefined ? dimensions : { ...dimensions, model }
    const event = eventBody({
      id,
      source: RESERVATION_SOURCE,
      quantities,
      ...(customer === undefined ? {} : { customer }),
      ...(labels === undefined ? {} : { dimensions: labels }),
      ...(type === undefined ? {} : { type }),
      ...(entity === undefined ? {} : { entity }),
      ...(feature === undefined ? {} : { feature }),
      ...(run === undefined ? {} : { run }),
    })
    const answer = await send('/v1/events', [event])
    if (answer.kind === 'unavailable') throw answer.error
    if (answer.status !== 200) throw errorOf(answer.status, answer.body)
    const result = resultOf((answer.body['results'] as readonly Body[])[0]!)
    if (result.status === 'rejected')
      throw new TollgateError({ code: 'event_rejected', status: 400, message: result.reason ?? 'the usage was refused', field: result.field })
    return { charge: result.charge, final: result.charge !== null, balance: null, replayed: result.status === 'duplicate' || result.status === 'conflict' }
  }

  async function extend(bound: { readonly quantities: Usage['quantities']; readonly dimensions?: Usage['dimensions'] }): Promise<Allowed | Denied> {
    const { dimensions } = bound
    const quantities = checkedQuantities(bound.quantities)
    if (checked.degraded) return reservation(send, admission)
    const answer = await send(path('extend'), { quantities, dimensions })
    if (answer.kind === 'unavailable') throw answer.error
    if (answer.status !== 200) throw errorOf(answer.status, answer.body)
    return answer.body['decision'] === 'deny' ? deniedOf(answer.body) : allowedOf(send, { ...request, reservationId: id }, answer.body)
  }

  async function release(): Promise<void> {
    const answer = await send(path('release'), {})
    if (answer.kind === 'unavailable') {
      if (checked.degraded) return
      throw answer.error
    }
    // What is not known holds nothing.
    if (answer.status !== 200 && answer.body['code'] !== 'reservation_not_found') throw errorOf(answer.status, answer.body)
  }

  return { ...checked, reservationId: id, expiresAt: admission.expiresAt, replayed: admission.replayed, degrade: admission.degrade, settle, extend, release }
}
