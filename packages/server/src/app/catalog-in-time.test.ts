// A catalog over time: an earlier version published again, one that takes force later, and who follows a change of a plan and when;
// each as a subscriber meets it, in what it is charged and may use.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatUnits, instant, rateInForce, type CustomerId, type Instant, type Migration } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { virtualClock, type VirtualClock } from '../platform/clock.ts'
import { SYSTEM } from './actor.ts'
import { createCustomer } from './customers.ts'
import { forceScheduled } from './force-catalog.ts'
import { applyCatalog, earlierCatalog, planCatalog } from './plan-catalog.ts'
import { withdrawScheduled } from './publish-catalog.ts'
import { applyImport } from './rates/import-rates.ts'

const catalog = (price: string, included: number, more = '') => `
currency: USD
features: [{ id: chat, kind: metered }]
meters: [{ id: tokens, event_type: ai.request, properties: [tokens] }${more.includes('calls') ? ', { id: calls, event_type: ai.request, aggregation: count }' : ''}]
plans:
  - id: pro
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: ${price} }${more.includes('calls') ? ', { id: calls, meter: calls, model: per_unit, amount: 1 }' : ''}]
    allowances: [{ id: free, meters: [tokens], quantity: ${included} }]
    funding: [allowance, overage]
gateway: { feature: chat }
`

let world: TestPlane
let clock: VirtualClock
let customer: CustomerId
let index = 0
const DAY_MS = 86_400_000
/** The database has a clock of its own, so ours begins with it. */
const START = Date.now()
const day = (days: number) => instant(START + days * DAY_MS)
beforeEach(async () => {
  clock = virtualClock(instant(START))
  world = await testPlane({ clock, catalog: catalog('1', 10) })
  customer = await subscribe('cus_first')
})
afterEach(() => world.close())

async function subscribe(id: string): Promise<CustomerId> {
  clock.advance(1_000)
  return (await createCustomer(world.plane, SYSTEM, { id: id as CustomerId, name: id, externalId: null, plan: 'pro', timeZone: 'UTC', metadata: {}, startsAt: null })).id
}

/** What an event of now, or of `time`, is charged. */
async function charge(tokens: number, who: CustomerId = customer, time: Instant = clock.now()): Promise<string> {
  const event = { id: `e${++index}`, source: 'test', type: 'ai.request', customer: who, time, entity: null, feature: 'chat', run: null, key: null, quantities: { tokens: String(tokens) }, dimensions: {}, cost: null, estimated: false, catalogVersion: null, settled: null, context: {} }
  const [result] = await world.plane.queue.accept([{ statedTime: true, event }])
  if (result?.status !== 'accepted') throw new Error(JSON.stringify(result))
  return result.charge!.amount
}

function publish(source: string, of: { readonly from?: Instant; readonly pro?: Migration } = {}) {
  clock.advance(1_000)
  return applyCatalog(world.plane, SYSTEM, { source, overlays: [], baseVersion: null, inForceFrom: of.from ?? null, migrations: new Map(of.pro === undefined ? [] : [['pro', of.pro]]) })
}

async function limitOf(who: CustomerId = customer): Promise<string | undefined> {
  const [row] = await world.plane.sql<{ limit: string }[]>`select limit_amount::text as limit from budget_state where customer_id = ${who} and budget_id = 'allowance:free' order by period_start desc limit 1`
  return row === undefined ? undefined : String(Number(row.limit))
}

const audited = () => world.plane.sql`select action, target, before, after, reason from audit_entry where action like 'catalog.%' order by id`

test('an earlier catalog is published again as a new version, and the audit log says which', async () => {
  expect(await charge(11)).toBe('1')
  await publish(catalog('2', 10))
  expect(await charge(1)).toBe('2')
  const earlier = await earlierCatalog(world.plane, null)
  expect((await planCatalog(world.plane, earlier)).changes).toMatchObject([{ action: 'changed', kind: 'price', plan: 'pro', fields: [{ field: 'amount', before: '2', after: '1' }] }])
  expect(await applyCatalog(world.plane, SYSTEM, { ...earlier, baseVersion: 2, restores: earlier.version, reason: 'wrong price' })).toMatchObject({ version: 3, changed: true })
  expect(await charge(1)).toBe('1')
  expect((await audited()).at(-1)).toMatchObject({ action: 'catalog.rolled_back', target: 'catalog/3', before: { version: 2 }, after: { version: 3, restores: 1 }, reason: 'wrong price' })
  // Back once more is the version before, not the one just left for it.
  expect((await earlierCatalog(world.plane, null)).version).toBe(2)
  await expect(earlierCatalog(world.plane, 99)).rejects.toMatchObject({ code: 'unknown_catalog_version' })
})

test('going back is refused on another base, and where there is nothing to go back to', async () => {
  await expect(earlierCatalog(world.plane, null)).rejects.toMatchObject({ code: 'not_found' })
  await publish(catalog('2', 10))
  await expect(applyCatalog(world.plane, SYSTEM, { ...(await earlierCatalog(world.plane, 1)), baseVersion: 1, restores: 1 })).rejects.toMatchObject({ code: 'catalog_conflict' })
})

test('a scheduled catalog takes force at its instant, and running periods follow it', async () => {
  await charge(4)
  expect(await publish(catalog('2', 20), { from: day(10) })).toMatchObject({ version: 2, changed: true, inForceFrom: day(10) })
  expect([world.plane.catalogs.current().version, world.plane.catalogs.changesAt()]).toEqual([1, day(10)])
  expect(await limitOf()).toBe('10')
  const view = await world.plane.directory.customer({ node: 'n', incarnation: 1 } as never, customer)
  expect(view!.snapshot.validUntil).toBe(day(10))
  clock.set(instant(day(10) - 1))
  await forceScheduled(world.plane)
  expect([world.plane.catalogs.current().version, await limitOf()]).toEqual([1, '10'])
  clock.set(day(10))
  expect(world.plane.catalogs.current().version).toBe(2)
  await forceScheduled(world.plane)
  await forceScheduled(world.plane)
  expect(await limitOf()).toBe('20')
  expect(await charge(17)).toBe('2')
  const told = await world.plane.sql`select type, payload from outbox where type like 'catalog.%' order by id`
  expect(told.map(({ type, payload }) => [type, (payload as { version: number }).version])).toEqual([['catalog.published', 1], ['catalog.scheduled', 2], ['catalog.published', 2]])
})

test('while one is scheduled no other is published, it can be withdrawn, and the past cannot be ordered', async () => {
  await publish(catalog('2', 10), { from: day(10) })
  await expect(publish(catalog('3', 10))).rejects.toMatchObject({ code: 'catalog_scheduled' })
  expect(await withdrawScheduled(world.plane, SYSTEM)).toMatchObject({ version: 2 })
  await expect(withdrawScheduled(world.plane, SYSTEM)).rejects.toMatchObject({ code: 'not_found' })
  clock.set(day(11))
  expect(world.plane.catalogs.current().version).toBe(1)
  await expect(publish(catalog('3', 10), { from: day(10) })).rejects.toMatchObject({ code: 'out_of_range' })
  expect((await audited()).map(({ action }) => action)).toEqual(['catalog.published', 'catalog.scheduled', 'catalog.withdrawn'])
})

test('rates that are imported while a catalog is scheduled hold in both, and withdrawing it withdraws its copies', async () => {
  const rates = (input: string) => ({ lists: [{ name: 'own.yaml', content: `source: own\nrates:\n  - { provider: lab, model: lab-1, from: 2020-01-01, per_million: { input: ${input}, output: 8 }, context_window: 1000, output_max: 100 }\n` }], providers: 'all' as const, prefer: null, from: '2020-01-01', confirmAbove: '10', isConfirmed: true, baseVersion: null })
  const costs = () => String(rateInForce(world.plane.catalogs.current().rateCard, 'lab-1', clock.now())?.perMillion.get('input') ?? null)
  await publish(catalog('2', 10), { from: day(10) })
  await applyImport(world.plane, SYSTEM, rates('3'))
  expect([world.plane.catalogs.current().version, costs(), await charge(11)]).toEqual([3, '3000000000000', '1'])
  clock.set(day(10))
  await forceScheduled(world.plane)
  expect([world.plane.catalogs.current().version, costs(), await charge(1)]).toEqual([4, '3000000000000', '2'])
  await publish(catalog('5', 10), { from: day(20) })
  await applyImport(world.plane, SYSTEM, rates('4'))
  await withdrawScheduled(world.plane, SYSTEM)
  clock.set(day(21))
  expect([world.plane.catalogs.changesAt(), costs(), await charge(1)]).toEqual([null, '4000000000000', '2'])
  expect((await earlierCatalog(world.plane, null)).version).toBe(3)
})

test('subscribers keep a plan that is changed for newcomers only: price, allowance, next period', async () => {
  await charge(1)
  await publish(catalog('2', 20), { pro: 'keep' })
  const later = await subscribe('cus_later')
  expect([await charge(19, later), await charge(2, later), await limitOf(later)]).toEqual(['0', '2', '20'])
  expect([await charge(9), await charge(2), await limitOf()]).toEqual(['0', '2', '10'])
  clock.set(day(32))
  expect([await charge(11), await limitOf()]).toEqual(['1', '10'])
  // Another change that touches nothing of the plan leaves both where they are.
  await publish(`${catalog('2', 20)}# a remark\n`)
  expect([await charge(1), await charge(1, later)]).toEqual(['1', '0'])
})

test('subscribers follow with their next period: the running one keeps its price and its allowance', async () => {
  await charge(1)
  await publish(catalog('2', 20), { pro: 'at_renewal' })
  expect([await charge(10), await limitOf()]).toEqual(['1', '10'])
  clock.set(day(32))
  expect([await charge(21), await limitOf()]).toEqual(['2', '20'])
  // What arrives late has the plan of its period.
  expect(await charge(1, customer, day(20))).toBe('1')
})

test('what is told late is priced as it was at its time, so that the order of arrival never changes a total', async () => {
  await charge(10)
  const before = clock.now()
  await publish(catalog('2', 10))
  const [early, late] = [before, clock.now()]
  expect(await charge(1, customer, late)).toBe('2')
  expect(await charge(1, customer, early)).toBe('1')
  expect(await charge(1, customer, late)).toBe('2')
  await publish(catalog('3', 10), { from: day(5) })
  clock.set(day(6))
  await forceScheduled(world.plane)
  expect([await charge(1), await charge(1, customer, instant(day(5) - 1)), await charge(1, customer, early)]).toEqual(['3', '2', '1'])
})

test('those who kept a plan can be asked to follow without another change, and the plan says how many they are', async () => {
  await charge(1)
  await publish(catalog('2', 20), { pro: 'keep' })
  await subscribe('cus_later')
  const source = catalog('2', 20)
  const planned = await planCatalog(world.plane, { source, overlays: [] }, { inForceFrom: null, migrations: new Map([['pro', 'now']]) })
  expect(planned).toMatchObject({ changes: [], migrations: [{ plan: 'pro', migration: 'now', customers: 2, onEarlier: [{ version: 1, customers: 1 }] }] })
  expect(await publish(source, { pro: 'now' })).toMatchObject({ version: 3, changed: true })
  expect([await limitOf(), await charge(19), await charge(1)]).toEqual(['20', '0', '2'])
  expect(await publish(source, { pro: 'now' })).toMatchObject({ version: 3, changed: false })
  expect((await audited()).at(-1)).toMatchObject({ after: { migrations: [{ plan: 'pro', migration: 'now' }] } })
})

test('a catalog that would break what subscribers keep is refused', async () => {
  await publish(catalog('1', 10, 'calls'))
  await publish(catalog('2', 10, 'calls').replace(', { id: calls, meter: calls, model: per_unit, amount: 1 }', ''), { pro: 'keep' })
  await expect(publish(catalog('2', 10))).rejects.toMatchObject({ code: 'kept_plan_broken' })
  await expect(publish(catalog('3', 10), { pro: 'now' })).resolves.toMatchObject({ changed: true })
  await expect(applyCatalog(world.plane, SYSTEM, { source: catalog('4', 10), overlays: [], baseVersion: null, migrations: new Map([['prro', 'now']]) })).rejects.toMatchObject({ code: 'unknown_plan' })
})

test('a node decides and charges by the plan that the customer keeps, and settlement agrees with it', async () => {
  const node = await world.node()
  const spend = async (who: CustomerId, tokens: number): Promise<string> => {
    const bound = { quantities: { tokens: String(tokens) }, dimensions: {} }
    const answer = await node.authorize({ reservation: null, customer: who, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound })
    if (answer.kind !== 'allowed') throw new Error(JSON.stringify(answer))
    const settled = node.settle(answer.reservation, { ...bound, cost: null, estimated: false, context: {} })
    if (settled.kind !== 'settled') throw new Error(settled.kind)
    await settled.written
    return formatUnits(settled.charge, 'USD')
  }
  expect(await spend(customer, 11)).toBe('1')
  await publish(catalog('2', 20), { pro: 'keep' })
  const later = await subscribe('cus_later')
  expect([await spend(customer, 1), await spend(later, 21)]).toEqual(['1', '2'])
  await expect.poll(async () => (await world.plane.sql`select customer_id as customer, amount::float8 as amount from usage_event order by customer_id, sequence`).map(({ customer: of, amount }) => [of, amount]), { timeout: 5_000 })
    .toEqual([['cus_first', 1], ['cus_first', 1], ['cus_later', 2]])
})

test('a node is told which plan the customer keeps', async () => {
  await publish(catalog('2', 20), { pro: 'keep' })
  const view = await world.plane.directory.customer({ node: 'n', incarnation: 1 } as never, customer)
  expect(view!.snapshot).toMatchObject({ catalogVersion: 2, plan: 'pro', planVersion: 1 })
  expect((await world.plane.directory.catalog(2)).kept_plans).toMatchObject([{ version: 1, plan: { id: 'pro' } }])
})
