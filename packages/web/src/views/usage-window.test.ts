import { expect, test } from 'vitest'
import { before, momentsOf, windowOf, zoomed, type UsageWindow } from './usage-window.ts'

const NOW = Date.UTC(2026, 10, 25, 12, 30)
const UTC = 'UTC'
const WHEN = { now: NOW, timeZone: UTC }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const at = (text: string) => Date.parse(text)

test('a day opens to its hours, an hour to its minutes, a minute to nothing', () => {
  const month = windowOf('30d', NOW, UTC)
  const day = zoomed(month, at('2026-11-25T00:00:00Z'), at('2026-11-25T00:00:00Z'), WHEN)!
  expect(day).toEqual({ from: at('2026-11-25T00:00:00Z'), to: at('2026-11-26T00:00:00Z'), granularity: 'hour' })
  const hour = zoomed(day, at('2026-11-25T09:00:00Z'), at('2026-11-25T09:00:00Z'), WHEN)!
  expect(hour).toEqual({ from: at('2026-11-25T09:00:00Z'), to: at('2026-11-25T10:00:00Z'), granularity: 'minute' })
  expect(zoomed(hour, at('2026-11-25T09:10:00Z'), at('2026-11-25T09:10:00Z'), WHEN)).toBeNull()
  expect(zoomed(hour, at('2026-11-25T09:10:00Z'), at('2026-11-25T09:19:00Z'), WHEN)).toEqual({ from: at('2026-11-25T09:10:00Z'), to: at('2026-11-25T09:20:00Z'), granularity: 'minute' })
})

test('an hour whose minutes are gone opens to nothing', () => {
  const old: UsageWindow = { from: NOW - 10 * DAY_MS, to: NOW - 9 * DAY_MS, granularity: 'hour' }
  expect(zoomed(old, old.from, old.from, WHEN)).toBeNull()
  expect(zoomed(old, old.from, old.from + 2 * HOUR_MS, WHEN)).toEqual({ from: old.from, to: old.from + 3 * HOUR_MS, granularity: 'hour' })
})

test.each([['24h'], ['7d'], ['30d'], ['90d']] as const)('the time before %s is as long, has as many bars and does not reach into it', (span) => {
  const now = windowOf(span, NOW, UTC)
  const earlier = before(now, WHEN)!
  expect(earlier.to).toBeLessThanOrEqual(now.from)
  expect(momentsOf(earlier, [], UTC)).toHaveLength(momentsOf(now, [], UTC).length)
})

test('minutes before are compared as long as they are kept', () => {
  const hour = (from: number): UsageWindow => ({ from, to: from + HOUR_MS, granularity: 'minute' })
  expect(before(hour(NOW - 2 * HOUR_MS), WHEN)).toEqual(hour(NOW - 3 * HOUR_MS))
  expect(before(hour(NOW - 47 * HOUR_MS), WHEN)).toBeNull()
})

test('moments without usage are there, and a day that begins an hour beside is one day', () => {
  const days: UsageWindow = { from: at('2026-11-20T00:00:00Z'), to: at('2026-11-23T00:00:00Z'), granularity: 'day' }
  expect(momentsOf(days, ['2026-11-21T01:00:00Z', null], UTC)).toEqual(['2026-11-20T00:00:00.000Z', '2026-11-21T01:00:00.000Z', '2026-11-22T00:00:00.000Z'])
})
