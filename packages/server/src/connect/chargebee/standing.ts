// How a finished invoice stands at Chargebee, and the ends and credit notes that are brought to it. A credit note names ours in what the customer
// reads on it; those that Chargebee makes to write off are an end and no credit.

import { units } from '@tollgate/core'
import type { HandedEnd, HandedNote, StandingThere } from '../../app/handover/port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { numberOf, record, text } from '../json.ts'
import { noteReference, readNoteReference } from '../make-once.ts'
import { addressOf, ask, entries, headersOf } from './api.ts'
import { fromMinor, minor, shown } from './shown.ts'

export async function look(account: Account, externalId: string): Promise<StandingThere | null> {
  const answer = await ask(account, `/invoices/${encodeURIComponent(externalId)}`)
  if (answer === null) return null
  const { invoice: _, number: __, ...standing } = shown(record(answer['invoice']))
  let credited = 0n
  const notes: string[] = []
  for await (const entry of entries(account, { path: '/credit_notes', filter: { 'reference_invoice_id[is]': externalId }, what: `credit notes of invoice ${externalId}` })) {
    const note = record(entry['credit_note'])
    if (note['status'] === 'voided' || note['reason_code'] === 'write_off') continue
    credited += fromMinor(numberOf(note['total']) ?? 0, standing.currency)
    const id = readNoteReference(text(note['customer_notes']))
    if (id !== null) notes.push(id)
  }
  return { ...standing, credited: units(credited), notes }
}

export async function end(account: Account, externalId: string, of: HandedEnd): Promise<void> {
  const comment = `Tollgate: invoice ${of.number}, ${of.end}${of.reference === '' ? '' : `, ${of.reference}`}`.slice(0, 300)
  const form: Record<HandedEnd['end'], readonly [string, Readonly<Record<string, string>>]> = {
    paid: ['record_payment', { comment, 'transaction[amount]': String(minor(of.amount, of.currency)), 'transaction[payment_method]': 'other', 'transaction[date]': String(Math.floor(of.at / 1000)), 'transaction[reference_number]': of.reference.slice(0, 100) || of.number }],
    void: ['void', { comment }],
    uncollectible: ['write_off', { comment }],
  }
  const [verb, fields] = form[of.end]
  await tell(account, `/invoices/${encodeURIComponent(externalId)}/${verb}`, `tollgate-${of.invoice}-${of.end}`, fields)
}

export async function credit(account: Account, externalId: string, note: HandedNote): Promise<void> {
  await tell(account, '/credit_notes', `tollgate-${note.id}`, {
    reference_invoice_id: externalId, total: String(minor(note.amount, note.currency)), type: note.isPaid ? 'refundable' : 'adjustment', reason_code: 'other', date: String(Math.floor(note.at / 1000)), customer_notes: noteReference(note),
  })
}

async function tell(account: Account, path: string, key: string, fields: Readonly<Record<string, string>>): Promise<void> {
  await tellProvider('Chargebee', `${addressOf(account)}${path}`, { ...headersOf(account), 'chargebee-idempotency-key': key }, new URLSearchParams(fields))
}
