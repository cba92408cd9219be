import { instant, parseId } from '@tollgate/core'
import { expect, test } from 'vitest'
import { virtualClock } from './clock.ts'
import { randomId } from './random-id.ts'

test('ids have their prefix and 26 characters, are accepted by the domain and never repeat', () => {
  const ids = Array.from({ length: 10_000 }, () => randomId('customer'))
  expect(ids[0]).toMatch(/^cus_[0-9a-v]{26}$/)
  expect(parseId('customer', ids[0]!)).toBe(ids[0])
  expect(new Set(ids).size).toBe(ids.length)
})

test('an id made in a later millisecond sorts behind', async () => {
  const first = randomId('event')
  await new Promise((resolve) => setTimeout(resolve, 3))
  expect(first < randomId('event')).toBe(true)
})

test('a virtual clock stands still until it is moved, and only moves forward', () => {
  const clock = virtualClock(instant(1_000))
  expect(clock.now()).toBe(1_000)
  clock.advance(500)
  expect(clock.now()).toBe(1_500)
  clock.set(instant(2_000))
  expect(clock.now()).toBe(2_000)
  expect(() => clock.advance(-1)).toThrow('does not go back')
  expect(() => clock.set(instant(Number.NaN))).toThrow('does not go back')
})
