// Finished invoices at Recurly: one purchase of one-time charges is one invoice. What takes off would become a credit invoice of its own there, so
// an invoice that has any is one charge of what it asks for. The purchase carries a key of idempotency; after the day for which that is kept, an
// invoice that was made is found by our id in its purchase order number.

import { formatUnits, type HandedLine, type Instant } from '@tollgate/core'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../app/handover/port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { record } from '../json.ts'
import { makeOnce, referenceOf } from '../make-once.ts'
import { ask, entries, headersOf } from './api.ts'
import { addressOf } from './connector.ts'
import { shown } from './shown.ts'
import { credit, end, look } from './standing.ts'

/** Line items of one purchase; what is beyond is one line with their sum. */
const ITEMS_MAX = 100
const DAY_MS = 86_400_000
/** Our clock and theirs, and how long a delivery may have been waiting. */
const CLOCKS_MS = 3_600_000
const WAITED_MS = 35 * DAY_MS

export const recurlyInvoices: InvoiceReceiver = {
  target: 'recurly',
  provider: 'recurly',
  linesMax: ITEMS_MAX,
  takesBelowZero: false,
  deliver: (account, invoice, begun) => makeOnce('Recurly', invoice, begun, { look: (id) => found(account!, id), find: () => findMade(account!, invoice), create: () => purchase(account!, invoice) }),
  voids: false,
  look: (account, externalId) => look(account!, externalId),
  end: (account, externalId, ending) => end(account!, externalId, ending),
  credit: (account, externalId, note) => credit(account!, externalId, note),
  list: async function* (account, span) {
    for await (const entry of entries(account!, { path: '/invoices', by: { time: 'created_at', span }, what: 'invoices' })) yield shown(entry)
  },
}

async function purchase(account: Account, invoice: HandedInvoice): Promise<FoundInvoice> {
  const days = invoice.dueAt === null ? 0 : Math.max(0, Math.round((invoice.dueAt - invoice.issuedAt) / DAY_MS))
  const [first] = invoice.lines
  const whole: HandedLine = { id: 'invoice', name: `Invoice ${invoice.number}`, amount: invoice.amountDue, from: first?.from ?? '', to: first?.to ?? '' }
  const lines = invoice.lines.some(({ amount }) => amount < 0n) ? [whole] : invoice.lines
  const of = { currency: invoice.currency, account: { code: invoice.external }, po_number: referenceOf(invoice, PO_LENGTH_MAX), customer_notes: `Invoice ${invoice.number}`, ...(invoice.collects ? { collection_method: 'automatic' } : { collection_method: 'manual', net_terms: days }) }
  // Amounts are written as digits: they never are a float here.
  const items = lines.map((line) => `{"currency":${JSON.stringify(invoice.currency)},"unit_amount":${formatUnits(line.amount, invoice.currency)},"quantity":1,"type":"charge","description":${JSON.stringify(line.name.slice(0, 255))},"tax_exempt":true}`)
  const answer = await tellProvider('Recurly', `${addressOf(account)}/purchases`, { ...headersOf(account), 'idempotency-key': `tollgate-${invoice.id}` }, `${JSON.stringify(of).slice(0, -1)},"line_items":[${items.join(',')}]}`)
  return shown(record(answer['charge_invoice']))
}

async function found(account: Account, id: string): Promise<FoundInvoice | null> {
  const answer = await ask(account, `/invoices/${encodeURIComponent(id)}`)
  return answer === null ? null : shown(answer)
}

/** One that was made before, of which the answer was lost. */
async function findMade(account: Account, invoice: HandedInvoice): Promise<FoundInvoice | null> {
  const span = { start: (invoice.issuedAt - CLOCKS_MS) as Instant, end: (invoice.issuedAt + WAITED_MS) as Instant }
  const path = `/accounts/code-${encodeURIComponent(invoice.external!)}/invoices`
  for await (const entry of entries(account, { path, by: { time: 'created_at', span }, what: 'invoices of the account' })) if (shown(entry).invoice === invoice.id) return shown(entry)
  return null
}

/** Its own bound on the number of a purchase order. */
const PO_LENGTH_MAX = 50
