// Finished invoices at Recurly: one purchase of one-time charges is one invoice. What takes off would become a credit invoice of its own there, so
// an invoice that has any is one charge of what it asks for. The purchase carries a key of idempotency; after the day for which that is kept, an
// invoice that was made is found by our id in its purchase order number.

import { formatUnits, parseDecimal, PROVIDER_PAGES_MAX, units, type HandedLine, type Instant, type Span, type Units } from '@tollgate/core'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../app/handover/port.ts'
import { ProviderError, type Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { list, record, text, type Json } from '../json.ts'
import { makeOnce, readReference, referenceOf } from '../make-once.ts'
import { ask, headersOf } from './api.ts'
import { addressOf } from './connector.ts'

/** Line items of one purchase; what is beyond is one line with their sum. */
const ITEMS_MAX = 100
const PAGE_SIZE = 200
const DAY_MS = 86_400_000
/** Our clock and theirs, and how long a delivery may have been waiting. */
const CLOCKS_MS = 3_600_000
const WAITED_MS = 35 * DAY_MS

export const recurlyInvoices: InvoiceReceiver = {
  target: 'recurly',
  provider: 'recurly',
  linesMax: ITEMS_MAX,
  takesBelowZero: false,
  deliver: (account, invoice, begun) => makeOnce('Recurly', invoice, begun, { look: (id) => look(account!, id), find: () => findMade(account!, invoice), create: () => purchase(account!, invoice) }),
  list: async function* (account, span) {
    for await (const entry of entriesIn(account!, '/invoices', span)) yield shown(entry)
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

async function look(account: Account, id: string): Promise<FoundInvoice | null> {
  const answer = await ask(account, `/invoices/${encodeURIComponent(id)}`)
  return answer === null ? null : shown(answer)
}

/** One that was made before, of which the answer was lost. */
async function findMade(account: Account, invoice: HandedInvoice): Promise<FoundInvoice | null> {
  const span = { start: (invoice.issuedAt - CLOCKS_MS) as Instant, end: (invoice.issuedAt + WAITED_MS) as Instant }
  for await (const entry of entriesIn(account, `/accounts/code-${encodeURIComponent(invoice.external!)}/invoices`, span)) if (shown(entry).invoice === invoice.id) return shown(entry)
  return null
}

async function* entriesIn(account: Account, path: string, span: Span): AsyncGenerator<Json> {
  const time = (at: number): string => encodeURIComponent(new Date(at).toISOString())
  let next: string | null = `${path}?limit=${PAGE_SIZE}&sort=created_at&order=asc&begin_time=${time(span.start)}&end_time=${time(span.end)}`
  for (let page = 0; page < PROVIDER_PAGES_MAX && next !== null; page++) {
    const answer: Json | null = await ask(account, next)
    for (const entry of list(answer?.['data'])) yield record(entry)
    next = answer?.['has_more'] === true ? text(answer['next']) : null
  }
  if (next !== null) throw new ProviderError(`Recurly has more than ${PROVIDER_PAGES_MAX * PAGE_SIZE} invoices in the span: take a shorter one`, false)
}

/** Its own bound on the number of a purchase order. */
const PO_LENGTH_MAX = 50

function shown(invoice: Json): FoundInvoice {
  const currency = text(invoice['currency']) ?? ''
  return { externalId: text(invoice['id']) ?? '', ...readReference(text(invoice['po_number'])), currency, total: amountOf(invoice['total'], currency), state: STATES[text(invoice['state']) ?? ''] ?? 'open' }
}

/** A number of JSON with at most the decimal places of its currency: its shortest text is what was sent. */
function amountOf(value: unknown, currency: string): Units {
  return units(parseDecimal(typeof value === 'number' ? String(value) : (text(value) ?? '0'), 12, `total in ${currency}`))
}

const STATES: Readonly<Record<string, FoundInvoice['state']>> = { paid: 'paid', voided: 'void', closed: 'paid' }
