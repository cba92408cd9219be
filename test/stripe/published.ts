// What Stripe's published description says of the operations that Tollgate calls: the parameters that each takes, and no others. The
// fake refuses whatever does not fit, as Stripe does with `parameter_unknown`.

import * as z from 'zod'

const text = z.string().min(1).max(5_000)
/** Form encoding knows text only. */
const whole = z.string().regex(/^\d+$/)
/** Windows of sums begin and end with minutes. */
const minute = whole.refine((seconds) => Number(seconds) % 60 === 0, 'must be aligned with minutes')
const metadata = z.record(z.string().max(40), z.string().max(500))

export type Operation = { readonly method: 'GET' | 'POST'; readonly path: RegExp; readonly parameters: z.ZodType }

export const OPERATIONS = {
  GetSubscriptions: {
    method: 'GET',
    path: /^\/v1\/subscriptions$/,
    parameters: z.strictObject({
      limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), customer: text.optional(), price: text.optional(),
      status: z.enum(['active', 'all', 'canceled', 'ended', 'incomplete', 'incomplete_expired', 'past_due', 'paused', 'trialing', 'unpaid']).optional(), collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
    }),
  },
  GetSubscriptionsSubscriptionExposedId: { method: 'GET', path: /^\/v1\/subscriptions\/([^/]+)$/, parameters: z.strictObject({ expand: z.array(text).optional() }) },
  PostCheckoutSessions: {
    method: 'POST',
    path: /^\/v1\/checkout\/sessions$/,
    parameters: z.strictObject({
      mode: z.enum(['payment', 'setup', 'subscription']), success_url: text, cancel_url: text.optional(), client_reference_id: z.string().max(200).optional(), customer: text.optional(), metadata: metadata.optional(),
      line_items: z.array(z.strictObject({ price: text.optional(), quantity: whole, price_data: z.strictObject({ currency: text, unit_amount: whole.optional(), product_data: z.strictObject({ name: text }).optional() }).optional() })),
      payment_intent_data: z.strictObject({ description: z.string().max(1_000).optional(), metadata: metadata.optional(), setup_future_usage: z.enum(['off_session', 'on_session']).optional() }).optional(),
      customer_creation: z.enum(['always', 'if_required']).optional(),
      subscription_data: z.strictObject({ metadata: metadata.optional(), trial_period_days: whole.optional() }).optional(),
    }),
  },
  GetCheckoutSessionsSession: { method: 'GET', path: /^\/v1\/checkout\/sessions\/([^/]+)$/, parameters: z.strictObject({ expand: z.array(text).optional() }) },
  GetCustomersCustomer: { method: 'GET', path: /^\/v1\/customers\/([^/]+)$/, parameters: z.strictObject({ expand: z.array(text).optional() }) },
  GetCustomersCustomerPaymentMethods: {
    method: 'GET', path: /^\/v1\/customers\/([^/]+)\/payment_methods$/, parameters: z.strictObject({ limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), type: text.optional() }),
  },
  PostPaymentIntents: {
    method: 'POST',
    path: /^\/v1\/payment_intents$/,
    parameters: z.strictObject({
      amount: whole, currency: z.string().regex(/^[a-z]{3}$/), customer: text.optional(), payment_method: text.optional(), off_session: z.enum(['true', 'false']).optional(), confirm: z.enum(['true', 'false']).optional(),
      description: z.string().max(1_000).optional(), metadata: metadata.optional(),
    }),
  },
  GetPaymentIntentsIntent: { method: 'GET', path: /^\/v1\/payment_intents\/([^/]+)$/, parameters: z.strictObject({ expand: z.array(text).optional() }) },
  PostRefunds: {
    method: 'POST',
    path: /^\/v1\/refunds$/,
    parameters: z.strictObject({ payment_intent: text.optional(), charge: text.optional(), amount: whole.optional(), reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(), metadata: metadata.optional() }),
  },
  GetInvoices: {
    method: 'GET',
    path: /^\/v1\/invoices$/,
    parameters: z.strictObject({
      limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), customer: text.optional(), subscription: text.optional(), status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(), collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
      created: z.strictObject({ gt: whole.optional(), gte: whole.optional(), lt: whole.optional(), lte: whole.optional() }).optional(),
    }),
  },
  GetInvoicesInvoice: { method: 'GET', path: /^\/v1\/invoices\/([^/]+)$/, parameters: z.strictObject({ expand: z.array(text).optional() }) },
  PostInvoices: {
    method: 'POST',
    path: /^\/v1\/invoices$/,
    parameters: z.strictObject({
      customer: text.optional(), currency: z.string().regex(/^[a-z]{3}$/).optional(), auto_advance: z.enum(['true', 'false']).optional(), collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(), days_until_due: whole.optional(), due_date: whole.optional(),
      description: z.string().max(1_500).optional(), footer: z.string().max(5_000).optional(), metadata: metadata.optional(), number: z.string().max(26).optional(), pending_invoice_items_behavior: z.enum(['exclude', 'include']).optional(), subscription: text.optional(),
    }).refine((invoice) => invoice.days_until_due === undefined || invoice.collection_method === 'send_invoice', 'days_until_due is for send_invoice only'),
  },
  PostInvoicesInvoiceFinalize: { method: 'POST', path: /^\/v1\/invoices\/([^/]+)\/finalize$/, parameters: z.strictObject({ auto_advance: z.enum(['true', 'false']).optional() }) },
  GetInvoiceitems: {
    method: 'GET', path: /^\/v1\/invoiceitems$/,
    parameters: z.strictObject({ limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), customer: text.optional(), invoice: text.optional(), pending: z.enum(['true', 'false']).optional() }),
  },
  PostInvoiceitems: {
    method: 'POST',
    path: /^\/v1\/invoiceitems$/,
    parameters: z.strictObject({
      customer: text.optional(), invoice: text.optional(), amount: z.string().regex(/^-?\d+$/).optional(), currency: z.string().regex(/^[a-z]{3}$/).optional(), description: z.string().max(5_000).optional(), metadata: metadata.optional(), discountable: z.enum(['true', 'false']).optional(),
      period: z.strictObject({ start: whole, end: whole }).refine(({ start, end }) => Number(end) >= Number(start), 'the period ends before it starts').optional(), quantity: whole.optional(), unit_amount_decimal: text.optional(),
    }),
  },
  PostInvoicesInvoicePay: { method: 'POST', path: /^\/v1\/invoices\/([^/]+)\/pay$/, parameters: z.strictObject({ paid_out_of_band: z.enum(['true', 'false']).optional() }) },
  PostInvoicesInvoiceVoid: { method: 'POST', path: /^\/v1\/invoices\/([^/]+)\/void$/, parameters: z.strictObject({}) },
  PostInvoicesInvoiceMarkUncollectible: { method: 'POST', path: /^\/v1\/invoices\/([^/]+)\/mark_uncollectible$/, parameters: z.strictObject({}) },
  GetCreditNotes: { method: 'GET', path: /^\/v1\/credit_notes$/, parameters: z.strictObject({ limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), customer: text.optional(), invoice: text.optional() }) },
  PostCreditNotes: {
    method: 'POST', path: /^\/v1\/credit_notes$/,
    parameters: z.strictObject({ invoice: text, amount: whole.optional(), credit_amount: whole.optional(), refund_amount: whole.optional(), out_of_band_amount: whole.optional(), memo: z.string().max(5_000).optional(), metadata: metadata.optional(), reason: text.optional() }),
  },
  PostBillingMeterEvents: {
    method: 'POST', path: /^\/v1\/billing\/meter_events$/,
    parameters: z.strictObject({ event_name: z.string().max(100), identifier: z.string().max(100).optional(), payload: z.strictObject({ stripe_customer_id: text, value: z.string().regex(/^-?\d+$/) }), timestamp: whole.optional() }),
  },
  GetBillingMeters: { method: 'GET', path: /^\/v1\/billing\/meters$/, parameters: z.strictObject({ limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), status: z.enum(['active', 'inactive']).optional() }) },
  GetBillingMetersMeterEventSummaries: {
    method: 'GET', path: /^\/v1\/billing\/meters\/([^/]+)\/event_summaries$/,
    parameters: z.strictObject({ customer: text, start_time: minute, end_time: minute, limit: whole.optional(), starting_after: text.optional(), ending_before: text.optional(), value_grouping_window: z.enum(['day', 'hour']).optional() }),
  },
  PostV2BillingMeterEventSession: { method: 'POST', path: /^\/v2\/billing\/meter_event_session$/, parameters: z.strictObject({}) },
  PostV2BillingMeterEventStream: {
    method: 'POST', path: /^\/v2\/billing\/meter_event_stream$/,
    parameters: z.strictObject({ events: z.array(z.strictObject({ event_name: z.string().max(100), identifier: z.string().max(100).optional(), payload: z.strictObject({ stripe_customer_id: text, value: z.string().regex(/^-?\d+$/) }), timestamp: z.iso.datetime().optional() })).min(1).max(100) }),
  },
  PostBillingPortalSessions: { method: 'POST', path: /^\/v1\/billing_portal\/sessions$/, parameters: z.strictObject({ customer: text, return_url: text.optional() }) },
} as const satisfies Readonly<Record<string, Operation>>

/** `a[b][0][c]=1` → `{ a: { b: [{ c: '1' }] } }`. */
export function readForm(source: string): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(source)) {
    const path = [...name.matchAll(/[^[\]]+/g)].map(([part]) => part)
    let node = root
    for (const [index, part] of path.entries()) {
      if (index === path.length - 1) node[part] = value
      else node = (node[part] ??= {}) as Record<string, unknown>
    }
  }
  return listed(root) as Record<string, unknown>
}

/** Objects whose names are 0, 1, 2 … are lists. */
function listed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, listed(inner)] as const)
  return entries.length > 0 && entries.every(([name], index) => name === String(index)) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}
