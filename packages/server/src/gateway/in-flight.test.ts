import type { CustomerId } from '@tollgate/core'
import fc from 'fast-check'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createInFlight, type InFlightBounds } from './in-flight.ts'
import { watchLateness } from './lateness.ts'

const BOUNDS: InFlightBounds = { inFlightMax: 100, inFlightPerCustomerMax: 80, inFlightPerKeyMax: 60, fairPartMin: 4 }
const [HOSTILE, GOOD] = ['cus_hostile', 'cus_good'] as CustomerId[] as [CustomerId, CustomerId]
/** How many of `count` requests may begin. */
const begun = (gate: ReturnType<typeof createInFlight>, customer: CustomerId, count: number, key = `key_${customer}`) => Array.from({ length: count }, (_, index) => gate.enter(customer, `${key}${index % 2}`)).filter((shed) => shed === null).length

test('one who floods the node has its part of it, and nine others find room at once', () => {
  const gate = createInFlight(BOUNDS, () => false)
  expect(begun(gate, HOSTILE, 500)).toBe(50)
  for (let index = 0; index < 9; index++) expect(begun(gate, `cus_${index}` as CustomerId, 4)).toBe(4)
  expect(gate.enter(HOSTILE, 'key')).toBe('fair_part')
  expect(gate.total()).toBe(86)
})

test('a busy node keeps four requests of a plan of high priority for one of a normal one', () => {
  const gate = createInFlight({ ...BOUNDS, inFlightPerKeyMax: 100 }, () => false)
  gate.enter(GOOD, 'a')
  gate.weigh(GOOD, 'high')
  gate.enter(HOSTILE, 'b')
  for (let index = 0; index < 100; index++) {
    gate.enter(HOSTILE, 'b')
    gate.enter(GOOD, 'a')
  }
  const more = { hostile: gate.enter(HOSTILE, 'b'), good: gate.enter(GOOD, 'a') }
  expect(more).toEqual({ hostile: 'fair_part', good: 'fair_part' })
  // 16 of 24 and 4 of 24 parts of a hundred, but what was taken while there was room stays.
  expect(gate.total()).toBeGreaterThanOrEqual(66)
})

test('a late thread sheds who has most, and nobody where one is alone', () => {
  let isLate = false
  const gate = createInFlight(BOUNDS, () => isLate)
  begun(gate, HOSTILE, 30)
  isLate = true
  expect(gate.enter(HOSTILE, 'key')).toBeNull()
  expect(gate.enter(GOOD, 'key_good')).toBeNull()
  expect(gate.enter(HOSTILE, 'key')).toBe('fair_part')
  expect(gate.enter(GOOD, 'key_good')).toBeNull()
})

test('a late thread sheds nobody where all have alike', () => {
  const gate = createInFlight(BOUNDS, () => true)
  for (let round = 0; round < 9; round++) for (let index = 0; index < 10; index++) expect(gate.enter(`cus_${index}` as CustomerId, `key_${index}`)).toBeNull()
})

test('a key, a customer and the node have each their own bound', () => {
  const gate = createInFlight({ ...BOUNDS, inFlightMax: 200 }, () => false)
  expect(begun(gate, HOSTILE, 300, 'k')).toBe(80)
  expect(gate.enter(HOSTILE, 'other')).toBe('customer')
  for (let index = 0; index < 60; index++) gate.enter(GOOD, 'one')
  expect(gate.enter(GOOD, 'one')).toBe('key')
  for (let index = 0; index < 60; index++) gate.enter(`cus_${index}` as CustomerId, 'shared')
  expect(gate.enter('cus_last' as CustomerId, 'last')).toBe('node')
})

test('whoever entered can leave, and then all is as before', () => {
  const moves = fc.array(fc.record({ customer: fc.constantFrom('cus_a', 'cus_b', 'cus_c'), key: fc.constantFrom('k1', 'k2'), priority: fc.constantFrom('low' as const, 'normal' as const, 'high' as const) }), { maxLength: 300 })
  fc.assert(fc.property(moves, fc.boolean(), (asked, isLate) => {
    const gate = createInFlight(BOUNDS, () => isLate)
    const entered = asked.filter(({ customer, key, priority }) => {
      const isIn = gate.enter(customer as CustomerId, key) === null
      if (isIn) gate.weigh(customer as CustomerId, priority)
      return isIn
    })
    expect(gate.total()).toBe(entered.length)
    expect(gate.total()).toBeLessThanOrEqual(BOUNDS.inFlightMax)
    for (const { customer, key } of entered) gate.leave(customer as CustomerId, key)
    expect(gate.total()).toBe(0)
    expect(begun(gate, HOSTILE, 1)).toBe(1)
  }))
})

test('a thread that rings late again and again is late, and is not any more when it rings in time', async () => {
  const lateness = watchLateness()
  for (let round = 0; round < 4; round++) {
    for (const end = performance.now() + 120; performance.now() < end;);
    await delay(30)
  }
  expect(lateness.isLate()).toBe(true)
  await expect.poll(() => lateness.isLate(), { timeout: 10_000 }).toBe(false)
  lateness.close()
})
