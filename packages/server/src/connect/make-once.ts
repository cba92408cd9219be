// An invoice at a receiver that makes it in one call: it is there or it is not. What was kept is looked up, what was made without our having
// heard of it is found by our id, and only then it is made. One that comes to another sum is told.

import { InputError } from '@tollgate/core'
import type { Begun, Delivered, FoundInvoice, HandedInvoice, HandedNote } from '../app/handover/port.ts'
import { ProviderError } from '../app/providers/connector.ts'

export type Maker = {
  readonly look: (externalId: string) => Promise<FoundInvoice | null>
  /** By our id. */
  readonly find: () => Promise<FoundInvoice | null>
  /** Under a key of idempotency. */
  readonly create: () => Promise<FoundInvoice>
}

export async function makeOnce(name: string, invoice: HandedInvoice, begun: Begun, maker: Maker): Promise<Delivered> {
  if (invoice.amountDue < 0n) throw new InputError({ code: 'handover_below_zero', field: 'amountDue', message: `${name} makes no invoice below zero: give what ${invoice.number} gives back there by hand` })
  const made = (begun.externalId === null ? await maker.find() : await maker.look(begun.externalId)) ?? (await maker.create())
  if (begun.externalId === null) await begun.keep(made.externalId)
  if (made.total !== invoice.amountDue) throw new ProviderError(`${name}: invoice ${made.externalId} comes to another sum than invoice ${invoice.number} asks for: void it there`, false)
  return { externalId: made.externalId, total: made.total }
}

/** Our id and number as one text that a receiver keeps; the id alone where both are too long. */
export function referenceOf({ id, number }: HandedInvoice, lengthMax: number): string {
  const both = `${id} ${number}`
  return both.length > lengthMax ? id : both
}

/** What such a text says; nothing of ours where it is somebody else's. */
export function readReference(text: string | null): Pick<FoundInvoice, 'invoice' | 'number'> {
  const [id = '', number = null] = (text ?? '').split(' ')
  return id.startsWith('inv_') ? { invoice: id, number } : { invoice: null, number: null }
}

/** A credit note of ours as a text that its customer may read: our id, its number and why. */
export function noteReference({ id, number, reason }: HandedNote): string {
  return `${id} ${number}: ${reason}`.slice(0, 500)
}

/** The id of ours that such a text names; null for somebody else's. */
export function readNoteReference(text: string | null): string | null {
  const [id = ''] = (text ?? '').split(' ')
  return id.startsWith('crn_') ? id : null
}
