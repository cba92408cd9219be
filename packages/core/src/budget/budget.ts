// A budget is anything that limits or pays: quota, cap, allowance, wallet. One mechanism for all: a limit L in one unit
// over one period, from which nodes lease amounts.

import type { EntityId } from '../id.ts'
import { fromHold, toHold, units } from '../money.ts'
import type { Instant } from '../time.ts'

export type Budget = {
  /** Stable within a customer: `wallet:USD`, `allowance:tokens`, `limit:daily`, `cap:…`. */
  readonly id: string
  readonly name: string
  readonly unit: BudgetUnit
  readonly period: { readonly start: Instant; readonly end: Instant }
  readonly enforcement: 'hard' | 'soft'
  /** Only requests of this entity or below count; null for the whole customer. */
  readonly entity: EntityId | null
  /** Only requests of these features count; null for all. */
  readonly features: readonly string[] | null
}

/** What a budget counts: units of meters (all at one scale), or the money that usage costs. */
export type BudgetUnit =
  | { readonly kind: 'meters'; readonly meters: readonly string[]; readonly scale: number; readonly name: string }
  | { readonly kind: 'money'; readonly asset: string }

/** Beginning and end (31 December 9999) of a budget without a period. Infinity would not survive JSON. */
export const LIFETIME = { start: 0 as Instant, end: 253_402_214_400_000 as Instant } as const

/**
 * Exact units (10^-12 of money, meter units) → the safe-integer number used in holds and leases, rounded up. What does not
 * fit becomes the largest number, which no lease reaches ({@link LEASE_UNITS_MAX}): such a hold is always refused.
 */
export function exactToHold(unit: BudgetUnit, exact: bigint): number {
  if (exact > holdToExact(unit, Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER
  return unit.kind === 'money' ? toHold(units(exact), unit.asset) : Number(exact)
}

/** Exact units → hold number, rounded down: what may be granted out of a headroom. A larger headroom counts as the largest number. */
export function exactToGrant(unit: BudgetUnit, exact: bigint): number {
  return exact < 0n ? -exactToHold(unit, -exact) : floorHold(unit, exact)
}

function floorHold(unit: BudgetUnit, exact: bigint): number {
  const hold = exactToHold(unit, exact)
  return holdToExact(unit, hold) > exact ? hold - 1 : hold
}

/** A hold number as exact units. */
export function holdToExact(unit: BudgetUnit, hold: number): bigint {
  return unit.kind === 'money' ? fromHold(hold, unit.asset) : BigInt(hold)
}
