// Rates the events of one batch against loaded state and says everything that must be written. Pure: it moves only the
// working copies that it is given, so that a batch that fails is simply rated again. The one place where usage becomes
// money; the charge of an event, its draws, its budgets and its rollups all come out of the same pass.

import {
  allowanceBudget, applies, assert, coverByAllowances, drawFrom, formatQuantity, formatUnits, hourOf, measure, quantity, rateEvent, units, ZERO,
  type Catalog, type Coverage, type EventResult, type Instant, type Measured, type Plan, type RatedEvent, type Units, type UsageEvent,
} from '@tollgate/core'
import type { BudgetMove } from '../../store/budgets.ts'
import type { EventRow, StoredPayment } from '../../store/events.ts'
import type { AccumulatorRow, BlockRow, RollupRow } from '../../store/settlement.ts'
import { budgetScale, type CustomerContext } from '../customer-contexts.ts'

/** Working copies of what the batch touches. */
export type BatchState = {
  readonly contextAt: (customer: string, at: Instant) => CustomerContext
  readonly catalogOf: (event: UsageEvent) => Catalog
  readonly accumulators: Map<string, AccumulatorRow>
  readonly blocks: ReadonlyMap<string, readonly BlockRow[]>
  readonly debts: Map<string, Units>
  /** Headroom of allowances that events without a lease may draw, by {@link headroomKey}. */
  readonly headrooms: Map<string, bigint>
  readonly now: Instant
}

export type BatchOutput = {
  readonly rows: EventRow[]
  readonly results: EventResult[]
  readonly moves: Map<string, BudgetMove>
  readonly rollups: Map<string, RollupRow>
  readonly touched: Set<AccumulatorRow>
  /** Draws by block, accrued and debt, per customer and period. */
  readonly postings: Map<string, Posting>
}

export type Posting = { readonly customer: string; readonly periodStart: Instant; readonly asset: string; readonly draws: Map<string, bigint>; accrued: bigint; debt: bigint; events: number; amount: bigint }

export function emptyOutput(): BatchOutput {
  return { rows: [], results: [], moves: new Map(), rollups: new Map(), touched: new Set(), postings: new Map() }
}

/** Rates one event into `output`. Throws before it has changed anything, so that a bad event leaves no trace. */
export function rateInto(output: BatchOutput, state: BatchState, event: UsageEvent): void {
  const context = state.contextAt(event.customer, event.time)
  const catalog = state.catalogOf(event)
  const plan = catalog.plans.get(context.facts.plan) ?? context.plan
  const measured = measure(catalog.meters, event)
  const coverage = event.settled === null ? coverFromHeadroom(state, context, plan, measured) : coverageOf(event, measured)
  const periodStart = context.snapshot.period.start
  const accumulatorFor = (price: string) => state.accumulators.get(accumulatorKey(event.customer, periodStart, price))
  const rated = rateEvent({ plan, measured, coverage, billableBefore: (price) => quantity(accumulatorFor(price)?.billable ?? 0n) })

  const paid = pay(state, plan, event, rated.amount)
  accumulate(output, state, { event, rated, periodStart, catalog, plan })
  moveBudgets(output, state, { event, context, coverage, measured, paid, charge: rated.amount })
  rollUp(output, { event, measured, rated, currency: catalog.currency })
  post(output, { event, periodStart, paid, asset: catalog.currency, amount: rated.amount })
  output.rows.push(eventRow({ event, periodStart, catalog, rated, paid, measured }))
  output.results.push({ status: 'accepted', id: event.id, charge: { amount: formatUnits(rated.amount, catalog.currency), currency: catalog.currency } })
}

export function accumulatorKey(customer: string, periodStart: Instant, price: string): string {
  return `${customer} ${periodStart} ${price}`
}

export function headroomKey(customer: string, budget: string, periodStart: Instant): string {
  return `${customer} ${budget} ${periodStart}`
}

export function postingKey(customer: string, periodStart: Instant): string {
  return `${customer} ${periodStart}`
}

/** What the node drew from its lease. More than was used would be a broken journal, so it is refused, not clamped. */
function coverageOf(event: UsageEvent, measured: readonly Measured[]): Coverage[] {
  return (event.settled?.covered ?? []).map(({ budget, meter, quantity: text }) => {
    assert(measured.some((one) => one.meter.id === meter), `covered meter ${meter} was not used`)
    return { budget, meter, quantity: quantity(BigInt(text)) }
  })
}

/** Usage that nobody authorized takes from what the authority has not lent out. */
function coverFromHeadroom(state: BatchState, context: CustomerContext, plan: Plan, measured: readonly Measured[]): Coverage[] {
  const { customer, period } = context.snapshot
  const coverage = coverByAllowances(plan, measured, (allowance) => quantity(state.headrooms.get(headroomKey(customer, allowanceBudget(allowance), period.start)) ?? 0n))
  for (const covered of coverage) {
    const key = headroomKey(customer, covered.budget, period.start)
    state.headrooms.set(key, (state.headrooms.get(key) ?? 0n) - covered.quantity)
  }
  return coverage
}

type Paid = { readonly draws: readonly { readonly block: string; readonly amount: Units }[]; readonly accrued: Units; readonly debt: Units }

/** Wallet first where the plan has one, then accrual where it allows, else debt: what happened is always booked. */
function pay(state: BatchState, plan: Plan, event: UsageEvent, charge: Units): Paid {
  const accrues = plan.funding.includes('overage')
  if (charge <= ZERO || !plan.funding.includes('wallet')) {
    return accrues || charge <= ZERO ? { draws: [], accrued: charge, debt: ZERO } : owe(state, event, [], charge)
  }
  const blocks = state.blocks.get(event.customer) ?? []
  const { draws, short } = drawFrom(blocks, charge, state.now)
  for (const draw of draws) {
    const block = blocks.find(({ id }) => id === draw.block)
    assert(block !== undefined && block.remaining >= draw.amount, 'a draw exceeds its block')
    block.remaining = units(block.remaining - draw.amount)
    block.changed = true
  }
  return accrues ? { draws, accrued: short, debt: ZERO } : owe(state, event, draws, short)
}

function owe(state: BatchState, event: UsageEvent, draws: Paid['draws'], debt: Units): Paid {
  if (debt > ZERO) state.debts.set(event.customer, units((state.debts.get(event.customer) ?? ZERO) + debt))
  return { draws, accrued: ZERO, debt }
}

function accumulate(output: BatchOutput, state: BatchState, input: { readonly event: UsageEvent; readonly rated: RatedEvent; readonly periodStart: Instant; readonly catalog: Catalog; readonly plan: Plan }): void {
  const { event, rated, periodStart, catalog, plan } = input
  for (const charge of rated.charges) {
    if (charge.price === '') continue
    const key = accumulatorKey(event.customer, periodStart, charge.price)
    let row = state.accumulators.get(key)
    if (row === undefined) {
      const scale = plan.priceByMeter.get(charge.meter)?.scale ?? 0
      row = { customer: event.customer, periodStart, price: charge.price, scale, currency: catalog.currency, quantity: 0n, included: 0n, billable: 0n, amount: 0n, events: 0 }
      state.accumulators.set(key, row)
    }
    assert(row.billable === charge.before, 'a charge was rated against another position than its accumulator has')
    row.quantity += charge.quantity
    row.included += charge.included
    row.billable += charge.quantity - charge.included
    row.amount += charge.amount
    row.events += 1
    output.touched.add(row)
  }
}

type Moved = { readonly event: UsageEvent; readonly context: CustomerContext; readonly coverage: readonly Coverage[]; readonly measured: readonly Measured[]; readonly paid: Paid; readonly charge: Units }

function moveBudgets(output: BatchOutput, state: BatchState, moved: Moved): void {
  const { event, context, coverage, measured, paid } = moved
  const { snapshot } = context
  for (const source of snapshot.funding) {
    if (source.kind === 'overage') continue
    const amount = source.kind === 'wallet'
      ? paid.draws.reduce((sum, draw) => sum + draw.amount, 0n) + paid.debt
      : coverage.reduce((sum, covered) => (covered.budget === source.budget.id ? sum + covered.quantity : sum), 0n)
    move(output, event, source.budget.id, source.budget.period.start, budgetScale(source.budget), amount)
  }
  for (const budget of snapshot.limits) {
    if (!applies(budget, snapshot, event)) continue
    const { unit } = budget
    const amount = unit.kind === 'money' ? moved.charge : measured.reduce((sum, { meter, quantity: used }) => (unit.meters.includes(meter.id) ? sum + used : sum), 0n)
    move(output, event, budget.id, budget.period.start, budgetScale(budget), amount)
  }
}

function move(output: BatchOutput, event: UsageEvent, budget: string, periodStart: Instant, scale: number, amount: bigint): void {
  if (amount === 0n) return
  const node = event.settled?.node ?? null
  const incarnation = event.settled?.incarnation ?? null
  const key = `${event.customer} ${budget} ${periodStart} ${node} ${incarnation}`
  const known = output.moves.get(key)
  output.moves.set(key, { customer: event.customer, budget, periodStart, scale, node, incarnation, amount: (known?.amount ?? 0n) + amount })
}

function rollUp(output: BatchOutput, input: { readonly event: UsageEvent; readonly measured: readonly Measured[]; readonly rated: RatedEvent; readonly currency: string }): void {
  const { event, measured, rated, currency } = input
  const hour = hourOf(event.time)
  const feature = event.feature ?? ''
  const model = event.dimensions['model'] ?? ''
  const entity = event.entity ?? ''
  for (const { meter, quantity: used } of measured) {
    const key = JSON.stringify([event.customer, hour, meter.id, feature, model, entity])
    let row = output.rollups.get(key)
    if (row === undefined) {
      row = { customer: event.customer, hour, meter: meter.id, feature, model, entity, scale: meter.scale, currency, quantity: 0n, amount: 0n, events: 0 }
      output.rollups.set(key, row)
    }
    row.quantity += used
    row.amount += rated.charges.reduce((sum, charge) => (charge.meter === meter.id ? sum + charge.amount : sum), 0n)
    row.events += 1
  }
}

function post(output: BatchOutput, input: { readonly event: UsageEvent; readonly periodStart: Instant; readonly paid: Paid; readonly asset: string; readonly amount: Units }): void {
  const { event, periodStart, paid, asset } = input
  const key = postingKey(event.customer, periodStart)
  let posting = output.postings.get(key)
  if (posting === undefined) {
    posting = { customer: event.customer, periodStart, asset, draws: new Map(), accrued: 0n, debt: 0n, events: 0, amount: 0n }
    output.postings.set(key, posting)
  }
  for (const draw of paid.draws) posting.draws.set(draw.block, (posting.draws.get(draw.block) ?? 0n) + draw.amount)
  posting.accrued += paid.accrued
  posting.debt += paid.debt
  posting.events += 1
  posting.amount += input.amount
}

function eventRow(input: { readonly event: UsageEvent; readonly periodStart: Instant; readonly catalog: Catalog; readonly rated: RatedEvent; readonly paid: Paid; readonly measured: readonly Measured[] }): EventRow {
  const { event, catalog, rated, paid } = input
  const { currency } = catalog
  const lines = rated.charges.map((charge) => {
    const scale = catalog.meterById.get(charge.meter)?.scale ?? 0
    return {
      price: charge.price === '' ? null : charge.price, meter: charge.meter, quantity: formatQuantity(charge.quantity, scale), included: formatQuantity(charge.included, scale),
      before: formatQuantity(charge.before, scale), amount: formatUnits(charge.amount, currency),
    }
  })
  const payment: StoredPayment = { draws: paid.draws.map(({ block, amount }) => ({ block, amount: formatUnits(amount, currency) })), accrued: formatUnits(paid.accrued, currency), debt: formatUnits(paid.debt, currency) }
  return {
    customer: event.customer, source: event.source, id: event.id, type: event.type, time: event.time, entity: event.entity, feature: event.feature, run: event.run, key: event.key,
    periodStart: input.periodStart, catalogVersion: catalog.version,
    quantities: JSON.stringify(event.quantities), dimensions: JSON.stringify(event.dimensions), charges: JSON.stringify({ lines, paid: payment }),
    cost: event.cost === null ? null : JSON.stringify(event.cost), context: JSON.stringify(rated.unpriced.length === 0 ? event.context : { ...event.context, unpriced: rated.unpriced.join(',') }),
    amount: formatUnits(rated.amount, currency), asset: currency, estimated: event.estimated,
  }
}
