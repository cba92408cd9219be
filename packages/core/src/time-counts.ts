// Durations counted by steps that grow by a fifth: what many nodes measured adds up, and a share of it is told to within such a step,
// always by its upper end. It keeps no single duration and measures nothing.

/** Counts by step; a step that nobody reached may be left out at the end. */
export type TimeCounts = readonly number[]

const FIRST_MS = 0.001
const GROWTH = 1.2
/** The last step holds whatever is longer: beyond ten seconds. */
export const TIME_STEPS = 90

export function timeStep(ms: number): number {
  return ms <= FIRST_MS ? 0 : Math.min(TIME_STEPS - 1, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH)))
}

/** Counts of others that are too long or not numbers add nothing. */
export function addTimeCounts(all: readonly TimeCounts[]): TimeCounts {
  return Array.from({ length: TIME_STEPS }, (_, step) => all.reduce((sum, counts) => sum + (Number.isSafeInteger(counts[step]) ? counts[step]! : 0), 0))
}

/** Milliseconds that this share of the durations does not exceed; null where there are none. */
export function timeBelow(counts: TimeCounts, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let seen = 0
  const step = counts.findIndex((count) => (seen += count) >= Math.ceil(total * share))
  return FIRST_MS * GROWTH ** step
}
