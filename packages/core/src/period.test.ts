// Billing periods: half open, without gap or overlap, remembered anchors, days of 23 and 25 hours.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatInstant, HOUR_MS, instant, type Instant } from './time.ts'
import { isTimeZone, nextPeriod, periodAt, type PeriodRule } from './period.ts'

// Zones whose clocks change at 2:00, at midnight, by half an hour, at another season, never, and one that skipped a day.
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Auckland',
  'America/St_Johns',
]
const every = fc.constantFrom('day', 'week', 'month', 'year') as fc.Arbitrary<PeriodRule['every']>
const FROM = Date.parse('2009-01-01T00:00:00Z')
const TO = Date.parse('2040-01-01T00:00:00Z')
const moments = fc.integer({ min: FROM, max: TO }).map(instant)
/** Half of the anchors fall on the days that months do not all have, at hours that clock changes touch. */
const anchors = fc.oneof(
  moments,
  fc
    .tuple(
      fc.integer({ min: 2012, max: 2032 }),
      fc.constantFrom('01-31', '01-30', '01-29', '03-31', '12-31', '02-28'),
      fc.constantFrom('00:00', '01:30', '02:30', '23:59'),
    )
    .map(([year, day, time]) => at(`${year}-${day}T${time}:00Z`)),
  fc.constantFrom(at('2024-02-29T00:00:00Z'), at('2028-02-29T12:00:00Z')),
)
const rules: fc.Arbitrary<PeriodRule> = fc.record({ anchorAt: anchors, timeZone: fc.constantFrom(...zones), every })

function at(text: string): Instant {
  return instant(Date.parse(text))
}

test('every instant lies in exactly one period, and periods follow without gap or overlap', () => {
  fc.assert(
    fc.property(rules, moments, (rule, moment) => {
      const period = periodAt(rule, moment)
      expect(period.start <= moment && moment < period.end).toBe(true)
      expect(periodAt(rule, period.start)).toEqual(period)
      expect(periodAt(rule, instant(period.end - 1))).toEqual(period)
      const next = nextPeriod(rule, period)
      expect(next.start).toBe(period.end)
      expect(next.end).toBeGreaterThan(next.start)
      expect(periodAt(rule, instant(period.start - 1)).end).toBe(period.start)
    }),
    { numRuns: 600 },
  )
})

test('the anchor itself starts a period', () => {
  fc.assert(
    fc.property(rules, (rule) => {
      expect(periodAt(rule, rule.anchorAt).start).toBe(rule.anchorAt)
    }),
    { numRuns: 300 },
  )
})

function starts(rule: PeriodRule, count: number): string[] {
  const found: string[] = []
  let period = periodAt(rule, rule.anchorAt)
  for (let index = 0; index < count; index++, period = nextPeriod(rule, period)) found.push(formatInstant(period.start).slice(0, 16))
  return found
}

test('anchor 31 clamps to short months and is remembered', () => {
  expect(starts({ anchorAt: at('2026-01-31T00:00:00Z'), timeZone: 'UTC', every: 'month' }, 6)).toEqual([
    '2026-01-31T00:00',
    '2026-02-28T00:00',
    '2026-03-31T00:00',
    '2026-04-30T00:00',
    '2026-05-31T00:00',
    '2026-06-30T00:00',
  ])
  expect(starts({ anchorAt: at('2027-12-30T00:00:00Z'), timeZone: 'UTC', every: 'month' }, 4)).toEqual([
    '2027-12-30T00:00',
    '2028-01-30T00:00',
    '2028-02-29T00:00',
    '2028-03-30T00:00',
  ])
})

test('29 February falls on the 28th in other years and on the 29th in the next leap year', () => {
  expect(starts({ anchorAt: at('2024-02-29T00:00:00Z'), timeZone: 'UTC', every: 'year' }, 5)).toEqual([
    '2024-02-29T00:00',
    '2025-02-28T00:00',
    '2026-02-28T00:00',
    '2027-02-28T00:00',
    '2028-02-29T00:00',
  ])
})

test('a boundary keeps its local time when the offset changes', () => {
  expect(starts({ anchorAt: at('2026-02-28T23:00:00Z'), timeZone: 'Europe/Berlin', every: 'month' }, 3)).toEqual([
    '2026-02-28T23:00',
    '2026-03-31T22:00',
    '2026-04-30T22:00',
  ])
})

function hoursOf(timeZone: string, day: string): number {
  const anchorAt = instant(Temporal.PlainDate.from('2024-01-01').toZonedDateTime(timeZone).epochMilliseconds)
  const period = periodAt(
    { anchorAt, timeZone, every: 'day' },
    instant(Temporal.PlainDate.from(day).toZonedDateTime({ timeZone, plainTime: '12:00' }).epochMilliseconds),
  )
  return (period.end - period.start) / HOUR_MS
}

test('a calendar day has 23 or 25 hours where the clocks change', () => {
  const check = (timeZone: string, day: string, hours: number) => expect.soft(hoursOf(timeZone, day), `${timeZone} ${day}`).toBe(hours)
  check('Europe/Berlin', '2026-03-29', 23)
  check('Europe/Berlin', '2026-10-25', 25)
  check('Europe/Berlin', '2026-06-01', 24)
  check('America/New_York', '2026-03-08', 23)
  check('America/New_York', '2026-11-01', 25)
  check('Australia/Lord_Howe', '2026-04-05', 24.5)
  check('Australia/Lord_Howe', '2026-10-04', 23.5)
  check('UTC', '2026-03-29', 24)
})

test('a day that begins at one o’clock, because midnight does not exist, is a whole period', () => {
  const anchorAt = instant(Temporal.PlainDate.from('2024-01-01').toZonedDateTime('Asia/Beirut').epochMilliseconds)
  const period = periodAt({ anchorAt, timeZone: 'Asia/Beirut', every: 'day' }, at('2026-03-29T10:00:00Z'))
  expect([formatInstant(period.start), (period.end - period.start) / HOUR_MS]).toEqual(['2026-03-28T22:00:00.000Z', 23])
})

test('time before the anchor follows the same rule', () => {
  expect(periodAt({ anchorAt: at('2026-03-31T00:00:00Z'), timeZone: 'UTC', every: 'month' }, at('2026-01-15T00:00:00Z'))).toEqual({
    start: at('2025-12-31T00:00:00Z'),
    end: at('2026-01-31T00:00:00Z'),
  })
})

test('a boundary in an hour that the clocks skip still divides two periods', () => {
  const rule: PeriodRule = { anchorAt: at('2028-02-28T01:30:00Z'), timeZone: 'Europe/Berlin', every: 'month' }
  const period = periodAt(rule, at('2027-03-28T01:29:59Z'))
  expect([period.start, period.end].map(formatInstant)).toEqual(['2027-02-28T01:30:00.000Z', '2027-03-28T01:30:00.000Z'])
  expect(periodAt(rule, period.end).start).toBe(period.end)
})

test('only IANA zones are zones', () => {
  expect(['Europe/Berlin', 'UTC', 'America/New_York'].map(isTimeZone)).toEqual([true, true, true])
  expect(['Mars/Olympus', '', 'Europe/Berlin; drop'].map(isTimeZone)).toEqual([false, false, false])
})
