// A level becomes hours: exactly, wherever it changes, and in any piece of time that is asked for.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quantity } from '../quantity.ts'
import { HOUR_MS, instant } from '../time.ts'
import { levelHours, type LevelReading } from './level.ts'

const at = (hours: number, value: bigint): LevelReading => ({ time: instant(hours * HOUR_MS), value: quantity(value) })
const read = (readings: readonly LevelReading[], from: number, to: number) => [...levelHours(readings, instant(from * HOUR_MS), instant(to * HOUR_MS))].map(([hour, used]) => `${hour / HOUR_MS}: ${used}`)

test('a level holds until it changes, and an hour in which it changes is split there', () => {
  expect(read([at(0, 500n)], 0, 3)).toEqual(['0: 500', '1: 500', '2: 500'])
  expect(read([at(0, 500n), at(1.25, 100n)], 0, 3)).toEqual(['0: 500', '1: 200', '2: 100'])
  expect(read([at(0.5, 500n), at(1, 0n)], 0, 3)).toEqual(['0: 250'])
  expect(read([at(-40, 7n)], 2, 4)).toEqual(['2: 7', '3: 7'])
  expect(read([at(5, 7n)], 0, 4)).toEqual([])
  expect(read([], 0, 4)).toEqual([])
})

test('hours do not depend on which stretch of time they are worked out in', () => {
  const readings = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 * 3_600 }), fc.bigInt({ min: 0n, max: 10n ** 9n })), { maxLength: 12 })
  fc.assert(fc.property(readings, fc.integer({ min: 0, max: 20 }), (list, cut) => {
    const sorted = list.map(([seconds, value]) => ({ time: instant(seconds * 1_000), value: quantity(value) })).sort((a, b) => a.time - b.time)
    const before = sorted.findLast(({ time }) => time < cut * HOUR_MS)
    const later = [...(before === undefined ? [] : [before]), ...sorted.filter(({ time }) => time >= cut * HOUR_MS)]
    expect([...read(sorted, 0, cut), ...read(later, cut, 21)]).toEqual(read(sorted, 0, 21))
  }))
})
