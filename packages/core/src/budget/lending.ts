// What an authority keeps, as one value: budgets with their leases, and the processes that hold them. step() in step.ts changes
// it; PostgreSQL keeps the same in rows. E = Σ(G − U) over the leases of a budget, whoever holds them and in whatever phase.

import type { BudgetState } from './authority.ts'
import type { BudgetUnit } from './budget.ts'

/**
 * - `open` its process may still use it, or its journal was not read yet
 * - `closed` its journal was read to the end: what is left of it are amounts in doubt
 * - `given_up` nothing was heard for so long that it counts as lost: what is still claimed on it is the operator's loss
 */
export type LeasePhase = 'open' | 'closed' | 'given_up'

export type LeaseHolding = { readonly granted: bigint; readonly used: bigint; readonly phase: LeasePhase }

/** Held for one request that was in flight when its process died: nobody knows yet what it used. */
export type Doubt = { readonly holder: Holder; readonly amount: bigint }

/** One budget of one period. */
export type Account = {
  readonly unit: BudgetUnit
  readonly limit: bigint
  readonly settled: bigint
  /** Claimed on leases that were given up: not settled, so that no limit is passed, and never billed. */
  readonly lost: bigint
  readonly leases: ReadonlyMap<Holder, LeaseHolding>
  /** By reservation. Part of the escrow of the lease they were held on. */
  readonly doubts: ReadonlyMap<string, Doubt>
}

/** One life of a node: `<node>/<incarnation>`. */
export type Holder = string & { readonly __brand?: 'Holder' }

/**
 * - `active` it may be lent to
 * - `silent` not heard of in time: it admits nothing by its own clock, and must be heard before it is lent to
 * - `replaced` a later life has registered
 * - `given_up` its leases are no longer kept for it
 */
export type HolderStanding = 'active' | 'silent' | 'replaced' | 'given_up'

export type Lending = {
  readonly accounts: ReadonlyMap<string, Account>
  readonly holders: ReadonlyMap<Holder, HolderStanding>
  /** Of each node that ever registered, its latest incarnation. */
  readonly incarnations: ReadonlyMap<string, number>
}

export const NOTHING_LENT: Lending = { accounts: new Map(), holders: new Map(), incarnations: new Map() }

const NO_LEASE: LeaseHolding = { granted: 0n, used: 0n, phase: 'open' }

export function holderOf(node: string, incarnation: number): Holder {
  return `${node}/${incarnation}`
}

/** What of a lease is not used yet. */
export function unusedOf({ granted, used }: Pick<LeaseHolding, 'granted' | 'used'>): bigint {
  return granted > used ? granted - used : 0n
}

export function leaseIn(account: Account, holder: Holder): LeaseHolding {
  return account.leases.get(holder) ?? NO_LEASE
}

export function escrowOf(account: Account): bigint {
  let escrow = 0n
  for (const lease of account.leases.values()) escrow += unusedOf(lease)
  return escrow
}

export function stateOf(account: Account): BudgetState {
  return { limit: account.limit, settled: account.settled, escrow: escrowOf(account) }
}

/** Whether another node may have some of it idle: what of it is in doubt nobody can give back. */
export function isWithOthers(account: Account, holder: Holder): boolean {
  for (const [other, lease] of account.leases) if (nodeOf(other) !== nodeOf(holder) && lease.phase === 'open' && unusedOf(lease) > 0n) return true
  return false
}

export function nodeOf(holder: Holder): string {
  return holder.slice(0, holder.lastIndexOf('/'))
}

/** How many holders share the account now, `holder` included: each may have that part of what is left. */
export function sharersOf(account: Account, holder: Holder): number {
  let sharers = 1
  for (const [other, lease] of account.leases) if (other !== holder && lease.phase === 'open' && unusedOf(lease) > 0n) sharers += 1
  return sharers
}
