// Billing periods: half-open spans derived from the contract's IANA zone and anchor, so that no instant belongs to two
// periods. Anchor day 31 clamps to the month's end and is remembered (31 Jan → 28 Feb → 31 Mar); 29 February falls on 28.
// Uses Temporal: only the server loads this file, and compiles the instants into snapshots.

import { assert } from './assert.ts'
import { contains, HOUR_MS, instant, type Instant, type Span } from './time.ts'

export type PeriodRule = {
  /** When the first period starts; its local wall-clock time is the boundary of all later ones. */
  readonly anchorAt: Instant
  /** IANA zone of the contract, such as `Europe/Berlin`. */
  readonly timeZone: string
  readonly every: 'day' | 'week' | 'month' | 'quarter' | 'year'
}

/** The period that holds `at`; an instant before the anchor belongs to a period before it, by the same rule. */
export function periodAt(rule: PeriodRule, at: Instant): Span {
  const anchor = zoned(rule.anchorAt, rule.timeZone)
  const unit = rule.every === 'quarter' ? 'months' : (`${rule.every}s` as const)
  const step = rule.every === 'quarter' ? 3 : 1
  const elapsed = anchor.until(zoned(at, rule.timeZone), { largestUnit: unit })
  // `until` truncates towards zero, counts a clamped month as not yet reached, and is off by one more where a boundary
  // fell into an hour that the clocks skip: step to the period from there, at most a few times.
  let index = Math.trunc(elapsed[unit] / step) * step
  while (boundary(anchor, unit, index) > at) index -= step
  while (boundary(anchor, unit, index + step) <= at) index += step
  const span = { start: boundary(anchor, unit, index), end: boundary(anchor, unit, index + step) }
  assert(contains(span, at), `no period found for ${at}`)
  return span
}

/** The period right after `span`. */
export function nextPeriod(rule: PeriodRule, span: Span): Span {
  return periodAt(rule, span.end)
}

/** Midnights of the zone's calendar that lie between the day of `from` and the day of `to`: 0 within one day. */
export function daysBetween(timeZone: string, from: Instant, to: Instant): number {
  return zoned(from, timeZone).toPlainDate().until(zoned(to, timeZone).toPlainDate(), { largestUnit: 'days' }).days
}

export function isTimeZone(name: string): boolean {
  try {
    zoned(instant(0), name)
    return true
  } catch {
    return false
  }
}

/** How far the zone's hours are off those of UTC at `at`: zero for most, 30 or 45 minutes for a few. */
export function hourOffset(timeZone: string, at: Instant): number {
  if (timeZone === 'UTC') return 0
  return (zoned(at, timeZone).offsetNanoseconds / 1_000_000) % HOUR_MS
}

function boundary(anchor: Temporal.ZonedDateTime, unit: 'days' | 'weeks' | 'months' | 'years', index: number): Instant {
  return instant(anchor.add({ [unit]: index }).epochMilliseconds)
}

function zoned(at: Instant, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
}
