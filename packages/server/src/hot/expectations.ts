// What this node has learnt of how much requests use of their bound, by customer, feature and model, and how well that held.
// Where a key was seen too rarely, the customer's model speaks, then the feature's, then the model alone.

import { observeShare, openShares, shareWithin, type ShareSketch } from '@tollgate/core'

export type Expectations = {
  /** The share of its bound that such a request stays within, 95 times of 100; undefined while too little is known. */
  readonly share: (key: ExpectationKey) => number | undefined
  /** `expected` is what was said when it was admitted; undefined for nothing. */
  readonly learn: (key: ExpectationKey, used: number, expected: number | undefined) => void
  /** How many settled requests had an estimate, and how many of them used more: 5 % is what is aimed at. */
  readonly calibration: () => { readonly settled: number; readonly exceeded: number }
}

export type ExpectationKey = { readonly customer: string; readonly feature: string; readonly model: string | null }

/** Keys that are remembered; the one that was least recently learnt goes first. */
const KEYS_MAX = 20_000

export function createExpectations(): Expectations {
  const sketches = new Map<string, ShareSketch>()
  let settled = 0
  let exceeded = 0
  return {
    share: (key) => {
      for (const name of namesOf(key)) {
        const sketch = sketches.get(name)
        const share = sketch === undefined ? null : shareWithin(sketch)
        if (share !== null) return share
      }
      return undefined
    },
    learn: (key, used, expected) => {
      for (const name of namesOf(key)) {
        const sketch = sketches.get(name) ?? openShares()
        observeShare(sketch, used)
        sketches.delete(name)
        sketches.set(name, sketch)
        if (sketches.size > KEYS_MAX) sketches.delete(sketches.keys().next().value!)
      }
      if (expected === undefined) return
      settled += 1
      if (used > expected) exceeded += 1
    },
    calibration: () => ({ settled, exceeded }),
  }
}

/** From the finest to the coarsest. */
function namesOf({ customer, feature, model }: ExpectationKey): readonly string[] {
  const of = model ?? ''
  return [`${customer} ${feature} ${of}`, `${customer} ${of}`, `${feature} ${of}`, of]
}
