// A line of an explanation: what was counted, at which price, and what it came to. Lines are made on demand by functions
// beside the totals, never on the way of a charge; those of one result and its `rounding` sum to it exactly.

import { units, type Units } from '../money.ts'
import type { Ratio } from './ratio.ts'

export type PriceLine = {
  readonly kind: 'units' | 'tier_units' | 'tier_flat' | 'packages' | 'free' | 'percentage' | 'fixed' | 'minimum' | 'maximum' | 'cost' | 'margin' | 'given' | 'outcome' | 'seats' | 'flat' | 'discount' | 'rounding'
  /** Tier counted from 1; null outside tiers. */
  readonly tier: number | null
  /** Units of the meter's scale; packages, seats and outcomes one by one; null for what has no quantity. */
  readonly quantity: bigint | null
  readonly unitAmount: Units | null
  /** Units that `unitAmount` is for. */
  readonly per: bigint | null
  /** The share or margin that was taken; null where the line is none. */
  readonly rate: Ratio | null
  readonly amount: Units
}

export function line(kind: PriceLine['kind'], amount: bigint, rest: Partial<Omit<PriceLine, 'kind' | 'amount'>> = {}): PriceLine {
  return { kind, tier: null, quantity: null, unitAmount: null, per: null, rate: null, ...rest, amount: units(amount) }
}

export function sumOfLines(lines: readonly PriceLine[]): Units {
  return units(lines.reduce((sum, { amount }) => sum + amount, 0n))
}

/** Lines with what is left to `total` as their rounding. */
export function closeLines(lines: readonly PriceLine[], total: Units): PriceLine[] {
  const rest = total - sumOfLines(lines)
  return rest === 0n ? [...lines] : [...lines, line('rounding', rest)]
}
