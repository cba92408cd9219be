// What a refusal leaves open: the most output with which the request would fit. Asks the one decision again and again, so that
// tiers, allowances and several budgets at once count as they do; nothing is held.

import { exactToGrant, type Budget } from './budget.ts'
import { decide, type DecisionInput, type DecisionRequest } from './decide.ts'
import { parseDecimal } from '../decimal.ts'
import { assetScale } from '../money.ts'
import { raised } from './slice.ts'

/** Fewer output tokens than this are no answer: nobody is clamped below it. */
export const CLAMPED_OUTPUT_MIN = 16

/**
 * The largest number of output tokens below `asked` that `decide` does not refuse, as far as is known here; null when not even {@link CLAMPED_OUTPUT_MIN} are.
 * `boundFor` gives the request's bound for a number of them, and more output must never cost less.
 */
export function largestOutput(input: DecisionInput, asked: number, boundFor: (outputTokens: number) => DecisionRequest['bound']): number | null {
  const fits = (outputTokens: number) => decide({ ...input, request: { ...input.request, bound: boundFor(outputTokens) } }).kind !== 'deny'
  let low = CLAMPED_OUTPUT_MIN
  let high = asked - 1
  if (high < low || !fits(low)) return null
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** The slices as they would be if the authority gave the one that it refused all that it has left. */
export function withHeadroom(input: DecisionInput, budget: Budget): DecisionInput {
  const slice = input.slices(budget)
  const headroom = slice?.refused?.headroom
  if (slice === undefined || headroom === undefined) return input
  const scale = budget.unit.kind === 'money' ? assetScale(budget.unit.asset) : budget.unit.scale
  const free = Math.max(0, exactToGrant(budget.unit, parseDecimal(headroom, scale, 'headroom')))
  const more = raised(slice, free, { min: 1, until: slice.refused!.until })
  return { ...input, slices: (other) => (other === budget ? more : input.slices(other)) }
}
