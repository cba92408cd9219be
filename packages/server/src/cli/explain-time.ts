// Periods and their parts, for the explain commands that go by time: seconds of the real length, or days of a calendar.

import { elapsedSeconds, InputError, type Instant, type Share, type Span } from '@tollgate/core'
import { daysBetween, isTimeZone } from '@tollgate/core/period'
import { choice, fields, text } from '../app/catalog/fields.ts'
import { time } from './explain-input.ts'

export const periodShape = fields(
  'Period',
  { start: time({ description: 'First instant.', example: '2026-04-01T00:00:00Z' }), end: time({ description: 'First instant that is no longer in it.', example: '2026-05-01T00:00:00Z' }) },
  'A billing period, half open.',
)

export const GRANULARITY = choice(['second', 'day'], { description: 'Whether parts of the period are counted in seconds or in days of the time zone.', example: 'second' }).default('second')

export const timeZone = text({ description: 'IANA zone whose calendar counts the days.', example: 'Europe/Berlin' }).default('UTC')

/** The share of the period that has passed at a moment. `ownsDay`: the day of the moment counts as passed. */
export function elapsedAt(input: { readonly period: Span; readonly granularity: 'second' | 'day'; readonly timezone: string }, options: { readonly ownsDay: boolean } = { ownsDay: false }): (at: Instant) => Share {
  const { period, granularity, timezone } = input
  if (!isTimeZone(timezone)) throw new InputError({ code: 'invalid_time_zone', field: 'timezone', message: `${JSON.stringify(timezone)} is no IANA time zone such as Europe/Berlin` })
  if (period.end <= period.start) throw new InputError({ code: 'out_of_range', field: 'period.end', message: 'period.end must be after period.start' })
  if (granularity === 'second') return (at) => elapsedSeconds(period, at)
  const whole = BigInt(daysBetween(timezone, period.start, period.end))
  if (whole === 0n) throw new InputError({ code: 'out_of_range', field: 'period.end', message: 'the period is shorter than a day: use granularity second' })
  return (at) => {
    const part = BigInt(daysBetween(timezone, period.start, at) + (options.ownsDay && at < period.end ? 1 : 0))
    return { part: part < 0n ? 0n : part > whole ? whole : part, whole }
  }
}
