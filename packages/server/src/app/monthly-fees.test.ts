// Recurring fees on the overview: what running agreements ask for a month, with seats and add-ons, by the one function of fees.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatUnits, parseInstant, parseUnits, units } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../test/api.ts'
import { virtualClock } from '../platform/clock.ts'
import { runDueSubscriptions } from './subscription/due.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: boolean }]
plans:
  - { id: pro, name: Pro, fee: { name: Pro, amount: 30 }, currencies: { EUR: { fee: { name: Pro, amount: 27 }, prices: [] } }, entitlements: [chat], funding: [overage] }
  - { id: yearly, name: Yearly, period: year, fee: { name: Yearly, amount: 100 }, entitlements: [chat], funding: [overage] }
  - { id: tried, name: Tried, parent: pro, fee: { name: Tried, amount: 60 }, trial: { days: 10 } }
  - { id: seats, name: Seats, entitlements: [chat], prices: [{ id: seat, name: Seat, model: seat, amount: 7, timing: in_advance }], funding: [overage] }
add_ons:
  - { id: support, plans: [pro], fee: { name: Support, amount: 14 }, entitlements: [chat] }
gateway: { feature: chat }
`
const clock = virtualClock(parseInstant('2026-02-01T00:00:00Z', 'start'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock, catalog: CATALOG })
})
afterAll(() => api.close())

let count = 0
async function customer(plan: string, more: Json = {}): Promise<string> {
  const id = `cus_m${(count += 1)}`
  const made = await api.call('POST /v1/customers', { body: { id, name: id, plan, ...more } })
  expect(made.status, made.text).toBe(201)
  return id
}
async function recurring(): Promise<string> {
  clock.advance(61_000)
  await runDueSubscriptions(api.world.plane)
  return (await api.call('GET /v1/overview')).body.recurring
}

test('seats and add-ons count, a year by its twelfth, a trial from its end, and what is paused, ended or held nothing', async () => {
  expect(await recurring()).toBe('0')
  const [plain] = [await customer('pro'), await customer('pro', { add_ons: [{ id: 'support', quantity: 1 }] })]
  expect(await recurring()).toBe('74')
  await customer('yearly')
  expect(await recurring()).toBe('82.333333333333')
  await customer('seats', { seats: 3 })
  expect(await recurring()).toBe('103.333333333333')
  await customer('tried')
  expect(await recurring()).toBe('103.333333333333')
  clock.advance(10 * 86_400_000)
  expect(await recurring()).toBe('163.333333333333')
  await api.call(`POST /v1/customers/${plain}/subscription/actions`, { body: { action: 'pause' } })
  expect(await recurring()).toBe('133.333333333333')
  await api.call(`POST /v1/customers/${plain}/subscription/actions`, { body: { action: 'cancel', when: 'now' } })
  expect(await recurring()).toBe('133.333333333333')
})

test('a contract is counted as it was agreed, and another currency not at all without a rate', async () => {
  const before = parseUnits(await recurring(), 'USD')
  const added = async () => formatUnits(units(parseUnits(await recurring(), 'USD') - before), 'USD')
  const id = await customer('pro')
  expect((await api.call(`PUT /v1/customers/${id}/contract`, { body: { source: 'name: Acme\nfrom: 2026-01-01\nfee: 12\n' } })).status).toBe(200)
  expect(await added()).toBe('12')
  await customer('pro', { currency: 'EUR' })
  expect(await added()).toBe('12')
})
