// The simulated authority: core's step() on a value, where the PostgreSQL authority has rows. What PostgreSQL resolves out of catalogs
// is resolved here the same way. One call at a time, all or nothing.

import {
  assert,
  escrowOf,
  formatDecimal,
  headroomOf,
  holderOf,
  holdToExact,
  leaseIn,
  NOTHING_LENT,
  stateOf,
  step,
  unusedOf,
  type Account,
  type Answer,
  type AuthorityRefusal,
  type Budget,
  type Command,
  type Instant,
  type Lease,
  type LeaseHolding,
  type LeaseNeed,
  type LeftBehind,
  type Lending,
  type NodeIdentity,
  type ReturnedLease,
} from '@tollgate/core'
import { budgetsOf, limitOf, type CustomerContext } from '../../packages/server/src/app/customer-contexts.ts'

export type LentBudget = {
  readonly budget: Budget
  readonly key: string
  /** The part of what is settled that nobody asked for: ingested events. */
  unauthorized: bigint
  /** By how much more than the limit was lent out or used when it was lowered; it only shrinks. */
  overhang: bigint
}



export function createLent(contextAt: (at: Instant) => CustomerContext, clock: { readonly now: () => Instant }) {
  let lending: Lending = NOTHING_LENT
  const budgets = new Map<string, LentBudget>()
  /** What was settled on leases that were closed already. */
  let lateOnClosed = 0n

  function run(command: Command): Answer {
    const after = step(lending, command)
    lending = after.lending
    return after.answer
  }

  /** The budget of a period, with its limit from the plan the first time it is seen. */
  function budgetAt(id: string, periodStart: Instant): LentBudget {
    const key = `${id} ${periodStart}`
    const known = budgets.get(key)
    if (known !== undefined) return known
    const context = contextAt(id.startsWith('wallet:') ? clock.now() : periodStart)
    const budget = budgetsOf(context.snapshot).find((one) => one.id === id && one.period.start === periodStart)
    assert(budget !== undefined, `no budget ${id} at ${periodStart}`)
    run({ kind: 'open', account: key, unit: budget.unit, limit: limitOf(context, budget) ?? 0n })
    const row: LentBudget = { budget, key, unauthorized: 0n, overhang: 0n }
    budgets.set(key, row)
    return row
  }

  const accountOf = ({ key }: LentBudget): Account => lending.accounts.get(key)!

  /** What the node was lent of each budget, for {@link afterRecall}. */
  function grantedTo(identity: NodeIdentity, needs: readonly LeaseNeed[]): bigint[] {
    return needs.map(({ budget }) => leaseIn(accountOf(budgetAt(budget.id, budget.period.start)), holderOf(identity.node, identity.incarnation)).granted)
  }

  function acquire(identity: NodeIdentity, needs: readonly LeaseNeed[]): Lease[] | (AuthorityRefusal & { readonly recallable: boolean }) | 'fenced' {
    const rows = needs.map(({ budget }) => budgetAt(budget.id, budget.period.start))
    const answer = run({ kind: 'acquire', holder: holderOf(identity.node, identity.incarnation), needs: needs.map(({ min, need, want }, index) => ({ account: rows[index]!.key, min, need, want })) })
    if (answer.kind === 'fenced') return 'fenced'
    if (answer.kind === 'refused') {
      const row = budgets.get(answer.account)!
      const { limit, settled, escrow } = stateOf(accountOf(row))
      const text = (amount: bigint) => formatDecimal(amount, row.budget.unit.kind === 'money' ? 12 : 0)
      return { kind: 'refused', budget: row.budget.id, limit: text(limit), settled: text(settled), headroom: text(limit - settled - escrow), escrow: text(escrow), min: needs[rows.indexOf(row)]!.min, recallable: answer.recallable }
    }
    assert(answer.kind === 'leases', 'an acquire is answered with leases')
    return answer.leases.map(({ granted, exhausted }, index) => ({ budget: rows[index]!.budget.id, periodStart: rows[index]!.budget.period.start, granted, exhausted }))
  }

  /** Whether the request would get less than it needs while other nodes hold some of it. Changes nothing. */
  function isRecallable(identity: NodeIdentity, needs: readonly LeaseNeed[]): boolean {
    const rows = needs.map(({ budget }) => budgetAt(budget.id, budget.period.start))
    const { answer } = step(lending, { kind: 'acquire', holder: holderOf(identity.node, identity.incarnation), needs: needs.map(({ min, need, want }, index) => ({ account: rows[index]!.key, min, need, want })) })
    return answer.kind === 'refused' ? answer.recallable : answer.kind === 'leases' && answer.leases.some(({ recallable }) => recallable)
  }

  function giveBack(identity: NodeIdentity, returned: readonly ReturnedLease[]): Answer {
    return run({ kind: 'give_back', holder: holderOf(identity.node, identity.incarnation), returned: returned.map(({ budget, periodStart, amount }) => ({ account: budgetAt(budget, periodStart).key, amount })) })
  }

  function close(node: string, left: LeftBehind): Answer {
    const doubts = left.inFlight.flatMap(({ reservation, incarnation, holds }) =>
      holds.map(({ budget, periodStart, amount }) => {
        const row = budgetAt(budget, periodStart)
        return { reservation, account: row.key, holder: holderOf(node, incarnation), amount: holdToExact(row.budget.unit, amount) }
      }),
    )
    return run({ kind: 'close', node, kept: left.kept.map((incarnation) => holderOf(node, incarnation)), doubts })
  }

  /** Books what one event settles on its budgets, and on the leases that it came out of. */
  function settle(reservation: string, moves: readonly { readonly budget: string; readonly periodStart: Instant; readonly amount: bigint; readonly leased: bigint; readonly unleased?: boolean; readonly identity: NodeIdentity | null }[]): void {
    const booked = moves.map(({ budget, periodStart, amount, leased, unleased = false, identity }) => {
      const row = budgetAt(budget, periodStart)
      if (identity === null) row.unauthorized += amount
      else lateOnClosed += uncovered(accountOf(row).leases.get(holderOf(identity.node, identity.incarnation)), leased)
      return { account: row.key, amount, leased, unleased, holder: identity === null ? null : holderOf(identity.node, identity.incarnation) }
    })
    run({ kind: 'settle', moves: booked, reservations: [reservation] })
  }

  /** What of a claim comes on a lease that was closed and is kept room for no more. */
  function uncovered(lease: LeaseHolding | undefined, amount: bigint): bigint {
    if (lease === undefined || lease.phase !== 'closed') return 0n
    const left = unusedOf(lease)
    return amount > left ? amount - left : 0n
  }

  /** A planted bug: leases of other nodes are taken back from under their requests. */
  function stripOthers(except: string | null): void {
    const accounts = new Map(lending.accounts)
    for (const [key, account] of accounts) {
      const leases = new Map(account.leases)
      for (const [holder, lease] of leases) if (!holder.startsWith(`${except}/`) && lease.granted > lease.used) leases.set(holder, { ...lease, granted: lease.used })
      accounts.set(key, { ...account, leases })
    }
    lending = { ...lending, accounts }
  }

  return {
    stripOthers,
    isOpen: (identity: NodeIdentity) => {
      const holder = holderOf(identity.node, identity.incarnation)
      return [...lending.accounts.values()].some(({ leases }) => leases.get(holder)?.phase === 'open' && unusedOf(leases.get(holder)!) > 0n)
    },
    budgets,
    run,
    budgetAt,
    accountOf,
    acquire,
    grantedTo,
    isRecallable,
    giveBack,
    close,
    settle,
    raise: (row: LentBudget, by: bigint) => run({ kind: 'limit', account: row.key, limit: accountOf(row).limit + by }),
    headroomOf: (row: LentBudget) => headroomOf(stateOf(accountOf(row))),
    escrowOf: (row: LentBudget) => escrowOf(accountOf(row)),
    standingOf: (identity: NodeIdentity) => lending.holders.get(holderOf(identity.node, identity.incarnation)),
    usedBy: (identity: NodeIdentity, id: string, periodStart: number) => lending.accounts.get(`${id} ${periodStart}`)?.leases.get(holderOf(identity.node, identity.incarnation))?.used ?? 0n,
    lending: () => lending,
    lateOnClosed: () => lateOnClosed,
  }
}
