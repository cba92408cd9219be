// A CloudEvent as JSON → the usage event that is settled. `subject` is the customer. Whether its customer exists, and whether it was
// sent before, is for settlement to say.

import { EVENT_BYTES_MAX, InputError, instant, isOversized, parseInstant, type Catalog, type CustomerId, type EntityId, type IncomingUsage, type Instant } from '@tollgate/core'
import { CORRECTION_TYPES, readCorrection } from './read-correction.ts'
import { optionalText, readCost, readData, readersOf, text } from './read-data.ts'

/** A CloudEvent as JSON, in the structured form. */
export type IncomingEvent = Readonly<Record<string, unknown>>

/** Who sends: a tenant's key is bound to its customer, and events of others are refused. */
export type Sender = { readonly customer: CustomerId | null; readonly key: string }

/** How far from our clock the time of an event may be. */
export type TimeBounds = { readonly lateMsMax: number; readonly aheadMsMax: number }

export type Reading = { readonly catalog: Catalog; readonly now: Instant; readonly bounds: TimeBounds; readonly sender: Sender }

/** @throws {InputError} with the member at fault. */
export function readEvent(raw: IncomingEvent, { catalog, now, bounds, sender }: Reading): IncomingUsage {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new InputError({ code: 'invalid_event', message: 'an event is a JSON object' })
  if (isOversized(JSON.stringify(raw))) throw new InputError({ code: 'too_long', field: null, message: `an event has at most ${EVENT_BYTES_MAX} characters as JSON: dimensions are labels, not documents` })
  if (raw['specversion'] !== '1.0') throw new InputError({ code: 'invalid_event', field: 'specversion', message: 'specversion must be "1.0"' })
  const data = raw['data']
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new InputError({ code: 'invalid_event', field: 'data', message: 'data must be an object with the quantities' })
  const fields = data as Record<string, unknown>
  const type = text(raw['type'], 'type', 200)
  const isCorrection = CORRECTION_TYPES.has(type)
  const statedTime = raw['time'] !== undefined && raw['time'] !== null
  const event = {
    id: text(raw['id'], 'id', 200),
    source: text(raw['source'], 'source', 300),
    type,
    customer: customerOf(raw, sender),
    time: statedTime ? timeIn(parseInstant(raw['time'], 'time'), now, bounds) : now,
    entity: isCorrection ? null : (optionalText(fields['entity'], 'data.entity', 64) as EntityId | null),
    feature: isCorrection ? null : optionalText(fields['feature'], 'data.feature', 64),
    run: isCorrection ? null : optionalText(fields['run'], 'data.run', 200),
    key: sender.key,
    ...(isCorrection ? { quantities: {}, dimensions: {} } : readData(fields, readersOf(catalog.meters, type))),
    cost: isCorrection ? null : readCost(fields['cost']),
    estimated: false,
    catalogVersion: null,
    settled: null,
    context: {},
  }
  return isCorrection ? { event, statedTime, correction: readCorrection(fields, event, sender) } : { event, statedTime }
}

/** The key of a customer names it already. */
function customerOf(raw: IncomingEvent, sender: Sender): CustomerId {
  if (sender.customer !== null && (raw['subject'] === undefined || raw['subject'] === null)) return sender.customer
  const subject = text(raw['subject'], 'subject', 64) as CustomerId
  if (sender.customer !== null && subject !== sender.customer) throw new InputError({ code: 'wrong_customer', field: 'subject', message: 'this key may send events of its own customer only' })
  return subject
}

function timeIn(time: Instant, now: Instant, { lateMsMax, aheadMsMax }: TimeBounds): Instant {
  if (time > now + aheadMsMax) throw new InputError({ code: 'event_in_future', field: 'time', message: `time is more than ${Math.round(aheadMsMax / 60_000)} minutes ahead of the server's clock` })
  if (time < now - lateMsMax) throw new InputError({ code: 'event_too_old', field: 'time', message: `time is more than ${Math.round(lateMsMax / 86_400_000)} days back` })
  return instant(time)
}
