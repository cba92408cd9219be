// The authority's rules as one pure step: a command on what is lent, to an answer and what is lent after it. The simulator runs on
// it; a suite of random commands holds PostgreSQL against it.
// Invariants: lending never makes a headroom negative; E = Σ(G − U); a lease that was closed or given up is never open again; a
// claim on what was given up changes no headroom.

import { assert } from '../assert.ts'
import { leaseFrom, type LeaseStep } from './authority.ts'
import { holdToExact, type BudgetUnit } from './budget.ts'
import { escrowOf, holderOf, isWithOthers, leaseIn, nodeOf, sharersOf, stateOf, unusedOf, type Account, type Holder, type HolderStanding, type Lending, type LeaseHolding } from './lending.ts'

export type AccountNeed = { readonly account: string; readonly min: number; readonly need: number; readonly want: number }

export type Command =
  | { readonly kind: 'open'; readonly account: string; readonly unit: BudgetUnit; readonly limit: bigint }
  | { readonly kind: 'limit'; readonly account: string; readonly limit: bigint }
  | { readonly kind: 'register'; readonly node: string }
  /** The node was not heard of for the time of a lease. */
  | { readonly kind: 'lapse'; readonly holder: Holder }
  | { readonly kind: 'renew'; readonly holder: Holder }
  | { readonly kind: 'acquire'; readonly holder: Holder; readonly needs: readonly AccountNeed[] }
  /** Amounts in hold units. */
  | { readonly kind: 'give_back'; readonly holder: Holder; readonly returned: readonly { readonly account: string; readonly amount: number }[] }
  /** `leased` of an amount came out of the holder's lease, or where it is `unleased` out of none yet. `reservations`: what the moves are of; whatever was in doubt of them is known now. */
  | { readonly kind: 'settle'; readonly moves: readonly { readonly account: string; readonly amount: bigint; readonly leased: bigint; readonly unleased?: boolean; readonly holder: Holder | null }[]; readonly reservations: readonly string[] }
  /**
   * The journal of the node's earlier lives was read; `doubts`: what was in flight. Of lives that are not among `kept` the journal is
   * not there, or not to its end (a power cut, another disk): they may have used all that they were lent, so the rest is in doubt, too.
   */
  | { readonly kind: 'close'; readonly node: string; readonly kept: readonly Holder[]; readonly doubts: readonly { readonly reservation: string; readonly account: string; readonly holder: Holder; readonly amount: bigint }[] }
  /** Nobody will tell any more what these used. */
  | { readonly kind: 'resolve'; readonly reservations: readonly string[] }
  /** Silent for too long for these (soft) budgets: what is left of them is free again, and the node must start anew. */
  | { readonly kind: 'release'; readonly holder: Holder; readonly accounts: readonly string[] }
  /** Silent for longer than anything may be in doubt. */
  | { readonly kind: 'give_up'; readonly holder: Holder }

export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'registered'; readonly incarnation: number }
  | { readonly kind: 'leases'; readonly leases: readonly { readonly account: string; readonly granted: number; readonly exhausted: boolean; readonly recallable: boolean }[] }
  /** `recallable`: others hold some of it. */
  | { readonly kind: 'refused'; readonly account: string; readonly recallable: boolean }
  | { readonly kind: 'fenced' }

export type Step = { readonly lending: Lending; readonly answer: Answer }

const DONE: Answer = { kind: 'done' }

export function step(lending: Lending, command: Command): Step {
  switch (command.kind) {
    case 'open':
      return done(lending.accounts.has(command.account) ? lending : withAccount(lending, command.account, { unit: command.unit, limit: command.limit, settled: 0n, lost: 0n, leases: new Map(), doubts: new Map() }))
    case 'limit':
      return done(withAccount(lending, command.account, { ...accountIn(lending, command.account), limit: command.limit }))
    case 'register':
      return register(lending, command.node)
    case 'lapse':
      return done(lending.holders.get(command.holder) === 'active' ? withHolder(lending, command.holder, 'silent') : lending)
    case 'renew':
      return isFenced(lending, command.holder) ? { lending, answer: { kind: 'fenced' } } : done(withHolder(lending, command.holder, 'active'))
    case 'acquire':
      return acquire(lending, command)
    case 'give_back':
      return giveBack(lending, command)
    case 'settle':
      return done(command.moves.reduce(book, resolve(lending, command.reservations)))
    case 'close':
      return done(close(lending, command))
    case 'resolve':
      return done(resolve(lending, command.reservations))
    case 'release':
      return done(endLeases(lending, command.holder, 'replaced', command.accounts))
    case 'give_up':
      return done(endLeases(lending, command.holder, 'given_up', null))
  }
}

function register(lending: Lending, node: string): Step {
  const incarnation = (lending.incarnations.get(node) ?? 0) + 1
  const holders = new Map(lending.holders)
  for (const [holder, standing] of holders) if (nodeOf(holder) === node && standing !== 'given_up') holders.set(holder, 'replaced')
  holders.set(holderOf(node, incarnation), 'active')
  return { lending: { ...lending, holders, incarnations: new Map(lending.incarnations).set(node, incarnation) }, answer: { kind: 'registered', incarnation } }
}

/** All or nothing on the `min`s, in the order of the needs. A refusal names a budget that no recall can help, where there is one. */
function acquire(lending: Lending, { holder, needs }: Extract<Command, { kind: 'acquire' }>): Step {
  if (isFenced(lending, holder)) return { lending, answer: { kind: 'fenced' } }
  // Whoever asks has been heard of.
  let after = withHolder(lending, holder, 'active')
  const leases: { account: string; granted: number; exhausted: boolean; recallable: boolean }[] = []
  let refused: Extract<Answer, { kind: 'refused' }> | null = null
  for (const { account: id, ...need } of needs) {
    const account = accountIn(after, id)
    const lease = leaseIn(account, holder)
    const othersEscrow = escrowOf(account) - unusedOf(lease)
    const given = leaseFrom({ ...stateOf(account), lease, othersEscrow, sharers: sharersOf(account, holder) }, account.unit, need)
    if (given === null) {
      const recallable = isWithOthers(account, holder)
      if (refused === null || (refused.recallable && !recallable)) refused = { kind: 'refused', account: id, recallable }
      continue
    }
    if (given.leaseGranted !== lease.granted) after = withLease(after, id, holder, { ...lease, granted: given.leaseGranted })
    leases.push(told(id, given))
  }
  if (refused !== null) return { lending: withHolder(lending, holder, 'active'), answer: refused }
  return { lending: after, answer: { kind: 'leases', leases } }
}

function told(account: string, given: LeaseStep) {
  return { account, granted: given.granted, exhausted: given.exhausted, recallable: given.recallable }
}

function giveBack(lending: Lending, { holder, returned }: Extract<Command, { kind: 'give_back' }>): Step {
  if (isFenced(lending, holder)) return { lending, answer: { kind: 'fenced' } }
  let after = lending
  for (const { account: id, amount } of returned) {
    const account = accountIn(after, id)
    const lease = leaseIn(account, holder)
    const granted = lease.granted - holdToExact(account.unit, amount)
    assert(granted >= 0n, `${holder} gives back more of ${id} than it was lent`)
    if (amount > 0) after = withLease(after, id, holder, { ...lease, granted })
  }
  return done(after)
}

function book(lending: Lending, { account: id, amount, leased, unleased, holder }: Extract<Command, { kind: 'settle' }>['moves'][number]): Lending {
  const account = accountIn(lending, id)
  if (holder === null) return withAccount(lending, id, { ...account, settled: account.settled + amount })
  if (lending.holders.get(holder) === 'given_up') return withAccount(lending, id, { ...account, lost: account.lost + amount })
  const settled = { ...account, settled: account.settled + amount }
  // Who was never lent anything of it has used what it was not lent; where it counts that, its next lease must cover it too.
  const lease = account.leases.get(holder) ?? (unleased === true ? leaseIn(account, holder) : undefined)
  return withAccount(lending, id, lease === undefined ? settled : { ...settled, leases: new Map(account.leases).set(holder, { ...lease, used: lease.used + leased }) })
}

function close(lending: Lending, { node, kept, doubts }: Extract<Command, { kind: 'close' }>): Lending {
  let after = lending
  for (const [id, account] of lending.accounts) {
    const leases = new Map(account.leases)
    const inDoubt = new Map(account.doubts)
    for (const [holder, lease] of account.leases) {
      if (nodeOf(holder) !== node || lease.phase !== 'open' || lending.holders.get(holder) !== 'replaced') continue
      // An amount that its lease no longer covers was overrun already: nothing is left to keep for it.
      let left = unusedOf(lease)
      for (const doubt of doubts) {
        if (doubt.account !== id || doubt.holder !== holder || inDoubt.has(doubt.reservation)) continue
        const amount = doubt.amount < left ? doubt.amount : left
        if (amount > 0n) inDoubt.set(doubt.reservation, { holder, amount })
        left -= amount
      }
      if (!kept.includes(holder) && left > 0n) {
        inDoubt.set(restOf(holder), { holder, amount: left })
        left = 0n
      }
      leases.set(holder, { used: lease.used, granted: unusedOf(lease) === 0n ? lease.granted : lease.granted - left, phase: 'closed' })
    }
    after = withAccount(after, id, { ...account, leases, doubts: inDoubt })
  }
  return after
}

/** Stands for the reservations that a lost end of a journal would have named. */
export function restOf(holder: Holder): string {
  return `rest:${holder}`
}

function resolve(lending: Lending, reservations: readonly string[]): Lending {
  if (reservations.length === 0) return lending
  let after = lending
  for (const [id, account] of lending.accounts) {
    if (!reservations.some((reservation) => account.doubts.has(reservation))) continue
    const leases = new Map(account.leases)
    const doubts = new Map(account.doubts)
    for (const reservation of reservations) {
      const doubt = doubts.get(reservation)
      if (doubt === undefined) continue
      doubts.delete(reservation)
      const lease = leases.get(doubt.holder)
      assert(lease !== undefined, `${reservation} is in doubt on a lease that nobody has`)
      leases.set(doubt.holder, { ...lease, granted: lease.granted - doubt.amount })
    }
    after = withAccount(after, id, { ...account, leases, doubts })
  }
  return after
}

/** Of a life that is silent or over: what it did not use is headroom again. */
function endLeases(lending: Lending, holder: Holder, standing: 'replaced' | 'given_up', accounts: readonly string[] | null): Lending {
  assert(lending.holders.get(holder) !== 'active', `${holder} is active: its leases are its own`)
  let after = withHolder(lending, holder, standing)
  for (const [id, account] of lending.accounts) {
    const lease = account.leases.get(holder)
    if (lease === undefined || lease.phase !== 'open' || (accounts !== null && !accounts.includes(id))) continue
    after = withLease(after, id, holder, { ...lease, granted: lease.granted < lease.used ? lease.granted : lease.used, phase: standing === 'given_up' ? 'given_up' : 'closed' })
  }
  return after
}

function isFenced(lending: Lending, holder: Holder): boolean {
  const standing = lending.holders.get(holder)
  return standing !== 'active' && standing !== 'silent'
}

function accountIn(lending: Lending, id: string): Account {
  const account = lending.accounts.get(id)
  assert(account !== undefined, `there is no budget ${id}`)
  return account
}

function withAccount(lending: Lending, id: string, account: Account): Lending {
  return { ...lending, accounts: new Map(lending.accounts).set(id, account) }
}

function withLease(lending: Lending, id: string, holder: Holder, lease: LeaseHolding): Lending {
  const account = accountIn(lending, id)
  return withAccount(lending, id, { ...account, leases: new Map(account.leases).set(holder, lease) })
}

function withHolder(lending: Lending, holder: Holder, standing: HolderStanding): Lending {
  return { ...lending, holders: new Map(lending.holders).set(holder, standing) }
}

function done(lending: Lending): Step {
  return { lending, answer: DONE }
}
