// Usage that arrives, or is taken back, after its period was invoiced: the next invoice asks for the difference and names the period; the
// one that was sent stays as it is, and together they are what the events cost.

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

async function send(subject: string, id: string, time: Instant, data: Json, type = 'ai.request'): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id, type, subject, time: new Date(time).toISOString(), data }] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
}

async function usageLines(id: string): Promise<string[][]> {
  await runBilling(api.world.plane)
  const invoices: Json[] = (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.toReversed().filter(({ kind }: Json) => kind === 'period')
  return invoices.map(({ document: { lines } }) => lines.filter(({ kind }: Json) => kind === 'usage' || kind === 'late_usage').map((line: Json) => `${line.kind} ${line.exact} ${line.from} ${line.to} ${line.name}`))
}

test('the next invoice asks for what came late, and gives back what was taken back, each by its own period', async () => {
  const id = 'cus_late'
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid' } })).status).toBe(201)
  const first = clock.now()
  // 500,000 tokens are included, each further thousand costs 0.015.
  await send(id, 'a', first, { feature: 'chat', input_tokens: 700_000 })
  clock.advance(33 * DAY)
  expect(await usageLines(id)).toEqual([['usage 3 2026-01-01 2026-01-31 Input tokens']])
  await send(id, 'late', instant(first + 5 * DAY), { feature: 'chat', input_tokens: 100_000 })
  await send(id, 'b', clock.now(), { feature: 'chat', input_tokens: 600_000 })
  clock.advance(30 * DAY)
  const [, second] = await usageLines(id)
  expect(second).toEqual(['usage 1.5 2026-02-01 2026-02-28 Input tokens', 'late_usage 1.5 2026-01-01 2026-01-31 Input tokens (late)'])
  await send(id, 'void', clock.now(), { corrects: 'a' }, 'tollgate.void')
  clock.advance(31 * DAY)
  const all = await usageLines(id)
  expect(all[0]).toEqual(['usage 3 2026-01-01 2026-01-31 Input tokens'])
  expect(all[2]).toEqual(['late_usage -4.5 2026-01-01 2026-01-31 Input tokens (late)'])
  const events: Json[] = (await api.call(`GET /v1/customers/${id}/events?limit=100`)).body.data
  const sum = (texts: readonly string[]) => texts.reduce((total, text) => total + parseUnits(text, 'USD'), 0n)
  expect(sum(events.map(({ amount }) => amount))).toBe(sum(all.flat().map((line) => line.split(' ')[1]!)))
  expect((await api.call(`GET /v1/customers/${id}/checks/sums`)).body.differences).toEqual([])
})
