// Instants as epoch milliseconds, and their RFC 3339 form. Calendar arithmetic is not here: it needs Temporal and lives
// in period.ts, which the SDK and the browser never load.

import { InputError } from './assert.ts'

declare const instantBrand: unique symbol
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instantBrand]: true }

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

export function instant(epochMs: number): Instant {
  return epochMs as Instant
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** Reads an RFC 3339 time with a zone; finer than a millisecond is truncated, because no rule of ours depends on it. */
export function parseInstant(text: unknown, field: string): Instant {
  const match = typeof text === 'string' && text.length <= 40 ? RFC3339.exec(text) : null
  const epochMs = match !== null && isDate(match[1]!) ? Date.parse(match[0]) : NaN
  if (Number.isNaN(epochMs)) {
    throw new InputError({ code: 'invalid_time', field, message: `${field} must be an RFC 3339 time such as 2026-03-01T12:00:00Z` })
  }
  return epochMs as Instant
}

/** `Date` takes 30 February for 2 March: another day, perhaps another period. Read back, such a date differs. */
function isDate(day: string): boolean {
  const epochMs = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(day)
}

export function formatInstant(value: Instant): string {
  return new Date(value).toISOString()
}

/**
 * The start of the hour that holds `value`: the key of an hourly rollup. `offsetMs` is how far the hours of a zone are off those of
 * UTC, such as 30 minutes in India, so that days and months of that zone are whole hours.
 */
export function hourOf(value: Instant, offsetMs = 0): Instant {
  const local = value + offsetMs
  return (value - (((local % HOUR_MS) + HOUR_MS) % HOUR_MS)) as Instant
}

/** The start of the UTC minute that holds `value`. */
export function minuteOf(value: Instant): Instant {
  return (value - (((value % MINUTE_MS) + MINUTE_MS) % MINUTE_MS)) as Instant
}

/** A half-open span `[start, end)`. */
export type Span = { readonly start: Instant; readonly end: Instant }

export function contains(span: Span, at: Instant): boolean {
  return span.start <= at && at < span.end
}
