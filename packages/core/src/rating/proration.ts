// Recurring amounts over a part of a period. A part is a share: elapsed over whole, in seconds of the period's real length or in
// whole days of the customer's calendar, as the plan says; the caller of days counts them (period.ts), because that needs a
// calendar. What was used and what was not always sum to the amount, so that any number of changes in a period telescopes.

import { assert } from '../assert.ts'
import { divideRounded } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Instant, Span } from '../time.ts'
import type { Timing } from './price.ts'

/** `part` of `whole`, both in one unit of time. */
export type Share = { readonly part: bigint; readonly whole: bigint }

const SECOND_MS = 1_000

/** The share of `period` that has passed at `at`, in whole seconds: 0 before it, all of it from its end on. */
export function elapsedSeconds(period: Span, at: Instant): Share {
  const whole = secondsBetween(period.start, period.end)
  assert(whole > 0n, 'elapsedSeconds: a period without length')
  const part = secondsBetween(period.start, at)
  return { part: part < 0n ? 0n : part > whole ? whole : part, whole }
}

/** The amount for a share of the period. */
export function prorated(amount: Units, { part, whole }: Share): Units {
  assert(whole > 0n && part >= 0n && part <= whole, `prorated: ${part} of ${whole}`)
  return units(divideRounded(amount * part, whole))
}

/** The amount before and after a moment; the two sum to it. */
export function splitAt(amount: Units, elapsed: Share): { readonly used: Units; readonly unused: Units } {
  const used = prorated(amount, elapsed)
  return { used, unused: units(amount - used) }
}

export type ProrationLine = {
  /** `unused_time`: paid in advance and given back; `used_time`: charged in arrears; `remaining_time`: charged for the rest of the period. */
  readonly kind: 'unused_time' | 'used_time' | 'remaining_time'
  readonly share: Share
  /** Of a whole period. */
  readonly whole: Units
  readonly amount: Units
}

/**
 * The two lines of a change in mid-period: what becomes of the old amount, and the new one for the time that remains. Null
 * for an amount that begins or ends here.
 */
export function prorateChange(change: { readonly from: Units | null; readonly to: Units | null; readonly elapsed: Share; readonly timing: Timing }): ProrationLine[] {
  const { elapsed, timing } = change
  const remaining: Share = { part: elapsed.whole - elapsed.part, whole: elapsed.whole }
  const lines: ProrationLine[] = []
  if (change.from !== null) {
    const { used, unused } = splitAt(change.from, elapsed)
    lines.push(timing === 'in_advance' ? { kind: 'unused_time', share: remaining, whole: change.from, amount: units(-unused) } : { kind: 'used_time', share: elapsed, whole: change.from, amount: used })
  }
  if (change.to !== null) lines.push({ kind: 'remaining_time', share: remaining, whole: change.to, amount: splitAt(change.to, elapsed).unused })
  return lines
}

function secondsBetween(from: Instant, to: Instant): bigint {
  return BigInt(Math.floor((to - from) / SECOND_MS))
}
