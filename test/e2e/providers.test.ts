// Billing providers over the API: what they send, in any order and any number, and what becomes of it. Payloads have the providers' shapes.

import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type TestApi } from '../api.ts'
import { drainInbox } from '../../packages/server/src/app/providers/inbox.ts'
import { virtualClock } from '../../packages/server/src/platform/clock.ts'

const CATALOG = `
currency: USD
features:
  - { id: chat, name: Chat, kind: metered }
meters:
  - { id: tokens, unit: token, event_type: ai.request, properties: [tokens] }
plans:
  - id: free
    name: Free
    entitlements: [chat]
    allowances: [{ id: tokens, meters: [tokens], quantity: 10 }]
    funding: [allowance]
  - id: pro
    name: Pro
    parent: free
    fee: 30
    dunning: [{ day: 0, action: notify }, { day: 60, action: suspend }]
    providers: { stripe: [price_pro], chargebee: [pro-USD-Monthly], recurly: [pro] }
  - id: team
    name: Team
    parent: pro
    fee: 90
    providers: { stripe: [prod_team], chargebee: [team-USD-Monthly], recurly: [team] }
add_ons:
  - { id: more, plans: ["*"], quantity_max: 10, allowances: [{ id: tokens, quantity: 5 }], providers: { stripe: [price_more], chargebee: [more-USD-Monthly], recurly: [more] } }
gateway: { feature: chat }
`
const SECRET = 'whsec_test_secret'
const clock = virtualClock(instant(Date.parse('2026-09-01T00:00:00Z')))
const T0 = Date.parse('2026-01-10T10:00:00Z') / 1_000
const day = (days: number) => T0 + days * 86_400

let api: TestApi
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, clock })
  for (const provider of ['stripe', 'chargebee', 'recurly']) await api.call(`PUT /v1/providers/${provider}`, { body: { webhook_secret: SECRET } })
})
afterAll(() => api.close())

type Event = { readonly id: string; readonly type: string; readonly created: number; readonly data: unknown }
let lives = 0

function signed(body: string, at = Math.floor(clock.now() / 1_000), secret = SECRET): string {
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
}

async function send(event: Event): Promise<number> {
  const body = JSON.stringify({ object: 'event', api_version: '2026-09-30', livemode: false, ...event })
  return (await api.call('POST /v1/providers/stripe/webhook', { key: null, raw: body, headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signed(body) } })).status
}

/** A year of one Stripe subscription. `shape`: where the period stands. */
function yearOf(name: string, shape: 'old' | 'new'): { readonly customer: string; readonly events: readonly Event[] } {
  const customer = `cus_${name}`
  const [stripeCustomer, sub] = [`cus_stripe_${name}`, `sub_${name}`]
  const item = (price: object, quantity: number, start: number) => ({ id: 'si_1', object: 'subscription_item', price, quantity, ...(shape === 'new' ? { current_period_start: start, current_period_end: start + 30 * 86_400 } : {}) })
  const PRO = { id: 'price_pro', object: 'price', product: 'prod_pro' }
  const TEAM = { id: 'price_team_2', object: 'price', product: 'prod_team' }
  const object = (more: Readonly<Record<string, unknown>>, start: number, items = [item(PRO, 1, start)]) => ({
    id: sub, object: 'subscription', customer: stripeCustomer, created: day(0), start_date: day(0), trial_end: day(14), cancel_at: null, cancel_at_period_end: false, pause_collection: null, metadata: { tollgate_customer: customer },
    items: { object: 'list', data: items }, ...(shape === 'old' ? { current_period_start: start, current_period_end: start + 30 * 86_400 } : {}), ...more,
  })
  let count = 0
  const event = (type: string, at: number, data: unknown): Event => ({ id: `evt_${name}_${(count += 1)}`, type, created: at, data })
  const updated = (at: number, more: Readonly<Record<string, unknown>>, previous: object, start: number, items?: ReturnType<typeof item>[]) => event('customer.subscription.updated', at, { object: object(more, start, items), previous_attributes: previous })
  const invoice = (id: string) => ({ id, object: 'invoice', customer: stripeCustomer, ...(shape === 'old' ? { subscription: sub, charge: `ch_${id}` } : { parent: { subscription_details: { subscription: sub } } }) })
  const seats = [item(PRO, 3, day(44)), item({ id: 'price_more', product: 'prod_more' }, 2, day(44))]
  const team = (start: number) => [item(TEAM, 3, start), item({ id: 'price_more', product: 'prod_more' }, 2, start)]
  return {
    customer,
    events: [
      event('customer.subscription.created', day(0), { object: object({ status: 'trialing' }, day(0)) }),
      event('checkout.session.completed', day(0), { object: { id: 'cs_1', object: 'checkout.session', customer: stripeCustomer, subscription: sub, client_reference_id: customer, metadata: {} } }),
      updated(day(14), { status: 'active' }, { status: 'trialing' }, day(14)),
      event('invoice.paid', day(14), { object: invoice(`in_${name}1`) }),
      event('charge.succeeded', day(14), { object: { id: `ch_in_${name}1`, object: 'charge', customer: stripeCustomer, payment_intent: `pi_${name}1` } }),
      event('invoice.payment_failed', day(44), { object: invoice(`in_${name}2`) }),
      updated(day(44), { status: 'past_due' }, { status: 'active' }, day(44)),
      event('invoice.paid', day(49), { object: invoice(`in_${name}2`) }),
      updated(day(49), { status: 'active' }, { status: 'past_due' }, day(44)),
      // Two changes within one second, told apart by what was before them.
      updated(day(52), { status: 'active' }, { items: { object: 'list', data: [item(PRO, 1, day(44))] } }, day(44), seats),
      updated(day(52), { status: 'active' }, { items: { object: 'list', data: seats } }, day(44), team(day(44))),
      event('charge.dispute.created', day(60), { object: { id: `dp_${name}`, object: 'dispute', charge: `ch_in_${name}1`, payment_intent: `pi_${name}1`, status: 'needs_response' } }),
      event('charge.dispute.closed', day(80), { object: { id: `dp_${name}`, object: 'dispute', charge: `ch_in_${name}1`, payment_intent: `pi_${name}1`, status: 'won' } }),
      updated(day(90), { status: 'active', cancel_at_period_end: true, cancel_at: day(104) }, { cancel_at_period_end: false, cancel_at: null }, day(74), team(day(74))),
      event('customer.subscription.deleted', day(104), { object: object({ status: 'canceled', ended_at: day(104) }, day(74), team(day(74))) }),
    ],
  }
}

async function newLife(shape: 'old' | 'new') {
  const life = yearOf(`life${(lives += 1)}`, shape)
  const made = await api.call('POST /v1/customers', { body: { id: life.customer, name: 'Stripe', plan: 'free', starts_at: new Date(day(-5) * 1_000).toISOString() } })
  expect(made.status, made.text).toBe(201)
  return life
}

/** What was told and not taken back, in the order in which it took effect; of the agreement that Stripe bills. */
async function netOf(customer: string): Promise<string[]> {
  const all = (await api.call(`GET /v1/customers/${customer}/subscription/events?limit=500`)).body.data
  const voided = new Set(all.flatMap(({ voids }: { voids: number | null }) => (voids === null ? [] : [voids])))
  const net = all.filter(({ sequence, voids, subscription }: { sequence: number; voids: number | null; subscription: string }) => voids === null && !voided.has(sequence) && subscription === `sub_${customer.slice(4)}`)
  return net.map((one: { type: string; effective_at: string; state: string; plan: string }) => `${one.type.replace('subscription.', '')}@${(Date.parse(one.effective_at) / 1_000 - T0) / 86_400} ${one.plan}`).sort()
}

const EXPECTED = [
  'created@0 pro', 'trial_started@0 pro', 'trial_converted@14 pro', 'grace_entered@44 pro', 'payment_reminder@44 pro', 'recovered@49 pro', 'seats_changed@52 pro', 'add_ons_changed@52 pro',
  'plan_changed@52 team', 'disputed@60 team', 'renewed@72 team', 'dispute_resolved@80 team', 'cancellation_scheduled@90 team', 'cancelled@104 team',
]

test('any order, any repetition and any delay of a life’s messages end in one standing and one history, in both shapes of payload', async () => {
  const histories = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('old' as const, 'new' as const), fc.infiniteStream(fc.nat()), fc.array(fc.nat(14), { maxLength: 4 }), fc.array(fc.nat(14), { maxLength: 3 }), async (shape, order, again, pauses) => {
      const life = await newLife(shape)
      const shuffled = life.events.map((event) => ({ event, rank: order.next().value as number })).sort((a, b) => a.rank - b.rank).map(({ event }) => event)
      for (const [index, event] of [...shuffled, ...again.map((one) => life.events[one]!)].entries()) {
        expect(await send(event)).toBe(200)
        // The job may run at any moment: between two messages too.
        if (pauses.includes(index)) await drainInbox(api.world.plane)
      }
      await drainInbox(api.world.plane)
      histories.add((await netOf(life.customer)).join('\n'))
      expect((await api.call(`GET /v1/customers/${life.customer}/subscription`)).body).toMatchObject({ plan: 'free', state: 'active' })
      const stopped = await api.call(`GET /v1/provider-messages?state=stopped&customer=${life.customer}`)
      expect(stopped.body.data).toEqual([])
    }),
    { numRuns: 25 },
  )
  expect([...histories].map((history) => history.split('\n'))).toEqual([expect.anything()])
  const known = [...histories][0]!.split('\n').filter((line) => !line.startsWith('trial_ending'))
  expect(known).toEqual(EXPECTED.toSorted())
})

test('a message that is not signed, too old, or from the future is refused and not stored', async () => {
  const body = JSON.stringify({ id: 'evt_forged', object: 'event', type: 'x', created: 1, data: { object: {} } })
  const post = (signature: string | null) => api.call('POST /v1/providers/stripe/webhook', { key: null, raw: body, headers: { 'content-type': 'application/json', ...(signature === null ? {} : { 'stripe-signature': signature }) } })
  const now = Math.floor(clock.now() / 1_000)
  expect((await post(null)).body.code).toBe('invalid_signature')
  expect((await post(signed(body, now, 'whsec_other'))).status).toBe(401)
  expect((await post(signed(body, now - 301))).status).toBe(401)
  expect((await post(signed(body, now + 301))).status).toBe(401)
  expect((await post(signed(body, now - 300))).status).toBe(200)
  expect((await post(signed(body, now))).body).toEqual({ received: true, known: true })
})

test('an unknown kind is kept and shown; what cannot be mapped stops with a reason, and goes on when the catalog says what it means', async () => {
  await send({ id: 'evt_odd', type: 'radar.something_new', created: day(1), data: { object: {} } })
  const customer = 'cus_unmapped'
  await api.call('POST /v1/customers', { body: { id: customer, name: 'U', plan: 'free' } })
  const subscription = { id: 'sub_unmapped', object: 'subscription', customer: 'cus_stripe_unmapped', status: 'active', created: day(0), metadata: { tollgate_customer: customer }, items: { data: [{ price: { id: 'price_unheard_of', product: 'prod_x' }, quantity: 1 }] } }
  await send({ id: 'evt_unmapped', type: 'customer.subscription.created', created: day(0), data: { object: subscription } })
  await drainInbox(api.world.plane)
  const { body } = await api.call('GET /v1/provider-messages?limit=2')
  expect(body.data).toMatchObject([{ id: 'evt_unmapped', state: 'stopped', code: 'unmapped_price', reason: expect.stringContaining('price_unheard_of') }, { id: 'evt_odd', state: 'ignored' }])
  await api.call('PUT /v1/catalog', { body: { source: CATALOG.replace('[price_pro]', '[price_pro, price_unheard_of]') } })
  // A new catalog puts what stopped for want of it back in the queue; a replay by hand changes nothing that is known.
  await drainInbox(api.world.plane)
  expect((await api.call('POST /v1/provider-messages/replay', { body: { provider: 'stripe', message: 'evt_unmapped' } })).body).toEqual({ queued: 1 })
  expect((await api.call(`GET /v1/customers/${customer}/subscription`)).body).toMatchObject({ plan: 'pro', source: 'stripe', id: 'sub_unmapped' })
})

test('messages of a customer that nobody linked wait, and are processed when it is linked', async () => {
  const customer = 'cus_late_link'
  await api.call('POST /v1/customers', { body: { id: customer, name: 'L', plan: 'free' } })
  const subscription = { id: 'sub_ll', object: 'subscription', customer: 'cus_stripe_ll', status: 'active', created: day(0), metadata: {}, items: { data: [{ price: { id: 'price_pro' }, quantity: 2 }] } }
  await send({ id: 'evt_ll', type: 'customer.subscription.created', created: day(0), data: { object: subscription } })
  await drainInbox(api.world.plane)
  expect((await api.call('GET /v1/providers/stripe/messages/evt_ll')).body).toMatchObject({ state: 'stopped', code: 'unmapped_customer' })
  await api.call(`POST /v1/customers/${customer}/provider-links`, { body: { provider: 'stripe', external_id: 'cus_stripe_ll' } })
  expect((await api.call(`GET /v1/customers/${customer}/subscription`)).body).toMatchObject({ plan: 'pro', seats: 2, source: 'stripe' })
})

test('what a provider bills is not changed here', async () => {
  const answer = await api.call('POST /v1/customers/cus_late_link/subscription/change', { body: { plan: 'team' } })
  expect(answer.body.code).toBe('billed_by_provider')
})

test('Chargebee: basic auth, versions in milliseconds order its resources, what is due is grace, a chargeback blocks', async () => {
  const customer = 'cus_cb'
  await api.call('POST /v1/customers', { body: { id: customer, name: 'C', plan: 'free' } })
  const authorization = `Basic ${Buffer.from(`tollgate:${SECRET}`).toString('base64')}`
  let count = 0
  const post = async (eventType: string, at: number, content: unknown, auth = authorization) =>
    (await api.call('POST /v1/providers/chargebee/webhook', { key: null, raw: JSON.stringify({ id: `ev_${(count += 1)}`, object: 'event', occurred_at: at, event_type: eventType, content }), headers: { 'content-type': 'application/json', authorization: auth } })).status
  const subscription = (more: Readonly<Record<string, unknown>>, version: number) => ({
    subscription: { id: 'cbsub', customer_id: customer, status: 'active', created_at: day(0), started_at: day(0), current_term_start: day(0), current_term_end: day(31), due_invoices_count: 0, resource_version: version * 1_000, subscription_items: [{ item_price_id: 'pro-USD-Monthly', item_type: 'plan', quantity: 4 }, { item_price_id: 'more-USD-Monthly', item_type: 'addon', quantity: 2 }], ...more },
    customer: { id: customer },
  })
  const state = async () => (await api.call(`GET /v1/customers/${customer}/subscription`)).body
  expect(await post('subscription_created', day(0), subscription({}, day(0)), 'Basic wrong')).toBe(401)
  expect(await post('subscription_changed', day(2), subscription({ due_invoices_count: 1 }, day(20)))).toBe(200)
  // Older by its version, though it came later.
  await post('subscription_created', day(0), subscription({}, day(0)))
  await drainInbox(api.world.plane)
  // Its grace of sixty days is over long since, so the free plan is what counts.
  expect(await state()).toMatchObject({ plan: 'free', source: 'tollgate' })
  await post('payment_succeeded', day(230), { ...subscription({}, day(230)), invoice: { id: '40', subscription_id: 'cbsub', status: 'paid' }, transaction: { id: 'txn_1' } })
  await drainInbox(api.world.plane)
  expect(await state()).toMatchObject({ plan: 'pro', seats: 4, add_ons: [{ id: 'more', quantity: 2 }], source: 'chargebee', state: 'active' })
  const told = (await api.call(`GET /v1/customers/${customer}/subscription/events?limit=100`)).body.data
  expect(told.find(({ type }: { type: string }) => type === 'subscription.grace_entered').effective_at).toBe(new Date(day(20) * 1_000).toISOString())
  await post('transaction_created', day(232), { customer: { id: customer }, transaction: { id: 'txn_cb', type: 'refund', reason_code: 'chargeback', customer_id: customer, subscription_id: 'cbsub' } })
  await drainInbox(api.world.plane)
  expect(await state()).toMatchObject({ state: 'disputed', blocks: [{ kind: 'dispute', ref: 'txn_cb' }] })
})

test('Recurly: XML by basic auth, JSON by signature; a thin notification waits for what the provider says', async () => {
  const customer = 'cus_rec'
  await api.call('POST /v1/customers', { body: { id: customer, name: 'R', plan: 'free' } })
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<new_subscription_notification><account><account_code>${customer}</account_code><username nil="true"/></account>
<subscription><plan><plan_code>pro</plan_code></plan><uuid>rec1</uuid><state>active</state><quantity type="integer">2</quantity>
<subscription_add_ons type="array"><subscription_add_on><add_on_code>more</add_on_code><quantity type="integer">3</quantity></subscription_add_on></subscription_add_ons>
<activated_at type="datetime">2026-02-01T00:00:00Z</activated_at><current_period_started_at type="datetime">2026-02-01T00:00:00Z</current_period_started_at><trial_ends_at nil="true" type="datetime"/></subscription></new_subscription_notification>`
  const authorization = `Basic ${Buffer.from(`tollgate:${SECRET}`).toString('base64')}`
  expect((await api.call('POST /v1/providers/recurly/webhook', { key: null, raw: xml, headers: { 'content-type': 'application/xml' } })).status).toBe(401)
  expect((await api.call('POST /v1/providers/recurly/webhook', { key: null, raw: xml, headers: { 'content-type': 'application/xml', authorization } })).status).toBe(200)
  await drainInbox(api.world.plane)
  expect((await api.call(`GET /v1/customers/${customer}/subscription`)).body).toMatchObject({ plan: 'pro', seats: 2, add_ons: [{ id: 'more', quantity: 3 }], source: 'recurly' })
  const thin = JSON.stringify({ id: 'n1', object_type: 'subscription', site_id: 's', event_type: 'updated', event_time: '2026-03-01T00:00:00Z', uuid: 'rec1', account_code: customer })
  const timestamp = String(clock.now())
  const good = createHmac('sha256', SECRET).update(`${timestamp}.${thin}`).digest('hex')
  const post = (signature: string) => api.call('POST /v1/providers/recurly/webhook', { key: null, raw: thin, headers: { 'content-type': 'application/json', 'recurly-notification-id': 'nid_1', 'recurly-signature': signature } })
  expect((await post(`${timestamp},deadbeef`)).status).toBe(401)
  expect((await post(`${timestamp},deadbeef,${good}`)).status).toBe(200)
  await drainInbox(api.world.plane)
  expect((await api.call('GET /v1/providers/recurly/messages/nid_1')).body).toMatchObject({ state: 'done', reason: 'the subscription is read from the provider' })
})

test('secrets are sealed and never answered, and the one before still verifies after a rotation', async () => {
  await api.call('PUT /v1/providers/stripe', { body: { webhook_secret: 'whsec_next', api_key: 'sk_test_secretkey' } })
  const shown = await api.call('GET /v1/providers/stripe')
  expect(shown.body).toMatchObject({ has_webhook_secret: true, has_api_key: true })
  expect(shown.text).not.toContain('whsec')
  expect(JSON.stringify(await api.world.plane.sql`select * from provider_account`)).not.toMatch(/whsec|sk_test/)
  expect(JSON.stringify(await api.world.plane.sql`select action, before, after from audit_entry`)).not.toMatch(/whsec|sk_test/)
  expect(await send({ id: 'evt_rotated', type: 'account.updated', created: day(1), data: { object: {} } })).toBe(200)
})
