// Notices of wallets: once for each crossing, whoever looks and however often.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatInstant, instant } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'
import { createLowBalanceNotifier, tellEndingCredits } from './notices.ts'

const DAY = 86_400_000
let api: TestApi
let clock: VirtualClock
beforeAll(async () => {
  clock = virtualClock(instant(Date.now()))
  api = await testApi({ clock })
})
afterAll(() => api.close())

let count = 0
async function living(credit: string | null): Promise<string> {
  const customer = `cus_n${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id: customer, name: 'N', plan: 'prepaid' } })
  if (credit !== null) await add(customer, credit)
  return customer
}
const add = (customer: string, amount: string, more: object = {}) => api.call(`POST /v1/customers/${customer}/credits`, { body: { amount, ...more } })
/** Draws as many dollars as tokens cost: 0.003 a thousand. */
const set = (customer: string, body: object, key?: string) => api.call(`PUT /v1/customers/${customer}/wallets/USD/notices`, { body, ...(key === undefined ? {} : { key }) })
const told = async (customer: string, type: string) => (await api.world.plane.sql<{ payload: Record<string, unknown> }[]>`select payload from outbox where customer_id = ${customer} and type = ${type} order by id`).map(({ payload }) => payload)
const look = async () => void (await Promise.all([createLowBalanceNotifier()(api.world.plane), createLowBalanceNotifier()(api.world.plane), tellEndingCredits(api.world.plane), tellEndingCredits(api.world.plane)]))
/** Takes credit away as usage would. */
async function draw(customer: string, amount: string): Promise<void> {
  const answer = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'n', id: `n${(count += 1)}`, subject: customer, type: 'ai.request', data: { feature: 'chat', model: 'm', output_tokens: Math.round(Number(amount) * PER_DOLLAR) } }] })
  expect(answer.status, answer.text).toBe(200)
}
let PER_DOLLAR = 0
beforeAll(async () => {
  const customer = await living('1000')
  PER_DOLLAR = 1
  await draw(customer, '1000000')
  const { balance } = (await api.call(`GET /v1/customers/${customer}/balance`)).body
  PER_DOLLAR = 1_000_000 / (1_000 - Number(balance))
})

test('each threshold is told once when it is crossed, and again only after the balance was above it', async () => {
  const customer = await living('20')
  await set(customer, { low_balance: ['10', '5'], expiry_days: [] })
  await look()
  expect(await told(customer, 'credits.low')).toEqual([])
  await draw(customer, '11')
  await look()
  await look()
  expect((await told(customer, 'credits.low')).map(({ threshold }) => threshold)).toEqual(['10'])
  await draw(customer, '5')
  await look()
  expect((await told(customer, 'credits.low')).map(({ threshold }) => threshold)).toEqual(['10', '5'])
  // Above 5, not above 10, and down again before anybody looked.
  await add(customer, '4')
  await draw(customer, '4')
  await look()
  expect((await told(customer, 'credits.low')).map(({ threshold }) => threshold)).toEqual(['10', '5', '5'])
  expect((await told(customer, 'credits.low'))[0]).toMatchObject({ asset: 'USD', top_up_url: expect.stringContaining('http') })
})

test('a tenant’s thresholds stand beside the operator’s, and those of all wallets hold where the operator set none', async () => {
  const customer = await living('8')
  const key = await api.key(['customer', 'tenant_admin'], customer as never)
  await api.call('PUT /v1/wallet-notices/USD', { body: { low_balance: ['9'], expiry_days: [30] } })
  expect((await set(customer, { low_balance: ['8'], expiry_days: [] }, key)).body).toEqual({ asset: 'USD', operator: { low_balance: ['9'], expiry_days: [30] }, is_own: false, tenant: { low_balance: ['8'], expiry_days: [] } })
  await look()
  expect((await told(customer, 'credits.low')).map(({ threshold }) => threshold)).toEqual(['9', '8'])
  await set(customer, { low_balance: [], expiry_days: [] })
  expect((await api.call(`GET /v1/customers/${customer}/wallets/USD/notices`, { key })).body).toMatchObject({ operator: { low_balance: [] }, is_own: true, tenant: { low_balance: ['8'] } })
  const other = await living('1')
  expect((await set(other, { low_balance: [], expiry_days: [] }, key)).status).toBe(404)
  expect((await api.call('PUT /v1/wallet-notices/USD', { key, body: { low_balance: [], expiry_days: [] } })).status).toBe(403)
  await api.call('PUT /v1/wallet-notices/USD', { body: { low_balance: [], expiry_days: [7, 1] } })
  expect(await set(customer, { low_balance: ['-1'], expiry_days: [] })).toMatchObject({ status: 400, body: { code: 'out_of_range' } })
})

test('a wallet that never held anything is not low', async () => {
  const customer = await living(null)
  await set(customer, { low_balance: ['10'], expiry_days: [] })
  await look()
  expect(await told(customer, 'credits.low')).toEqual([])
})

test('the end of credits is told once for each block and lead time, and not of what is spent', async () => {
  const customer = await living('1')
  await add(customer, '5', { expires_at: formatInstant(instant(clock.now() + 10 * DAY)), category: 'promotional' })
  await look()
  expect(await told(customer, 'credits.expiring')).toEqual([])
  clock.advance(4 * DAY)
  await look()
  await look()
  expect(await told(customer, 'credits.expiring')).toMatchObject([{ asset: 'USD', remaining: '5', days: 7 }])
  clock.advance(5.5 * DAY)
  await look()
  expect((await told(customer, 'credits.expiring')).map(({ days }) => days)).toEqual([7, 1])
  clock.advance(DAY)
  await look()
  expect((await told(customer, 'credits.expiring')).length).toBe(2)
})
