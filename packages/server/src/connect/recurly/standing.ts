// How a finished invoice stands at Recurly, and the ends and credit notes that are brought to it. A charge invoice cannot be voided there: what is
// void here is failed there, which nobody asks for any more. Credit is an invoice of its own that names our note.

import { formatUnits, units } from '@tollgate/core'
import type { HandedEnd, HandedNote, StandingThere } from '../../app/handover/port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { text } from '../json.ts'
import { noteReference, readNoteReference } from '../make-once.ts'
import { ask, entries, headersOf } from './api.ts'
import { addressOf } from './connector.ts'
import { amountOf, shown } from './shown.ts'

export async function look(account: Account, externalId: string): Promise<StandingThere | null> {
  const answer = await ask(account, `/invoices/${encodeURIComponent(externalId)}`)
  if (answer === null) return null
  const { invoice: _, number: __, ...standing } = shown(answer)
  let credited = 0n
  const notes: string[] = []
  for await (const note of entries(account, { path: `/invoices/${encodeURIComponent(externalId)}/related_invoices`, by: null, what: `invoices that belong to ${externalId}` })) {
    if (note['type'] !== 'credit' || note['state'] === 'voided') continue
    const amount = amountOf(note['total'], standing.currency)
    credited += amount < 0n ? -amount : amount
    const id = readNoteReference(text(note['customer_notes']))
    if (id !== null) notes.push(id)
  }
  return { ...standing, credited: units(credited), notes }
}

export async function end(account: Account, externalId: string, of: HandedEnd): Promise<void> {
  const verb = of.end === 'paid' ? 'mark_successful' : 'mark_failed'
  await tellProvider('Recurly', `${addressOf(account)}/invoices/${encodeURIComponent(externalId)}/${verb}`, { ...headersOf(account), 'idempotency-key': `tollgate-${of.invoice}-${of.end}` }, '{}', 'PUT')
}

export async function credit(account: Account, externalId: string, note: HandedNote): Promise<void> {
  const body = `{"type":"amount","amount":${formatUnits(note.amount, note.currency)},"refund_method":"all_credit","credit_customer_notes":${JSON.stringify(noteReference(note))}}`
  await tellProvider('Recurly', `${addressOf(account)}/invoices/${encodeURIComponent(externalId)}/refund`, { ...headersOf(account), 'idempotency-key': `tollgate-${note.id}` }, body)
}
