// The authority's rules for one budget, pure: limit L, settled S, leases with granted G and used U; escrow E = Σ(G − U);
// headroom H = L − S − E. SQL in the store loads the rows under lock, calls this, and writes what changed. Amounts are
// exact bigints in the budget's unit; holds of nodes are converted at the border.
// Invariant: an acquire never makes H negative. Settling may: what happened is booked, and blocks new grants.

import { assert } from '../assert.ts'
import type { CustomerId } from '../id.ts'
import { LEASE_UNITS_MAX } from '../limits.ts'
import type { Instant } from '../time.ts'
import { exactToGrant, exactToHold, holdToExact, type Budget, type BudgetUnit } from './budget.ts'

export type BudgetState = { readonly limit: bigint; readonly settled: bigint; readonly escrow: bigint }

/** What a request misses of one budget, in hold units: `min` ≤ `need` ≤ `want`. */
export type LeaseNeed = {
  readonly budget: Budget
  /** Less than this is refused; 0 where the next funding source pays what is missing. */
  readonly min: number
  /** What this request can use: all that there is goes to it, up to this. */
  readonly need: number
  /** What the node would like for the next requests too. */
  readonly want: number
}

/** One request's misses, all or nothing on their `min`. */
export type LeaseRequest = {
  /** Rises by one with each call of an incarnation, so that a retry gets the first answer. */
  readonly sequence: number
  readonly customer: CustomerId
  readonly budgets: readonly LeaseNeed[]
}

export type Lease = {
  readonly budget: string
  readonly periodStart: Instant
  readonly granted: number
  /** Nothing is left, here or with other nodes: the node spills to the next funding source, and asks again only when the budget changes. */
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
  /** What could not be given, in hold units: what was missing, and what the node itself has given back since it asked. */
  readonly min: number
  /** A node that may hold what is missing did not answer in time: another look may find it. */
  readonly unheard?: boolean
}

export function headroomOf(state: BudgetState): bigint {
  return state.limit - state.settled - state.escrow
}

/**
 * How much to lease out: at least `min` or nothing, and what the request needs if it is there. Beyond the need the node's
 * wish, but no more than half of what is left, shared fairly among the nodes that use the budget now, so that a top-up, an
 * ingested event or another node finds something without a recall. Where that share is less than the need, the lease is exact:
 * one request's hold. Returns hold units, or null.
 */
export function grantFrom(state: BudgetState, unit: BudgetUnit, request: Omit<LeaseNeed, 'budget'>, sharers = 1): number | null {
  const { min, need, want } = request
  assert(min >= 0 && need >= min && want >= need, `grantFrom: not min ≤ need ≤ want: ${min}, ${need}, ${want}`)
  const free = Math.max(0, Math.min(exactToGrant(unit, headroomOf(state)), LEASE_UNITS_MAX))
  if (free < min) return null
  return Math.min(free, Math.max(need, Math.min(want, Math.floor(free / (2 * sharers)))))
}

export function afterGrant(state: BudgetState, unit: BudgetUnit, granted: number): BudgetState {
  const next = { ...state, escrow: state.escrow + holdToExact(unit, granted) }
  assert(granted === 0 || headroomOf(next) >= 0n, 'afterGrant: the grant exceeds the headroom')
  return next
}

/**
 * What a request misses after a recall: when several nodes ask for the last of a budget, each is also recalled by the others, and what it has given
 * back since it asked is missing, too. Asking for the first figure would give each of them a part that is of use to none.
 */
export function afterRecall<N extends Pick<LeaseNeed, 'min' | 'need' | 'want'>>(need: N, unit: BudgetUnit, granted: { readonly before: bigint; readonly now: bigint }): N {
  if (granted.now >= granted.before) return need
  const given = exactToHold(unit, granted.before - granted.now)
  return { ...need, min: need.min === 0 ? 0 : need.min + given, need: need.need + given, want: need.want + given }
}

/** A budget as one node meets it: the node's own lease, and what other nodes hold. */
export type LeaseState = BudgetState & {
  readonly lease: { readonly granted: bigint; readonly used: bigint }
  readonly othersEscrow: bigint
  /** Nodes that hold some of it now, this one included. */
  readonly sharers: number
}

export type LeaseStep = {
  /** What the node is told, in hold units. */
  readonly granted: number
  /** The lease and the budget after it. */
  readonly leaseGranted: bigint
  readonly escrow: bigint
  /** Nothing is left to lease, and no other node holds any that could come back. */
  readonly exhausted: boolean
  /** The request gets less than it needs while other nodes hold some: recall, then look again. */
  readonly recallable: boolean
}

/**
 * One budget of an acquire. What the node used beyond its lease is settled already, so the lease grows by that for free;
 * the rest comes out of the headroom. Null when `min` is not there; then a recall helps if other nodes hold some.
 */
export function leaseFrom(state: LeaseState, unit: BudgetUnit, request: Omit<LeaseNeed, 'budget'>): LeaseStep | null {
  const { lease } = state
  const overrun = lease.used > lease.granted ? lease.used - lease.granted : 0n
  const overrunHold = Math.max(0, exactToGrant(unit, overrun))
  const beyond = (amount: number) => Math.max(0, amount - overrunHold)
  const granted = grantFrom(state, unit, { min: beyond(request.min), need: beyond(request.need), want: beyond(request.want) }, state.sharers)
  if (granted === null) return null
  const after = afterGrant(state, unit, granted)
  return {
    granted: granted + overrunHold,
    leaseGranted: lease.granted + overrun + holdToExact(unit, granted),
    escrow: after.escrow,
    exhausted: state.othersEscrow === 0n && isExhausted(after, unit),
    recallable: granted + overrunHold < request.need && state.othersEscrow > 0n,
  }
}

/** Whether nothing is left to lease: a remainder below one hold unit is nothing. */
export function isExhausted(state: BudgetState, unit: BudgetUnit): boolean {
  return exactToGrant(unit, headroomOf(state)) <= 0
}
