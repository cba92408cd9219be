// The calendar of a customer for the fold: whole days and billing periods in its time zone. Uses Temporal: server only.

import { periodAt } from '../period.ts'
import { instant, type Instant } from '../time.ts'
import type { Calendar } from './fold.ts'

export function calendarOf(timeZone: string): Calendar {
  return {
    addDays: (at, days) => instant(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).add({ days }).epochMilliseconds),
    nextPeriod: (anchorAt, every, at): Instant => periodAt({ anchorAt, timeZone, every }, at).end,
  }
}
