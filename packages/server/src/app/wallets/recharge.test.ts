// Wallets that fill themselves, on real PostgreSQL, with a Stripe whose requests are held against its published description and with the
// operator's own payment code.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { publishSource } from '../../../../../test/plane.ts'
import { payingApi, type PayingApi } from '../../../../../test/stripe/paying-api.ts'
import { findPayment } from '../../store/recharge.ts'
import { paymentPort } from './payment-port.ts'
import { carryOutPayments } from './payments.ts'
import { createRecharger } from './recharge.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_assets: [{ id: credits, name: Credits, currency: USD, value: 0.02 }, { id: tokens_of_honour, name: Honour, currency: USD }]
credit_prices:
  - { asset: USD, bonus: [{ from: 100, percent: 10 }, { from: 500, percent: 20 }], max: 1000, days: 365, bonus_days: 90 }
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet] }
  - { id: credit, name: Credit, asset: credits, entitlements: [chat], prices: [{ id: credit_tokens, meter: tokens, model: per_unit, amount: 1 }], funding: [wallet] }
gateway: { feature: chat }
`

let api: PayingApi['api']
let stripe: PayingApi['stripe']
let clock: PayingApi['clock']
let paying: PayingApi
beforeAll(async () => {
  paying = await payingApi(CATALOG)
  ;({ api, stripe, clock } = paying)
})
beforeEach(() => {
  stripe.bank.answer = 'succeeded'
})
afterAll(() => paying.close())

let count = 0
async function living(credit: string, rule: object | null, plan = 'prepaid'): Promise<string> {
  const customer = `cus_w${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id: customer, name: 'W', plan } })
  await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: credit } })
  await api.call(`POST /v1/customers/${customer}/provider-links`, { body: { provider: 'stripe', external_id: `cus_stripe_${count}` } })
  if (rule !== null) expect((await api.call(`PUT /v1/customers/${customer}/recharges/USD`, { body: rule })).status).toBe(200)
  return customer
}
const use = (customer: string, tokens: number, id = `e${(count += 1)}`) =>
  api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'w', id, subject: customer, type: 'ai.request', data: { feature: 'chat', tokens } }] })
const balance = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/balance`)).body.balance
const payments = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/payments`)).body.data
const told = async (customer: string, type: string) => (await api.world.plane.sql<{ payload: Record<string, unknown> }[]>`select payload from outbox where customer_id = ${customer} and type = ${type} order by id`).map(({ payload }) => payload)

/** Stripe tells; returns what became of the message. */
async function webhook(id: string, type: string, object: object): Promise<{ readonly state: string; readonly code: string | null }> {
  const { status, message } = await paying.webhook(id, type, object)
  expect(status).toBe(200)
  return message
}

/** What the jobs do in as many turns as it takes. */
async function work(turns = 4): Promise<void> {
  const recharge = createRecharger()
  for (let turn = 0; turn < turns; turn += 1) {
    await recharge(api.world.plane)
    await carryOutPayments(api.world.plane)
  }
}

test('hundreds of parallel settlements that cross the threshold, while several control planes look, make one recharge', async () => {
  const customer = await living('20', { threshold: '15', amount: '100', method: 'stripe' })
  const before = stripe.payments.length
  const jobs = Array.from({ length: 6 }, () => createRecharger())
  let isDone = false
  const looking = jobs.map(async (job) => {
    while (!isDone) {
      await job(api.world.plane)
      await carryOutPayments(api.world.plane)
    }
  })
  await Promise.all(Array.from({ length: 300 }, (_, index) => use(customer, 5, `parallel-${index}`)))
  isDone = true
  await Promise.all(looking)
  await work()
  expect(stripe.payments.length - before).toBe(1)
  expect(await payments(customer)).toMatchObject([{ state: 'succeeded', cause: 'recharge', credits: '100', bonus: '10', net: '100', amount: '100' }])
  // 20 + 100 + 10 − 300 × 0.05.
  expect(await balance(customer)).toBe('115')
  expect((await api.call(`GET /v1/customers/${customer}/checks/sums`)).body).toMatchObject({ agrees: true })
})

test('success told by the answer, a poll and two webhooks grants the credits once', async () => {
  stripe.bank.answer = 'processing'
  const customer = await living('1', { threshold: '5', target: '51', method: 'stripe' })
  await work()
  expect(await payments(customer)).toMatchObject([{ state: 'asked', credits: '50' }])
  expect(await balance(customer)).toBe('1')
  const payment = stripe.payments.at(-1)!
  Object.assign(payment, { status: 'succeeded', amount_received: payment.amount })
  clock.advance(60_000)
  await Promise.all([webhook('evt_once', 'payment_intent.succeeded', payment), webhook('evt_twice', 'payment_intent.succeeded', payment), carryOutPayments(api.world.plane)])
  expect(await balance(customer)).toBe('51')
  expect((await told(customer, 'credits.payment_succeeded')).length).toBe(1)
})

test('a success over another amount than was asked for grants nothing and waits for somebody', async () => {
  stripe.bank.answer = 'processing'
  const customer = await living('1', { threshold: '5', amount: '50', method: 'stripe' })
  await work()
  const payment = stripe.payments.at(-1)!
  expect(await webhook('evt_less', 'payment_intent.succeeded', { ...payment, status: 'succeeded', amount_received: 100 })).toMatchObject({ state: 'stopped', code: 'payment_mismatch' })
  expect(await balance(customer)).toBe('1')
})

test('three failures in a row stop the rule and tell; setting it anew begins again', async () => {
  stripe.bank.answer = 'declined'
  const customer = await living('1', { threshold: '5', amount: '50', cooldown_seconds: 60, method: 'stripe' })
  for (let turn = 0; turn < 6; turn += 1) {
    await work(2)
    clock.advance(61_000)
  }
  expect((await payments(customer)).map((one: { state: string; reason: string }) => [one.state, one.reason])).toEqual(Array.from({ length: 3 }, () => ['failed', 'Your card has insufficient funds.']))
  expect(await told(customer, 'credits.recharge_stopped')).toEqual([{ asset: 'USD', failures: 3, reason: 'Your card has insufficient funds.' }])
  expect((await api.call(`GET /v1/customers/${customer}/recharges`)).body.data).toMatchObject([{ failures: 3, stopped_reason: 'Your card has insufficient funds.' }])
  stripe.bank.answer = 'succeeded'
  await api.call(`PUT /v1/customers/${customer}/recharges/USD`, { body: { threshold: '5', amount: '50', method: 'stripe' } })
  clock.advance(300_000)
  await work()
  expect(await balance(customer)).toBe('51')
})

test('while Stripe does not answer the same payment is asked for again, with its key, and is taken once', async () => {
  stripe.bank.answer = 'unreachable'
  const before = stripe.payments.length
  const customer = await living('1', { threshold: '5', amount: '50', method: 'stripe' })
  await work()
  expect(await payments(customer)).toMatchObject([{ state: 'pending', reason: expect.stringContaining('having a moment') }])
  stripe.bank.answer = 'succeeded'
  clock.advance(600_000)
  await work()
  expect(await balance(customer)).toBe('51')
  expect(stripe.payments.length - before).toBe(1)
})

test('a control plane that dies when Stripe has taken the money asks again after its restart, and it is the same payment', async () => {
  const before = stripe.payments.length
  const customer = await living('1', { threshold: '5', amount: '50', method: 'stripe' })
  await work(1)
  const [{ id }] = await payments(customer)
  const known = { ...(await findPayment(api.world.plane.sql, id))!, providerSource: 'pm_card' }
  // The money is taken, and nobody is left to write that down.
  expect(await paymentPort(api.world.plane, 'stripe').ask(known)).toMatchObject({ kind: 'succeeded' })
  expect(await balance(customer)).toBe('1')
  await work()
  expect(await balance(customer)).toBe('51')
  expect(stripe.payments.length - before).toBe(1)
})

test('the cooldown and the bound of the month hold, and the bound is told once a month', async () => {
  const customer = await living('1', { threshold: '200', amount: '50', month_max: '120', cooldown_seconds: 600, method: 'stripe' })
  await work()
  await work()
  expect((await payments(customer)).length).toBe(1)
  for (let turn = 0; turn < 4; turn += 1) {
    clock.advance(601_000)
    await work(2)
  }
  expect((await payments(customer)).length).toBe(2)
  expect(await told(customer, 'credits.recharge_bounded')).toEqual([{ asset: 'USD', month_max: '120', currency: 'USD' }])
  // Meanwhile nobody decides it again each second.
  expect(await api.world.plane.sql`select look_again_at > ${clock.now()} as later from recharge_rule where customer_id = ${customer}`).toEqual([{ later: true }])
  clock.advance(32 * 86_400_000)
  await work(2)
  expect((await payments(customer)).length).toBe(3)
})

test('with `request` the operator’s code is asked once by a message and confirms; confirming twice grants once', async () => {
  const customer = await living('1', { threshold: '5', amount: '100', method: 'request' })
  await work()
  const [asked, ...more] = await told(customer, 'credits.payment_requested')
  expect(more).toEqual([])
  expect(asked).toMatchObject({ credits: '100', bonus: '10', amount: '100', currency: 'USD', reminder: false })
  const confirm = (body: object) => api.call(`POST /v1/customers/${customer}/payments/${String(asked!['payment'])}/confirm`, { body })
  const answers = await Promise.all(Array.from({ length: 5 }, () => confirm({ outcome: 'succeeded', reference: 'tx_81' })))
  expect(answers.map(({ status, body }) => [status, body.state])).toEqual(Array.from({ length: 5 }, () => [200, 'succeeded']))
  expect(await balance(customer)).toBe('111')
  expect(await confirm({ outcome: 'failed' })).toMatchObject({ status: 409, body: { code: 'payment_ended' } })
  clock.advance(25 * 3_600_000)
  await work()
  expect((await told(customer, 'credits.payment_requested')).length).toBe(1)
})

test('a tenant buys credits on a page of Stripe, tax on top; they are there when the page says paid, and not before', async () => {
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
  const customer = await living('1', null)
  await api.call(`PUT /v1/customers/${customer}/billing-profile`, { body: { tax: { kind: 'rates', rates: ['vat'] } } })
  const key = await api.key(['customer', 'tenant_admin'], customer as never)
  expect((await api.call(`GET /v1/customers/${customer}/credit-quote?amount=500`, { key })).body).toEqual({ asset: 'USD', credits: '500', bonus: '100', net: '500', tax: '95', amount: '595', currency: 'USD', taxes: [{ name: 'VAT', percent: '19', amount: '95' }] })
  const opened = await api.call(`POST /v1/customers/${customer}/top-ups`, { key, body: { amount: '500', success_url: 'https://example.com/thanks', cancel_url: 'https://example.com/credits' } })
  expect(opened.body, opened.text).toMatchObject({ url: 'https://checkout.stripe.example/cs_test_1', payment: { state: 'asked', amount: '595', reference: 'cs_test_1' } })
  await work()
  expect(await balance(customer)).toBe('1')
  const session = { id: 'cs_test_1', object: 'checkout.session', payment_status: 'paid', amount_total: 59_500, currency: 'usd', customer: 'cus_new', payment_intent: 'pi_page', metadata: { tollgate_customer: customer, tollgate_payment: opened.body.payment.id } }
  expect(await webhook('evt_page', 'checkout.session.completed', session)).toMatchObject({ state: 'done' })
  expect(await balance(customer)).toBe('601')
  expect((await api.call(`GET /v1/customers/${customer}/ledger/accounts`)).body.data).toContainEqual(expect.objectContaining({ account: 'tax_payable', currency: 'USD', balance: '95' }))
})

test('credits of an asset have the price of the catalog, or what they are worth on an invoice; what has neither is not sold', async () => {
  const customer = await living('10', null, 'credit')
  expect((await api.call(`GET /v1/customers/${customer}/credit-quote?amount=1000`)).body).toMatchObject({ asset: 'credits', credits: '1000', bonus: '0', net: '20', currency: 'USD' })
  expect(await api.call(`GET /v1/customers/${customer}/credit-quote?amount=1&asset=tokens_of_honour`)).toMatchObject({ status: 409, body: { code: 'credits_not_sold' } })
  expect(await api.call(`GET /v1/customers/${customer}/credit-quote?amount=5000&asset=USD`)).toMatchObject({ status: 400, body: { code: 'out_of_range', detail: expect.stringContaining('at most 1000 USD') } })
})

test('a tenant sets the rule of its own wallet, a reading key does not, and of another customer it learns nothing', async () => {
  const [own, other] = [await living('1', null), await living('1', null)]
  const [admin, reader] = [await api.key(['customer', 'tenant_admin'], own as never), await api.key(['customer'], own as never)]
  const body = { threshold: '5', amount: '50', method: 'request' }
  expect((await api.call(`PUT /v1/customers/${own}/recharges/USD`, { key: admin, body })).status).toBe(200)
  expect((await api.call(`PUT /v1/customers/${own}/recharges/USD`, { key: reader, body })).status).toBe(403)
  expect((await api.call(`GET /v1/customers/${own}/recharges`, { key: reader })).body.data.length).toBe(1)
  for (const path of [`PUT /v1/customers/${other}/recharges/USD`, `GET /v1/customers/${other}/payments`]) expect((await api.call(path, { key: admin, body: path.startsWith('PUT') ? body : undefined })).status, path).toBe(404)
  expect((await api.call(`POST /v1/customers/${own}/payments/pay_x/confirm`, { key: admin, body: { outcome: 'succeeded' } })).status).toBe(403)
  expect(await api.call(`PUT /v1/customers/${own}/recharges/USD`, { body: { threshold: '5', method: 'request' } })).toMatchObject({ status: 400, body: { code: 'required' } })
  expect((await api.call(`DELETE /v1/customers/${own}/recharges/USD`, { key: admin })).body).toEqual({ removed: true })
})

test('a rule whose credits are not for sale any more stops and says so, once', async () => {
  const customer = await living('10', null, 'credit')
  await api.call(`PUT /v1/customers/${customer}/recharges/credits`, { body: { threshold: '20', amount: '500', method: 'request' } })
  await publishSource(api.world.plane, CATALOG.replace(', value: 0.02', ''))
  await work()
  await work()
  expect(await told(customer, 'credits.recharge_stopped')).toMatchObject([{ asset: 'credits', reason: expect.stringContaining('no price for credits') }])
})
