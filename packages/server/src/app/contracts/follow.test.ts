// Limits of running periods under a contract: publishing a catalog leaves what the contract says, and a phase that begins sets its own.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, type CustomerId } from '@tollgate/core'
import { publishSource, testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { virtualClock } from '../../platform/clock.ts'
import { SYSTEM } from '../actor.ts'
import { applyContract } from './contracts.ts'
import { readContract } from './contract-file.ts'
import { createContractFollower } from './follow.ts'

const DAY_MS = 86_400_000
const NOW = instant(Date.now())
const clock = virtualClock(NOW)
const catalog = (cap: number) => `
currency: USD
features: [{ id: chat, kind: metered }]
meters: [{ id: tokens, event_type: ai.request, properties: [tokens] }]
plans:
  - id: pro
    entitlements: [chat]
    limits: [{ id: cap, name: Cap, meters: [tokens], quantity: ${cap}, window: billing_period }]
    funding: [overage]
gateway: { feature: chat }
`

let world: TestPlane
beforeAll(async () => void (world = await testPlane({ catalog: catalog(100), clock })))
afterAll(() => world.close())

const dayAt = (at: number) => new Date(at).toISOString().slice(0, 10)
const capOf = async (id: CustomerId) => Number((await world.plane.sql<{ limit: string }[]>`select limit_amount as limit from budget_state where customer_id = ${id} and budget_id = 'limit:cap'`)[0]?.limit)
const terms = (quantity: number, override = 'replace') => `limits: [{ override: ${override}, id: cap, name: Cap, meters: [tokens], quantity: ${quantity}, window: billing_period }]`
const apply = (id: string, source: string) => applyContract(world.plane, SYSTEM, id, { document: readContract(`name: Test\n${source}`), baseVersion: null })

let count = 0
/** A customer whose period runs: its limit is a row. */
async function customer(): Promise<CustomerId> {
  const id = await world.customer({ plan: 'pro' })
  count += 1
  await world.plane.queue.accept([{ statedTime: true, event: {
    id: `e${count}`, source: 'test', type: 'ai.request', customer: id, time: clock.now(), entity: null, feature: 'chat', run: null, key: null,
    quantities: { tokens: '10' }, dimensions: {}, cost: null, estimated: false, catalogVersion: null, settled: null, context: {},
  } }])
  return id
}

test('a published catalog changes the limit of its customers, but not one that a contract replaces; of a grant the better holds', async () => {
  const [plain, replaced, granted] = [await customer(), await customer(), await customer()]
  await apply(replaced, `from: 2020-01-01\n${terms(40)}\n`)
  await apply(granted, `from: 2020-01-01\n${terms(150, 'grant')}\n`)
  expect([await capOf(plain), await capOf(replaced), await capOf(granted)]).toEqual([100, 40, 150])
  await publishSource(world.plane, catalog(120))
  expect([await capOf(plain), await capOf(replaced), await capOf(granted)]).toEqual([120, 40, 150])
  await publishSource(world.plane, catalog(200))
  expect([await capOf(plain), await capOf(replaced), await capOf(granted)]).toEqual([200, 40, 200])
})

test('the limit of a running period follows when a phase begins and when the contract ends, and only then', async () => {
  const id = await customer()
  await apply(id, `from: 2020-01-01\nto: ${dayAt(NOW + 4 * DAY_MS)}\nphases:\n  - { from: 2020-01-01, ${terms(40)} }\n  - { from: ${dayAt(NOW + 2 * DAY_MS)}, ${terms(60)} }\n`)
  const follow = createContractFollower()
  expect([await follow(world.plane), await capOf(id)]).toEqual([0, 40])
  clock.advance(2 * DAY_MS)
  expect([await follow(world.plane), await capOf(id)]).toEqual([1, 60])
  expect(await follow(world.plane)).toBe(0)
  clock.advance(2 * DAY_MS)
  // A control plane that was down meanwhile.
  expect([await createContractFollower()(world.plane), await capOf(id)]).toEqual([1, 200])
})
