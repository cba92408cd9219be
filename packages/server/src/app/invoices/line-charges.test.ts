// A line opened: its events' charges by day, feature and model sum to what the line was charged for; what comes later is told apart; a tenant sees its own.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, parseInstant, parseUnits, type Instant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { runBilling } from './run.ts'

const DAY = 86_400_000
const clock = virtualClock(parseInstant('2026-01-01T00:00:00Z', 'start'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
})
afterAll(() => api.close())

let count = 0
async function use(time: Instant, data: Json): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id: `e${(count += 1)}`, type: 'ai.request', subject: 'cus_one', time: new Date(time).toISOString(), data }] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
}

test('a line opens to what its events were charged, by day of the customer’s zone, feature and model, and what came since is told apart', async () => {
  for (const id of ['cus_one', 'cus_two']) await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid', time_zone: 'America/New_York' } })
  const first = clock.now()
  await use(first, { feature: 'chat', model: 'large', input_tokens: 600_000 })
  clock.advance(10 * DAY + 2)
  await use(instant(first + 10 * DAY), { feature: 'chat', model: 'small', input_tokens: 200_000 })
  await use(instant(first + 10 * DAY + 1), { feature: 'agents', model: 'small', input_tokens: 300_000, output_tokens: 1_000 })
  clock.advance(30 * DAY)
  await runBilling(api.world.plane)
  const invoice = (await api.call('GET /v1/customers/cus_one/invoices')).body.data.find(({ kind }: Json) => kind === 'period')
  const { line, exact } = invoice.document.lines.find(({ kind, price }: Json) => kind === 'usage' && price === 'input_tokens')
  const open = (query = '', key = api.admin, customer = 'cus_one', number = line) => api.call(`GET /v1/customers/${customer}/invoices/${invoice.id}/lines/${number}/charges${query}`, { key })
  const { body } = await open()
  expect(body).toMatchObject({ price: 'input_tokens', currency: 'USD', charged: exact, charges: exact })
  expect(body.data).toEqual([
    { day: '2025-12-31', feature: 'chat', model: 'large', events: 1, quantity: '600000', amount: '1.5' }, { day: '2026-01-10', feature: 'agents', model: 'small', events: 1, quantity: '300000', amount: '4.5' }, { day: '2026-01-10', feature: 'chat', model: 'small', events: 1, quantity: '200000', amount: '3' },
  ])
  expect((await open('?by=model')).body.data).toEqual([{ day: null, feature: null, model: 'large', events: 1, quantity: '600000', amount: '1.5' }, { day: null, feature: null, model: 'small', events: 2, quantity: '500000', amount: '7.5' }])
  expect((await open('?by=day')).body.data.map(({ day, amount }: Json) => [day, amount])).toEqual([['2025-12-31', '1.5'], ['2026-01-10', '7.5']])
  await use(instant(first + 5 * DAY), { feature: 'chat', model: 'large', input_tokens: 100_000 })
  const later = (await open()).body
  expect([later.charged, parseUnits(later.charges, 'USD') - parseUnits(later.charged, 'USD')]).toEqual([exact, parseUnits('1.5', 'USD')])
  const [own, other] = [await api.key(['customer'], 'cus_one' as never), await api.key(['customer'], 'cus_two' as never)]
  expect([(await open('', own)).status, (await open('', other)).status, (await open('', api.admin, 'cus_two')).status, (await open('', api.admin, 'cus_one', 99)).status]).toEqual([200, 404, 404, 404])
})
