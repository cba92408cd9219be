// How a batch is cut into lanes that are settled side by side.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, SETTLEMENT_BATCH_MAX, SETTLEMENT_LANE_EVENTS_MIN, SETTLEMENT_LANES, type CustomerId, type IncomingUsage } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { checkSums } from '../reports.ts'
import { lanesOf } from './queue.ts'

let world: TestPlane
beforeAll(async () => { world = await testPlane() })
afterAll(() => world.close())

const usage = (customer: string, id: string, steps = '1'): IncomingUsage => ({
  event: { id, source: 'app', type: 'agent.step', customer: customer as CustomerId, time: instant(Date.now() - 1_000), entity: null, feature: null, run: null, key: null, quantities: { steps }, dimensions: {}, cost: null, estimated: false, catalogVersion: null, settled: null, context: {} },
  statedTime: true,
})

test('each event is in one lane, the events of a customer share a lane in their order, and lanes are about as long as each other', () => {
  const customers = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 1_500 })
  fc.assert(fc.property(customers, (list) => {
    const lanes = lanesOf(list.map((customer, index) => usage(`cus_${customer}`, String(index))))
    expect(lanes.flat().toSorted((a, b) => a - b)).toEqual(list.map((_, index) => index))
    expect(lanes.length).toBe(list.length < SETTLEMENT_LANES * SETTLEMENT_LANE_EVENTS_MIN ? 1 : Math.min(SETTLEMENT_LANES, new Set(list).size))
    const owners = new Map<number, number>()
    for (const [lane, indices] of lanes.entries()) {
      expect(indices).toEqual(indices.toSorted((a, b) => a - b))
      for (const index of indices) expect(owners.get(list[index]!) ?? lane).toBe(lane)
      for (const index of indices) owners.set(list[index]!, lane)
    }
    const largest = Math.max(0, ...Map.groupBy(list, (customer) => customer).values().map(({ length }) => length))
    if (lanes.length > 1) expect(Math.max(...lanes.map(({ length }) => length)) - Math.min(...lanes.map(({ length }) => length))).toBeLessThanOrEqual(largest)
  }), { numRuns: 50 })
})

test('a stretch of many customers is settled whole, answered in its order, and its journal moves when all of it is through', async () => {
  const customers = await Promise.all(Array.from({ length: 6 }, (_, index) => world.customer({ plan: 'hybrid', id: `cus_lane${index}` })))
  const { plane } = world
  const identity = await plane.authority.register('lanes')
  const count = SETTLEMENT_BATCH_MAX + 600
  const items = Array.from({ length: count }, (_, index) => usage(customers[index % customers.length]!, `s${index}`, index === 77 ? '-1' : '1'))
  const to = { segment: 3, offset: 99 }
  await plane.queue.settleStretch({ identity, to, items, outbox: [{ customer: customers[0]!, type: 'request.denied', payload: { time: 1 } }] })
  const [node] = await plane.sql<{ segment: number; offset: bigint }[]>`select journal_segment as segment, journal_offset as offset from node where id = 'lanes'`
  expect(node).toEqual({ segment: 3, offset: 99n })
  const sums = await Promise.all(customers.map((customer) => checkSums(plane, customer)))
  expect(sums.flatMap(({ differences }) => differences)).toEqual([])
  expect(sums.reduce((total, { sums: { events } }) => total + Number(events), 0)).toBe(count - 1)
  const parked = await plane.sql<{ record: string }[]>`select record from parked_event`
  expect(parked.map(({ record }) => (JSON.parse(record) as { id: string }).id)).toEqual(['s77'])
  const again = await plane.queue.accept(items.slice(100, 1_100))
  expect(again.map(({ id }) => id)).toEqual(items.slice(100, 1_100).map(({ event }) => event.id))
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['duplicate']))
})
