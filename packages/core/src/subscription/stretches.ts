// The parts of a billing period that its fees are due for: where plan and add-ons stay as they are. A fee is due from where the agreement
// first charges in the period, and for all that follows: a pause, a suspension or an end in mid-period gives nothing back, and a period
// that begins in one of them asks for nothing until it runs again. A trial is free, and what a provider bills is asked for there.

import type { Instant, Span } from '../time.ts'
import type { SubscriptionState } from './state.ts'
import type { Segment } from './timeline.ts'

/** Whether time in this state is paid for; the others go on as it was before them in the period. */
const IS_CHARGED: Partial<Readonly<Record<SubscriptionState, boolean>>> = { trialing: false, active: true, grace: true, incomplete: true }

/** In order of time, without overlap; the whole period where nothing is known of a subscription. Empty where nothing is due. */
export function chargedStretches(timeline: readonly Segment[], period: Span): Span[] {
  if (timeline.length === 0) return [period]
  const stretches: { start: Instant; end: Instant; terms: string }[] = []
  let isDue = false
  for (const [index, segment] of timeline.entries()) {
    // The first also holds all time before it.
    const start = index === 0 ? period.start : later(segment.from, period.start)
    const end = earlier(timeline[index + 1]?.from ?? period.end, period.end)
    if (start >= end) continue
    isDue = segment.source === 'tollgate' && (IS_CHARGED[segment.state] ?? isDue)
    if (!isDue) continue
    const terms = JSON.stringify([segment.subscription, segment.plan, segment.addOns, segment.anchorAt])
    const last = stretches.at(-1)
    if (last?.terms === terms && last.end === start) last.end = end
    else stretches.push({ start, end, terms })
  }
  return stretches.map(({ start, end }) => ({ start, end }))
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b
}
