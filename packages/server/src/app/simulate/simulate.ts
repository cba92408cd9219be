// A price simulation: the stored events of a period rated under a draft catalog, beside what they were charged. Streamed customer by
// customer, so that memory does not grow with the number of events; it writes nothing. Billing periods that the span cuts are rated
// whole and counted in part: a tier or an allowance stands where it stood.

import {
  assert, contains, convert, exchangeAt, isCurrency, parseUnits, SIMULATED_CUSTOMERS_KEPT, units, ZERO,
  type Catalog, type CustomerId, type EntityId, type ExchangeRate, type Instant, type Span, type Units, type UsageEvent,
} from '@tollgate/core'
import type { Sql } from '../../platform/postgres.ts'
import { loadFacts, type StoredFacts } from '../../store/customers.ts'
import { correctedKey, countCustomers, customerIdsAfter, estimateEvents, simulatedEvents, standingCorrections, type SimulatedRow } from '../../store/simulation.ts'
import { openCustomerRun, type CustomerRun } from './customer-run.ts'
import { emptyTotals, type CustomerTotals, type SimulationResult } from './totals.ts'

export type SimulationInput = {
  readonly sql: Sql
  /** What is in force: for what is due without usage beside what was charged. */
  readonly current: Catalog
  readonly draft: Catalog
  readonly span: Span
  /** Customers on these plans; null for all. */
  readonly plans: readonly string[] | null
  readonly onProgress: (progress: SimulationProgress) => void
  /** Given what was charged and what it would be, by billing period, of some customers at a time. */
  readonly onPeriods?: (periods: readonly RatedPeriod[]) => Promise<void>
  /** Asked between batches; a reason ends the simulation. */
  readonly signal: AbortSignal
}

export type SimulationProgress = { readonly events: number; readonly eventsExpected: number; readonly customers: number; readonly customersExpected: number }

/** The counted events of one billing period of a customer. */
export type RatedPeriod = {
  readonly customer: CustomerId
  readonly period: Span
  /** `isInvoiced`: the plan leaves to the invoice what nothing else pays, in this currency. */
  readonly assets: Map<string, { current: bigint; simulated: bigint; isInvoiced: boolean }>
  events: number
}

/** Customers of one query: their facts are in memory together. */
const CUSTOMERS_AT_ONCE = 200

export async function simulate(input: SimulationInput): Promise<SimulationResult> {
  const { sql, span, signal } = input
  const [customersExpected, eventsExpected] = await Promise.all([countCustomers(sql, input.plans), estimateEvents(sql, { from: span.start, to: span.end })])
  const totals = openTotals()
  const counts = { events: 0, unpriced: 0, costUnknown: 0, skipped: 0 }
  let customers = 0
  for (let after = ''; ; ) {
    const ids = await customerIdsAfter(sql, { after, limit: CUSTOMERS_AT_ONCE, plans: input.plans })
    if (ids.length === 0) break
    const facts = await loadFacts(sql, ids)
    await simulateBatch(input, facts, { totals, counts, onEvents: (events) => input.onProgress({ events, eventsExpected, customers, customersExpected }) })
    customers += ids.length
    after = ids.at(-1)!
    input.onProgress({ events: counts.events, eventsExpected, customers, customersExpected })
    signal.throwIfAborted()
  }
  return { span, customers, ...counts, ...totals.finish(), catalogVersion: input.current.version, exchange: [...totals.exchange] }
}

type Counts = { events: number; unpriced: number; costUnknown: number; /** Customers whose plan the draft does not have. */ skipped: number }
type Totals = ReturnType<typeof openTotals>
type Batch = { readonly totals: Totals; readonly counts: Counts; readonly onEvents: (events: number) => void }

type Running = { readonly facts: StoredFacts; readonly whole: Span; readonly draft: CustomerRun; readonly current: CustomerRun | null; readonly own: CustomerTotals; /** By the start of the period that they were charged in. */ readonly periods: Map<Instant, RatedPeriod> }

async function simulateBatch(input: SimulationInput, facts: ReadonlyMap<string, StoredFacts>, { totals, counts, onEvents }: Batch): Promise<void> {
  const { sql, span, signal } = input
  const running = new Map<string, Running>()
  for (const [id, of] of facts) {
    const draft = openCustomerRun(of, input.draft)
    if (draft === null) counts.skipped += 1
    else running.set(id, { facts: of, whole: wholePeriods(draft, span), draft, current: openCustomerRun(of, input.current), own: emptyTotals(id, of.name, of.plan), periods: new Map() })
  }
  const whole = [...running.values()].map((one) => one.whole)
  const from = Math.min(span.start, ...whole.map(({ start }) => start)) as Instant
  const to = Math.max(span.end, ...whole.map(({ end }) => end)) as Instant
  const corrected = await standingCorrections(sql, [...running.keys()])
  for await (const rows of simulatedEvents(sql, { customers: [...running.keys()], from, to })) {
    for (const row of rows) {
      const one = running.get(row.customer)
      assert(one !== undefined, 'an event of a customer that was not asked for')
      if (!contains(one.whole, row.time)) continue
      takeRow(one, row, { isCounted: contains(span, row.time), isStanding: stands(row, corrected), input, totals, counts })
    }
    onEvents(counts.events)
    signal.throwIfAborted()
    // The control plane goes on meanwhile: settlement and API share its thread.
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const one of running.values()) {
    for (const [asset, amount] of one.draft.dueFor(span)) one.own.add(asset, { simulated: amount })
    for (const [asset, amount] of one.current?.dueFor(span) ?? []) one.own.add(asset, { current: amount })
    totals.take(one.own, (asset) => totals.rankIn(input, asset))
  }
  await input.onPeriods?.([...running.values()].flatMap(({ periods }) => [...periods.values()]))
}

/** The span, out to the ends of the billing periods that it cuts: what was settled there moved the totals that its events met. */
function wholePeriods(draft: CustomerRun, span: Span): Span {
  return { start: draft.periodAt(span.start).start, end: draft.periodAt((span.end - 1) as Instant).end }
}

function takeRow(one: Running, row: SimulatedRow, of: { readonly isCounted: boolean; readonly isStanding: boolean; readonly input: SimulationInput; readonly totals: Totals; readonly counts: Counts }): void {
  const { isCounted, isStanding, input, totals, counts } = of
  // What was charged and taken back is in the rows of both; what is rated is the event as it stands.
  if (isCounted) one.own.add(row.asset, { current: parseUnits(row.amount, row.asset) })
  if (isCounted && input.onPeriods !== undefined) addToPeriod(one, row, { asset: row.asset, current: parseUnits(row.amount, row.asset) })
  if (!isStanding) return
  const { asset, amount, isPriced } = one.draft.rate(eventOf(row))
  if (!isCounted) return
  counts.events += 1
  if (!isPriced) counts.unpriced += 1
  one.own.add(asset, { simulated: amount })
  if (input.onPeriods !== undefined) addToPeriod(one, row, { asset, simulated: amount })
  if (row.cost === null) counts.costUnknown += 1
  else totals.addCost(one.own, { asset: isCurrency(asset) ? asset : input.draft.currency, cost: { asset: row.cost.currency, units: parseUnits(row.cost.amount, row.cost.currency) }, at: row.time, draft: input.draft })
}

function addToPeriod({ facts, draft, periods }: Running, row: SimulatedRow, { asset, current, simulated }: { readonly asset: string; readonly current?: bigint; readonly simulated?: bigint }): void {
  const { plan, period } = draft.planAt(row.time)
  let own = periods.get(row.periodStart)
  if (own === undefined) periods.set(row.periodStart, (own = { customer: facts.customer, period: { start: row.periodStart, end: period.end }, assets: new Map(), events: 0 }))
  const before = own.assets.get(asset) ?? { current: 0n, simulated: 0n, isInvoiced: plan.currency === asset && plan.funding.includes('overage') }
  own.assets.set(asset, { ...before, current: before.current + (current ?? 0n), simulated: before.simulated + (simulated ?? 0n) })
  if (simulated !== undefined) own.events += 1
}

function stands(row: SimulatedRow, corrected: ReadonlyMap<string, bigint | null>): boolean {
  if (row.effect === 'reversal') return false
  if (corrected.size === 0) return true
  const standing = corrected.get(correctedKey(row.customer, row.correctsSource ?? row.source, row.correctsId ?? row.id))
  return standing === undefined ? true : standing === row.sequence
}

function eventOf(row: SimulatedRow): UsageEvent {
  return {
    id: row.id, source: row.source, type: row.type, customer: row.customer as CustomerId, time: row.time, entity: row.entity as EntityId | null, feature: row.feature, run: row.run, key: null,
    quantities: row.quantities, dimensions: row.dimensions, cost: row.cost, estimated: false, catalogVersion: null, settled: null, context: {},
  }
}

/** Sums over all customers, and those whose bill changes most. */
function openTotals() {
  const assets = emptyTotals('', '', '')
  const exchange = new Set<string>()
  const byPlan = new Map<string, { readonly own: CustomerTotals; customers: number; changed: number }>()
  const ranked: { readonly own: CustomerTotals; readonly change: bigint }[] = []
  let changed = 0
  return {
    exchange,
    addCost: (own: CustomerTotals, of: { readonly asset: string; readonly cost: { readonly asset: string; readonly units: Units }; readonly at: Instant; readonly draft: Catalog }): void => {
      const rate = exchangeAt(of.draft.exchange, { from: of.cost.asset, to: of.asset, at: of.at })
      if (rate !== null && of.cost.asset !== of.asset && rate.name !== undefined && exchange.size < NAMES_MAX) exchange.add(rate.name)
      for (const totals of [own, assets]) totals.addCost(of.asset, rate === null ? null : convert(of.cost, rate as ExchangeRate).units)
    },
    rankIn: ({ draft, span }: SimulationInput, asset: string): ExchangeRate | null => (isCurrency(asset) ? exchangeAt(draft.exchange, { from: asset, to: draft.currency, at: (span.end - 1) as Instant }) : null),
    take: (own: CustomerTotals, rateOf: (asset: string) => ExchangeRate | null): void => {
      const plan = byPlan.get(own.plan) ?? { own: emptyTotals('', '', own.plan), customers: 0, changed: 0 }
      byPlan.set(own.plan, plan)
      for (const [asset, amounts] of own.byAsset) {
        assets.add(asset, amounts)
        plan.own.add(asset, amounts)
        plan.own.addCost(asset, amounts.isCostKnown ? amounts.cost : null)
      }
      const change = own.change(rateOf)
      plan.customers += 1
      if (change !== 0n) [changed, plan.changed] = [changed + 1, plan.changed + 1]
      if (change === 0n) return
      ranked.push({ own, change })
      if (ranked.length > 2 * SIMULATED_CUSTOMERS_KEPT) keepLargest(ranked)
    },
    finish: () => {
      keepLargest(ranked)
      ranked.sort((a, b) => (a.change < b.change ? -1 : 1))
      return { totals: assets, byPlan: [...byPlan.values()], changed, ranked: ranked.map(({ own, change }) => ({ own, change: units(change === 0n ? ZERO : change) })) }
    },
  }
}

/** Rates that a result names. */
const NAMES_MAX = 100

function keepLargest(ranked: { readonly own: CustomerTotals; readonly change: bigint }[]): void {
  const size = (value: bigint): bigint => (value < 0n ? -value : value)
  ranked.sort((a, b) => (size(b.change) > size(a.change) ? 1 : -1))
  ranked.length = Math.min(ranked.length, SIMULATED_CUSTOMERS_KEPT)
}
