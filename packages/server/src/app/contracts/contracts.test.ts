// Contracts, coupons and currencies on a real control plane with a real node: that the node's charge, settlement's charge and the preview
// are one figure under a contract, what a change of it does, and that limits of coupons hold when everybody redeems at once.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId, Instant } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import type { HotNode } from '../../hot/contract.ts'
import { SYSTEM } from '../actor.ts'
import { createCustomer } from '../customers.ts'
import { publishCatalog } from '../publish-catalog.ts'
import { parseCatalog } from '../catalog/parse-yaml.ts'
import { topUp } from '../credits.ts'
import { checkSums, invoicePreview } from '../reports.ts'
import { importExchangeRates } from '../exchange/import-exchange.ts'
import { applyContract, contractOf, endContract } from './contracts.ts'
import { createCoupon, redeemCoupon } from './coupons.ts'
import { readContract } from './contract-file.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, kind: metered }]
meters: [{ id: tokens, event_type: ai.request, properties: [tokens] }]
plans:
  - id: pro
    fee: 100
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 1, per: 100 }]
    currencies: { EUR: { fee: 90, prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.9, per: 100 }] } }
    funding: [overage]
  - id: prepaid
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 1, per: 100 }]
    currencies: { EUR: { prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.9, per: 100 }] } }
    funding: [wallet]
  - id: resale
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: cost_plus, margin_percent: 50 }]
    currencies: { EUR: { prices: [{ id: tokens, meter: tokens, model: cost_plus, margin_percent: 50 }] } }
    funding: [overage]
gateway: { feature: chat }
`

let world: TestPlane
let node: HotNode
beforeAll(async () => {
  world = await testPlane({ catalog: CATALOG })
  node = await world.node()
})
afterAll(() => world.close())

const customer = async (plan: string, more: { readonly currency?: string; readonly startsAt?: string } = {}): Promise<CustomerId> =>
  (await createCustomer(world.plane, SYSTEM, { id: null, name: 'Test', externalId: null, plan, timeZone: 'UTC', currency: more.currency ?? null, metadata: {}, startsAt: more.startsAt === undefined ? null : (Date.parse(more.startsAt) as Instant) })).id
const today = () => new Date(world.plane.clock.now()).toISOString().slice(0, 10)
const apply = (id: string, source: string) => applyContract(world.plane, SYSTEM, id, { document: readContract(`name: Test\nfrom: 2020-01-01\n${source}`), baseVersion: null })

let count = 0
/** Usage that was ingested: what settlement charged. */
async function use(id: CustomerId, tokens: number, cost: { readonly amount: string; readonly currency: string } | null = null): Promise<string> {
  count += 1
  const results = await world.plane.queue.accept([{ statedTime: true, event: {
    id: `e${count}`, source: 'test', type: 'ai.request', customer: id, time: world.plane.clock.now(), entity: null, feature: 'chat', run: null, key: null,
    quantities: { tokens: String(tokens) }, dimensions: {}, cost, estimated: false, catalogVersion: null, settled: null, context: {},
  } }])
  const [result] = results
  if (result?.status !== 'accepted') throw new Error(JSON.stringify(result))
  return `${result.charge!.amount} ${result.charge!.currency}`
}
const lines = async (id: string) => (await invoicePreview(world.plane, id)).preview.lines.map(({ kind, price, amount }) => `${kind} ${price} ${Number(amount) / 1e12}`)

test('a discount, a negotiated price and a fee hold for charges and the preview from the moment they are applied', async () => {
  const id = await customer('pro')
  expect(await use(id, 1000)).toBe('10 USD')
  expect(await apply(id, 'discounts: [{ id: partner, percent: 15 }]\nfee: 80\n')).toEqual({ version: 1, changed: true })
  expect(await use(id, 1000)).toBe('8.5 USD')
  expect(await lines(id)).toEqual(['fee fee 68', 'usage tokens 18.5'])
  expect(await apply(id, 'prices: [{ override: replace, id: tokens, meter: tokens, model: per_unit, amount: 0.5, per: 100 }]\n')).toMatchObject({ version: 2 })
  expect(await use(id, 1000)).toBe('5 USD')
  expect(await endContract(world.plane, SYSTEM, id)).toEqual({ version: 3, changed: true })
  expect(await use(id, 1000)).toBe('10 USD')
  expect((await contractOf(world.plane, id)).map(({ version, document }) => [version, document?.name ?? null])).toEqual([[3, null], [2, 'Test'], [1, 'Test']])
  expect(await checkSums(world.plane, id)).toMatchObject({ agrees: true })
})

test('the node decides and charges by the same contract as settlement', async () => {
  const id = await customer('prepaid')
  await topUp(world.plane, SYSTEM, id, { amount: '10', category: 'paid', priority: 100, expiresAt: null, reference: null })
  await apply(id, 'discounts: [{ id: half, percent: 50 }]\n')
  const snapshot = await node.snapshot(id)
  expect(snapshot?.snapshot.terms?.discounts).toMatchObject([{ id: 'half', percent: '50' }])
  // Fifteen dollars at the list price: half of it fits into the wallet.
  const allowed = await node.authorize({ reservation: null, customer: id, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound: { quantities: { tokens: '1500' }, dimensions: {} } })
  expect(allowed).toMatchObject({ kind: 'allowed', estimate: 7_500_000_000_001n })
  if (allowed.kind !== 'allowed') return
  const settled = node.settle(allowed.reservation, { quantities: { tokens: '1500' }, dimensions: {}, cost: null, estimated: false, context: {} })
  expect(settled).toMatchObject({ kind: 'settled', charge: 7_500_000_000_000n, isFinal: true })
  // The node ships its journal by itself.
  await expect.poll(() => lines(id)).toEqual(['usage tokens 7.5'])
  expect(await checkSums(world.plane, id)).toMatchObject({ agrees: true })
})

test('commitments and coupons are lines of the preview, and the credits of a wallet pay no more than is left', async () => {
  const id = await customer('pro')
  await use(id, 1000)
  await apply(id, 'commitment: { minimum: 200 }\ndiscounts: [{ id: rebate, amount: 10 }]\n')
  await createCoupon(world.plane, SYSTEM, { code: 'half', name: 'Half', percent: '50', amount: null, currency: null, periods: 1, redemptionsMax: null, expiresAt: null, plans: null })
  await redeemCoupon(world.plane, SYSTEM, id, 'Half')
  expect(await lines(id)).toEqual(['fee fee 100', 'usage tokens 10', 'discount rebate -10', 'commitment minimum 100', 'coupon HALF -100'])
  const { preview, commitment } = await invoicePreview(world.plane, id)
  expect([preview.amountDue, commitment?.counted, commitment?.minimum]).toEqual([100_000_000_000_000n, 100_000_000_000_000n, 200_000_000_000_000n])
})

test('a minimum over the year of the contract counts what earlier periods used', async () => {
  const started = new Date(world.plane.clock.now())
  started.setUTCMonth(started.getUTCMonth() - 2, 1)
  const id = await customer('pro', { startsAt: started.toISOString() })
  await use(id, 1000)
  await apply(id, 'commitment: { minimum: 5000, window: contract_year, counts: all }\n')
  const { commitment } = await invoicePreview(world.plane, id)
  // Two or three fees of 100, by the day of the month on which the test runs, and the usage of now.
  expect([210n, 310n, 410n].map((dollars) => dollars * 10n ** 12n)).toContain(commitment?.counted)
})

test('a coupon is never redeemed more often than it may be, and twice by one customer is once', async () => {
  await createCoupon(world.plane, SYSTEM, { code: 'FEW', name: 'Few', percent: '10', amount: null, currency: null, periods: null, redemptionsMax: 3, expiresAt: null, plans: null })
  const ids = await Promise.all(Array.from({ length: 8 }, () => customer('pro')))
  const outcomes = await Promise.allSettled([...ids, ...ids].map((id) => redeemCoupon(world.plane, SYSTEM, id, 'few')))
  const winners = new Set(outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [ids[index % ids.length]] : [])))
  expect(winners.size).toBe(3)
  expect(outcomes.filter((outcome) => outcome.status === 'rejected').every((outcome) => (outcome as PromiseRejectedResult).reason.code === 'coupon_refused')).toBe(true)
  expect(await world.plane.sql`select redemptions from coupon where code = 'FEW'`).toMatchObject([{ redemptions: 3 }])
})

test('a customer is billed in its currency, from the charge to the wallet', async () => {
  const id = await customer('prepaid', { currency: 'EUR' })
  await topUp(world.plane, SYSTEM, id, { amount: '5', category: 'paid', priority: 100, expiresAt: null, reference: null })
  expect(await use(id, 100)).toBe('0.9 EUR')
  const { preview } = await invoicePreview(world.plane, id)
  expect([preview.currency, preview.amountDue]).toEqual(['EUR', 0n])
  expect(await checkSums(world.plane, id)).toMatchObject({ agrees: true })
  await expect(customer('prepaid', { currency: 'JPY' })).rejects.toMatchObject({ code: 'invalid_currency' })
})

test('cost plus a margin goes by the exchange rate of the day, which the event names; without one it has no price', async () => {
  const id = await customer('resale', { currency: 'EUR' })
  const cost = { amount: '2', currency: 'USD' }
  expect(await use(id, 10, cost)).toBe('0 EUR')
  const day = today()
  const csv = `day,base,quote,rate\n${day},EUR,USD,1.25\n`
  expect(await importExchangeRates(world.plane, SYSTEM, { content: csv, source: null })).toMatchObject({ added: 1, differing: [], source: 'csv' })
  expect(await use(id, 10, cost)).toBe('2.4 EUR')
  expect(await importExchangeRates(world.plane, SYSTEM, { content: csv.replace('1.25', '1.5'), source: null })).toMatchObject({ added: 0, differing: [{ day, quote: 'USD', rate: '1.5' }], catalogVersion: null })
  const rows = await world.plane.sql<{ context: Record<string, string> }[]>`select context from usage_event where customer_id = ${id} order by sequence`
  expect(rows.map(({ context }) => context)).toEqual([{ unpriced: 'tokens' }, { exchange: `1 EUR = 1.2500 USD of ${day}, csv` }])
})

test('a catalog that would break a contract is not published', async () => {
  const id = await customer('pro')
  await apply(id, 'limits: [{ override: replace, id: cap, name: Cap, meters: [tokens], quantity: 5, window: day }]\n')
  const source = CATALOG.replaceAll('meter: tokens', 'meter: words').replace('id: tokens, event_type', 'id: words, event_type')
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.issues))
  await expect(publishCatalog(world.plane, SYSTEM, { document: parsed.document, source, baseVersion: null })).rejects.toMatchObject({ code: 'contract_broken' })
})

test('a contract that does not fit, or was changed meanwhile, is refused and changes nothing', async () => {
  const id = await customer('pro')
  await expect(apply(id, 'discounts: [{ id: x, on: price, of: nothing, percent: 5 }]\n')).rejects.toMatchObject({ code: 'unknown_price', field: 'phases[0].discounts[0].of' })
  await expect(applyContract(world.plane, SYSTEM, id, { document: readContract('name: A\nfrom: 2026-01-01\n'), baseVersion: 7 })).rejects.toMatchObject({ code: 'contract_conflict' })
  expect(await contractOf(world.plane, id)).toEqual([])
})

test.each([
  ['from: 2026-01-01\n', /line 1, name: is missing/], ['name: A\nfrom: 2026-01-01\ndiscount: []\n', /line 3.*no such field; known are/],
  ['name: A\nfrom: 2026-01-01\nprices: [{ override: maybe, id: a }]\n', /override must be replace or grant/], ['name: [', /line 1/],
  ['name: A\nfrom: 2026-01-01\nprices: [{ id: a, model: flat, amount: 1 }]\n', /what is due for time is its fee/],
])('a mistake in the file %j is told with its line', (source, message) => {
  expect(() => readContract(source)).toThrow(message)
})
