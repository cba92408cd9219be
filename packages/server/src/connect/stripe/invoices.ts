// Finished invoices at Stripe: a draft without pending items, one item a line, finalized. Each write carries a key of idempotency, and the
// draft's id is kept as soon as there is one, so that a repetition goes on with it also when Stripe has forgotten the keys: what an
// item is of stands in its metadata. An invoice that comes to another total is left a draft and told.

import { units, type HandedLine, type Span, type Units } from '@tollgate/core'
import type Stripe from 'stripe'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../app/handover/port.ts'
import { ProviderError } from '../../app/providers/connector.ts'
import { fromStripeAmount, stripeAmount } from './amount.ts'
import { clientOf, failed } from './client.ts'
import { METADATA_KEY } from './read.ts'
import { credit, end, look, stateOf } from './standing.ts'

const INVOICE_KEY = 'tollgate_invoice'
const LINE_KEY = 'tollgate_line'
const NUMBER_KEY = 'tollgate_number'
/** Stripe's own bound on the items of an invoice. */
const ITEMS_MAX = 250
/** Of a number at Stripe; a longer one is in the description only. */
const NUMBER_LENGTH_MAX = 26
const DAY_MS = 86_400_000

export const stripeInvoices: InvoiceReceiver = {
  target: 'stripe',
  provider: 'stripe',
  linesMax: ITEMS_MAX,
  takesBelowZero: true,
  deliver: async (account, invoice, begun) => {
    try {
      const stripe = clientOf(account!)
      const draft = begun.externalId === null ? await createDraft(stripe, invoice) : await stripe.invoices.retrieve(begun.externalId)
      if (begun.externalId === null) await begun.keep(draft.id)
      if (draft.status !== 'draft') return { externalId: draft.id, total: totalOf(draft) }
      const there = new Set<string>()
      if (begun.externalId !== null) for await (const item of stripe.invoiceItems.list({ invoice: draft.id, limit: 100 })) there.add(item.metadata?.[LINE_KEY] ?? '')
      for (const line of invoice.lines) if (!there.has(line.id)) await addItem(stripe, draft.id, invoice, line)
      const filled = await stripe.invoices.retrieve(draft.id)
      if (totalOf(filled) !== invoice.amountDue) throw new ProviderError(`Stripe: draft ${draft.id} comes to ${filled.total} in the smallest unit, not to what invoice ${invoice.number} asks for; it was not finalized`, false)
      const final = await stripe.invoices.finalizeInvoice(draft.id, { auto_advance: true }, { idempotencyKey: `tollgate-${invoice.id}-finalize` })
      return { externalId: final.id, total: totalOf(final) }
    } catch (error) {
      throw failed(error)
    }
  },
  voids: true,
  look: (account, externalId) => look(account!, externalId),
  end: (account, externalId, ending) => end(account!, externalId, ending),
  credit: (account, externalId, note) => credit(account!, externalId, note),
  list: (account, span) => listInvoices(clientOf(account!), span),
}

function createDraft(stripe: Stripe, invoice: HandedInvoice): Promise<Stripe.Invoice> {
  const days = invoice.dueAt === null ? 0 : Math.max(0, Math.round((invoice.dueAt - invoice.issuedAt) / DAY_MS))
  return stripe.invoices.create(
    {
      customer: invoice.external!, currency: invoice.currency.toLowerCase(), auto_advance: false, ...(invoice.number.length > NUMBER_LENGTH_MAX ? {} : { number: invoice.number }), pending_invoice_items_behavior: 'exclude', description: `Invoice ${invoice.number}`,
      metadata: { [METADATA_KEY]: invoice.customer, [INVOICE_KEY]: invoice.id, [NUMBER_KEY]: invoice.number },
      ...(invoice.collects ? { collection_method: 'charge_automatically' as const } : { collection_method: 'send_invoice' as const, days_until_due: days }),
    },
    { idempotencyKey: `tollgate-${invoice.id}-create` },
  )
}

async function addItem(stripe: Stripe, draft: string, invoice: HandedInvoice, line: HandedLine): Promise<void> {
  const seconds = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000
  await stripe.invoiceItems.create(
    {
      customer: invoice.external!, invoice: draft, currency: invoice.currency.toLowerCase(), amount: stripeAmount(line.amount, invoice.currency), description: line.name.slice(0, 500),
      period: { start: seconds(line.from), end: seconds(line.to) }, metadata: { [INVOICE_KEY]: invoice.id, [LINE_KEY]: line.id },
    },
    { idempotencyKey: `tollgate-${invoice.id}-${line.id}` },
  )
}

async function* listInvoices(stripe: Stripe, span: Span): AsyncGenerator<FoundInvoice> {
  try {
    for await (const invoice of stripe.invoices.list({ created: { gte: Math.floor(span.start / 1000), lt: Math.ceil(span.end / 1000) }, limit: 100 })) {
      yield {
        externalId: invoice.id, invoice: invoice.metadata?.[INVOICE_KEY] ?? null, number: invoice.metadata?.[NUMBER_KEY] ?? invoice.number, currency: invoice.currency.toUpperCase(),
        total: totalOf(invoice), state: stateOf(invoice),
      }
    }
  } catch (error) {
    throw failed(error)
  }
}

function totalOf({ total, currency }: Stripe.Invoice): Units {
  return units(fromStripeAmount(total, currency.toUpperCase()))
}
