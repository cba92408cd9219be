// Credit that pays for some features: nothing else is ever paid with it, by a node or by what is ingested; it is used before credit for
// all; and after any life of both its wallets agree with their blocks. Burn orders of plan and customer, on the same wallets.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatInstant, instant, type CustomerId } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import type { AuthorizeInput, HotNode } from '../../hot/contract.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'
import { SYSTEM } from '../actor.ts'
import { beginBlocks } from '../credits.ts'
import { checkBooks } from '../ledger/check.ts'
import { expireBlocks } from './expire.ts'
import { createRecharger } from './recharge.ts'
import { settlePayment } from './settle-payment.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }, { id: images, name: Images, kind: metered }, { id: voice, name: Voice, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_prices: [{ asset: USD, bonus: [{ from: 100, percent: 10 }], features: [images] }]
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat, images, voice], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet] }
  - { id: open, name: Open, entitlements: [chat, images, voice], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet, overage] }
  - { id: invoiced, name: Invoiced, entitlements: [chat, images, voice], prices: [{ id: invoiced_tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [overage] }
  - { id: gifts, name: Gifts first, entitlements: [chat, images, voice], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet], burn_order: [promotional, newest] }
gateway: { feature: chat }
`
const DAY = 86_400_000

let api: TestApi
let clock: VirtualClock
beforeAll(async () => {
  clock = virtualClock(instant(Date.now()))
  api = await testApi({ catalog: CATALOG, clock, max: 20 })
})
afterAll(() => api.close())

let count = 0
async function living(plan = 'prepaid'): Promise<CustomerId> {
  const customer = `cus_f${(count += 1)}` as CustomerId
  await api.call('POST /v1/customers', { body: { id: customer, name: 'F', plan } })
  return customer
}
const post = (path: string, body: object) => api.call(`POST /v1/customers/${path}`, { body })
async function add(customer: string, amount: string, features: readonly string[] = [], more: object = {}): Promise<string> {
  const added = await post(`${customer}/credits`, { amount, features, ...more })
  expect(added.status, added.text).toBe(201)
  return added.body.block_id
}
const use = (customer: string, feature: string, tokens: number, id = `f${(count += 1)}`) => api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'f', id, subject: customer, type: 'ai.request', data: { feature, tokens } }] })
async function undo(customer: string, id: string): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'f', id: `undo-${id}`, subject: customer, type: 'tollgate.void', data: { corrects: { source: 'f', id } } }] })
  expect(body).toMatchObject({ rejected: 0, parked: 0 })
}
const read = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/balance`)).body
const agrees = async (customer: string) => expect((await checkBooks(api.world.plane, customer)).problems).toEqual([])
/** The balance for everything, then that of each set of features. */
const left = async (customer: string) => {
  const { balance, wallets } = await read(customer)
  return [balance, ...wallets[0].by_feature.map((part: { features: string[]; balance: string }) => `${part.features.join('+')} ${part.balance}`)]
}
const asked = (customer: CustomerId, feature: string, tokens: number): AuthorizeInput => ({ reservation: null, customer, key: null, entity: null, feature, model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound: { quantities: { tokens: String(tokens) }, dimensions: {} } })
async function run(node: HotNode, customer: CustomerId, feature: string, tokens: number, used = tokens): Promise<string> {
  const answer = await node.authorize(asked(customer, feature, tokens))
  if (answer.kind !== 'allowed') return answer.kind
  node.settle(answer.reservation, { quantities: { tokens: String(used) }, dimensions: {}, cost: null, estimated: false, context: {} })
  return 'allowed'
}

test('credit for a feature pays for it alone, and before credit for all', async () => {
  const customer = await living()
  await add(customer, '5', ['chat'])
  await add(customer, '3', ['images', 'chat', 'images'])
  await add(customer, '1')
  expect(await left(customer)).toEqual(['1', 'chat 5', 'chat+images 3'])
  await use(customer, 'images', 100)
  await use(customer, 'chat', 600)
  expect(await left(customer)).toEqual(['1', 'chat 0', 'chat+images 1'])
  await use(customer, 'voice', 150)
  // What nothing else could pay is owed by the wallet for all; credit for images repays nothing.
  expect(await left(customer)).toEqual(['-0.5', 'chat 0', 'chat+images 1'])
  await add(customer, '4', ['chat', 'images'])
  expect(await left(customer)).toEqual(['-0.5', 'chat 0', 'chat+images 5'])
  await agrees(customer)
})

test('a node asks for no other wallet: what has credit goes, what has none is refused, and nothing is overdrawn', async () => {
  const customer = await living()
  await add(customer, '5', ['chat'])
  const node = await api.world.node({ name: `node-${customer}` })
  expect(await run(node, customer, 'images', 100)).toBe('denied')
  const answers = await Promise.all(Array.from({ length: 8 }, () => run(node, customer, 'chat', 100)))
  expect(answers.filter((answer) => answer === 'allowed')).toHaveLength(5)
  await add(customer, '2')
  expect([await run(node, customer, 'images', 150), await run(node, customer, 'chat', 50), await run(node, customer, 'chat', 1)]).toEqual(['allowed', 'allowed', 'denied'])
  await node.drain()
  expect(await left(customer)).toEqual(['0', 'chat 0'])
  await agrees(customer)
})

test('one request is split between both wallets, and what is used less comes back to the one it was not taken from', async () => {
  const customer = await living()
  await add(customer, '2', ['chat'])
  await add(customer, '5')
  const node = await api.world.node({ name: `node-${customer}` })
  expect(await run(node, customer, 'chat', 600, 350)).toBe('allowed')
  await node.drain()
  expect(await left(customer)).toEqual(['3.5', 'chat 0'])
  await agrees(customer)
})

test('two nodes and what is ingested never spend more for a feature than its wallet and the one for all have', async () => {
  const customer = await living()
  await add(customer, '10', ['chat'])
  await add(customer, '10')
  const nodes = [await api.world.node({ name: `a-${customer}` }), await api.world.node({ name: `b-${customer}` })]
  const answers: string[] = []
  for (let turn = 0; turn < 15; turn += 1) {
    answers.push(...await Promise.all(nodes.flatMap((node) => [run(node, customer, 'chat', 60), run(node, customer, 'images', 60)])))
  }
  for (const node of nodes) await node.drain()
  const { debt } = await read(customer)
  expect(debt).toBe('0')
  const spent = answers.filter((answer) => answer === 'allowed').length
  // Idle leases of the other node come back before anything is refused, so little is left.
  expect(spent).toBeGreaterThanOrEqual(30)
  expect(spent * 60).toBeLessThanOrEqual(2_000)
  await agrees(customer)
})

test('what is undone goes back to what had paid, and never turns credit for a feature into credit for another', async () => {
  const customer = await living('open')
  await add(customer, '2', ['chat'])
  await add(customer, '2')
  await use(customer, 'chat', 300, 'undo-chat')
  await use(customer, 'images', 200, 'undo-images')
  expect(await left(customer)).toEqual(['0', 'chat 0'])
  await undo(customer, 'undo-images')
  expect(await left(customer)).toEqual(['1', 'chat 0'])
  await undo(customer, 'undo-chat')
  expect(await left(customer)).toEqual(['2', 'chat 2'])
  await agrees(customer)
})

test('what is undone gives back to the wallets that paid, also where the plan of its time is one without a wallet since', async () => {
  const customer = await living()
  await add(customer, '1', ['chat'])
  await add(customer, '1')
  await use(customer, 'chat', 300, 'moved')
  expect(await left(customer)).toEqual(['-1', 'chat 0'])
  // The virtual clock stands still: the change holds from the very instant of the use.
  expect((await api.call(`POST /v1/customers/${customer}/subscription/change`, { body: { plan: 'invoiced', when: 'now' } })).status).toBe(200)
  await undo(customer, 'moved')
  expect(await left(customer)).toEqual(['1', 'chat 1'])
  await agrees(customer)
})

test('credit for features is moved as such, refunded, voided, and expires out of its own wallet', async () => {
  const [parent, child] = [await living(), await living()]
  const block = await add(parent, '6', ['chat'])
  await add(parent, '1')
  expect(await post(`${parent}/credits/move`, { to: child, amount: '2', reason: 'less' })).toMatchObject({ status: 409, body: { code: 'not_enough_credit' } })
  expect((await post(`${parent}/credits/move`, { to: child, amount: '2', features: ['chat'], reason: 'allocation' })).status).toBe(201)
  expect([await left(parent), await left(child)]).toEqual([['1', 'chat 4'], ['0', 'chat 2']])
  expect((await post(`${parent}/credits/${block}/refund`, { amount: '1', reason: 'less' })).status).toBe(201)
  await use(parent, 'chat', 100)
  expect((await post(`${parent}/credits/${block}/refund`, { amount: '3', spent_too: true, reason: 'chargeback' })).body).toMatchObject({ amount: '2', owed: '1' })
  expect(await left(parent)).toEqual(['0', 'chat 0'])
  const soon = await add(parent, '3', ['chat'], { expires_at: formatInstant(instant(clock.now() + DAY)) })
  await add(parent, '2', ['chat'])
  expect((await post(`${parent}/credits/${soon}/void`, { reason: 'fraud' })).status).toBe(200)
  expect(await left(parent)).toEqual(['0', 'chat 2'])
  const ends = await add(child, '5', ['chat'], { expires_at: formatInstant(instant(clock.now() + DAY)) })
  clock.advance(2 * DAY)
  await expireBlocks(api.world.plane)
  expect((await read(child)).blocks.find((one: { id: string }) => one.id === ends)).toMatchObject({ remaining: '5', features: ['chat'] })
  expect(await left(child)).toEqual(['0', 'chat 2'])
  for (const customer of [parent, child]) await agrees(customer)
})

test('codes and bought credits may be for some features; unknown ones are refused with the one that was meant', async () => {
  const customer = await living()
  const made = await api.call('POST /v1/code-batches', { body: { name: 'Chat voucher', grants: { kind: 'credits', amount: '7', asset: 'USD', features: ['chat'] }, count: 1, redemptions_max: 1, per_customer_max: 1 } })
  expect((await post(`${customer}/redemptions`, { code: made.body.codes[0] })).body.given ?? made.text).toMatchObject({ features: ['chat'] })
  await api.call(`PUT /v1/customers/${customer}/recharges/USD`, { body: { threshold: '0', amount: '100', method: 'request' } })
  await createRecharger()(api.world.plane)
  const [payment] = (await api.call(`GET /v1/customers/${customer}/payments`)).body.data
  await settlePayment(api.world.plane, SYSTEM, { customer, id: payment.id }, { kind: 'succeeded', providerId: 'mine-1' })
  expect(await left(customer)).toEqual(['0', 'chat 7', 'images 110'])
  expect(await post(`${customer}/credits`, { amount: '1', features: ['imges'] })).toMatchObject({ status: 400, body: { code: 'unknown_feature', detail: expect.stringContaining('images') } })
  await agrees(customer)
})

test('a plan says how credit burns, a customer may have its own order, and both are what is burnt by', async () => {
  const customer = await living('gifts')
  const bought = await add(customer, '2', [], { priority: 1 })
  const [older, newer] = [await add(customer, '2', [], { category: 'promotional' }), await add(customer, '2', [], { category: 'promotional' })]
  const held = async () => Object.fromEntries((await read(customer)).blocks.map((block: { id: string; remaining: string }) => [block.id, block.remaining]))
  await use(customer, 'chat', 150, 'burn-1')
  expect(await held()).toEqual({ [bought]: '2', [older]: '2', [newer]: '0.5' })
  expect((await read(customer)).burn_order).toEqual(['promotional', 'newest', 'priority', 'expiry', 'effective'])
  expect((await api.call(`PATCH /v1/customers/${customer}`, { body: { burn_order: ['paid'] } })).body).toMatchObject({ burn_order: ['paid'] })
  await use(customer, 'chat', 150, 'burn-2')
  expect(await held()).toEqual({ [bought]: '0.5', [older]: '2', [newer]: '0.5' })
  expect((await api.call(`PATCH /v1/customers/${customer}`, { body: { burn_order: null } })).body.burn_order).toBe(null)
  expect(await api.call(`PATCH /v1/customers/${customer}`, { body: { burn_order: ['paid', 'promotional'] } })).toMatchObject({ status: 400, body: { code: 'invalid_value' } })
  await agrees(customer)
})

type Act = { readonly kind: 'add' | 'use' | 'run' | 'undo' | 'void' | 'refund' | 'chargeback' | 'move' | 'pass'; readonly amount: number; readonly pick: number; readonly later: number }
const act: fc.Arbitrary<Act> = fc.record({ kind: fc.constantFrom('add', 'add', 'use', 'use', 'run', 'run', 'undo', 'void', 'refund', 'chargeback', 'move', 'pass'), amount: fc.integer({ min: 1, max: 2_000 }), pick: fc.nat(60), later: fc.nat(4) })
const SETS = [[], ['chat'], ['images'], ['chat', 'images']] as const
const FEATURES = ['chat', 'images', 'voice'] as const

async function live(acts: readonly Act[], customers: readonly CustomerId[], node: HotNode): Promise<void> {
  const events: { readonly customer: string; readonly id: string }[] = []
  for (const { kind, amount, pick, later } of acts) {
    const customer = customers[pick % 2]!
    const feature = FEATURES[pick % 3]!
    const features = SETS[pick % 4]!
    const blocks: readonly { readonly id: string }[] = (await read(customer)).blocks
    const block = blocks[pick % Math.max(1, blocks.length)]?.id
    const money = (amount / 100).toFixed(2)
    if (kind === 'add') await add(customer, money, features, { category: pick % 5 === 0 ? 'promotional' : 'paid', ...(later === 1 ? { effective_at: formatInstant(instant(clock.now() + DAY)) } : {}), ...(later > 1 ? { expires_at: formatInstant(instant(clock.now() + later * DAY)) } : {}) })
    if (kind === 'use') {
      const id = `life-${(count += 1)}`
      events.push({ customer, id })
      await use(customer, feature, amount, id)
    }
    if (kind === 'run') await run(node, customer, feature, amount, Math.ceil(amount / (1 + later)))
    const event = events[pick % Math.max(1, events.length)]
    if (kind === 'undo' && event !== undefined) await undo(event.customer, event.id)
    if (kind === 'void' && block !== undefined) await post(`${customer}/credits/${block}/void`, { reason: 'life' })
    if (kind === 'refund' && block !== undefined) await post(`${customer}/credits/${block}/refund`, { amount: money, reason: 'life' })
    if (kind === 'chargeback' && block !== undefined) await post(`${customer}/credits/${block}/refund`, { amount: money, spent_too: true, reason: 'life' })
    if (kind === 'move') await post(`${customer}/credits/move`, { to: customers[(pick + 1) % 2], amount: money, features, reason: 'life' })
    if (kind === 'pass') {
      clock.advance(later * DAY)
      await beginBlocks(api.world.plane)
      await expireBlocks(api.world.plane)
    }
  }
}

test('after any life each wallet is its blocks, and no draw of any event is from a block that does not pay for its feature', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), fc.constantFrom('prepaid', 'open'), async (acts, plan) => {
      const customers = [await living(plan), await living(plan)]
      const node = await api.world.node({ name: `node-${customers[0]}` })
      await live(acts, customers, node)
      await node.drain()
      for (const customer of customers) {
        await agrees(customer)
        const wrong = await api.world.plane.sql`
          select e.id, e.feature, b.id as block, b.features from usage_event e, json_array_elements(e.charges::json -> 'paid' -> 'draws') d join credit_block b on b.customer_id = ${customer} and b.id = d ->> 'block'
          where e.customer_id = ${customer} and b.features <> '{}' and not (e.feature = any(b.features))`
        expect([...wrong]).toEqual([])
      }
    }),
    { numRuns: 8 },
  )
})
