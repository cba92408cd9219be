// Corrections as CloudEvents: `tollgate.void` takes a usage event back, `tollgate.correction` says what it should have said. Both name it
// in `data.corrects`. They are the operator's: a tenant must not be able to take back what it owes.

import { InputError, type Correction, type EventRef, type UsageEvent } from '@tollgate/core'
import { optionalText, readData, text } from './read-data.ts'
import type { Sender } from './read-event.ts'

export const VOID_TYPE = 'tollgate.void'
export const CORRECTION_TYPE = 'tollgate.correction'
export const CORRECTION_TYPES: ReadonlySet<string> = new Set([VOID_TYPE, CORRECTION_TYPE])

const MEMBERS = { [VOID_TYPE]: ['corrects', 'reason'], [CORRECTION_TYPE]: ['corrects', 'reason', 'set'] }

/** @throws {InputError} with the member at fault. */
export function readCorrection(data: Readonly<Record<string, unknown>>, event: Pick<UsageEvent, 'type' | 'source' | 'id'>, sender: Sender): Correction {
  if (sender.customer !== null) throw new InputError({ code: 'wrong_scope', field: 'type', message: 'corrections are sent with a key of the operator, not with one of the customer' })
  const known = MEMBERS[event.type === VOID_TYPE ? VOID_TYPE : CORRECTION_TYPE]
  const unknown = Object.keys(data).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new InputError({ code: 'unknown_field', field: `data.${unknown.slice(0, 64)}`, message: `data of ${event.type} holds ${known.join(', ')}` })
  const of = referenceOf(data['corrects'], event)
  return { of, set: event.type === VOID_TYPE ? null : setOf(data['set']), reason: optionalText(data['reason'], 'data.reason', 500) }
}

/** `source` is that of the correction unless it says another. */
function referenceOf(value: unknown, event: Pick<UsageEvent, 'source' | 'id'>): EventRef {
  const members = typeof value === 'string' ? { id: value } : value
  if (typeof members !== 'object' || members === null || Array.isArray(members)) throw new InputError({ code: 'required', field: 'data.corrects', message: 'data.corrects must name the event: its id, or an object with source and id' })
  const { source, id } = members as { readonly source?: unknown; readonly id?: unknown }
  const of = { source: source === undefined ? event.source : text(source, 'data.corrects.source', 300), id: text(id, 'data.corrects.id', 200) }
  if (of.source === event.source && of.id === event.id) throw new InputError({ code: 'invalid_event', field: 'data.corrects', message: 'a correction has an id of its own' })
  return of
}

function setOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    throw new InputError({ code: 'required', field: 'data.set', message: 'data.set must hold what the event should have said, such as {"input_tokens": 120}; null removes a member' })
  }
  // Whether a member is a quantity depends on the event's type, which is known when the event is; its form is checked now.
  readData(value as Record<string, unknown>, { scales: new Map(), dimensions: new Set() })
  for (const name of ['entity', 'feature', 'run']) optionalText((value as Record<string, unknown>)[name], `data.set.${name}`, 200)
  return value as Record<string, unknown>
}
