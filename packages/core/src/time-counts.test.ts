import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addTimeCounts, TIME_STEPS, timeBelow, timeStep, type TimeCounts } from './time-counts.ts'

const counted = (times: readonly number[]): TimeCounts => {
  const counts = Array.from({ length: TIME_STEPS }, () => 0)
  for (const ms of times) counts[timeStep(ms)]! += 1
  return counts
}

test('a share of durations is told by no less than it is, and by at most a fifth more', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.001, max: 9_000, noNaN: true }), { minLength: 1, maxLength: 200 }), fc.constantFrom(0.5, 0.9, 0.99, 1), (times, share) => {
      const exact = times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1]!
      const told = timeBelow(counted(times), share)!
      expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9))
      expect(told).toBeLessThanOrEqual(exact * 1.2 * (1 + 1e-9))
    }),
  )
})

test('what several counted adds up to what one would have counted', () => {
  const times = [0, 0.0004, 0.002, 3, 3, 250, 99_999]
  expect(addTimeCounts([counted(times.slice(0, 3)), counted(times.slice(3)), [], [NaN, -0]])).toEqual(counted(times))
})

test('nothing was measured: nothing is told', () => {
  expect(timeBelow(counted([]), 0.99)).toBeNull()
  expect(timeBelow([], 0.99)).toBeNull()
})
