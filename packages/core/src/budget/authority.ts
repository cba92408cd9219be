// The authority's rules for one budget, pure: limit L, settled S, leases with granted G and used U; escrow E = Σ(G − U);
// headroom H = L − S − E. SQL in the store loads the rows under lock, calls this, and writes what changed. Amounts are
// exact bigints in the budget's unit; holds of nodes are converted at the border.
// Invariant: an acquire never makes H negative. Settling may: what happened is booked, and blocks new grants.

import { assert } from '../assert.ts'
import type { CustomerId } from '../id.ts'
import { LEASE_UNITS_MAX } from '../limits.ts'
import type { Instant } from '../time.ts'
import { exactToGrant, holdToExact, type Budget, type BudgetUnit } from './budget.ts'

export type BudgetState = { readonly limit: bigint; readonly settled: bigint; readonly escrow: bigint }

/** One request's misses. `min` is what it needs, `want` what the node would like for the next ones. */
export type LeaseRequest = {
  /** Rises by one with each call of an incarnation, so that a retry gets the first answer. */
  readonly sequence: number
  readonly customer: CustomerId
  readonly budgets: readonly { readonly budget: Budget; readonly min: number; readonly want: number }[]
}

export type Lease = {
  readonly budget: string
  readonly periodStart: Instant
  readonly granted: number
  /** Nothing is left to lease: the node spills to the next funding source, and asks again only when the budget changes. */
  readonly exhausted: boolean
}

export type AuthorityRefusal = {
  readonly kind: 'refused'
  /** The first budget that could not give `min`, with its numbers as exact decimal units. */
  readonly budget: string
  readonly limit: string
  readonly settled: string
  readonly headroom: string
  readonly escrow: string
}

export function headroomOf(state: BudgetState): bigint {
  return state.limit - state.settled - state.escrow
}

/**
 * How much to lease out. At least `min` or nothing; beyond it the node's wish, but no more than half of what is left, so
 * that a top-up, an ingested event or another node finds something without a recall. Returns hold units, or null.
 */
export function grantFrom(state: BudgetState, unit: BudgetUnit, request: { readonly min: number; readonly want: number }): number | null {
  assert(request.min >= 0 && request.want >= request.min, 'grantFrom: want below min')
  const free = exactToGrant(unit, headroomOf(state))
  if (free < request.min) return null
  const half = Math.floor(free / 2)
  return Math.min(Math.max(request.min, Math.min(request.want, half)), Math.max(0, free), LEASE_UNITS_MAX)
}

export function afterGrant(state: BudgetState, unit: BudgetUnit, granted: number): BudgetState {
  const next = { ...state, escrow: state.escrow + holdToExact(unit, granted) }
  assert(headroomOf(next) >= 0n, 'afterGrant: the grant exceeds the headroom')
  return next
}

/** Whether nothing is left to lease. */
export function isExhausted(state: BudgetState): boolean {
  return headroomOf(state) <= 0n
}
