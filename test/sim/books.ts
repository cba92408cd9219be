// The money of the simulated control plane: blocks, accumulators, ledger, settled events. Rating and posting are the
// production code; what PostgreSQL does with rows is done here with maps, one event at a time, all or nothing.

import {
  accountBalances,
  assert,
  eventFingerprint,
  instant,
  isCumulative,
  rateOpening,
  rateTotal,
  quantity,
  units,
  usageTransfers,
  topUpTransfers,
  ZERO,
  type AccountId,
  type CreditBlock,
  type Instant,
  type Transfer,
  type Units,
  type UsageEvent,
} from '@tollgate/core'
import { resolveSnapshot } from '@tollgate/core/resolve'
import { debtKey, emptyOutput, type BatchState } from '../../packages/server/src/app/settlement/batch-state.ts'
import { meteringOf } from '../../packages/server/src/app/settlement/metering.ts'
import { createPlaces } from '../../packages/server/src/app/settlement/places.ts'
import { lose } from '../../packages/server/src/app/settlement/lose.ts'
import { rateInto } from '../../packages/server/src/app/settlement/rate-batch.ts'
import type { CustomerContext } from '../../packages/server/src/app/customer-contexts.ts'
import { createLent } from './lent.ts'
import { CATALOG, CUSTOMER, factsOf, LINKS, type PlanId } from './scenario.ts'

import type { Mutation } from './mutations.ts'

type Block = Omit<CreditBlock, 'remaining'> & { readonly customer: string; readonly asset: string; remaining: Units; changed: boolean; readonly paysUntil: null }

export type Books = ReturnType<typeof createBooks>

export function createBooks(planId: PlanId, clock: { readonly now: () => Instant }, mutation: Mutation) {
  const facts = factsOf(planId)
  const blocks: Block[] = []
  const debts: BatchState['debts'] = new Map()
  const owed = debtKey(CUSTOMER, 'USD')
  const transfers: Transfer[] = []
  const fingerprints = new Map<string, string>()
  /** Charge of each settled event, as posted. */
  const charges = new Map<string, bigint>()
  /** Charges posted since somebody looked. */
  const fresh: [string, bigint][] = []
  /** Claimed too late, and charged to nobody. */
  const lost = new Set<string>()
  const contexts = new Map<number, CustomerContext>()
  const lent = createLent(contextAt, clock)
  const state: BatchState = {
    contextAt: (_, at) => contextAt(at),
    catalogOf: () => CATALOG,
    totals: new Map(),
    chargedRuns: new Set(),
    accumulators: new Map(),
    blocks: new Map([[CUSTOMER, blocks]]),
    debts,
    headrooms: new Map(),
    covered: new Map(),
    accruals: new Map(),
    drawn: new Map(),
    lapsed: new Map(),
    aggregatesLeft: { states: new Map(), labels: new Set() },
    meteringOf: (event) => meteringOf(event, CATALOG, CATALOG),
    aggregates: { states: new Map(), labels: new Set() },
    places: createPlaces(({ value }) => value),
    dimensions: { keep: ({ value }) => value, write: async () => [], committed: () => undefined },
    get now() {
      return clock.now()
    },
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

  /** Settles events once each; another content under a known id is told, not charged. */
  function settle(events: readonly UsageEvent[]): void {
    for (const event of events) {
      const fingerprint = eventFingerprint(event, true)
      const known = fingerprints.get(event.id)
      assert(known === undefined || known === fingerprint, `event ${event.id} came with two contents`)
      if (known !== undefined && mutation !== 'settle_twice') continue
      fingerprints.set(event.id, fingerprint)
      if (event.settled !== null && lent.standingOf(event.settled) === 'given_up') {
        loseClaim(event)
        continue
      }
      refreshHeadrooms(event)
      const output = emptyOutput()
      rateInto(output, state, mutation === 'late_period' ? { ...event, time: clock.now() } : event)
      for (const posting of output.postings.values()) {
        charges.set(event.id, (charges.get(event.id) ?? 0n) + posting.amount)
        transfers.push(
          ...usageTransfers({
            asset: posting.asset,
            draws: [...posting.draws].map(([block, amount]) => ({ block, amount: units(amount) })),
            included: units(posting.included),
            accrued: units(posting.accrued),
            debt: units(posting.debt),
          }),
        )
      }
      fresh.push([event.id, charges.get(event.id)!])
      lent.settle(
        event.id,
        [...output.moves.values()].map(({ budget, periodStart, amount, leased, unleased, node, incarnation }) => ({
          budget,
          periodStart,
          amount,
          leased,
          unleased: unleased === true,
          identity: node === null || incarnation === null ? null : { node, incarnation },
        })),
      )
    }
  }

  /** Comes on leases that were given up: charged to nobody. */
  function loseClaim(event: UsageEvent): void {
    const losses = emptyOutput()
    lose(losses, state, event)
    lost.add(event.id)
    lent.settle(
      event.id,
      [...losses.moves.values()].map(({ budget, periodStart, amount, leased }) => ({ budget, periodStart, amount, leased, identity: event.settled })),
    )
  }

  /** Events that nobody authorized may draw what is not lent out. */
  function refreshHeadrooms(event: UsageEvent): void {
    state.headrooms.clear()
    if (event.settled !== null) return
    for (const source of contextAt(event.time).snapshot.funding) {
      if (source.kind !== 'allowance') continue
      const headroom = lent.headroomOf(lent.budgetAt(source.budget.id, source.budget.period.start))
      state.headrooms.set(`${CUSTOMER} ${source.budget.id} ${source.budget.period.start}`, headroom > 0n ? headroom : 0n)
    }
  }

  function topUp(amount: Units): void {
    const debt = debts.get(owed)?.amount ?? ZERO
    const repaid = units(debt < amount ? debt : amount)
    const id = `blk_${blocks.length + 1}`
    const now = clock.now()
    blocks.push({ paysUntil: null,
      id,
      category: 'paid',
      priority: 100,
      granted: amount,
      remaining: units(amount - repaid),
      effectiveAt: now,
      expiresAt: null,
      createdAt: now,
      customer: CUSTOMER,
      asset: 'USD',
      features: [],
      changed: false,
    })
    debts.set(owed, { customer: CUSTOMER, asset: 'USD', amount: units(debt - repaid) })
    transfers.push(...topUpTransfers({ block: id, asset: 'USD', category: 'paid', amount, repaid }))
    if (planId !== 'quota') lent.raise(lent.budgetAt('wallet:USD', 0 as Instant), amount)
  }

  const debt = () => debts.get(owed)?.amount ?? ZERO
  /** A wallet's balance as the control plane knows it: what blocks hold, less what is owed. */
  const posted = () => blocks.reduce((sum, block) => sum + block.remaining, 0n) - debt()

  /** Over all prices and periods: what usage was charged, and R(total) − R(0) of its accumulators. */
  function ratedTotals(): { readonly charged: bigint; readonly rated: bigint } {
    let rated = 0n
    for (const row of state.accumulators.values()) {
      const price = CATALOG.plans.get(planId)!.prices.find(({ id }) => id === row.price)!
      assert(isCumulative(price), 'the simulated plans have cumulative prices')
      rated += rateTotal(price, quantity(row.billable)) - rateOpening(price)
    }
    return { charged: [...charges.values()].reduce((sum, amount) => sum + amount, 0n), rated }
  }

  return {
    lent,
    facts,
    charges,
    lost,
    fresh,
    blocks,
    contextAt,
    debt,
    settle,
    topUp,
    posted,
    ratedTotals,
    balances: (): Map<AccountId, Units> => accountBalances(transfers),
  }
}
