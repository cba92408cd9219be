// Margin of groups of usage: revenue less provider cost and overhead. Shared overhead is split by its key so that the groups sum to the whole
// exactly. It knows no day, currency or group by name; all amounts are in one currency.

import { assert } from '../assert.ts'
import { divideRounded, formatDecimal } from '../decimal.ts'
import { splitByWeight, units, ZERO, type Units } from '../money.ts'
import { applyRatio, type Ratio } from '../rating/ratio.ts'
import { DAY_MS, type Instant } from '../time.ts'

/** What a group earned and cost. */
export type MarginGroup = {
  readonly requests: bigint
  /** Of them those whose cost nobody knows. */
  readonly uncosted: bigint
  /** What those were charged: part of `charges`. */
  readonly uncostedCharges: Units
  readonly customers: bigint
  /** What usage was charged. */
  readonly charges: Units
  /** Revenue that is no usage, after all that takes away from it. */
  readonly other: Units
  readonly cost: Units
}

export type OverheadKey = 'revenue' | 'cost' | 'requests' | 'customers'
export type Overhead =
  | { readonly kind: 'per_request'; readonly name: string; readonly amount: Units }
  | { readonly kind: 'of_cost'; readonly name: string; readonly percent: Ratio }
  | { readonly kind: 'of_revenue'; readonly name: string; readonly percent: Ratio }
  /** `amount` is that of the whole span. */
  | { readonly kind: 'shared'; readonly name: string; readonly amount: Units; readonly key: OverheadKey }

export type Margin = MarginGroup & { readonly revenue: Units; readonly overhead: Units; readonly margin: Units }

/** One margin a group, in their order. */
export function marginsOf(groups: readonly MarginGroup[], overheads: readonly Overhead[]): Margin[] {
  const shares = overheads.map((overhead) => sharesOf(groups, overhead))
  return groups.map((group, index) => {
    const revenue = units(group.charges + group.other)
    const overhead = units(shares.reduce((sum, of) => sum + of[index]!, 0n))
    return { ...group, revenue, overhead, margin: units(revenue - group.cost - overhead) }
  })
}

function sharesOf(groups: readonly MarginGroup[], overhead: Overhead): readonly Units[] {
  if (overhead.kind === 'per_request') return groups.map(({ requests }) => units(overhead.amount * requests))
  if (overhead.kind === 'of_cost') return groups.map(({ cost }) => applyRatio(cost, overhead.percent))
  if (overhead.kind === 'of_revenue') return groups.map(({ charges, other }) => applyRatio(units(charges + other), overhead.percent))
  const weights = groups.map((group) => weightOf(group, overhead.key))
  const whole = weights.reduce((sum, weight) => sum + weight, 0n)
  if (groups.length === 0) return []
  // Nobody used anything: all bear the same.
  return splitByWeight(overhead.amount, whole === 0n ? groups.map(() => 1n) : weights)
}

/** What is below zero (a group of credit notes) bears nothing. */
function weightOf(group: MarginGroup, key: OverheadKey): bigint {
  const weight = key === 'revenue' ? group.charges + group.other : group[key]
  return weight > 0n ? weight : 0n
}

export function marginSum(margins: readonly Margin[]): Margin {
  const sum = (pick: (one: Margin) => bigint) => margins.reduce((total, one) => total + pick(one), 0n)
  const amount = (pick: (one: Margin) => Units) => units(sum(pick))
  return {
    requests: sum(({ requests }) => requests), uncosted: sum(({ uncosted }) => uncosted), uncostedCharges: amount((one) => one.uncostedCharges), customers: sum(({ customers }) => customers), charges: amount(({ charges }) => charges), other: amount(({ other }) => other),
    cost: amount(({ cost }) => cost), revenue: amount(({ revenue }) => revenue), overhead: amount(({ overhead }) => overhead), margin: amount(({ margin }) => margin),
  }
}

/** Hundredths of a percent; null without revenue. */
export function marginShare({ margin, revenue }: Pick<Margin, 'margin' | 'revenue'>): bigint | null {
  return revenue > ZERO ? divideRounded(margin * 10_000n, revenue) : null
}

/** The same of the revenue whose cost is known: what was charged without a known cost is in neither side, where it would be all margin. */
export function knownMarginShare({ margin, revenue, uncostedCharges }: Pick<Margin, 'margin' | 'revenue' | 'uncostedCharges'>): bigint | null {
  return marginShare({ margin: units(margin - uncostedCharges), revenue: units(revenue - uncostedCharges) })
}

/** `45.25`, in percent. */
export function formatShare(share: bigint): string {
  return formatDecimal(share, 2)
}

/** What an amount a month is for a span, by the days of each month that it holds. */
export function amountOfSpan(monthly: Units, span: { readonly start: Instant; readonly end: Instant }): Units {
  assert(span.end > span.start, 'amountOfSpan: a span has days')
  let total = 0n
  for (let day = new Date(span.start); day.getTime() < span.end; ) {
    const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()]
    const [first, next] = [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)]
    const end = Math.min(next, span.end)
    total += divideRounded(monthly * BigInt(Math.round((end - day.getTime()) / DAY_MS)), BigInt(Math.round((next - first) / DAY_MS)))
    day = new Date(end)
  }
  return units(total)
}
