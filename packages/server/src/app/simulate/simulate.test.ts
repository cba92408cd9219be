// A price simulation on real stored events: under the catalog in force it says what was charged, to the last unit; under a draft what that
// would charge; and it changes nothing.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId, Instant } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { SYSTEM } from '../actor.ts'
import { applyContract } from '../contracts/contracts.ts'
import { readContract } from '../contracts/contract-file.ts'
import { createCustomer } from '../customers.ts'
import { planCatalog } from '../plan-catalog.ts'
import { startImpact } from '../plan-impact.ts'
import { findSimulation, startSimulation, type Simulation } from './simulations.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, kind: metered }]
meters:
  - { id: tokens, event_type: ai.request, properties: [tokens] }
  - { id: users, event_type: ai.request, aggregation: unique_count, properties: [user] }
plans:
  - id: tiers
    fee: 10
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: graduated, tiers: [{ up_to: 1000, amount: 0.01 }, { amount: 0.005 }] }]
    allowances: [{ id: free, meters: [tokens], quantity: 100 }]
    funding: [allowance, overage]
  - id: margin
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: cost_plus, margin_percent: 50 }]
    funding: [overage]
gateway: { feature: chat }
`

let world: TestPlane
let [tiered, resold] = ['', ''] as CustomerId[]
const NOW = Date.now()
const at = (daysAgo: number) => (NOW - daysAgo * 86_400_000) as Instant

beforeAll(async () => {
  world = await testPlane({ catalog: CATALOG })
  const customer = async (plan: string) => (await createCustomer(world.plane, SYSTEM, { id: null, name: plan, externalId: null, plan, timeZone: 'UTC', metadata: {}, startsAt: at(65) })).id
  tiered = await customer('tiers')
  resold = await customer('margin')
  const event = (customer: CustomerId, index: number) => ({ statedTime: true, event: {
    id: `e${index}`, source: 'test', type: 'ai.request', customer, time: at(40 - (index % 39)), entity: null, feature: 'chat', run: null, key: null,
    quantities: { tokens: String(50 + (index % 7)) }, dimensions: { user: `u${index % 5}` }, cost: { amount: '0.1', currency: 'USD' }, estimated: false, catalogVersion: null, settled: null, context: {},
  } })
  await world.plane.queue.accept(Array.from({ length: 200 }, (_, index) => event(tiered!, index)))
  await world.plane.queue.accept(Array.from({ length: 100 }, (_, index) => event(resold!, index)))
})
afterAll(() => world.close())

async function run(source: string, days: readonly [number, number] = [30, 0], plans: readonly string[] | null = null): Promise<Simulation> {
  const { id } = await startSimulation(world.plane, { overlays: [], source, from: at(days[0]), to: at(days[1]), plans })
  await expect.poll(() => findSimulation(world.plane, id).status, { timeout: 10_000 }).not.toBe('running')
  const simulation = findSimulation(world.plane, id)
  if (simulation.result === null) throw new Error(`${simulation.status}: ${simulation.reason}`)
  return simulation
}
const tables = async () => world.plane.sql`
  select (select count(*) from usage_event)::int as events, (select count(*) from ledger_transfer)::int as transfers, (select coalesce(sum(amount), 0)::text from accumulator) as charged, (select count(*) from outbox)::int as messages,
    (select count(*) from audit_entry)::int as audited, (select count(*) from catalog_version)::int as catalogs`

test('under the catalog in force it says what was charged, whatever part of a billing period is asked for', async () => {
  for (const days of [[30, 0], [38, 3], [17, 9], [60, 0]] as const) {
    const { result } = await run(CATALOG, days)
    const usd = result!.totals.byAsset.get('USD')!
    expect(usd.simulated, JSON.stringify(days)).toBe(usd.current)
    expect(result).toMatchObject({ changed: 0, unpriced: 0, costUnknown: 0, skipped: 0, customers: 2 })
    expect(usd.current > 0n).toBe(true)
  }
})

test('under a draft it says what that would charge, the cost, and who would pay more or less', async () => {
  const { result } = await run(CATALOG.replace('fee: 10', 'fee: 25').replace('margin_percent: 50', 'margin_percent: 20'), [60, 0])
  const usd = result!.totals.byAsset.get('USD')!
  expect(result!.ranked.map(({ own }) => own.plan)).toEqual(['margin', 'tiers'])
  expect(result!.ranked[0]!.change).toBe(-3_000_000_000_000n)
  // Fifteen more for each of the billing periods that begin within the sixty days.
  expect([15n, 30n].map((dollars) => dollars * 10n ** 12n)).toContain(result!.ranked[1]!.change)
  expect([usd.cost, usd.isCostKnown]).toEqual([30_000_000_000_000n, true])
  expect(result!.events).toBe(300)
})

test('a plan of a catalog is told with what it would have changed last month, for those who would follow and by plan', async () => {
  const source = CATALOG.replace('fee: 10', 'fee: 25').replace('margin_percent: 50', 'margin_percent: 20')
  const planned = await planCatalog(world.plane, { source, overlays: [] }, { inForceFrom: null, migrations: new Map([['margin', 'keep']]) })
  const impact = await startImpact(world.plane, { source, overlays: [] }, planned)
  expect(impact).toMatchObject({ plans: ['tiers'], span: { end: Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1) } })
  await expect.poll(() => findSimulation(world.plane, impact!.simulation).status, { timeout: 10_000 }).toBe('done')
  const { result } = findSimulation(world.plane, impact!.simulation)
  expect(result!.byPlan.map(({ own, customers, changed }) => [own.plan, customers, changed])).toEqual([['tiers', 1, 1]])
  const { current, simulated } = result!.byPlan[0]!.own.byAsset.get('USD')!
  expect(simulated - current).toBe(15n * 10n ** 12n)
  expect(await startImpact(world.plane, { source: CATALOG, overlays: [] }, await planCatalog(world.plane, { source: CATALOG, overlays: [] }))).toBeNull()
})

test('contracts count on both sides, and only the plans that are asked for are looked at', async () => {
  await applyContract(world.plane, SYSTEM, resold!, { document: readContract('name: A\nfrom: 2020-01-01\ndiscounts: [{ id: half, percent: 50 }]\n'), baseVersion: null })
  const { result } = await run(CATALOG, [60, 0], ['margin'])
  expect(result).toMatchObject({ customers: 1, events: 100, changed: 1 })
  // It was charged before the contract: the draft knows the contract of now.
  expect(result!.ranked[0]!.change).toBe(-7_500_000_000_000n)
})

test('what the draft does not price is counted, and a plan that it does not have is skipped', async () => {
  const { result } = await run(CATALOG.replace('meter: tokens, model: graduated', 'meter: tokens, when: { model: [large] }, model: graduated').replaceAll('id: margin', 'id: other'), [60, 0])
  expect(result).toMatchObject({ skipped: 1, customers: 2 })
  expect(result!.unpriced).toBeGreaterThan(0)
})

test('meters that do not add up are aggregated anew', async () => {
  const draft = CATALOG.replace('prices: [{ id: tokens, meter: tokens, model: graduated', 'prices: [{ id: users, meter: users, model: per_unit, amount: 1 }, { id: tokens, meter: tokens, model: graduated')
  const { result } = await run(draft, [60, 0], ['tiers'])
  // Five users in each billing period that has usage.
  const change = result!.ranked[0]!.change
  expect(change % 5_000_000_000_000n).toBe(0n)
  expect([10n, 15n].map((dollars) => dollars * 10n ** 12n)).toContain(change)
})

test('a simulation changes nothing, one runs at a time, and it can be cancelled', async () => {
  const before = await tables()
  const first = await startSimulation(world.plane, { overlays: [], source: CATALOG, from: at(60), to: at(0), plans: null })
  await expect(startSimulation(world.plane, { overlays: [], source: CATALOG, from: at(60), to: at(0), plans: null })).rejects.toMatchObject({ code: 'simulation_running' })
  first.cancel()
  await expect.poll(() => first.status).not.toBe('running')
  await run(CATALOG)
  expect(await tables()).toEqual(before)
  await expect(startSimulation(world.plane, { overlays: [], source: CATALOG, from: at(0), to: at(5), plans: null })).rejects.toMatchObject({ code: 'out_of_range' })
  await expect(startSimulation(world.plane, { overlays: [], source: 'currency: [', from: at(5), to: at(0), plans: null })).rejects.toMatchObject({ code: 'invalid_catalog' })
})
