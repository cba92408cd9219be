// What is known of a customer's subscriptions over time, past and future, as segments without gaps: settlement and snapshots read
// the plan and the state in force at an instant from here. A future segment is one that comes by itself unless a fact comes between:
// the end of a trial, of grace, a scheduled change.

import type { Instant } from '../time.ts'
import type { AddOnQuantity, FactSource, PlanChange } from './fact.ts'
import type { Block, SubscriptionState } from './state.ts'

export type Segment = {
  readonly from: Instant
  readonly subscription: string
  readonly source: FactSource
  readonly state: SubscriptionState
  readonly plan: string
  readonly seats: number
  readonly addOns: readonly AddOnQuantity[]
  /** Anchor of the billing periods. */
  readonly anchorAt: Instant
  readonly startedAt: Instant
  /** Why it is so, for whoever answers the phone. */
  readonly reason: string
  readonly trialEndsAt: Instant | null
  /** When grace ends unless something is paid; null for never. */
  readonly graceEndsAt: Instant | null
  readonly cancelAt: Instant | null
  readonly resumesAt: Instant | null
  readonly scheduled: readonly { readonly id: string; readonly at: Instant; readonly change: PlanChange }[]
  readonly blocks: readonly Block[]
}

/** The segment that holds `at`; before the first one, the first. Null without any. */
export function segmentAt(segments: readonly Segment[], at: Instant): Segment | null {
  let found: Segment | null = segments[0] ?? null
  for (const segment of segments) {
    if (segment.from > at) break
    found = segment
  }
  return found
}

/** When the segment at `at` gives way to the next; null for never. */
export function segmentEnd(segments: readonly Segment[], at: Instant): Instant | null {
  return segments.find(({ from }, index) => index > 0 && from > at)?.from ?? null
}

/** Since when the customer has been on the plan of `at` without a break; null without any segment. */
export function planSince(segments: readonly Segment[], at: Instant): Instant | null {
  let since: Segment | null = null
  let plan: string | null = null
  for (const segment of segments) {
    if (segment.from > at && since !== null) break
    if (segment.plan !== plan) since = segment
    plan = segment.plan
  }
  return since?.from ?? null
}
