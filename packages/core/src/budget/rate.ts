// A rate limit on one node: a bucket that refills steadily, of the size of the node's share. It is protection, not money: it is
// never leased and survives no restart. Invariant: in any window a node lets through at most its share and one burst, plus
// one request that is larger than the burst, which a full bucket admits so that it does not wait for ever.

import type { Instant } from '../time.ts'

/** Mutable like a slice: a decision touches it in a microsecond. */
export type RateBucket = { level: number; at: Instant }

/** A node's part of a rate: `limit` in each `windowMs`, and at most `burst` at once. */
export type RateShare = { readonly limit: number; readonly windowMs: number; readonly burst: number }

export function openRate(share: RateShare, now: Instant): RateBucket {
  return { level: share.burst, at: now }
}

/** What is in the bucket at `now`; negative after a request that used more than was thought. */
export function levelAt(rate: RateBucket, share: RateShare, now: Instant): number {
  const refilled = rate.level + (Math.max(0, now - rate.at) * share.limit) / share.windowMs
  return Math.min(share.burst, refilled)
}

/** Milliseconds until a request of `amount` passes: 0 when it passes now. A rate of zero never does. */
export function waitFor(rate: RateBucket, share: RateShare, amount: number, now: Instant): number {
  const missing = Math.min(amount, share.burst) - levelAt(rate, share, now)
  if (missing <= 0 && share.limit > 0) return 0
  return share.limit <= 0 ? Infinity : (missing * share.windowMs) / share.limit
}

/** Takes `amount` out; a negative one gives back what was not used. */
export function takeRate(rate: RateBucket, share: RateShare, amount: number, now: Instant): void {
  rate.level = Math.min(share.burst, levelAt(rate, share, now) - amount)
  rate.at = now
}
