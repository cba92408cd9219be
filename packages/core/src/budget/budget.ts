// A budget is anything that limits or pays: quota, cap, allowance, wallet. One mechanism for all: a limit L in one unit
// over one period, from which nodes lease amounts. A budget with `per` is a template: it stands for one budget of each value
// that requests bring, and is never leased itself (match.ts makes the instances).

import type { EntityId } from '../id.ts'
import { fromHold, toHold, units } from '../money.ts'
import type { Instant } from '../time.ts'

export type Budget = {
  /** Stable within a customer: `wallet:USD`, `allowance:tokens`, `limit:daily`, `cap:…`. */
  readonly id: string
  readonly name: string
  readonly unit: BudgetUnit
  readonly period: { readonly start: Instant; readonly end: Instant }
  readonly enforcement: Enforcement
  /** Only requests of this entity or below count; null for the whole customer. */
  readonly entity: EntityId | null
  /** Only requests of these features count; null for all. */
  readonly features: readonly string[] | null
  /** What few budgets have; absent for a plain one. */
  readonly terms?: BudgetTerms
}

/** `hard` refuses what does not fit, `soft` tells and may act, `metered` only counts. */
export type Enforcement = 'hard' | 'soft' | 'metered'

export type BudgetTerms = {
  /** Accepted values by attribute: `feature`, `model`, `key`, `run`, a kind of entity, or the name of a dimension. All must hold. */
  readonly where?: Readonly<Record<string, readonly string[]>>
  /** Attributes whose values have a budget each; a request that lacks one of them is not counted. */
  readonly per?: readonly string[]
  /** Periods of this length follow each other within `period`, the last one cut at its end. */
  readonly cycleMs?: number
  /** A rolling window: so many cycles before the running one count against the limit too. */
  readonly trailing?: number
  /** Where a request does not fit; `deny` unless stated. */
  readonly exhausted?: Exhausted
  /** What a node does when it cannot ask the authority; `closed` unless stated. */
  readonly failMode?: FailMode
  /** Decided, recorded and shown, but nothing is refused. */
  readonly observe?: boolean
  /** Percent of the limit at which an event is written, once a period, rising. */
  readonly thresholds?: readonly number[]
  /** A rate shared among nodes, not leased: protection, not money. */
  readonly rate?: RateTerms
}

export type Exhausted =
  | { readonly action: 'deny' }
  | { readonly action: 'fallback'; readonly model: string; readonly instruction?: string }
  | { readonly action: 'clamp'; readonly instruction?: string }
  /** The model is told to be brief and the request goes on: of a soft budget. */
  | { readonly action: 'brief'; readonly instruction: string }
  /** Of a rate: the request waits for its turn, so long at most. */
  | { readonly action: 'queue'; readonly waitSeconds: number }
  | { readonly action: 'overage' }
  | { readonly action: 'throttle'; readonly perMinute: number }

/** `amount` is what one node may let through in one period without asking, in hold units; null for any amount. */
export type FailMode = { readonly mode: 'closed' } | { readonly mode: 'open'; readonly amount: number | null }

/** `limit` hold units in any `windowMs`, spread over the nodes of the customer, at most `burst` at once (the limit unless stated); `overrides` by instance id. */
export type RateTerms = { readonly limit: number; readonly windowMs: number; readonly burst?: number; readonly overrides?: Readonly<Record<string, number>> }

/** Percent of a limit that are told unless the rule names others. */
export const THRESHOLDS_DEFAULT = [50, 80, 100] as const

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
  if (exact > SAFE && exact > holdToExact(unit, Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER
  return unit.kind === 'money' ? toHold(units(exact), unit.asset) : Number(exact)
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

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
