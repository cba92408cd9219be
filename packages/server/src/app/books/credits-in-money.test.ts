// Credits of another unit than money are in the books at what was paid for them, and tax inside of prices is no revenue.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseUnits } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { withRetry } from '../../platform/postgres.ts'
import { lockCustomers } from '../../store/customers.ts'
import { SYSTEM } from '../actor.ts'
import { addBlock } from '../credits.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_assets: [{ id: credits, name: Credits, currency: USD, value: 0.02 }]
plans:
  - { id: credit, name: Credit, asset: credits, entitlements: [chat], prices: [{ id: credit_tokens, meter: tokens, model: per_unit, amount: 1 }], funding: [wallet] }
  - { id: money, name: Money, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.119 }], funding: [overage] }
gateway: { feature: chat }
`
let api: TestApi
const month = new Date().toISOString().slice(0, 7)
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
})
afterAll(() => api.close())

const post = async (target: string, body: Json): Promise<Json> => {
  const answer = await api.call(target, { body })
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  return answer.body
}
let count = 0
const use = (customer: string, tokens: number) => post('POST /v1/events', [{ specversion: '1.0', source: 'w', id: `e${(count += 1)}`, subject: customer, type: 'ai.request', data: { feature: 'chat', tokens, cost: { amount: '0.5', currency: 'USD' } } }])
async function bought(customer: string, block: string, credits: string, price: string): Promise<void> {
  const { plane } = api.world
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [customer])
    await addBlock(tx, plane, SYSTEM, { customer, id: block, asset: 'credits', amount: parseUnits(credits, 'credits'), category: 'paid', priority: 100, expiresAt: null, reference: null, features: [], cost: { amount: parseUnits(price, 'USD'), currency: 'USD' } })
  })
}
async function books(): Promise<{ readonly agrees: boolean; readonly differing: readonly Json[]; readonly of: (account: string) => string; readonly revenue: string }> {
  const { body } = await api.call(`GET /v1/books/${month}`)
  const usd = body.books.find(({ currency }: Json) => currency === 'USD')
  return { agrees: body.agrees, differing: body.checks.filter(({ agrees }: Json) => !agrees), of: (account) => usd?.accounts.find((one: Json) => one.account === account)?.closing ?? '0', revenue: usd.revenue }
}

test('credits are money when they are bought, revenue as they are used, and what is left is owed at what was paid', async () => {
  await post('POST /v1/customers', { id: 'cus_c', name: 'C', plan: 'credit' })
  await bought('cus_c', 'blk_a', '2000', '30')
  await bought('cus_c', 'blk_b', '1000', '20')
  await use('cus_c', 500)
  const first = await books()
  expect([first.differing, first.of('payment_clearing'), first.of('wallet_units'), first.of('credit_revenue')]).toEqual([[], '50', '42.5', '7.5'])
  // The rest of the first block at 1.5 cents, of the second at 2.
  await use('cus_c', 1_600)
  const then = await books()
  expect([then.differing, then.of('wallet_units'), then.of('credit_revenue')]).toEqual([[], '18', '32'])
})

test('the margin tells used credits at what was paid for them, as the books do', async () => {
  const today = new Date().toISOString().slice(0, 10)
  const { body } = await api.call(`GET /v1/margin?from=${month}-01&to=${today}`)
  expect([body.total.revenue, body.unconverted]).toEqual(['32', []])
  expect((await books()).revenue).toBe('32')
})

test('usage beyond the wallet is revenue when the next purchase pays it', async () => {
  await use('cus_c', 1_000)
  expect((await books()).of('credit_revenue')).toBe('50')
  await bought('cus_c', 'blk_c', '500', '10')
  const paid = await books()
  expect([paid.differing, paid.of('credit_revenue'), paid.of('wallet_units')]).toEqual([[], '52', '8'])
})

test('FOCUS bills what was paid for the credits', async () => {
  const today = new Date().toISOString().slice(0, 10)
  const { text } = await api.call(`GET /v1/exports/data/focus?from=${today}&to=${today}&customer=cus_c`)
  const [head, ...lines] = text.trim().split('\r\n').map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/))
  const purchases = lines.filter((line) => line[head!.indexOf('ChargeCategory')] === 'Purchase').map((line) => line[head!.indexOf('BilledCost')])
  expect(purchases).toEqual(['30', '20', '10'])
})

test('tax inside of prices is tax payable and no revenue, and rounding holds cents only', async () => {
  const before = await books()
  await post('POST /v1/customers', { id: 'cus_i', name: 'I', plan: 'money' })
  await post('PUT /v1/customers/cus_i/billing-profile', { tax: { kind: 'rates', rates: ['vat'], inclusive: true } })
  await use('cus_i', 1_000)
  const invoice = await post('POST /v1/customers/cus_i/invoices', { kind: 'progressive' })
  expect([invoice.amount_due, invoice.document.taxes[0].amount]).toEqual(['119', '19'])
  const after = await books()
  expect([after.differing, after.of('receivable'), after.of('tax_payable'), after.of('included_tax'), after.of('rounding')]).toEqual([[], '119', '19', '-19', '0'])
  expect(Number(after.revenue) - Number(before.revenue)).toBe(100)
})
