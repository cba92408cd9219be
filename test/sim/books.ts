// The records of the simulated control plane: budgets and leases, blocks, accumulators, ledger, settled events. Rating and
// posting are the production code; what PostgreSQL does with rows is done here with maps, one call at a time, all or nothing.

import {
  accountBalances, assert, eventFingerprint, formatDecimal, headroomOf, holdToExact, instant, leaseFrom, rateOpening, rateTotal, quantity, units, usageTransfers, topUpTransfers, ZERO,
  type AccountId, type AuthorityRefusal, type Budget, type CreditBlock, type Instant, type Lease, type LeaseNeed, type LeaseStep, type NodeIdentity, type ReturnedLease, type Transfer, type Units, type UsageEvent,
} from '@tollgate/core'
import { resolveSnapshot } from '@tollgate/core/resolve'
import { emptyOutput, rateInto, type BatchState } from '../../packages/server/src/app/settlement/rate-batch.ts'
import { budgetsOf, limitOf, type CustomerContext } from '../../packages/server/src/app/customer-contexts.ts'
import { CATALOG, CUSTOMER, factsOf, LINKS, type PlanId } from './scenario.ts'

/**
 * Planted bugs that the checks must find: a settlement charged again when it comes again; leases taken back from under
 * requests in flight; leases of a dead process closed before its journal was read; what was given back counted twice.
 */
export const MUTATIONS = ['none', 'settle_twice', 'close_in_flight', 'skip_replay', 'give_back_twice'] as const
export type Mutation = (typeof MUTATIONS)[number]

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
type Block = Omit<CreditBlock, 'remaining'> & { readonly customer: string; readonly asset: string; remaining: Units; changed: boolean }

export type Books = ReturnType<typeof createBooks>

export function createBooks(planId: PlanId, clock: { readonly now: () => Instant }, mutation: Mutation) {
  const facts = factsOf(planId)
  const budgets = new Map<string, BudgetRow>()
  const blocks: Block[] = []
  const debts = new Map<string, Units>()
  const transfers: Transfer[] = []
  const fingerprints = new Map<string, string>()
  /** Charge of each settled event, as posted. */
  const charges = new Map<string, bigint>()
  /** Charges posted since somebody looked. */
  const fresh: [string, bigint][] = []
  /** What was settled on leases that were closed already. */
  let lateOnClosed = 0n
  const contexts = new Map<number, CustomerContext>()
  const state: BatchState = {
    contextAt: (_, at) => contextAt(at), catalogOf: () => CATALOG, accumulators: new Map(), blocks: new Map([[CUSTOMER, blocks]]), debts, headrooms: new Map(),
    get now() { return clock.now() },
  }

  /** By hour: all windows begin at full hours. */
  function contextAt(at: Instant): CustomerContext {
    const hour = Math.floor(at / 3_600_000)
    const context = contexts.get(hour) ?? compileAt(instant(hour * 3_600_000))
    contexts.set(hour, context)
    return context
  }

  function compileAt(at: Instant): CustomerContext {
    const snapshot = resolveSnapshot({ ...facts, positions: {}, walletChangesAt: null }, CATALOG, at, LINKS)
    return { facts, catalog: CATALOG, plan: CATALOG.plans.get(planId)!, snapshot, holds: snapshot.period }
  }

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

  /** Settles events once each; another content under a known id is told, not charged. */
  function settle(events: readonly UsageEvent[]): void {
    for (const event of events) {
      const fingerprint = eventFingerprint(event, true)
      const known = fingerprints.get(event.id)
      assert(known === undefined || known === fingerprint, `event ${event.id} came with two contents`)
      if (known !== undefined && mutation !== 'settle_twice') continue
      fingerprints.set(event.id, fingerprint)
      refreshHeadrooms(event)
      const output = emptyOutput()
      rateInto(output, state, event)
      for (const posting of output.postings.values()) {
        charges.set(event.id, (charges.get(event.id) ?? 0n) + posting.amount)
        transfers.push(...usageTransfers({ asset: posting.asset, draws: [...posting.draws].map(([block, amount]) => ({ block, amount: units(amount) })), accrued: units(posting.accrued), debt: units(posting.debt) }))
      }
      fresh.push([event.id, charges.get(event.id)!])
      for (const move of output.moves.values()) {
        const row = rowOf(move.budget, move.periodStart)
        row.settled += move.amount
        if (move.node === null || move.incarnation === null) {
          row.unauthorized += move.amount
          continue
        }
        const lease = leaseOf(row, { node: move.node, incarnation: move.incarnation })
        if (lease.isClosed) lateOnClosed += move.amount
        changeLease(row, lease, { used: lease.used + move.amount })
      }
    }
  }

  /** Events that nobody authorized may draw what is not lent out. */
  function refreshHeadrooms(event: UsageEvent): void {
    state.headrooms.clear()
    if (event.settled !== null) return
    for (const source of contextAt(event.time).snapshot.funding) {
      if (source.kind !== 'allowance') continue
      const headroom = headroomOf(rowOf(source.budget.id, source.budget.period.start))
      state.headrooms.set(`${CUSTOMER} ${source.budget.id} ${source.budget.period.start}`, headroom > 0n ? headroom : 0n)
    }
  }

  function topUp(amount: Units): void {
    const debt = debts.get(CUSTOMER) ?? ZERO
    const repaid = units(debt < amount ? debt : amount)
    const id = `blk_${blocks.length + 1}`
    const now = clock.now()
    blocks.push({ id, category: 'paid', priority: 100, granted: amount, remaining: units(amount - repaid), effectiveAt: now, expiresAt: null, createdAt: now, customer: CUSTOMER, asset: 'USD', changed: false })
    debts.set(CUSTOMER, units(debt - repaid))
    transfers.push(...topUpTransfers({ block: id, asset: 'USD', category: 'paid', amount, repaid }))
    if (planId !== 'quota') rowOf('wallet:USD', 0 as Instant).limit += amount
  }

  const debt = () => debts.get(CUSTOMER) ?? ZERO
  /** A wallet's balance as the control plane knows it: what blocks hold, less what is owed. */
  const posted = () => blocks.reduce((sum, block) => sum + block.remaining, 0n) - debt()
  const leaseUse = (identity: NodeIdentity) => budgets.get('wallet:USD 0')?.leases.get(`${identity.node}/${identity.incarnation}`)?.used ?? 0n

  /** Over all prices and periods: what usage was charged, and R(total) − R(0) of its accumulators. */
  function ratedTotals(): { readonly charged: bigint; readonly rated: bigint } {
    let rated = 0n
    for (const row of state.accumulators.values()) {
      const price = CATALOG.plans.get(planId)!.prices.find(({ id }) => id === row.price)!
      rated += rateTotal(price, quantity(row.billable)) - rateOpening(price)
    }
    return { charged: [...charges.values()].reduce((sum, amount) => sum + amount, 0n), rated }
  }

  return {
    get lateOnClosed() { return lateOnClosed },
    facts, budgets, charges, fresh, blocks, contextAt, acquire, isRecallable, giveBack, debt, closeLeases, settle, topUp, posted, leaseUse, ratedTotals, openOf,
    balances: (): Map<AccountId, Units> => accountBalances(transfers),
  }
}
