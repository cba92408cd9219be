// Importing rates on a real database: what is in force afterwards for costs, what is held back, who is told, and that nothing is
// applied twice or over somebody else's import.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rateInForce } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { SYSTEM } from '../actor.ts'
import { applyImport, planImport, type ImportRequest } from './import-rates.ts'
import { importScheduled } from './import-scheduled.ts'
import { showModel } from './list-rates.ts'

let world: TestPlane
beforeAll(async () => void (world = await testPlane()))
afterAll(() => world.close())

const yaml = (...rates: readonly (readonly [string, string, string])[]) => `source: finance\nrates:\n${rates.map(([provider, model, input]) => `  - { provider: ${provider}, model: ${model}, from: 2026-11-01, per_million: { input: ${input}, output: 8 }, context_window: 1000, output_max: 100 }`).join('\n')}\n`
const request = (content: string): ImportRequest => ({ lists: [{ name: 'finance.yaml', content }], providers: 'all', prefer: null, from: '2026-11-20' })
const apply = (content: string, more: { readonly isConfirmed?: boolean; readonly baseVersion?: number } = {}) =>
  applyImport(world.plane, SYSTEM, { ...request(content), confirmAbove: '10', isConfirmed: more.isConfirmed ?? false, baseVersion: more.baseVersion ?? null })
const inForce = (model: string, day: string) => rateInForce(world.plane.catalogs.current().rateCard, model, Date.parse(day) as never)?.perMillion.get('input') ?? null
/** From the table itself: the stream stays below transactions that other databases of the server have open. */
const messages = (type: string) => world.plane.sql`select customer_id as customer, payload from outbox where type = ${type} order by id`

test('a plan changes nothing; applied, the entry is in force from its day on, under a new version of the catalog', async () => {
  const before = world.plane.catalogs.current().version
  expect((await planImport(world.plane, request(yaml(['lab', 'lab-1', '1'])))).changes).toMatchObject([{ action: 'added', model: 'lab-1' }])
  expect(world.plane.catalogs.current().version).toBe(before)
  const outcome = await apply(yaml(['lab', 'lab-1', '1']))
  expect(outcome).toMatchObject({ version: 1, applied: [{ model: 'lab-1' }], held: [] })
  expect(world.plane.catalogs.current().version).toBe(before + 1)
  expect([inForce('lab-1', '2026-11-19'), inForce('lab-1', '2026-11-20')]).toEqual([null, 1_000_000_000_000n])
  expect((await apply(yaml(['lab', 'lab-1', '1']))).applied).toEqual([])
})

test('a change above the percentage waits for a yes, smaller ones and new models do not', async () => {
  await apply(yaml(['lab', 'lab-2', '1'], ['lab', 'lab-3', '1']))
  const outcome = await apply(yaml(['lab', 'lab-2', '1.5'], ['lab', 'lab-3', '1.05'], ['lab', 'lab-4', '1']))
  expect([outcome.applied.map(({ model }) => model).sort(), outcome.held.map(({ model }) => model)]).toEqual([['lab-3', 'lab-4'], ['lab-2']])
  expect(inForce('lab-2', '2026-11-21')).toBe(1_000_000_000_000n)
  await apply(yaml(['lab', 'lab-2', '1.5']), { isConfirmed: true })
  expect(inForce('lab-2', '2026-11-21')).toBe(1_500_000_000_000n)
})

test('usage of before keeps its price: an import adds an entry, it overwrites none of another day', async () => {
  await apply(yaml(['lab', 'lab-5', '1']))
  await applyImport(world.plane, SYSTEM, { ...request(yaml(['lab', 'lab-5', '1.1'])), from: '2026-11-23', confirmAbove: '10', isConfirmed: false, baseVersion: null })
  expect([inForce('lab-5', '2026-11-22'), inForce('lab-5', '2026-11-23')]).toEqual([1_000_000_000_000n, 1_100_000_000_000n])
  expect((await showModel(world.plane, { model: 'lab-5', provider: null, at: Date.parse('2026-11-24') as never })).entries.map(({ rate, layer }) => [rate.from, layer, rate.source])).toEqual([
    ['2026-11-23', 'imported', 'finance, 2026-11-23'], ['2026-11-20', 'imported', 'finance, 2026-11-20'],
  ])
})

test('what the catalog names itself is not imported over', async () => {
  const outcome = await apply(yaml(['openai', 'gpt-5-mini', '99']), { isConfirmed: true })
  expect(outcome).toMatchObject({ applied: [], held: [] })
  expect(outcome.plan.changes.filter(({ action }) => action === 'added')).toMatchObject([{ model: 'gpt-5-mini', isOverridden: true }])
})

test('an import that was planned on another version is a conflict and changes nothing', async () => {
  await expect(apply(yaml(['lab', 'lab-6', '1']), { baseVersion: 0 })).rejects.toMatchObject({ code: 'rates_conflict' })
  expect(inForce('lab-6', '2026-11-25')).toBeNull()
})

test('the scheduled import applies what is small, never a large change, says so, and runs once a day', async () => {
  await apply(yaml(['lab', 'lab-7', '1'], ['lab', 'lab-8', '1']))
  const file = join(mkdtempSync(join(tmpdir(), 'rates-')), 'list.yaml')
  writeFileSync(file, yaml(['lab', 'lab-7', '2'], ['lab', 'lab-8', '1.01']))
  const plane = { ...world.plane, rateSource: { location: file, confirmAbove: '10' } }
  await importScheduled(plane)
  expect([inForce('lab-7', '2027-01-01'), inForce('lab-8', '2027-01-01')]).toEqual([1_000_000_000_000n, 1_010_000_000_000n])
  await importScheduled(plane)
  const told = await messages('rates.confirmation_needed')
  expect(told).toMatchObject([{ payload: { changes: 1, first: [{ model: 'lab-7', prices: [{ price: 'input', before: '1', after: '2', percent: '100' }] }] } }])
})

test('a model that answers without a price is told once, listed, and forgotten when it gets one', async () => {
  const customer = await world.customer({ plan: 'hybrid' })
  const event = (id: string) => ({ statedTime: true, event: {
    id, source: 'tollgate:gateway', type: 'ai.request', customer, time: world.plane.clock.now(), entity: null, feature: 'chat', run: null, key: null,
    quantities: { requests: '1' }, dimensions: { model: 'lab-9' }, cost: null, estimated: false, catalogVersion: null, settled: null, context: {},
  } })
  await world.plane.queue.accept([event('e1'), event('e2')])
  await world.plane.queue.accept([event('e3')])
  expect(await messages('cost.unpriced')).toMatchObject([{ customer: null, payload: { model: 'lab-9', events: 2 } }])
  expect(await world.plane.sql`select model, events::int from unpriced_model`).toMatchObject([{ model: 'lab-9', events: 3 }])
  await apply(yaml(['lab', 'lab-9', '1']))
  expect(await world.plane.sql`select model from unpriced_model`).toHaveLength(0)
})
