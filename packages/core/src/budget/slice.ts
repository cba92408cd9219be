// A slice: what one node holds of one budget, out of a lease. granted G, used U, held r by requests in flight.
// Invariant: U + r ≤ G at each admission. The functions change the slice that they are given, because a decision touches
// four of them in a microsecond; they decide nothing else and know no clock.

import { assert } from '../assert.ts'
import type { Instant } from '../time.ts'

export type Slice = {
  readonly budget: string
  readonly periodStart: Instant
  /** The lease ends here: a request after it belongs to another period. */
  readonly periodEnd: Instant
  /** `,"<budget>",<start of the period>,`: how lists of holds name it, ready to be written before the amount. */
  readonly label: string
  granted: number
  used: number
  held: number
  /** A node asks for more ahead once less than this is free; 0 where it does not. */
  renewBelow: number
  /** The authority could not give `min` when last asked; believed until `until`, dropped when the budget changes. */
  refused: Refused | null
  /** Whether anything was ever leased into it. */
  isLeased: boolean
  /** Let through without the authority in this period, under the budget's fail mode; absent for nothing. */
  lent?: number
}

/** `limit`, `used` and `headroom` are the authority's figures as decimal text, where it told them. */
export type Refused = { readonly min: number; readonly until: Instant; readonly limit?: string; readonly used?: string; readonly headroom?: string }

export function openSlice({ budget, periodStart, periodEnd }: { readonly budget: string; readonly periodStart: Instant; readonly periodEnd: Instant }): Slice {
  return new CountedSlice(budget, periodStart, periodEnd)
}

/**
 * A slice whose counters lie side by side with those of the slices opened before and after it, which mostly are the same customer's:
 * a decision reads four slices, and as numbers of four objects they would be spread over twenty lines of memory.
 */
class CountedSlice implements Slice {
  private readonly counters: Float64Array
  private readonly at: number
  refused: Refused | null = null
  readonly label: string
  isLeased = false
  readonly budget: string
  readonly periodStart: Instant
  readonly periodEnd: Instant
  lent?: number

  constructor(budget: string, periodStart: Instant, periodEnd: Instant) {
    if (block.next === block.counters.length) block = { counters: new Float64Array(BLOCK_LENGTH), next: 0 }
    this.counters = block.counters
    this.at = block.next
    block.next += COUNTERS
    this.label = labelOf(budget, periodStart)
    this.budget = budget
    this.periodStart = periodStart
    this.periodEnd = periodEnd
  }

  get granted(): number { return this.counters[this.at]! }
  set granted(amount: number) { this.counters[this.at] = amount }
  get used(): number { return this.counters[this.at + 1]! }
  set used(amount: number) { this.counters[this.at + 1] = amount }
  get held(): number { return this.counters[this.at + 2]! }
  set held(amount: number) { this.counters[this.at + 2] = amount }
  get renewBelow(): number { return this.counters[this.at + 3]! }
  set renewBelow(amount: number) { this.counters[this.at + 3] = amount }
}

const COUNTERS = 4
/** Of 64 slices: a block goes with its last slice. */
const BLOCK_LENGTH = 64 * COUNTERS
let block = { counters: new Float64Array(BLOCK_LENGTH), next: 0 }

/** Labels by what they say: customers of one plan share them, and a text that is everybody's is in the processor's memory already. */
const labels = new Map<string, string>()
const LABELS_MAX = 10_000

function labelOf(budget: string, periodStart: Instant): string {
  const label = `,${JSON.stringify(budget)},${periodStart},`
  const known = labels.get(label)
  if (known !== undefined) return known
  if (labels.size >= LABELS_MAX) labels.clear()
  labels.set(label, label)
  return label
}

/** What a new request may still take. Negative after an overrun. */
export function freeOf(slice: Slice): number {
  return slice.granted - slice.used - slice.held
}

/** Whether asking the authority for `missing` more is known to be in vain. */
export function isRefused(slice: Slice | undefined, missing: number, now: Instant): boolean {
  const refused = slice?.refused ?? null
  return refused !== null && now < refused.until && missing >= refused.min
}

export function grant(slice: Slice, amount: number): void {
  assert(Number.isSafeInteger(amount) && amount >= 0, () => `grant: not an amount: ${amount}`)
  slice.granted += amount
  if (amount > 0) slice.isLeased = true
  assert(Number.isSafeInteger(slice.granted), 'grant: the lease is too large')
}

/** Holds `amount` for a request; the caller has checked that it is free. */
export function hold(slice: Slice, amount: number): void {
  assert(Number.isSafeInteger(amount) && amount >= 0, () => `hold: not an amount: ${amount}`)
  assert(amount === 0 || freeOf(slice) >= amount, () => `hold: ${slice.budget} has ${freeOf(slice)} free, ${amount} asked`)
  slice.held += amount
}

/** Ends a hold without use. */
export function release(slice: Slice, held: number): void {
  slice.held -= held
  assert(slice.held >= 0, () => `release: more of ${slice.budget} released than held`)
}

/** Ends a hold with what was really used, which may be more than was held: it happened, so it is booked. */
export function settle(slice: Slice, held: number, used: number): void {
  assert(Number.isSafeInteger(used) && used >= 0, () => `settle: not an amount: ${used}`)
  release(slice, held)
  slice.used += used
}

/** The slice as it would be with `amount` more, of which nothing is known to be refused but more still; what it is now stays. */
export function raised(slice: Slice, amount: number, refused: Refused): Slice {
  const { budget, periodStart, periodEnd, label, granted, used, held, renewBelow, isLeased, lent } = slice
  return { budget, periodStart, periodEnd, label, granted: granted + amount, used, held, renewBelow, refused, isLeased, ...(lent === undefined ? {} : { lent }) }
}

/** Takes back from the slice what no request holds, and tells how much that is. */
export function takeIdle(slice: Slice): number {
  const idle = Math.max(0, freeOf(slice))
  slice.granted -= idle
  return idle
}
