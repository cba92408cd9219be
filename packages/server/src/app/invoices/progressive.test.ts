// Invoices in the middle of a period: when the threshold is reached, once, and not again at the close.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { createProgressiveBilling } from './progressive.ts'
import { runBilling } from './run.ts'

const DAY = 86_400_000
const clock = virtualClock(parseInstant('2026-01-31T10:00:00Z', 'start'))
const SELLER = { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } }
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock, max: 12 })
})
afterAll(() => api.close())

let count = 0
async function customer(progressiveAt: string | null, plan = 'hybrid'): Promise<string> {
  const id = `cus_p${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id, name: 'P', plan } })
  await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: { progressive_at: progressiveAt } })
  return id
}
const use = (id: string, tokens: number) => api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'p', id: `p${(count += 1)}`, subject: id, type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: tokens } }] })
const progressive = async (id: string): Promise<Json[]> => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.filter(({ kind }: Json) => kind === 'progressive').toReversed()
const look = () => createProgressiveBilling()(api.world.plane)

test('without somebody who issues them there are none; then one where the threshold is reached, by however many jobs', async () => {
  const [reached, below, never] = [await customer('15'), await customer('15.01'), await customer(null)]
  // The first 500,000 tokens are included; a million more cost 15.
  for (const id of [reached, below, never]) await use(id, 1_500_000)
  expect(await look()).toBe(0)
  await api.call('PUT /v1/billing/settings', { body: SELLER })
  await Promise.all([look(), look(), look()])
  await look()
  expect((await progressive(reached)).map(({ state, amount_due: due, document }: Json) => [state, due, document.lines.map(({ kind }: Json) => kind)])).toEqual([['open', '15', ['usage']]])
  expect([await progressive(below), await progressive(never)]).toEqual([[], []])
  await use(below, 1_000)
  await look()
  expect((await progressive(below)).map(({ amount_due: due }: Json) => due)).toEqual(['15.02'])
})

test('usage goes on, the next is written at the next threshold, and the close asks for the rest only', async () => {
  const id = await customer('15')
  await use(id, 1_600_000)
  await look()
  await use(id, 900_000)
  await look()
  expect((await progressive(id)).map(({ amount_due: due }: Json) => due)).toEqual(['16.5'])
  await use(id, 100_000)
  await look()
  expect((await progressive(id)).map(({ amount_due: due }: Json) => due)).toEqual(['16.5', '15'])
  await use(id, 100_000)
  clock.advance(33 * DAY)
  await runBilling(api.world.plane)
  expect((await api.call(`GET /v1/customers/${id}/invoices`)).body.data.filter(({ kind }: Json) => kind === 'period').map(({ amount_due: due }: Json) => due)).toEqual(['1.5'])
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.agrees).toBe(true)
})

test('what prepaid credit pays asks for nothing', async () => {
  const id = await customer('1', 'prepaid')
  await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '100' } })
  await use(id, 2_000_000)
  await look()
  expect(await progressive(id)).toEqual([])
})

test('where a person gives the numbers one draft waits, and it has what happened meanwhile', async () => {
  await api.call('PUT /v1/billing/settings', { body: { ...SELLER, auto_finalize: false } })
  const id = await customer('15')
  await use(id, 1_500_000)
  await look()
  await use(id, 1_000_000)
  await look()
  const [draft, ...more] = await progressive(id)
  expect([draft.state, more]).toEqual(['draft', []])
  expect((await api.call(`POST /v1/customers/${id}/invoices/${draft.id}/finalize`)).body).toMatchObject({ state: 'open', amount_due: '30' })
  await look()
  expect((await progressive(id)).length).toBe(1)
})
