import { timeBelow } from '@tollgate/core'
import { expect, test } from 'vitest'
import { createStopwatch } from './stopwatch.ts'

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

test('a duration is that of a value when it is there, and of a promise when it settles, also by failing', async () => {
  let now = 0
  const watch = createStopwatch(() => now)
  const value = watch.start()
  now = 2
  watch.stop(value, 'there')
  const [resolved, rejected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const started = watch.start()
  watch.stop(started, resolved.promise)
  watch.stop(started, rejected.promise)
  expect(total(watch.counts())).toBe(1)
  now = 102
  resolved.resolve()
  rejected.reject(new Error('away'))
  await new Promise(setImmediate)
  expect(total(watch.counts())).toBe(3)
  expect(timeBelow(watch.counts(), 0.3)).toBeCloseTo(2, 0)
  expect(timeBelow(watch.counts(), 1)).toBeGreaterThanOrEqual(100)
})

test('of many in a minute each eighth is measured, and what is older than five minutes is forgotten', () => {
  let now = 0
  const watch = createStopwatch(() => now)
  for (let index = 0; index < 1_312; index += 1) watch.stop(watch.start())
  expect(total(watch.counts())).toBe(512 + 100)
  now = 60_000
  watch.stop(watch.start())
  now = 5 * 60_000
  expect(total(watch.counts())).toBe(1)
  now = 6 * 60_000
  expect(total(watch.counts())).toBe(0)
})
