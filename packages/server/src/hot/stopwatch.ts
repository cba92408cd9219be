// Measures how long something takes, over the last minutes. Of many it measures some: a clock read twice for each would be felt.

import { addTimeCounts, TIME_STEPS, timeStep, type TimeCounts } from '@tollgate/core'

export type Stopwatch = {
  /** When this one began; null where it is not measured. */
  readonly start: () => number | null
  /** Notes its end; of a promise, when it settles. */
  readonly stop: (startedAt: number | null, outcome?: unknown) => void
  /** Of the last minutes. */
  readonly counts: () => TimeCounts
}

const MINUTE_MS = 60_000
const MINUTES = 5
/** All of the first of a minute are measured, then each eighth. */
const ALL_OF = 512
const EACH = 8

export function createStopwatch(monotonic: () => number = () => performance.now()): Stopwatch {
  const minutes: { minute: number; readonly counts: number[] }[] = Array.from({ length: MINUTES }, () => ({ minute: -1, counts: Array.from({ length: TIME_STEPS }, () => 0) }))
  let current = -1
  let begun = 0
  const note = (startedAt: number) => {
    const now = monotonic()
    const minute = Math.floor(now / MINUTE_MS)
    const slot = minutes[minute % MINUTES]!
    if (slot.minute !== minute) {
      slot.minute = minute
      slot.counts.fill(0)
    }
    if (minute !== current) {
      current = minute
      begun = 0
    }
    slot.counts[timeStep(now - startedAt)]! += 1
  }
  return {
    start: () => {
      begun += 1
      return begun > ALL_OF && begun % EACH !== 0 ? null : monotonic()
    },
    stop: (startedAt, outcome) => {
      if (startedAt === null) return
      if (!(outcome instanceof Promise)) return note(startedAt)
      const stopped = () => note(startedAt)
      outcome.then(stopped, stopped)
    },
    counts: () => {
      const now = Math.floor(monotonic() / MINUTE_MS)
      return addTimeCounts(minutes.filter(({ minute }) => minute > now - MINUTES).map(({ counts }) => counts))
    },
  }
}
