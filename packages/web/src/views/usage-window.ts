// The time that a chart of usage shows: a span up to now, or what was zoomed into, with the length of its bars. Zooming in goes from days to
// hours to minutes, as far as minutes are kept.

import { daysBefore, nextDay, startOfDay } from '../parts/zone.ts'

export type UsageWindow = { readonly from: number; readonly to: number; readonly granularity: 'minute' | 'hour' | 'day' }

export const SPANS = ['24h', '7d', '30d', '90d'] as const
export type Span = (typeof SPANS)[number]

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** The API keeps minutes for two days; an hour less, so that a page that stays open does not ask for what is just gone. */
const MINUTES_KEPT_MS = 47 * HOUR_MS
const SPAN_DAYS: Readonly<Record<Span, number>> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 }
/** What is longer is drawn by the next coarser step. */
const BY_MINUTE_MAX_MS = 3 * HOUR_MS
const BY_HOUR_MAX_MS = 3 * DAY_MS

/** From whole hours on, so that a page asks the same again until the hour is over. */
export function windowOf(span: Span, now: number, timeZone: string): UsageWindow {
  const to = Math.ceil(now / HOUR_MS) * HOUR_MS
  const days = SPAN_DAYS[span]
  return days === 1 ? { from: to - DAY_MS, to, granularity: 'hour' } : { from: startOfDay(to - days * DAY_MS, timeZone), to, granularity: 'day' }
}

/** From the first of these bars to the end of the last, in finer steps where there are some; null where nothing finer is kept. */
export function zoomed({ granularity }: UsageWindow, first: number, last: number, { now, timeZone }: { readonly now: number; readonly timeZone: string }): UsageWindow | null {
  const to = stepAfter(last, granularity, timeZone)
  const hasMinutes = first >= now - MINUTES_KEPT_MS
  const finest = granularity === 'day' ? 'hour' : hasMinutes ? 'minute' : null
  if (first === last && finest === null) return null
  const length = to - first
  const wanted = length <= BY_MINUTE_MAX_MS && hasMinutes ? 'minute' : length <= BY_HOUR_MAX_MS ? 'hour' : 'day'
  return first === last && wanted === granularity ? null : { from: first, to, granularity: wanted }
}

/** The same length of time before it; null where its minutes are not kept any more. */
export function before({ from, to, granularity }: UsageWindow, { now, timeZone }: { readonly now: number; readonly timeZone: string }): UsageWindow | null {
  if (granularity === 'minute' && from - (to - from) < now - MINUTES_KEPT_MS) return null
  if (granularity !== 'day') return { from: from - (to - from), to: from, granularity }
  const days = Math.ceil((to - from) / DAY_MS)
  const earlier = (at: number) => daysBefore(at, days, timeZone)
  return { from: earlier(from), to: earlier(to), granularity }
}

/** Every moment of the window, those without usage too: a gap is a fact. */
export function momentsOf({ from, to, granularity }: UsageWindow, starts: readonly (string | null)[], timeZone: string): readonly string[] {
  const known = new Set(starts.flatMap((start) => (start === null ? [] : [Date.parse(start)])))
  const moments = new Set(known)
  // A day of the API begins where its time zone says, which may be an hour beside ours.
  const near = granularity === 'day' ? DAY_MS / 2 : 1
  for (let at = from; at < to; at = stepAfter(at, granularity, timeZone)) if (!known.has(at) && (granularity !== 'day' || ![...known].some((other) => Math.abs(other - at) < near))) moments.add(at)
  return [...moments].filter((at) => at >= from - near && at < to).sort((a, b) => a - b).map((at) => new Date(at).toISOString())
}

function stepAfter(at: number, granularity: UsageWindow['granularity'], timeZone: string): number {
  return granularity === 'minute' ? at + MINUTE_MS : granularity === 'hour' ? at + HOUR_MS : nextDay(at, timeZone)
}
