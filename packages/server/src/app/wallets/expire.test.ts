// The end of a credit block while requests run on it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { BLOCK_CLOSING_MS, BLOCK_ENDS_MARGIN_MS, formatInstant, instant, type CustomerId, type ReservationId } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import type { AuthorizeInput } from '../../hot/contract.ts'
import type { HotNode } from '../../hot/contract.ts'
import { virtualClock } from '../../platform/clock.ts'
import { checkBooks } from '../ledger/check.ts'
import { checkSums } from '../reports.ts'
import { expireBlocks } from './expire.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet] }
gateway: { feature: chat }
`
const HOUR = 3_600_000
const clock = virtualClock(instant(Date.now()))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, clock })
})
afterAll(() => api.close())

let count = 0
/** With 10 that end in an hour, and a node of its own. */
async function customer(more = 0): Promise<{ readonly id: CustomerId; readonly node: HotNode; readonly block: string }> {
  const id = `cus_end${(count += 1)}` as CustomerId
  await api.call('POST /v1/customers', { body: { id, name: id, plan: 'prepaid' } })
  const { body } = await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '10', expires_at: formatInstant(instant(clock.now() + HOUR)) } })
  if (more > 0) await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: String(more) } })
  return { id, node: await api.world.node({ name: `node-${id}` }), block: body.block_id }
}

const asked = (customer: CustomerId, tokens: string): AuthorizeInput => ({ reservation: null, customer, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', ttlMs: 2 * HOUR, repeatable: false, bound: { quantities: { tokens }, dimensions: {} } })
async function allowed(node: HotNode, customer: CustomerId, tokens: string) {
  const answer = await node.authorize(asked(customer, tokens))
  if (answer.kind !== 'allowed') throw new Error(`${answer.kind}: the request should pass`)
  return answer.reservation
}
/** Settles, and waits until all of it is in the books. */
async function use(node: HotNode, customer: CustomerId, uses: readonly (readonly [ReservationId, string])[]): Promise<void> {
  for (const [reservation, tokens] of uses) expect(node.settle(reservation, { quantities: { tokens }, dimensions: {}, cost: null, estimated: false, context: {} }).kind).toBe('settled')
  await expect.poll(async () => (await checkSums(api.world.plane, customer)).sums.events, { timeout: 5_000 }).toBe(BigInt(uses.length))
}
async function money(id: string) {
  const { balance, debt, blocks } = (await api.call(`GET /v1/customers/${id}/balance`)).body
  const accounts = (await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data
  expect((await checkBooks(api.world.plane, id)).problems).toEqual([])
  return { balance, debt, left: blocks[0].remaining, breakage: accounts.find((row: { account: string }) => row.account === 'breakage')?.balance ?? '0' }
}

test('a request that runs when its credit ends is paid by it and owes nothing; what is left of it then lapses, once', async () => {
  const { id, node } = await customer()
  const running = await allowed(node, id, '700')
  clock.advance(HOUR)
  expect(await expireBlocks(api.world.plane)).toEqual({ ended: 1, lapsed: 0 })
  expect(await money(id)).toEqual({ balance: '0', debt: '0', left: '10', breakage: '0' })
  expect((await node.authorize(asked(id, '1'))).kind).toBe('denied')
  clock.advance(10 * 60_000)
  await use(node, id, [[running, '500']])
  expect(await money(id)).toEqual({ balance: '0', debt: '0', left: '5', breakage: '0' })
  clock.advance(BLOCK_CLOSING_MS)
  expect(await expireBlocks(api.world.plane)).toEqual({ ended: 0, lapsed: 1 })
  expect(await expireBlocks(api.world.plane)).toEqual({ ended: 0, lapsed: 0 })
  expect(await money(id)).toEqual({ balance: '0', debt: '0', left: '0', breakage: '5' })
})

test('a node that has not heard of the end yet lends nothing that is not paid', async () => {
  const { id, node } = await customer(2)
  const [first, second] = [await allowed(node, id, '100'), await allowed(node, id, '100')]
  clock.advance(HOUR + 1_000)
  // The lease of the first hour goes on: nobody has told it.
  const third = await allowed(node, id, '100')
  await expireBlocks(api.world.plane)
  await use(node, id, [[first, '100'], [second, '100'], [third, '100']])
  expect(await money(id)).toEqual({ balance: '2', debt: '0', left: '7', breakage: '0' })
  expect((await node.authorize(asked(id, '200'))).kind).toBe('allowed')
  expect((await node.authorize(asked(id, '1'))).kind).toBe('denied')
})

test('what is ingested is paid by the credit of its own time', async () => {
  const { id } = await customer()
  const ends = clock.now() + HOUR
  clock.advance(HOUR + BLOCK_ENDS_MARGIN_MS)
  await expireBlocks(api.world.plane)
  const use = (name: string, time: number) => api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 't', id: name, subject: id, type: 'ai.request', time: formatInstant(instant(time)), data: { feature: 'chat', tokens: 300 } }] })
  await use('before', ends - 1)
  expect(await money(id)).toEqual({ balance: '0', debt: '0', left: '7', breakage: '0' })
  await use('after', ends)
  expect(await money(id)).toEqual({ balance: '-3', debt: '3', left: '7', breakage: '0' })
})

test('credit that has ended and still pays can be voided and refunded, and the wallet stays what it is', async () => {
  const { id, block } = await customer(2)
  clock.advance(HOUR)
  await expireBlocks(api.world.plane)
  expect((await api.call(`POST /v1/customers/${id}/credits/${block}/refund`, { body: { amount: '4', reason: 'goodwill' } })).status).toBe(201)
  expect(await money(id)).toEqual({ balance: '2', debt: '0', left: '6', breakage: '0' })
  expect((await api.call(`POST /v1/customers/${id}/credits/${block}/void`, { body: { reason: 'over' } })).status).toBe(200)
  expect(await money(id)).toEqual({ balance: '2', debt: '0', left: '0', breakage: '6' })
})
