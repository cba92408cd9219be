// A Stripe for tests: subscriptions that live on its own test clock, events as Stripe sends them (signed by the official package), and
// the part of its API that Tollgate calls, with every request held against the published parameters. It keeps what it was asked.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { fakeInvoices } from './fake-invoices.ts'
import { fakeMoney, refused, type FakePayment } from './fake-money.ts'
import { fakeUsage, type Answer } from './fake-usage.ts'
import { OPERATIONS, readForm } from './published.ts'

export type StripeEvent = { readonly id: string; readonly object: 'event'; readonly api_version: string; readonly created: number; readonly livemode: false; readonly type: string; readonly data: { readonly object: object; readonly previous_attributes?: object } }
type Subscription = Record<string, unknown> & { id: string; status: string }

export type FakeStripe = {
  readonly url: string
  /** Operations that were called, in order. */
  readonly called: string[]
  /** Events since the last time this was asked. */
  readonly take: () => readonly StripeEvent[]
  readonly subscribe: (input: { readonly at: number; readonly customer: string; readonly tollgate: string; readonly price: string; readonly trialEnd: number | null }) => Subscription
  /** Changes a subscription at an instant, and tells of it with what it was before. */
  readonly change: (at: number, change: Readonly<Record<string, unknown>>) => void
  readonly end: (at: number) => void
  readonly tell: (type: string, at: number, object: object) => void
  readonly invoice: (id: string) => object
  readonly item: (price: string, quantity: number, start: number) => object
  /** Money that was taken, by its payment: one a key of idempotency. */
  readonly payments: FakePayment[]
  /** How the next charges end; `succeeded` unless set. */
  readonly bank: { answer: FakePayment['status'] | 'declined' | 'unreachable' }
  readonly billing: ReturnType<typeof fakeInvoices>
  readonly usage: ReturnType<typeof fakeUsage>
  /** Of now, or of a second that is named. */
  readonly signature: (body: string, secret: string, at?: number) => string
  /** Answers nothing any more. */
  readonly goAway: () => Promise<void>
}

export async function fakeStripe(): Promise<FakeStripe> {
  const events: StripeEvent[] = []
  const called: string[] = []
  let subscription: Subscription | null = null
  const money = fakeMoney()
  const billing = fakeInvoices(() => Date.now())
  const usage = fakeUsage()
  let count = 0
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, headers }) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)))
  })

  async function answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://stripe')
    const sent = Buffer.concat(chunks).toString()
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json')
    const parameters = isJson ? (JSON.parse(sent === '' ? '{}' : sent) as Record<string, unknown>) : readForm(request.method === 'GET' ? url.search.slice(1) : sent)
    const found = Object.entries(OPERATIONS).find(([, operation]) => operation.method === request.method && operation.path.test(url.pathname))
    if (found === undefined) return refused(404, `Unrecognized request URL (${request.method}: ${url.pathname})`)
    const [name, operation] = found
    called.push(name)
    if (!(request.headers.authorization ?? '').startsWith(name === 'PostV2BillingMeterEventStream' ? 'Bearer token_' : 'Bearer sk_test_')) return refused(401, 'Invalid API Key provided')
    const read = operation.parameters.safeParse(parameters)
    if (!read.success) return refused(400, `Received unknown or invalid parameter: ${read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', ')}`)
    switch (name as keyof typeof OPERATIONS) {
      case 'GetSubscriptions':
        return { status: 200, body: { object: 'list', url: '/v1/subscriptions', has_more: false, data: subscription === null ? [] : [subscription] } }
      case 'GetSubscriptionsSubscriptionExposedId':
        return subscription?.id === operation.path.exec(url.pathname)?.[1] ? { status: 200, body: subscription } : refused(404, 'No such subscription')
      case 'PostPaymentIntents':
      case 'GetPaymentIntentsIntent':
      case 'GetCustomersCustomer':
      case 'GetCustomersCustomerPaymentMethods':
      case 'GetCheckoutSessionsSession':
      case 'PostRefunds':
        return money.answer(name, { id: operation.path.exec(url.pathname)?.[1] ?? '', parameters, key: String(request.headers['idempotency-key'] ?? '') })
      case 'GetInvoices':
      case 'GetInvoicesInvoice':
      case 'PostInvoices':
      case 'PostInvoicesInvoiceFinalize':
      case 'GetInvoiceitems':
      case 'PostInvoiceitems':
      case 'PostInvoicesInvoicePay':
      case 'PostInvoicesInvoiceVoid':
      case 'PostInvoicesInvoiceMarkUncollectible':
      case 'GetCreditNotes':
      case 'PostCreditNotes':
        return billing.answer(name, { id: operation.path.exec(url.pathname)?.[1] ?? '', parameters, key: String(request.headers['idempotency-key'] ?? '') })
      case 'PostBillingMeterEvents':
      case 'GetBillingMeters':
      case 'GetBillingMetersMeterEventSummaries':
      case 'PostV2BillingMeterEventSession':
      case 'PostV2BillingMeterEventStream':
        return usage.answer(name, { id: operation.path.exec(url.pathname)?.[1] ?? '', parameters, key: String(request.headers['idempotency-key'] ?? ''), token: (request.headers.authorization ?? '').replace('Bearer ', '') })
      case 'PostCheckoutSessions':
        return { status: 200, body: { id: 'cs_test_1', object: 'checkout.session', url: 'https://checkout.stripe.example/cs_test_1' } }
      case 'PostBillingPortalSessions':
        return { status: 200, body: { id: 'bps_1', object: 'billing_portal.session', url: 'https://billing.stripe.example/bps_1' } }
    }
  }

  function tell(type: string, at: number, object: object, previous?: object): void {
    events.push({ id: `evt_year_${(count += 1)}`, object: 'event', api_version: '2026-09-30.dahlia', created: at, livemode: false, type, data: { object: structuredClone(object), ...(previous === undefined ? {} : { previous_attributes: previous }) } })
  }

  const item = (price: string, quantity: number, start: number) => ({ id: `si_${price}`, object: 'subscription_item', price: { id: price, object: 'price', product: `prod_${price}` }, quantity, current_period_start: start, current_period_end: start + 30 * 86_400 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called,
    payments: money.payments,
    bank: money.bank,
    billing,
    usage,
    take: () => events.splice(0),
    subscribe: ({ at, customer, tollgate, price, trialEnd }) => {
      subscription = {
        id: 'sub_year', object: 'subscription', customer, status: trialEnd === null ? 'active' : 'trialing', created: at, start_date: at, trial_end: trialEnd, cancel_at: null, cancel_at_period_end: false, canceled_at: null, ended_at: null,
        pause_collection: null, metadata: { tollgate_customer: tollgate }, items: { object: 'list', data: [item(price, 1, at)] },
      }
      tell('customer.created', at, { id: customer, object: 'customer', metadata: { tollgate_customer: tollgate } })
      tell('customer.subscription.created', at, subscription)
      return subscription
    },
    change: (at, change) => {
      const before = Object.fromEntries(Object.keys(change).map((name) => [name, subscription![name]]))
      Object.assign(subscription!, structuredClone(change))
      tell('customer.subscription.updated', at, subscription!, before)
    },
    end: (at) => {
      Object.assign(subscription!, { status: 'canceled', ended_at: at, canceled_at: at })
      tell('customer.subscription.deleted', at, subscription!)
    },
    tell,
    invoice: (id) => ({ id, object: 'invoice', customer: subscription!['customer'], parent: { type: 'subscription_details', subscription_details: { subscription: subscription!.id, metadata: {} } } }),
    item,
    signature: (body, secret, at) => Stripe.webhooks.generateTestHeaderString({ payload: body, secret, ...(at === undefined ? {} : { timestamp: at }) }),
    goAway: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
