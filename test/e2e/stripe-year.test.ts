// A year with Stripe: a fake one, whose requests are held against the published description, tells of a subscription on its test clock. What
// it did not tell is found by a re-sync; and no request of a tenant ever asks it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, type CustomerId } from '@tollgate/core'
import { drainInbox } from '../../packages/server/src/app/providers/inbox.ts'
import { runFetches } from '../../packages/server/src/app/providers/resync.ts'
import { virtualClock } from '../../packages/server/src/platform/clock.ts'
import { testApi, type TestApi } from '../api.ts'
import { fakeStripe, type FakeStripe, type StripeEvent } from '../stripe/fake-stripe.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
plans:
  - { id: pro, name: Pro, fee: 30, entitlements: [chat], allowances: [{ id: tokens, meters: [tokens], quantity: 1000 }], funding: [allowance], trial: 14, providers: { stripe: [price_pro] },
      dunning: [{ day: 0, action: notify }, { day: 7, action: suspend }], standings: { disputed: ["*"] } }
  - { id: team, name: Team, parent: pro, fee: 90, entitlements: [chat], providers: { stripe: [price_team] } }
  - { id: free, name: Free, entitlements: [chat], allowances: [{ id: tokens, meters: [tokens], quantity: 10 }], funding: [allowance] }
gateway: { feature: chat }
`
const SECRET = 'whsec_year'
const START = '2026-01-10T10:00:00Z'
const T0 = Date.parse(START) / 1_000
const day = (days: number) => T0 + days * 86_400
const CUSTOMER = 'cus_year' as CustomerId

let api: TestApi
let stripe: FakeStripe
let clock: string
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, clock: virtualClock(instant(Date.now())) })
  stripe = await fakeStripe()
  await api.call('PUT /v1/providers/stripe', { body: { webhook_secret: SECRET, api_key: 'sk_test_year', api_url: stripe.url, allow_private: true } })
  clock = (await api.call('POST /v1/test-clocks', { body: { name: 'year', now: START } })).body.id
  await api.call('POST /v1/customers', { body: { id: CUSTOMER, name: 'Year', plan: 'free', test_clock: clock } })
})
afterAll(() => api.close())

async function deliver(events: readonly StripeEvent[]): Promise<void> {
  for (const event of events) {
    const body = JSON.stringify(event)
    const answer = await api.call('POST /v1/providers/stripe/webhook', { key: null, raw: body, headers: { 'content-type': 'application/json', 'stripe-signature': stripe.signature(body, SECRET) } })
    expect(answer.status, answer.text).toBe(200)
  }
  await drainInbox(api.world.plane)
}

/** The year goes on to a day, and Stripe's messages up to then come in. */
async function until(days: number): Promise<{ readonly state: string; readonly plan: string }> {
  const answer = await api.call(`POST /v1/test-clocks/${clock}/advance`, { body: { to: new Date(day(days) * 1_000 + 60_000).toISOString() } })
  expect(answer.status, answer.text).toBe(200)
  await deliver(stripe.take())
  return (await api.call(`GET /v1/customers/${CUSTOMER}/subscription`)).body
}

test('checkout and portal are pages of Stripe, asked for with what its description knows', async () => {
  const checkout = await api.call(`POST /v1/customers/${CUSTOMER}/checkout`, { body: { plan: 'pro', success_url: 'https://example.com/thanks', cancel_url: 'https://example.com/plans' } })
  expect(checkout.body, checkout.text).toEqual({ id: 'cs_test_1', url: 'https://checkout.stripe.example/cs_test_1' })
  await api.call(`POST /v1/customers/${CUSTOMER}/provider-links`, { body: { provider: 'stripe', external_id: 'cus_stripe_year' } })
  expect((await api.call(`POST /v1/customers/${CUSTOMER}/portal`, { body: { return_url: 'https://example.com/account' } })).body.url).toBe('https://billing.stripe.example/bps_1')
  expect(stripe.called.splice(0)).toEqual(['PostCheckoutSessions', 'PostBillingPortalSessions'])
})

test('trial, paid, failed, grace, suspended, recovered, upgraded, disputed, won, downgraded, cancelled', async () => {
  stripe.subscribe({ at: day(0), customer: 'cus_stripe_year', tollgate: CUSTOMER, price: 'price_pro', trialEnd: day(14) })
  expect(await until(0)).toMatchObject({ state: 'trialing', plan: 'pro', source: 'stripe', trial_ends_at: new Date(day(14) * 1_000).toISOString() })
  // Stripe's word on the end of the trial is an hour late: access goes on meanwhile.
  expect(await until(14)).toMatchObject({ state: 'active' })
  stripe.change(day(14), { status: 'active' })
  stripe.tell('charge.succeeded', day(14), { id: 'ch_1', object: 'charge', customer: 'cus_stripe_year', payment_intent: 'pi_1', metadata: {} })
  stripe.tell('invoice.paid', day(14), stripe.invoice('in_1'))
  expect(await until(15)).toMatchObject({ state: 'active' })
  stripe.tell('invoice.payment_failed', day(44), stripe.invoice('in_2'))
  stripe.change(day(44), { status: 'past_due' })
  expect(await until(45)).toMatchObject({ state: 'grace', grace_ends_at: new Date(day(51) * 1_000).toISOString(), notice: { level: 'warning' } })
  // What is suspended gives nothing any more; the free agreement beside it still does.
  expect(await until(52)).toMatchObject({ state: 'active', plan: 'free' })
  stripe.tell('invoice.paid', day(53), stripe.invoice('in_2'))
  stripe.change(day(53), { status: 'active' })
  expect(await until(53)).toMatchObject({ state: 'active', plan: 'pro' })
  stripe.change(day(60), { items: { object: 'list', data: [stripe.item('price_team', 1, day(44))] } })
  expect(await until(60)).toMatchObject({ plan: 'team' })
  stripe.tell('charge.dispute.created', day(100), { id: 'dp_1', object: 'dispute', charge: 'ch_1', payment_intent: 'pi_1', status: 'needs_response' })
  expect(await until(100)).toMatchObject({ state: 'disputed' })
  stripe.tell('charge.dispute.closed', day(130), { id: 'dp_1', object: 'dispute', charge: 'ch_1', payment_intent: 'pi_1', status: 'won' })
  expect(await until(130)).toMatchObject({ state: 'active' })
  stripe.change(day(164), { items: { object: 'list', data: [stripe.item('price_pro', 1, day(164))] } })
  expect(await until(164)).toMatchObject({ plan: 'pro' })
  stripe.change(day(200), { cancel_at_period_end: true, cancel_at: day(224) })
  expect(await until(200)).toMatchObject({ state: 'active', cancels_at: new Date(day(224) * 1_000).toISOString() })
  stripe.end(day(224))
  expect(await until(365)).toMatchObject({ state: 'active', plan: 'free', source: 'tollgate' })
  expect(stripe.called).toEqual([])
})

test('what Stripe did not tell is found by a re-sync, as a report first, and healed when it is applied', async () => {
  stripe.subscribe({ at: day(366), customer: 'cus_stripe_year', tollgate: CUSTOMER, price: 'price_pro', trialEnd: null })
  stripe.take()
  const resync = async (apply: boolean) => (await api.call('POST /v1/providers/stripe/resync', { body: { apply } })).body
  await until(367)
  expect(await resync(false)).toMatchObject({ read: 1, drift_count: 1, applied: 0, drifts: [{ subscription: 'sub_year', customer: CUSTOMER, kind: 'differs', here: { standing: 'cancelled' }, there: { status: 'active' } }] })
  expect((await until(367)).plan).toBe('free')
  expect(await resync(true)).toMatchObject({ applied: 1 })
  expect(await until(367)).toMatchObject({ plan: 'pro', source: 'stripe' })
  expect(await resync(false)).toMatchObject({ drift_count: 0 })
})

test('two messages of one second that nothing orders leave the more generous state, and Stripe is asked which it is', async () => {
  const base = { id: 'sub_year', object: 'subscription', customer: 'cus_stripe_year', created: day(366), metadata: {}, items: { data: [stripe.item('price_pro', 1, day(366))] } }
  stripe.tell('customer.subscription.updated', day(370), { ...base, status: 'past_due' })
  stripe.tell('customer.subscription.updated', day(370), { ...base, status: 'active' })
  stripe.change(day(370), { status: 'past_due' })
  const [one, other] = stripe.take()
  await until(371)
  await deliver([other!, one!])
  expect((await until(371)).state).toBe('active')
  stripe.called.splice(0)
  await runFetches(api.world.plane)
  expect(stripe.called).toEqual(['GetSubscriptionsSubscriptionExposedId'])
  expect((await until(371)).state).toBe('grace')
})

test('with Stripe away every request of a tenant is answered as before, and none of them asks it', async () => {
  await stripe.goAway()
  const node = await api.world.node()
  const key = await api.key(['customer'], CUSTOMER)
  for (const path of ['subscription', 'subscription/events', 'entitlements', 'entitlements/chat', 'budgets', 'balance']) expect((await api.call(`GET /v1/customers/${CUSTOMER}/${path}`, { key })).status, path).toBe(200)
  const input = { customer: CUSTOMER, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', bound: { quantities: { tokens: '1' }, dimensions: {} } } as const
  expect((await node.check(input)).kind).toBe('allowed')
  const authorized = await node.authorize({ ...input, reservation: null, ttlMs: 60_000, repeatable: false })
  expect(authorized.kind).toBe('allowed')
  if (authorized.kind === 'allowed') expect(node.settle(authorized.reservation, { quantities: { tokens: '1' }, dimensions: {}, cost: null, estimated: false, context: {} }).kind).toBe('settled')
  const event = await api.call('POST /v1/events', { body: { specversion: '1.0', source: 't', id: 'e1', type: 'ai.request', subject: CUSTOMER, data: { tokens: 1 } } })
  expect(event.body.results?.[0] ?? event.body, event.text).toMatchObject({ status: 'accepted' })
  expect((await api.call('POST /v1/providers/stripe/resync', { body: {} })).body.code).toBe('provider_failed')
})
