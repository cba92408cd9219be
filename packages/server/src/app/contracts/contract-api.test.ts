// Contracts, coupons and exchange rates over the API: who may, what a tenant sees of them, and that all answers hold to the contract of the
// API (every answer of the test server is checked against it).

import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../../../../../test/api.ts'

let api: TestApi
beforeAll(async () => void (api = await testApi()))
afterAll(() => api.close())

const CONTRACT = 'name: Acme\nfrom: 2026-01-01\ndiscounts: [{ id: partner, percent: 15 }]\ncommitment: { minimum: 500 }\n'

test('a contract is checked, applied on the version that was looked at, shown with its history, previewed and ended', async () => {
  const customer = await api.world.customer({ plan: 'hybrid' })
  const path = `/v1/customers/${customer}/contract`
  expect((await api.call(`POST ${path}/check`, { body: { source: CONTRACT.replace('partner,', 'partner, on: price, of: gone,') } })).body).toMatchObject({ base_version: 0, problems: [{ path: 'phases[0].discounts[0].of', code: 'unknown_price' }] })
  expect((await api.call(`POST ${path}/check`, { body: { source: CONTRACT } })).body).toMatchObject({ problems: [] })
  expect((await api.call(`PUT ${path}`, { body: { source: CONTRACT, base_version: 0 } })).body).toEqual({ version: 1, changed: true })
  expect((await api.call(`PUT ${path}`, { body: { source: CONTRACT } })).body).toEqual({ version: 1, changed: false })
  expect(await api.call(`PUT ${path}`, { body: { source: CONTRACT.replace('15', '16'), base_version: 0 } })).toMatchObject({ status: 409, body: { code: 'contract_conflict' } })
  expect((await api.call(`GET ${path}`)).body).toMatchObject({ version: 1, document: { name: 'Acme' }, history: [{ version: 1, name: 'Acme' }] })
  expect((await api.call(`GET /v1/customers/${customer}/invoices/preview`)).body).toMatchObject({ commitment: { minimum: '500', maximum: null }, amount_due: '500' })
  expect((await api.call(`DELETE ${path}`)).body).toEqual({ version: 2, changed: true })
  expect(await api.call(`PUT ${path}`, { body: { source: 'name: [' } })).toMatchObject({ status: 400, body: { code: 'invalid_contract' } })
})

test('a tenant redeems coupons for itself, and sees neither contracts nor how often others redeemed', async () => {
  const [own, other] = [await api.world.customer({ plan: 'hybrid' }), await api.world.customer({ plan: 'hybrid' })]
  const key = await api.key(['customer', 'tenant_admin'], own)
  expect((await api.call('POST /v1/coupons', { body: { code: 'launch20', name: 'Launch', percent: '20', periods: 2, redemptions_max: 1 } })).body).toMatchObject({ code: 'LAUNCH20', redemptions: 0 })
  expect((await api.call(`POST /v1/customers/${own}/coupons`, { key, body: { code: 'Launch20' } })).body).toMatchObject({ code: 'LAUNCH20', percent: '20', periods: 2 })
  expect(Object.keys((await api.call(`GET /v1/customers/${own}/coupons`, { key })).body.data[0]).sort()).toEqual(['amount', 'code', 'currency', 'from', 'name', 'percent', 'periods', 'redeemed_at'])
  expect((await api.call(`GET /v1/customers/${own}/invoices/preview`, { key })).body.lines).toContainEqual(expect.objectContaining({ kind: 'coupon', price: 'LAUNCH20', exact: '-9.8' }))
  expect(await api.call(`POST /v1/customers/${other}/coupons`, { body: { code: 'LAUNCH20' } })).toMatchObject({ status: 409, body: { code: 'coupon_refused', detail: expect.stringContaining('as often as it may be') } })
  expect((await api.call('GET /v1/coupons')).body.data).toMatchObject([{ code: 'LAUNCH20', redemptions: 1 }])
  for (const forbidden of [`POST /v1/customers/${other}/coupons`, `GET /v1/customers/${own}/contract`, 'GET /v1/coupons', 'GET /v1/rates', 'GET /v1/exchange-rates']) {
    // Of another customer it does not even learn that it exists.
    expect((await api.call(forbidden, { key, body: forbidden.startsWith('POST') ? { code: 'LAUNCH20' } : undefined })).status, forbidden).toBe(forbidden.startsWith('POST') ? 404 : 403)
  }
  expect((await api.call('DELETE /v1/coupons/LAUNCH20')).body.ended_at).not.toBeNull()
})

test('a customer has the currency of its plan, and exchange rates are listed as they were imported', async () => {
  expect((await api.call('POST /v1/customers', { body: { name: 'A', plan: 'hybrid', currency: 'USD' } })).body).toMatchObject({ currency: 'USD' })
  expect(await api.call('POST /v1/customers', { body: { name: 'A', plan: 'hybrid', currency: 'EUR' } })).toMatchObject({ status: 400, body: { code: 'invalid_currency', field: 'currency' } })
  const content = 'day,base,quote,rate\n2026-11-20,EUR,USD,1.1532\n'
  expect((await api.call('POST /v1/exchange-rates/import', { body: { content, source: 'treasury' } })).body).toMatchObject({ read: 1, added: 1, catalog_version: null })
  expect((await api.call('GET /v1/exchange-rates?from=2026-11-01')).body.data).toEqual([{ day: '2026-11-20', base: 'EUR', quote: 'USD', rate: '1.1532', source: 'treasury' }])
})

test('rates are listed with their layer, matched as a cost would be, and imported as a difference first', async () => {
  expect((await api.call('GET /v1/rates?model=claude-opus-5')).body.data).toMatchObject([{ provider: 'anthropic', layer: 'shipped' }])
  expect((await api.call('GET /v1/rates/match?model=gpt-5-mini-2025-08-07')).body).toMatchObject({ matched_by: 'family', rate: { model: 'gpt-5-mini', layer: 'catalog' } })
  const content = 'source: own\nrates: [{ provider: lab, model: lab-1, from: 2026-01-01, per_million: { input: 1, output: 2 }, context_window: 1000, output_max: 100 }]\n'
  const body = { lists: [{ name: 'own.yaml', content }], providers: ['lab'] }
  expect((await api.call('POST /v1/rates/plan', { body })).body).toMatchObject({ base_version: 0, changes: [{ action: 'added', model: 'lab-1' }] })
  expect((await api.call('POST /v1/rates/import', { body: { ...body, base_version: 0 } })).body).toMatchObject({ version: 1, applied: [{ model: 'lab-1' }], held: [] })
  expect(await api.call('POST /v1/rates/import', { body: { ...body, lists: [{ name: 'x', content: '{}' }] } })).toMatchObject({ status: 400, body: { code: 'invalid_price_list' } })
  expect((await api.call('GET /v1/rates/unpriced')).body).toEqual({ data: [] })
})
