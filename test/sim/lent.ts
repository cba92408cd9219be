// The budgets and leases of the simulated authority, in maps: what the PostgreSQL authority keeps in rows. How much is lent
// is core's rule (leaseFrom); here it is written down, one call at a time, all or nothing.

import {
  assert,
  formatDecimal,
  holdToExact,
  leaseFrom,
  type AuthorityRefusal,
  type Budget,
  type Instant,
  type Lease,
  type LeaseNeed,
  type LeaseStep,
  type NodeIdentity,
  type ReturnedLease,
} from '@tollgate/core'
import { budgetsOf, limitOf, type CustomerContext } from '../../packages/server/src/app/customer-contexts.ts'

/** `isClosed`: its process is dead and its journal was read; nothing may be settled on it any more. */
type LeaseRow = { granted: bigint; used: bigint; isClosed: boolean }

export type BudgetRow = {
  readonly budget: Budget
  limit: bigint
  settled: bigint
  escrow: bigint
  /** The part of `settled` that nobody asked for: ingested events. */
  unauthorized: bigint
  readonly leases: Map<string, LeaseRow>
}

export type Lent = ReturnType<typeof createLent>

export function createLent(contextAt: (at: Instant) => CustomerContext, clock: { readonly now: () => Instant }) {
  const budgets = new Map<string, BudgetRow>()
  /** What was settled on leases that were closed already. */
  let lateOnClosed = 0n

  /** The row of a budget, with its limit from the plan the first time it is seen. */
  function rowOf(id: string, periodStart: Instant): BudgetRow {
    const key = `${id} ${periodStart}`
    const known = budgets.get(key)
    if (known !== undefined) return known
    const context = contextAt(id.startsWith('wallet:') ? clock.now() : periodStart)
    const budget = budgetsOf(context.snapshot).find((one) => one.id === id && one.period.start === periodStart)
    assert(budget !== undefined, `no budget ${id} at ${periodStart}`)
    const row: BudgetRow = { budget, limit: limitOf(context, budget) ?? 0n, settled: 0n, escrow: 0n, unauthorized: 0n, leases: new Map() }
    budgets.set(key, row)
    return row
  }

  function leaseOf(row: BudgetRow, identity: NodeIdentity): LeaseRow {
    const key = `${identity.node}/${identity.incarnation}`
    const lease = row.leases.get(key) ?? { granted: 0n, used: 0n, isClosed: false }
    row.leases.set(key, lease)
    return lease
  }

  const openOf = ({ granted, used }: LeaseRow) => (granted > used ? granted - used : 0n)

  function changeLease(row: BudgetRow, lease: LeaseRow, change: Partial<LeaseRow>): void {
    const before = openOf(lease)
    Object.assign(lease, change)
    row.escrow += openOf(lease) - before
  }

  /** What an acquire would give, or the first budget that cannot give its min. Changes nothing. */
  function planLeases(identity: NodeIdentity, needs: readonly LeaseNeed[]) {
    const planned: { readonly row: BudgetRow; readonly lease: LeaseRow; readonly budget: Budget; readonly step: LeaseStep }[] = []
    for (const { budget, ...need } of needs) {
      const row = rowOf(budget.id, budget.period.start)
      const lease = leaseOf(row, identity)
      const state = { limit: row.limit, settled: row.settled, escrow: row.escrow, lease, othersEscrow: row.escrow - openOf(lease) }
      const step = leaseFrom(state, row.budget.unit, need)
      if (step === null) return { refused: row, recallable: state.othersEscrow > 0n }
      planned.push({ row, lease, budget, step })
    }
    return planned
  }

  /** Whether the request would get less than it needs while other nodes hold some of it. */
  function isRecallable(identity: NodeIdentity, needs: readonly LeaseNeed[]): boolean {
    const planned = planLeases(identity, needs)
    return Array.isArray(planned) ? planned.some(({ step }) => step.recallable) : planned.recallable
  }

  function acquire(identity: NodeIdentity, needs: readonly LeaseNeed[]): Lease[] | AuthorityRefusal {
    const planned = planLeases(identity, needs)
    if (!Array.isArray(planned)) {
      const { budget, limit, settled, escrow } = planned.refused
      const text = (amount: bigint) => formatDecimal(amount, budget.unit.kind === 'money' ? 12 : 0)
      return { kind: 'refused', budget: budget.id, limit: text(limit), settled: text(settled), headroom: text(limit - settled - escrow), escrow: text(escrow) }
    }
    return planned.map(({ row, lease, budget, step }) => {
      changeLease(row, lease, { granted: step.leaseGranted })
      assert(row.escrow === step.escrow, `the escrow of ${budget.id} moves by what was lent`)
      return { budget: budget.id, periodStart: budget.period.start, granted: step.granted, exhausted: step.exhausted }
    })
  }

  function giveBack(identity: NodeIdentity, returned: readonly ReturnedLease[]): void {
    for (const { budget, periodStart, amount } of returned) {
      const row = rowOf(budget, periodStart)
      const lease = leaseOf(row, identity)
      const granted = lease.granted - holdToExact(row.budget.unit, amount)
      assert(granted >= 0n, `${identity.node} gives back more of ${budget} than it was lent`)
      changeLease(row, lease, { granted })
    }
  }

  function closeLeases(isClosed: (node: string, incarnation: number) => boolean): void {
    for (const row of budgets.values()) {
      for (const [key, lease] of row.leases) {
        const [node = '', incarnation = '0'] = key.split('/')
        if (!isClosed(node, Number(incarnation))) continue
        changeLease(row, lease, { granted: lease.granted < lease.used ? lease.granted : lease.used, isClosed: true })
      }
    }
  }

  /** Books a settled amount on a budget, and on the lease that it came out of. */
  /** The budget moves by the charge, the lease by what the node took out of it. */
  function move(row: BudgetRow, amount: bigint, leased: bigint, identity: NodeIdentity | null): void {
    row.settled += amount
    if (identity === null) {
      row.unauthorized += amount
      return
    }
    const lease = leaseOf(row, identity)
    if (lease.isClosed) lateOnClosed += amount
    changeLease(row, lease, { used: lease.used + leased })
  }

  const usedBy = (identity: NodeIdentity, id: string, periodStart: number) =>
    budgets.get(`${id} ${periodStart}`)?.leases.get(`${identity.node}/${identity.incarnation}`)?.used ?? 0n

  return { rows: budgets, rowOf, acquire, isRecallable, giveBack, closeLeases, move, openOf, usedBy, lateOnClosed: () => lateOnClosed }
}
