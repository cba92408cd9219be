// Routes on invoices: how the operator bills, who gets them, the invoices themselves, credit notes, and what waits for the next one.

import * as z from 'zod'
import { choice, currency, cursor, customerParam, decimal, id, instantIn, limit, listOf, nothing, period, text, time, wholeNumber, word } from './fields.ts'
import { route, type Route } from './route.ts'

const ADDRESS_LINES_MAX = 6
const NOTES_MAX = 10
const LINES_MAX = 1_000

const party = z
  .strictObject({
    name: text('Name of the company or person.', 'Acme Corp.'),
    address: z.array(text('A line of the address.', '1 Main Street')).max(ADDRESS_LINES_MAX).default([]).meta({ description: 'As printed, without the country.' }),
    country: z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166-1)').nullable().default(null).meta({ description: 'ISO 3166-1 alpha-2.', examples: ['DE'] }),
    tax_id: text('VAT or tax number, as printed.', 'DE123456789', 50).nullable().default(null),
    email: text('Where invoices go.', 'billing@acme.example').nullable().default(null),
  })
  .meta({ id: 'Party', description: 'Who issues an invoice or gets it.' })

const series = z.string().regex(/^[A-Z0-9][A-Z0-9-]{0,15}$/, 'must be capital letters, digits and -, at most 16').meta({ description: 'Before the number: `INV` gives `INV-000001`. Numbers have no gaps.', examples: ['INV'] })
const settings = z
  .strictObject({
    seller: party,
    series: series.default('INV'),
    note_series: series.default('CN').meta({ description: 'Of credit notes.' }),
    payment_days: z.int().min(0).max(365).default(14).meta({ description: 'Days until an invoice is due.' }),
    lateness_hours: z.int().min(0).max(480).default(24).meta({ description: 'How long after a period ends late usage still belongs to its invoice. What comes later is on the next one.' }),
    auto_finalize: z.boolean().default(true).meta({ description: 'Give numbers without being asked; otherwise invoices stay drafts until somebody finalizes them.' }),
    notes: z.array(text('A sentence.', 'Payable by bank transfer.', 500)).max(NOTES_MAX).default([]).meta({ description: 'Printed under every invoice.' }),
  })
  .meta({ id: 'BillingSettings' })

const tax = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rates'), rates: z.array(word('Id of a tax rate.', 'de_vat')).max(5), inclusive: z.boolean().default(false).meta({ description: 'Prices hold the tax already.' }) }),
    z.strictObject({ kind: z.literal('exempt'), reason: text('Printed on the invoice.', 'non-profit') }),
    z.strictObject({ kind: z.literal('reverse_charge') }),
    z.strictObject({ kind: z.literal('service'), inclusive: z.boolean().default(false).meta({ description: 'Prices hold the tax already.' }) }),
  ])
  .meta({ description: 'Tax rates that apply, or why none does; `service` leaves it to your tax service (TOLLGATE_TAX_URL).' })
const profile = z
  .strictObject({
    party: party.nullable().default(null).meta({ description: 'Who gets the invoices; the customer’s name alone unless set.' }),
    tax: tax.default({ kind: 'rates', rates: [], inclusive: false }),
    payment_days: z.int().min(0).max(365).nullable().default(null).meta({ description: 'Days until an invoice is due; those of the settings unless set.' }),
    progressive_at: decimal('Usage of a period that was not invoiced yet: at this much it is, before the period ends. Null for never.', '5000').nullable().default(null),
  })
  .meta({ id: 'BillingProfile' })

const taxRate = z.strictObject({ id: word('Id of the rate.', 'de_vat'), name: text('Printed on invoices.', 'VAT', 60), percent: decimal('Percent, up to 7 decimal places.', '19') }).meta({ id: 'TaxRate' })

const printedLine = z
  .strictObject({
    line: z.int().meta({ description: 'Counts from 1.' }),
    kind: choice(['fee', 'usage', 'credits', 'late_usage', 'proration', 'true_up', 'adjustment', 'item'], '`late_usage`: of a period that was closed before. `adjustment`: usage of such a period that was rated again.'),
    price: z.string().meta({ description: 'Id of the fee, price or item.', examples: ['input_tokens'] }),
    name: z.string(),
    from: z.string().meta({ description: 'First day, in the customer’s zone.', examples: ['2026-03-01'] }),
    to: z.string().meta({ description: 'Last day.', examples: ['2026-03-31'] }),
    quantity: decimal('Used in the whole of it.', '250000'),
    unit: z.string().nullable(),
    included: decimal('Of it paid by an allowance.', '200000'),
    exact: decimal('What this line asks for, exactly.', '0.75'),
    amount: decimal('As printed.', '0.75'),
  })
  .meta({ id: 'PrintedLine' })
const partyOut = z.strictObject({ name: z.string(), address: z.array(z.string()), country: z.string().nullable(), tax_id: z.string().nullable(), email: z.string().nullable() })
export const printedInvoice = z
  .strictObject({
    kind: choice(['invoice', 'credit_note'], 'What it is.'),
    number: z.string().nullable().meta({ description: 'Null while it is a draft.', examples: ['INV-000042'] }),
    corrects: z.string().nullable().meta({ description: 'Of a credit note: the invoice that it corrects.' }),
    issued: z.string().nullable(),
    due: z.string().nullable(),
    from: z.string(),
    to: z.string(),
    currency,
    seller: partyOut,
    buyer: partyOut,
    lines: z.array(printedLine),
    subtotal: decimal('Sum of the lines as printed.', '100'),
    discounts: z.array(z.strictObject({ name: z.string(), amount: decimal('Taken off.', '10') })),
    included: decimal('Usage that the plan includes as an amount.', '0'),
    promotional: decimal('Paid by promotional credit.', '0'),
    prepaid: decimal('Paid by bought credit, which was taxed when it was bought.', '0'),
    taxable: decimal('subtotal − discounts − included − promotional − prepaid.', '90'),
    taxes: z.array(z.strictObject({ name: z.string(), percent: z.string(), base: decimal('What it is computed on.', '90'), amount: decimal('The tax.', '17.1') })),
    tax_inclusive: z.boolean(),
    total: decimal('With tax, and with what bought credit paid.', '107.1'),
    amount_due: decimal('total − prepaid.', '107.1'),
    rounding: decimal('Printed minus exact, over everything that was rounded.', '0.0022'),
    notes: z.array(z.string()),
  })
  .meta({ id: 'PrintedInvoice', description: 'Everything that is printed.' })

const invoice = z
  .strictObject({
    id: id('inv', 'Id of the invoice.'),
    customer: id('cus', 'The customer.'),
    kind: choice(['period', 'opening', 'progressive', 'manual'], '`period`: closes a billing period. `opening`: what is due in advance when one begins. `progressive`: usage in the middle of one. `manual`: items written by hand.'),
    state: choice(['draft', 'open', 'paid', 'void', 'uncollectible'], 'A draft has no number. From `open` on the document never changes.'),
    period,
    amount_due: decimal('What it asks for.', '107.1'),
    credited: decimal('Taken back by credit notes, with tax.', '0'),
    currency,
    created_at: time('When it was written.'),
    finalized_at: time('When it got its number.').nullable(),
    due_at: time('When it is due.').nullable(),
    ended_at: time('When it was paid, voided or written off.').nullable(),
    reference: z.string().nullable().meta({ description: 'The payment, or the reason.' }),
    document: printedInvoice,
  })
  .meta({ id: 'Invoice' })
const note = z
  .strictObject({
    id: id('crn', 'Id of the credit note.'), customer: id('cus', 'The customer.'), invoice: id('inv', 'The invoice that it corrects.'), reason: z.string(),
    net: decimal('Without tax.', '10'), tax: decimal('Tax that goes back.', '1.9'), currency, created_at: time('When it was written.'), document: printedInvoice,
  })
  .meta({ id: 'CreditNote' })

const refundParam = customerParam.extend({ refund: id('rfd', 'Id of the refund.') })
const paymentParam = z.strictObject({ customer: id('cus', 'Id of the customer.'), payment: id('pay', 'Id of the purchase.') })
const invoiceParam = z.strictObject({ customer: id('cus', 'Id of the customer.'), invoice: id('inv', 'Id of the invoice.') })
const noteParam = z.strictObject({ customer: id('cus', 'Id of the customer.'), note: id('crn', 'Id of the credit note.') })
const reason = z.strictObject({ reason: text('Why, for whoever asks later.', 'duplicate of INV-000041') })
const base = { tag: 'invoices', access: [], query: nothing, status: 200 } as const
const readable = { ...base, access: ['customer'] } as const

export const invoiceRoutes = {
  getBillingSettings: route({ ...base, method: 'GET', path: '/v1/billing/settings', summary: 'Get how you bill', description: '', params: nothing, body: null, answer: z.strictObject({ settings: settings.nullable().meta({ description: 'Null until they are set.' }) }), problems: [] }),
  putBillingSettings: route({ ...base, method: 'PUT', path: '/v1/billing/settings', summary: 'Set how you bill', description: 'Until it is set invoices stay drafts: a number needs somebody who issues it.', params: nothing, body: settings, answer: settings, problems: [] }),
  closeDue: route({ ...base, method: 'POST', path: '/v1/billing/close', summary: 'Write the invoices that are due', description: 'A job does it every minute; this does a slice of it now, at most some thousand steps. Call again until nothing is left. Each step is done once, however often it is called.', params: nothing, body: null, answer: z.strictObject({ steps: z.int().meta({ description: 'Periods that were opened or closed.' }), invoices: z.int().meta({ description: 'Invoices that were written.' }), left: z.int().meta({ description: 'Steps that are still due.' }) }), problems: [] }),
  listTaxRates: route({ ...base, method: 'GET', path: '/v1/tax-rates', summary: 'List tax rates', description: '', params: nothing, body: null, answer: listOf(taxRate), problems: [] }),
  putTaxRate: route({ ...base, method: 'PUT', path: '/v1/tax-rates/{rate}', summary: 'Set a tax rate', description: 'Invoices that are written keep the percentage that they were written with.', params: z.strictObject({ rate: word('Id of the rate.', 'de_vat') }), body: z.strictObject({ name: text('Printed on invoices.', 'VAT', 60), percent: decimal('Percent.', '19') }), answer: taxRate, problems: ['invalid_decimal', 'too_many_digits', 'out_of_range'] }),
  getBillingProfile: route({ ...readable, method: 'GET', path: '/v1/customers/{customer}/billing-profile', summary: 'Get who gets the invoices', description: '', params: customerParam, body: null, answer: profile, problems: ['not_found'] }),
  putBillingProfile: route({ ...base, method: 'PUT', path: '/v1/customers/{customer}/billing-profile', summary: 'Set who gets the invoices', description: 'Name, address, tax. Invoices that are written keep what they were written with.', params: customerParam, body: profile, answer: profile, problems: ['not_found', 'unknown_tax_rate', 'required', 'invalid_decimal'] }),
  listInvoices: route({ ...readable, method: 'GET', path: '/v1/customers/{customer}/invoices', summary: 'List invoices', description: 'Newest first.', params: customerParam, query: z.strictObject({ state: choice(['draft', 'open', 'paid', 'void', 'uncollectible'], 'Only these.').optional(), limit, cursor }), body: null, answer: listOf(invoice), problems: ['not_found', 'invalid_cursor'] }),
  listAllInvoices: route({ ...base, method: 'GET', path: '/v1/invoices', summary: 'List invoices of all customers', description: 'Newest first.', params: nothing, query: z.strictObject({ state: choice(['draft', 'open', 'paid', 'void', 'uncollectible'], 'Only these.').optional(), limit, cursor }), body: null, answer: listOf(invoice), problems: ['invalid_cursor'] }),
  getInvoice: route({ ...readable, method: 'GET', path: '/v1/customers/{customer}/invoices/{invoice}', summary: 'Get an invoice', description: 'Add `/pdf` or `/html` to the address for the printed form, `/xml` for the e-invoice.', params: invoiceParam, body: null, answer: invoice, problems: ['not_found'] }),
  listLineCharges: route({
    ...readable, method: 'GET', path: '/v1/customers/{customer}/invoices/{invoice}/lines/{line}/charges', summary: 'Open a line of an invoice', description: 'What its events were charged, by day of the customer’s zone, feature and model. Events themselves: `GET …/events` with `price` and `period_start`.',
    params: invoiceParam.extend({ line: wholeNumber('Number of the line.', { min: 1, max: LINES_MAX, absent: 1 }) }), query: z.strictObject({ by: z.enum(['day', 'feature', 'model']).optional().meta({ description: 'By one of them alone; by all three unless stated.' }) }), body: null, problems: ['not_found', 'too_many_rows'],
    answer: z.strictObject({
      name: z.string(), price: z.string(), currency, charged: decimal('What the line was charged for when it was written: its exact sum without a flat amount that is due without usage.', '7.5'), charges: decimal('What its events are charged now: more or less where usage came or was corrected since.', '7.5'),
      data: z.array(z.strictObject({ day: z.string().nullable(), feature: z.string().nullable().meta({ description: 'Empty where an event named none; null where it was not asked for.' }), model: z.string().nullable(), events: z.int(), quantity: decimal('Quantity of the meter.', '500000'), amount: decimal('Sum of the charges.', '7.5') })),
    }).meta({ id: 'LineCharges' }),
  }),
  createInvoice: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices', summary: 'Write an invoice now', description: '`manual`: over the items that wait. `progressive`: over the usage of the running period that was not invoiced yet.', params: customerParam, body: z.strictObject({ kind: choice(['manual', 'progressive'], 'What it asks for.') }), status: 201, answer: invoice, problems: ['not_found', 'nothing_to_invoice'] }),
  finalizeInvoice: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices/{invoice}/finalize', summary: 'Give a draft its number', description: 'The draft is written anew with what happened meanwhile, and gets a new id. Finalizing twice changes nothing.', params: invoiceParam, body: null, answer: invoice, problems: ['not_found', 'billing_not_set_up', 'nothing_to_invoice'] }),
  discardInvoice: route({ ...base, method: 'DELETE', path: '/v1/customers/{customer}/invoices/{invoice}', summary: 'Discard a draft', description: 'Its items wait for the next invoice again.', params: invoiceParam, body: null, answer: z.strictObject({ id: id('inv', 'The draft.'), deleted: z.literal(true) }), problems: ['not_found', 'invoice_state'] }),
  payInvoice: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices/{invoice}/pay', summary: 'Mark an invoice paid', description: 'Money came, by whatever way. Once: a second call changes nothing.', params: invoiceParam, body: z.strictObject({ reference: text('The payment.', 'bank transfer 2026-04-03').nullable().optional() }), answer: invoice, problems: ['not_found', 'invoice_state'] }),
  voidInvoice: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices/{invoice}/void', summary: 'Void an invoice', description: 'It should not have been written: its transfers are undone, and what it asked for is on the next one. The number stays taken.', params: invoiceParam, body: reason, answer: invoice, problems: ['not_found', 'invoice_state', 'invoice_credited'] }),
  writeOffInvoice: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices/{invoice}/write-off', summary: 'Write an invoice off', description: 'Nobody expects the money any more. It may still come.', params: invoiceParam, body: reason, answer: invoice, problems: ['not_found', 'invoice_state'] }),
  createCreditNote: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoices/{invoice}/credit-notes', summary: 'Write a credit note', description: 'Takes back part of an invoice or all of it, with its tax. Together notes never exceed the invoice.', params: invoiceParam, body: z.strictObject({ reason: text('Printed on it.', 'service was down on 12 March'), lines: z.array(z.strictObject({ line: z.int().min(1), amount: decimal('Of the line, without tax.', '10') })).min(1).max(LINES_MAX).nullable().optional().meta({ description: 'All that is left unless stated.' }) }), status: 201, answer: note, problems: ['not_found', 'billing_not_set_up', 'invoice_state', 'invalid_value', 'out_of_range', 'required', 'invalid_decimal', 'too_many_digits'] }),
  listCreditNotes: route({ ...readable, method: 'GET', path: '/v1/customers/{customer}/credit-notes', summary: 'List credit notes', description: 'Newest first, at most 1,000.', params: customerParam, query: z.strictObject({ invoice: id('inv', 'Only of this invoice.').optional() }), body: null, answer: listOf(note), problems: ['not_found'] }),
  createInvoiceItem: route({ ...base, method: 'POST', path: '/v1/customers/{customer}/invoice-items', summary: 'Add an item to the next invoice', description: 'Below zero it gives back.', params: customerParam, body: z.strictObject({ name: text('Text of the line.', 'Onboarding'), amount: decimal('In the currency of the catalog.', '500'), from: instantIn('Start of the time that it is for; now unless stated.').optional(), to: instantIn('End of it.').optional() }), status: 201, answer: z.strictObject({ id: id('ini', 'Id of the item.'), name: z.string(), amount: decimal('As added.', '500') }), problems: ['not_found', 'out_of_range', 'invalid_decimal', 'too_many_digits'] }),
  deleteInvoiceItem: route({ ...base, method: 'DELETE', path: '/v1/customers/{customer}/invoice-items/{item}', summary: 'Remove an item that waits', description: '', params: z.strictObject({ customer: id('cus', 'Id of the customer.'), item: id('ini', 'Id of the item.') }), body: null, answer: z.strictObject({ id: id('ini', 'The item.'), deleted: z.literal(true) }), problems: ['not_found'] }),
} as const

/** A document as PDF, as a page, and as an e-invoice. */
function printed<const Name extends string, Params extends Route['params']>(name: Name, { what, params, path, tag, access, query, status }: Pick<Route, 'path' | 'tag' | 'access' | 'query' | 'status'> & { readonly what: string; readonly params: Params }) {
  const of = (form: string, own: Pick<Route, 'summary' | 'description' | 'problems'>) => route({ method: 'GET', path: `${path}/${form}`, tag, access, query, status, params, body: null, answer: null, ...own })
  return {
    [`${name}Pdf`]: of('pdf', { summary: `Get ${what} as PDF`, description: '', problems: ['not_found'] }),
    [`${name}Html`]: of('html', { summary: `Get ${what} as a page`, description: '', problems: ['not_found'] }),
    [`${name}Xml`]: of('xml', { summary: `Get ${what} as an e-invoice`, description: 'EN 16931 in UBL 2.1. What it must say and does not is a problem that names the field and where to set it.', problems: ['not_found', 'e_invoice_incomplete'] }),
  } as Readonly<Record<`${Name}${'Pdf' | 'Html' | 'Xml'}`, ReturnType<typeof of>>>
}

/** Answers that are no JSON. */
export const printedRoutes = {
  ...printed('printInvoice', { ...readable, path: '/v1/customers/{customer}/invoices/{invoice}', what: 'an invoice', params: invoiceParam }),
  ...printed('printCreditNote', { ...readable, path: '/v1/customers/{customer}/credit-notes/{note}', what: 'a credit note', params: noteParam }),
  ...printed('printPaymentInvoice', { ...readable, tag: 'money', path: '/v1/customers/{customer}/payments/{payment}/invoice', what: 'the invoice of a purchase', params: paymentParam }),
  ...printed('printRefundNote', { ...readable, tag: 'money', path: '/v1/customers/{customer}/refunds/{refund}/credit-note', what: 'the credit note of a refund', params: refundParam }),
} as const
