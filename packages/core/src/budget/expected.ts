// How much of its upper bound a request usually uses: a learnt quantile for soft budgets and rates, where a bound would stop
// requests that fit. Forecasts, so floats are at home here; no hard budget and no charge looks at them. A key with few
// observations backs off to a coarser one.

/** Shares are counted in steps of this width, up to twice the bound. */
const STEP = 1 / 32
const STEPS = 64
/** Fewer observations than this say nothing yet. */
export const OBSERVATIONS_MIN = 30
/** Past so many the older half counts half: usage changes with prompts and models. */
const OBSERVATIONS_MAX = 2_000
/** The share of requests that the estimate is meant to cover. */
export const EXPECTED_QUANTILE = 0.95

/** What was seen of one key. Mutable: it is touched at each settlement. */
export type ShareSketch = { count: number; readonly steps: Float32Array }

export function openShares(): ShareSketch {
  return { count: 0, steps: new Float32Array(STEPS) }
}

/** Notes that a request used this share of its bound; negative and absurd ones are taken to the ends. */
export function observeShare(sketch: ShareSketch, share: number): void {
  const step = Math.min(STEPS - 1, Math.max(0, Math.ceil(share / STEP) - 1))
  sketch.steps[step]! += 1
  sketch.count += 1
  if (sketch.count < OBSERVATIONS_MAX) return
  sketch.count = 0
  for (let index = 0; index < STEPS; index++) sketch.count += sketch.steps[index]! /= 2
}

/** The share that `quantile` of the requests stay within; null while too few were seen. */
export function shareWithin(sketch: ShareSketch, quantile = EXPECTED_QUANTILE): number | null {
  if (sketch.count < OBSERVATIONS_MIN) return null
  let seen = 0
  for (let index = 0; index < STEPS; index++) {
    seen += sketch.steps[index]!
    if (seen >= sketch.count * quantile) return (index + 1) * STEP
  }
  return STEPS * STEP
}
