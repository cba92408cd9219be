// Margin on real settlements and the real ledger: its revenue is that of the books, its groups sum to its total, and what falls below the target is
// told once.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { spanBefore } from './margin.ts'
import { tellMargins } from './margin-alerts.ts'
import { recogniseRevenue } from './recognise.ts'

let api: TestApi
const today = new Date().toISOString().slice(0, 10)
const monthStart = `${today.slice(0, 7)}-01`
beforeAll(async () => {
  api = await testApi()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  for (const [id, plan] of [['cus_good', 'prepaid'], ['cus_bad', 'prepaid'], ['cus_fee', 'hybrid'], ['cus_free', 'free']] as const) await api.call('POST /v1/customers', { body: { id, name: id, plan } })
  await api.call('POST /v1/customers/cus_good/entities', { body: { id: 'ent_u1', kind: 'user', name: 'U' } })
  for (const id of ['cus_good', 'cus_bad']) await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '50' } })
  await api.call('POST /v1/customers/cus_good/credits', { body: { amount: '0.3', category: 'promotional', priority: 1 } })
  await use('cus_good', 100_000, '0.5', 'small', 'ent_u1')
  await use('cus_good', 100_000, null, 'large')
  await use('cus_bad', 100_000, '1.2', 'large')
  await use('cus_free', 1_000, '0.01', 'small')
  await api.call('POST /v1/customers/cus_fee/invoice-items', { body: { name: 'Setup', amount: '10' } })
  await api.call('POST /v1/customers/cus_fee/invoices', { body: { kind: 'manual' } })
  await recogniseRevenue(api.world.plane)
})
afterAll(() => api.close())

let count = 0
async function use(customer: string, tokens: number, cost: string | null, model: string, entity?: string): Promise<Json> {
  const id = `e${(count += 1)}`
  await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'm', id, subject: customer, type: 'ai.request', data: { feature: 'chat', model, input_tokens: tokens, ...(entity === undefined ? {} : { entity }), ...(cost === null ? {} : { cost: { amount: cost, currency: 'USD' } }) } }] })
  return id
}
const margin = async (query = ''): Promise<Json> => {
  const { status, body } = await api.call(`GET /v1/margin?from=${monthStart}&to=${today}${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const exact = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  return (text.startsWith('-') ? -1n : 1n) * BigInt(whole + fraction.padEnd(12, '0'))
}
const FIGURES = ['revenue', 'charges', 'other_revenue', 'provider_cost', 'overhead', 'margin'] as const

test('revenue and provider cost are those of the books of the month', async () => {
  const [{ total, currency }, { body }] = [await margin(), await api.call(`GET /v1/books/${today.slice(0, 7)}`)]
  const books = body.books.find((one: Json) => one.currency === currency)
  expect([total.revenue, total.provider_cost]).toEqual([books.revenue, books.expenses])
  expect(body.agrees).toBe(true)
})

test.each(['customer', 'feature', 'model', 'plan', 'day', 'feature,model', 'customer,day,model'])('rows by %s sum to the total in every figure, however few are shown', async (by) => {
  await api.call('PUT /v1/book-settings', { body: { overhead: [{ kind: 'per_request', name: 'Logs', amount: '0.0001' }, { kind: 'monthly', name: 'Servers', amount: '3.33', key: 'revenue' }] } })
  for (const top of [1, 1_000]) {
    const { total, rows, overheads } = await margin(`&by=${by}&top=${top}`)
    expect(rows.length).toBeLessThanOrEqual(top + 1)
    for (const figure of FIGURES) expect(rows.reduce((sum: bigint, row: Json) => sum + exact(row[figure]), 0n), figure).toBe(exact(total[figure]))
    expect(rows.reduce((sum: number, { requests }: Json) => sum + requests, 0)).toBe(4)
    expect(overheads.reduce((sum: bigint, { amount }: Json) => sum + exact(amount), 0n)).toBe(exact(total.overhead))
  }
  await api.call('PUT /v1/book-settings', { body: {} })
})

test('a customer’s margin is what it was charged less what was given away and what providers took', async () => {
  const rows = Object.fromEntries((await margin()).rows.map((row: Json) => [row.group.customer, row]))
  // 198 thousand tokens beyond the allowance at 0.015, of which 0.3 was promotional credit; one of two requests has no known cost.
  expect(rows.cus_good).toMatchObject({ charges: '2.97', other_revenue: '-0.3', provider_cost: '0.5', margin: '2.17', requests_without_cost: 1, charges_without_cost: '1.5', below_target: false })
  expect(rows.cus_bad).toMatchObject({ charges: '1.47', provider_cost: '1.2', margin: '0.27', margin_percent: '18.37', below_target: true })
  expect(rows.cus_fee).toMatchObject({ charges: '0', other_revenue: '10', margin_percent: '100' })
  expect(rows.cus_free).toMatchObject({ revenue: '0', margin: '-0.01', margin_percent: null, below_target: false })
})

test('what customers, users and plans bring is told with them', async () => {
  const { metrics, total } = await margin()
  expect(metrics).toMatchObject({ customers: 4, users: 1, net_revenue_retention: null, revenue_per_user: total.revenue })
  expect(metrics.plans.find(({ plan }: Json) => plan === 'prepaid')).toMatchObject({ requests: 3, margin_per_request: '0.813333333333' })
})

test('the overview says of the same events the same charge and cost, also when one is taken back', async () => {
  const id = await use('cus_good', 5_000, '0.2', 'small')
  await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'm', id: 'void1', subject: 'cus_good', type: 'tollgate.void', data: { corrects: id } }] })
  const { body: overview } = await api.call('GET /v1/overview')
  const { rows } = await margin('&by=model')
  const costed = rows.reduce((sum: bigint, row: Json) => sum + exact(row.provider_cost), 0n)
  expect(exact(overview.margin.cost)).toBe(costed)
  const charges = rows.reduce((sum: bigint, row: Json) => sum + exact(row.charges) - exact(row.charges_without_cost), 0n)
  expect(exact(overview.margin.charge)).toBe(charges)
  const { total } = await margin()
  expect(total.requests).toBe(4)
})

test('what is below the target is told once a month, and a free plan is not told of', async () => {
  const told = await tellMargins(api.world.plane)
  expect(await tellMargins(api.world.plane)).toBe(0)
  const messages = await api.world.plane.sql<{ customer: string | null; payload: Json }[]>`select customer_id as customer, payload from outbox where type = 'margin.below_target' order by id`
  expect([told, messages.map(({ customer, payload }) => [payload.kind, payload.subject, customer, payload.margin_percent])]).toEqual([1, [['customer', 'cus_bad', 'cus_bad', '18.37']]])
  await api.call('PUT /v1/book-settings', { body: { target: null } })
  expect(await tellMargins(api.world.plane)).toBe(0)
  await api.call('PUT /v1/book-settings', { body: {} })
})

test.each([
  [{ overhead: [{ kind: 'monthly', name: 'x', amount: '0', key: 'revenue' }] }, 'overhead.0.amount'],
  [{ overhead: [{ kind: 'percent_of_cost', name: 'x', percent: '-1' }] }, 'overhead.0.percent'],
  [{ target: { min: '70', max: '60' } }, 'target.min'],
])('settings that mean nothing are refused: %j', async (body, field) => {
  const answer = await api.call('PUT /v1/book-settings', { body })
  expect([answer.status, answer.body.field]).toEqual([400, field])
})

test('the span before a month is the month before, of other days as many', () => {
  const span = (from: string, to: string) => Object.values(spanBefore({ from: instant(Date.parse(from)), to: instant(Date.parse(to)) })).map((at) => new Date(at).toISOString().slice(0, 10))
  expect(span('2026-03-01', '2026-04-01')).toEqual(['2026-02-01', '2026-03-01'])
  expect(span('2026-01-01', '2026-04-01')).toEqual(['2025-10-01', '2026-01-01'])
  expect(span('2026-03-10', '2026-03-17')).toEqual(['2026-03-03', '2026-03-10'])
})

test.each(['from=2026-01-02&to=2026-01-01', 'from=2020-01-01&to=2026-01-01', 'from=2026-01-01&to=2026-01-02&by=tags'])('%s is refused', async (query) => {
  expect((await api.call(`GET /v1/margin?${query}`)).status).toBe(400)
})

test('a tenant sees no margin', async () => {
  const key = await api.key(['customer'], 'cus_good' as never)
  expect((await api.call(`GET /v1/margin?from=${today}&to=${today}`, { key })).status).toBe(403)
})
