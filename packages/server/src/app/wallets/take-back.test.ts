// Credit that is voided, refunded, moved and begins later; what gateways hold stays theirs; and random lives after which every figure agrees.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatInstant, instant, parseUnits, type CustomerId } from '@tollgate/core'
import { payingApi, type PayingApi } from '../../../../../test/stripe/paying-api.ts'
import type { AuthorizeInput } from '../../hot/contract.ts'
import { SYSTEM } from '../actor.ts'
import { beginBlocks } from '../credits.ts'
import { checkBooks } from '../ledger/check.ts'
import { expireBlocks } from './expire.ts'
import { carryOutPayments } from './payments.ts'
import { createRecharger } from './recharge.ts'
import { carryOutRefunds } from './refunds.ts'
import { refundBlock } from './take-back.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_prices: [{ asset: USD, bonus: [{ from: 100, percent: 10 }] }]
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet] }
gateway: { feature: chat }
`
const DAY = 86_400_000

let api: PayingApi['api']
let clock: PayingApi['clock']
let paying: PayingApi
beforeAll(async () => {
  paying = await payingApi(CATALOG)
  ;({ api, clock } = paying)
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
})
afterAll(() => paying.close())

let count = 0
async function living(): Promise<CustomerId> {
  const customer = `cus_t${(count += 1)}` as CustomerId
  await api.call('POST /v1/customers', { body: { id: customer, name: 'T', plan: 'prepaid' } })
  return customer
}
async function add(customer: string, amount: string, more: object = {}): Promise<string> {
  const added = await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount, ...more } })
  expect(added.status, added.text).toBe(201)
  return added.body.block_id
}
const use = (customer: string, tokens: number, id = `t${(count += 1)}`) => api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 't', id, subject: customer, type: 'ai.request', data: { feature: 'chat', tokens } }] })
async function undo(customer: string, id: string): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 't', id: `undo-${id}`, subject: customer, type: 'tollgate.void', data: { corrects: { source: 't', id } } }] })
  expect(body).toMatchObject({ rejected: 0, parked: 0 })
}
const read = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/balance`)).body
const post = (path: string, body: object, headers: Record<string, string> = {}) => api.call(`POST /v1/customers/${path}`, { body, headers })
const agrees = async (customer: string) => expect((await checkBooks(api.world.plane, customer)).problems).toEqual([])
/** A purchase of 100 with 10 on top, by the customer's card. */
async function bought(tax: boolean): Promise<{ readonly customer: CustomerId; readonly block: string; readonly payment: string }> {
  const customer = await living()
  if (tax) await api.call(`PUT /v1/customers/${customer}/billing-profile`, { body: { tax: { kind: 'rates', rates: ['vat'] } } })
  await add(customer, '1')
  await api.call(`POST /v1/customers/${customer}/provider-links`, { body: { provider: 'stripe', external_id: `cus_stripe_${customer}` } })
  await api.call(`PUT /v1/customers/${customer}/recharges/USD`, { body: { threshold: '1', amount: '100', month_max: '100', method: 'stripe' } })
  for (let turn = 0; turn < 3; turn += 1) {
    await createRecharger()(api.world.plane)
    await carryOutPayments(api.world.plane)
  }
  const [payment] = (await api.call(`GET /v1/customers/${customer}/payments`)).body.data
  expect(payment.state).toBe('succeeded')
  return { customer, payment: payment.id, block: payment.id.replace('pay_', 'blk_') }
}

test('a voided block is breakage, once; what a correction gives back to it later lapses too', async () => {
  const customer = await living()
  const block = await add(customer, '10', { category: 'promotional' })
  await use(customer, 300, 'void-1')
  const answers = await Promise.all([1, 2, 3].map(() => post(`${customer}/credits/${block}/void`, { reason: 'fraud' })))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await read(customer)).toMatchObject({ balance: '0', blocks: [{ remaining: '0', voided_at: expect.any(String) }] })
  await undo(customer, 'void-1')
  expect((await read(customer)).balance).toBe('0')
  await agrees(customer)
})

test('a refund takes unspent credit, books its price with tax, asks Stripe once, and takes the bonus in proportion', async () => {
  const { customer, block } = await bought(true)
  await use(customer, 6_100)
  // The bonus of 10 burns first, then 1 and 50 of the 100.
  expect((await read(customer)).balance).toBe('50')
  const headers = { 'idempotency-key': 'refund-once' }
  const refunded = await post(`${customer}/credits/${block}/refund`, { amount: '40', through_provider: true, reason: 'ordered twice' }, headers)
  expect(refunded.body, refunded.text).toMatchObject({ amount: '40', owed: '0', net: '40', tax: '7.6', currency: 'USD', method: 'stripe', state: 'pending' })
  expect((await post(`${customer}/credits/${block}/refund`, { amount: '40', through_provider: true, reason: 'ordered twice' }, headers)).body.id).toBe(refunded.body.id)
  expect((await read(customer)).balance).toBe('10')
  await Promise.all([carryOutRefunds(api.world.plane), carryOutRefunds(api.world.plane)])
  expect((await api.call(`GET /v1/customers/${customer}/refunds`)).body.data).toMatchObject([{ state: 'done', reference: expect.stringContaining('re_fake') }])
  expect((await api.call(`GET /v1/customers/${customer}/payments`)).body.data).toMatchObject([{ refunded: '40' }])
  expect(await post(`${customer}/credits/${block}/refund`, { amount: '41', reason: 'more' })).toMatchObject({ status: 400, body: { code: 'out_of_range' } })
  await agrees(customer)
})

test('a refund of spent credit leaves a debt that the next credits repay', async () => {
  const customer = await living()
  const block = await add(customer, '20')
  await use(customer, 1_500)
  expect((await post(`${customer}/credits/${block}/refund`, { amount: '20', reason: 'chargeback' })).body.code).toBe('out_of_range')
  expect((await post(`${customer}/credits/${block}/refund`, { amount: '20', spent_too: true, reason: 'chargeback' })).body).toMatchObject({ amount: '5', owed: '15', net: '20', tax: '0' })
  expect(await read(customer)).toMatchObject({ balance: '-15', debt: '15' })
  await add(customer, '20')
  expect(await read(customer)).toMatchObject({ balance: '5', debt: '0' })
  await agrees(customer)
})

test('a refund that was made at Stripe is booked from its message, once, however often and in what parts it is told', async () => {
  const { customer, payment } = await bought(false)
  await use(customer, 8_100)
  const tell = async (id: string, refunded: number) => {
    const { status, message } = await paying.webhook(id, 'charge.refunded', { id: 'ch_1', object: 'charge', currency: 'usd', amount: 10_000, amount_refunded: refunded, metadata: { tollgate_customer: customer, tollgate_payment: payment } })
    expect(status).toBe(200)
    return message.state
  }
  expect(await tell('evt_part', 2_500)).toBe('done')
  expect(await tell('evt_part_again', 2_500)).toBe('done')
  expect((await read(customer)).balance).toBe('5')
  clock.advance(1_000)
  expect(await tell('evt_all', 10_000)).toBe('done')
  // 30 were left of the 100: 25 and 5 are taken, 70 are owed.
  expect(await read(customer)).toMatchObject({ balance: '-70', debt: '70' })
  expect((await api.call(`GET /v1/customers/${customer}/refunds`)).body.data.map((one: { amount: string; owed: string; net: string }) => [one.amount, one.owed, one.net])).toEqual([['5', '70', '75'], ['25', '0', '25']])
  await agrees(customer)
})

test('credit moves to another customer and back in burn order, with its kind, end and cost, and twice the same call moves once', async () => {
  const [parent, child] = [await living(), await living()]
  const ends = formatInstant(instant(clock.now() + 30 * DAY))
  await add(parent, '5', { category: 'promotional', expires_at: ends })
  await add(parent, '20')
  const headers = { 'idempotency-key': 'move-once' }
  const body = { to: child, amount: '12', reason: 'allocation' }
  const [first, second] = [await post(`${parent}/credits/move`, body, headers), await post(`${parent}/credits/move`, body, headers)]
  expect(first.body.blocks).toMatchObject([{ amount: '5' }, { amount: '7' }])
  expect(second.body).toEqual(first.body)
  expect(await read(child)).toMatchObject({ balance: '12', blocks: expect.arrayContaining([expect.objectContaining({ category: 'promotional', expires_at: ends, remaining: '5' })]) })
  expect((await read(parent)).balance).toBe('13')
  await post(`${child}/credits/move`, { to: parent, amount: '12', reason: 'back' })
  expect([(await read(parent)).balance, (await read(child)).balance]).toEqual(['25', '0'])
  expect(await post(`${child}/credits/move`, { to: parent, amount: '1', reason: 'more' })).toMatchObject({ status: 409, body: { code: 'not_enough_credit' } })
  expect(await post(`${child}/credits/move`, { to: 'cus_nobody', amount: '1', reason: 'more' })).toMatchObject({ body: { code: 'customer_not_found' } })
  for (const customer of [parent, child]) await agrees(customer)
})

test('what a gateway holds for a request that runs is not refunded; when it has ended, what is left is', async () => {
  const customer = await living()
  const block = await add(customer, '10')
  const node = await api.world.node({ name: `node-${customer}` })
  const request: AuthorizeInput = { reservation: null, customer, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound: { quantities: { tokens: '700' }, dimensions: {} } }
  const answer = await node.authorize(request)
  if (answer.kind !== 'allowed') throw new Error(answer.kind)
  expect(await post(`${customer}/credits/${block}/refund`, { reason: 'all of it' })).toMatchObject({ status: 409, body: { code: 'credits_in_use' } })
  // Idle leases come back: three are free, and exactly those.
  expect((await post(`${customer}/credits/${block}/refund`, { amount: '3', reason: 'what is free' })).status).toBe(201)
  expect((await post(`${customer}/credits/${block}/refund`, { amount: '0.01', reason: 'more' })).body.code).toBe('credits_in_use')
  node.release(answer.reservation)
  expect((await post(`${customer}/credits/${block}/refund`, { reason: 'the rest' })).body).toMatchObject({ amount: '7' })
  expect((await node.authorize(request)).kind).toBe('denied')
  await agrees(customer)
})

test('a block that begins later joins the balance then, and repays what is owed then', async () => {
  const customer = await living()
  const block = await add(customer, '10', { effective_at: formatInstant(instant(clock.now() + DAY)), expires_at: formatInstant(instant(clock.now() + 3 * DAY)) })
  await use(customer, 200)
  await beginBlocks(api.world.plane)
  expect(await read(customer)).toMatchObject({ balance: '-2', debt: '2', blocks: [{ id: block, remaining: '10' }] })
  await agrees(customer)
  clock.advance(DAY)
  await Promise.all([beginBlocks(api.world.plane), beginBlocks(api.world.plane)])
  expect(await read(customer)).toMatchObject({ balance: '8', debt: '0' })
  clock.advance(2 * DAY)
  await expireBlocks(api.world.plane)
  expect((await read(customer)).balance).toBe('0')
  await agrees(customer)
  const other = await living()
  expect(await post(`${other}/credits`, { amount: '1', effective_at: formatInstant(instant(clock.now() + 2 * DAY)), expires_at: formatInstant(instant(clock.now() + DAY)) })).toMatchObject({ status: 400, body: { code: 'out_of_range' } })
})

test('what is refunded of a block before it begins does not join the wallet', async () => {
  const customer = await living()
  const later = { effective_at: formatInstant(instant(clock.now() + DAY)) }
  const [whole, part] = [await add(customer, '0.01', later), await add(customer, '5', later)]
  expect((await post(`${customer}/credits/${whole}/refund`, { amount: '0.01', spent_too: true, reason: 'chargeback' })).body).toMatchObject({ amount: '0.01', owed: '0' })
  await post(`${customer}/credits/${part}/refund`, { amount: '2', reason: 'less of it' })
  for (let turn = 0; turn < 4; turn += 1) await add(customer, '0.01')
  await use(customer, 104)
  await agrees(customer)
  clock.advance(DAY)
  await beginBlocks(api.world.plane)
  expect(await read(customer)).toMatchObject({ balance: '2', debt: '0' })
  await agrees(customer)
})

test('a chargeback that a provider tells of before the block begins takes nothing out of the wallet', async () => {
  const customer = await living()
  const block = await add(customer, '5', { effective_at: formatInstant(instant(clock.now() + DAY)) })
  await add(customer, '3')
  await refundBlock(api.world.plane, SYSTEM, { customer, block }, { id: 'ref_early', amount: '4', spentToo: true, throughProvider: false, reason: 'chargeback', given: { by: 'stripe', gross: parseUnits('4', 'USD') } })
  expect((await read(customer)).balance).toBe('3')
  clock.advance(DAY)
  await beginBlocks(api.world.plane)
  expect((await read(customer)).balance).toBe('4')
  await agrees(customer)
})

type Act = { readonly kind: 'add' | 'use' | 'undo' | 'void' | 'refund' | 'chargeback' | 'move' | 'pass'; readonly amount: number; readonly pick: number; readonly later: number }
const act: fc.Arbitrary<Act> = fc.record({ kind: fc.constantFrom('add', 'add', 'use', 'use', 'use', 'undo', 'void', 'refund', 'chargeback', 'move', 'pass'), amount: fc.integer({ min: 1, max: 3_000 }), pick: fc.nat(50), later: fc.nat(4) })

async function live(acts: readonly Act[], pair: readonly [string, string]): Promise<void> {
  const events: { readonly customer: string; readonly id: string }[] = []
  for (const { kind, amount, pick, later } of acts) {
    const customer = pair[pick % 2]!
    const blocks: readonly { readonly id: string }[] = (await read(customer)).blocks
    const block = blocks[pick % Math.max(1, blocks.length)]?.id
    const money = (amount / 100).toFixed(2)
    if (kind === 'add') await post(`${customer}/credits`, { amount: money, category: pick % 3 === 0 ? 'promotional' : 'paid', ...(later === 1 ? { effective_at: formatInstant(instant(clock.now() + DAY)) } : {}), ...(later > 1 ? { expires_at: formatInstant(instant(clock.now() + later * DAY)) } : {}) })
    if (kind === 'use') {
      const id = `life-${(count += 1)}`
      events.push({ customer, id })
      await use(customer, amount, id)
    }
    const event = events[pick % Math.max(1, events.length)]
    if (kind === 'undo' && event !== undefined) await undo(event.customer, event.id)
    if (kind === 'void' && block !== undefined) await post(`${customer}/credits/${block}/void`, { reason: 'life' })
    if (kind === 'refund' && block !== undefined) await post(`${customer}/credits/${block}/refund`, { amount: money, reason: 'life' })
    if (kind === 'chargeback' && block !== undefined) await post(`${customer}/credits/${block}/refund`, { amount: money, spent_too: true, reason: 'life' })
    if (kind === 'move') await post(`${customer}/credits/move`, { to: pair[(pick + 1) % 2], amount: money, reason: 'life' })
    if (kind === 'pass') {
      clock.advance(later * DAY)
      await beginBlocks(api.world.plane)
      await expireBlocks(api.world.plane)
    }
  }
}

test('after any life: wallet = blocks, the ledger is balanced, and of each block what it began with = draws + breakage + refunds + moved + left', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async (acts) => {
      const pair = [await living(), await living()] as const
      await live(acts, pair)
      for (const customer of pair) {
        await agrees(customer)
        const sums = await api.world.plane.sql<{ id: string; granted: string; sum: string }[]>`
          select b.id, trim_scale(b.granted)::text as granted, trim_scale(b.remaining + coalesce(sum(case when t.debit = 'wallet:' || b.id then t.amount else -t.amount end), 0))::text as sum
          from credit_block b left join ledger_transfer t on t.customer_id = b.customer_id and 'wallet:' || b.id in (t.debit, t.credit) and t.debit not in ('payment_clearing', 'promotion', 'credit_transfer')
          where b.customer_id = ${customer} group by b.id, b.granted, b.remaining`
        for (const { granted, sum } of sums) expect(sum).toBe(granted)
      }
      const [moved] = await api.world.plane.sql<{ sum: string }[]>`select coalesce(sum(case when credit = 'credit_transfer' then amount else -amount end), 0)::float8::text as sum from ledger_transfer where 'credit_transfer' in (debit, credit) and customer_id in ${api.world.plane.sql([...pair])}`
      expect(moved!.sum).toBe('0')
    }),
    { numRuns: 25 },
  )
})
