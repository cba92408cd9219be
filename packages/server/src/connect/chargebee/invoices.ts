// Finished invoices at Chargebee: one call makes an invoice of one-time charges, so there is nothing half done. What takes off is one discount
// on the whole, because a charge is not below zero there. The call carries a key of idempotency; after the day for which that is kept, an
// invoice that was made is found by our id in its purchase order number.

import { units, type HandedLine, type Instant, type Span } from '@tollgate/core'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../app/handover/port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { record } from '../json.ts'
import { makeOnce, referenceOf } from '../make-once.ts'
import { addressOf, ask, entries, headersOf } from './api.ts'
import { minor, shown } from './shown.ts'
import { credit, end, look } from './standing.ts'

/** Charges of one call; what is beyond is one line with their sum. */
const CHARGES_MAX = 20
/** Of the number of a purchase order. */
const PO_LENGTH_MAX = 100
const DAY_MS = 86_400_000
/** Our clock and theirs. */
const CLOCKS_MS = 3_600_000

export const chargebeeInvoices: InvoiceReceiver = {
  target: 'chargebee',
  provider: 'chargebee',
  linesMax: CHARGES_MAX,
  takesBelowZero: false,
  deliver: (account, invoice, begun) => makeOnce('Chargebee', invoice, begun, { look: (id) => found(account!, id), find: () => findMade(account!, invoice), create: () => create(account!, invoice) }),
  voids: true,
  look: (account, externalId) => look(account!, externalId),
  end: (account, externalId, ending) => end(account!, externalId, ending),
  credit: (account, externalId, note) => credit(account!, externalId, note),
  list: (account, span) => listInvoices(account!, span, null),
}

async function create(account: Account, invoice: HandedInvoice): Promise<FoundInvoice> {
  const charges = invoice.lines.filter(({ amount }) => amount > 0n)
  const off = units(invoice.lines.filter(({ amount }) => amount < 0n).reduce((sum, { amount }) => sum - amount, 0n))
  const form = new URLSearchParams({
    customer_id: invoice.external!, currency_code: invoice.currency, po_number: referenceOf(invoice, PO_LENGTH_MAX), invoice_note: `Invoice ${invoice.number}`, auto_collection: invoice.collects ? 'on' : 'off',
    invoice_date: String(Math.floor(invoice.issuedAt / 1000)), ...(invoice.dueAt === null ? {} : { net_term_days: String(Math.max(0, Math.round((invoice.dueAt - invoice.issuedAt) / DAY_MS))) }),
    ...(off > 0n ? { 'discounts[apply_on][0]': 'invoice_amount', 'discounts[amount][0]': String(minor(off, invoice.currency)) } : {}),
  })
  for (const [index, line] of charges.entries()) for (const [name, value] of Object.entries(chargeOf(line, invoice.currency))) form.set(`charges[${name}][${index}]`, value)
  const answer = await tellProvider('Chargebee', `${addressOf(account)}/invoices/create_for_charge_items_and_charges`, { ...headersOf(account), 'chargebee-idempotency-key': `tollgate-${invoice.id}` }, form)
  return shown(record(answer['invoice']))
}

async function found(account: Account, id: string): Promise<FoundInvoice | null> {
  const answer = await ask(account, `/invoices/${encodeURIComponent(id)}`)
  return answer === null ? null : shown(record(answer['invoice']))
}

function chargeOf(line: HandedLine, currency: string): Readonly<Record<string, string>> {
  const seconds = (day: string): string => String(Date.parse(`${day}T00:00:00Z`) / 1000)
  return { amount: String(minor(line.amount, currency)), description: line.name.slice(0, 250), taxable: 'false', date_from: seconds(line.from), date_to: seconds(line.to) }
}

/** One that was made before, of which the answer was lost. */
async function findMade(account: Account, invoice: HandedInvoice): Promise<FoundInvoice | null> {
  const span = { start: (invoice.issuedAt - CLOCKS_MS) as Instant, end: (invoice.issuedAt + CLOCKS_MS) as Instant }
  for await (const found of listInvoices(account, span, invoice.external)) if (found.invoice === invoice.id) return found
  return null
}

async function* listInvoices(account: Account, span: Span, customer: string | null): AsyncGenerator<FoundInvoice> {
  const filter = { 'date[after]': String(Math.floor(span.start / 1000) - 1), 'date[before]': String(Math.ceil(span.end / 1000)), ...(customer === null ? {} : { 'customer_id[is]': customer }) }
  for await (const entry of entries(account, { path: '/invoices', filter, what: 'invoices' })) yield shown(record(entry['invoice']))
}
