// The buckets of a customer's rates on this node. A rate is shared evenly among the nodes that have the customer in memory; the
// control plane says how many those are.

import { openRate, takeRate, type Budget, type Instant, type RateBucket, type RateShare, type RateTake } from '@tollgate/core'
import type { CustomerState } from './customer-state.ts'

export type NodeRate = { readonly bucket: RateBucket; readonly share: RateShare; readonly budget: Budget; readonly sharers: number }

/** Buckets that a node keeps for one customer; the oldest is forgotten, which only means that it is full again. */
const BUCKETS_PER_CUSTOMER_MAX = 100_000

/** The bucket of a rate, or of a budget that throttles past its limit, opened full when it is first met. */
export function rateOf(state: CustomerState, budget: Budget, now: Instant): NodeRate {
  const known = state.rates.get(budget.id)
  if (known !== undefined && known.budget === budget && known.sharers === state.sharers) return known
  const share = shareOf(budget, state.sharers)
  const bucket = known?.bucket ?? openRate(share, now)
  const rate = { bucket, share, budget, sharers: state.sharers }
  state.rates.set(budget.id, rate)
  if (state.rates.size > BUCKETS_PER_CUSTOMER_MAX) state.rates.delete(state.rates.keys().next().value!)
  return rate
}

const MINUTE_MS = 60_000

function shareOf({ id, terms }: Budget, sharers: number): RateShare {
  const rate = terms?.rate
  if (rate !== undefined) {
    const limit = rate.overrides?.[id] ?? rate.limit
    return { limit: limit / sharers, windowMs: rate.windowMs, burst: (rate.burst ?? limit) / sharers }
  }
  const perMinute = terms?.exhausted?.action === 'throttle' ? terms.exhausted.perMinute : 0
  return { limit: perMinute / sharers, windowMs: MINUTE_MS, burst: perMinute / sharers }
}

/** Takes what a decision found there. */
export function takeRates(takes: readonly RateTake[], now: Instant): void {
  for (const { bucket, share, amount } of takes) takeRate(bucket, share, amount, now)
}

/** Gives back what was taken and not used, or takes what was used beyond it. `usedOf` is null where the amount itself stands. */
export function correctRates(takes: readonly RateTake[], usedOf: (take: RateTake) => number | null, now: Instant): void {
  for (const take of takes) {
    const used = usedOf(take)
    if (used !== null && used !== take.amount) takeRate(take.bucket, take.share, used - take.amount, now)
  }
}
