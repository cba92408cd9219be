// Rates the events of one batch against loaded state and says everything that must be written. Pure: it moves only the
// working copies that it is given, so that a batch that fails is simply rated again. The one place where usage becomes
// money; the charge of an event, its draws, its budgets and its rollups all come out of the same pass.

import { allowanceBudget, assert, chargedRun, coverByAllowances, formatUnits, quantity, rateEvent, units, type Coverage, type Instant, type Measured, type Plan, type RatedEvent, type Units, type UsageEvent } from '@tollgate/core'
import { hourOffset } from '@tollgate/core/period'
import type { CustomerContext } from '../customer-contexts.ts'
import { quantitiesOf, readingRows } from './aggregates.ts'
import { accumulate, positionOf } from './accumulate.ts'
import { headroomKey, postingKey, type BatchOutput, type BatchState } from './batch-state.ts'
import { eventRow } from './event-row.ts'
import { moveBudgets } from './move-budgets.ts'
import { pay, type Paid } from './pay.ts'
import { rollUp } from './roll-up.ts'

/** Rates one event into `output`. Throws before it has changed anything, so that a bad event leaves no trace. */
export function rateInto(output: BatchOutput, state: BatchState, event: UsageEvent): void {
  const context = state.contextAt(event.customer, event.time)
  const catalog = state.catalogOf(event)
  const plan = catalog.plans.get(context.plan.id) ?? context.plan
  const { meters, readings, rated: ratedMeters } = state.meteringOf(event)
  const periodStart = context.snapshot.period.start
  const measured = quantitiesOf(state.aggregates, event, periodStart, readings.filter(({ meter }) => ratedMeters.has(meter.id)))
  const coverage = event.settled === null ? coverFromHeadroom(state, context, plan, event, measured) : coverageOf(event, measured)
  const { asset } = plan
  const rated = rateEvent({ plan, usage: event, measured, coverage, before: (price, entry) => positionOf(state, { customer: event.customer, periodStart, price, entry }), isRunCharged: (price, run) => state.chargedRuns.has(`${event.customer} ${chargedRun(price, run)}`) })
  for (const charge of rated.charges) if (plan.outcomes.some(({ id }) => id === charge.price) && charge.amount > 0n && event.run !== null) chargeRun(output, state, event, charge.price)

  const covered = [...coverage, ...givenBack(plan, rated)]
  const paid = pay(state, plan, event, rated.amount, amountsOf(state, context, event))
  if (event.settled === null) for (const { budget, amount } of paid.included) takeHeadroom(state, context, budget, amount)
  accumulate(output, state, { event, rated, periodStart, priceOf: (id) => plan.prices.find((price) => price.id === id)! })
  moveBudgets(output, { event, context, coverage: covered, measured, paid, charge: rated.amount })
  const { keep } = state.dimensions
  rollUp(output.rollups, { event, periodStart, readings, charges: rated.charges, asset, sign: 1, now: state.now, offsetMs: hourOffset(context.facts.timeZone, event.time), keep })
  output.readings.push(...readingRows({ event, periodStart, readings, meters, rated: ratedMeters, keep }))
  post(output, { event, periodStart, paid, asset, amount: rated.amount })
  output.rows.push(eventRow({ event, periodStart, catalog, plan, rated, paid, measured }))
  output.results.push({ status: 'accepted', id: event.id, charge: { amount: formatUnits(rated.amount, asset), currency: asset } })
}

/** What the node drew from its lease. More than was used would be a broken journal, so it is refused, not clamped. */
function coverageOf(event: UsageEvent, measured: readonly Measured[]): Coverage[] {
  return (event.settled?.covered ?? []).filter(({ meter }) => meter !== '').map(({ budget, meter, quantity: text }) => {
    assert(measured.some((one) => one.meter.id === meter), `covered meter ${meter} was not used`)
    return { budget, meter, quantity: quantity(BigInt(text)) }
  })
}

/** Usage that nobody authorized takes from what the authority has not lent out. */
function coverFromHeadroom(state: BatchState, context: CustomerContext, plan: Plan, event: UsageEvent, measured: readonly Measured[]): Coverage[] {
  const { customer, period } = context.snapshot
  const coverage = coverByAllowances(plan, event, measured, (allowance) => quantity(state.headrooms.get(headroomKey(customer, allowanceBudget(allowance), period.start)) ?? 0n))
  for (const covered of coverage) takeHeadroom(state, context, covered.budget, covered.quantity)
  return coverage
}

/** Where an aggregate fell below what was charged, the allowance that covered it has it again. */
function givenBack(plan: Plan, rated: RatedEvent): Coverage[] {
  return rated.charges.flatMap(({ meter, included }) => {
    const allowance = included < 0n ? plan.allowances.findLast(({ meters }) => meters.includes(meter)) : undefined
    return allowance === undefined ? [] : [{ budget: allowanceBudget(allowance.id), meter, quantity: included }]
  })
}

/** What allowances of an amount may pay of the event: what the node drew from its lease, or what is not lent out. */
function amountsOf(state: BatchState, context: CustomerContext, event: UsageEvent): { readonly budget: string; readonly amount: Units }[] {
  if (event.settled !== null) return event.settled.covered.filter(({ meter }) => meter === '').map(({ budget, quantity: text }) => ({ budget, amount: units(BigInt(text)) }))
  const { customer, funding, period } = context.snapshot
  return funding.flatMap((source) => (source.kind === 'allowance' && source.budget.unit.kind === 'money' ? [{ budget: source.budget.id, amount: units(state.headrooms.get(headroomKey(customer, source.budget.id, period.start)) ?? 0n) }] : []))
}

function takeHeadroom(state: BatchState, { snapshot }: CustomerContext, budget: string, amount: bigint): void {
  const key = headroomKey(snapshot.customer, budget, snapshot.period.start)
  state.headrooms.set(key, (state.headrooms.get(key) ?? 0n) - amount)
}

/** A run is charged once: by the event that its row names. */
function chargeRun(output: BatchOutput, state: BatchState, event: UsageEvent, price: string): void {
  assert(event.run !== null, 'a run is charged by an event of it')
  state.chargedRuns.add(`${event.customer} ${chargedRun(price, event.run)}`)
  output.runs.push({ customer: event.customer, price, run: event.run, source: event.source, event: event.id })
}

function post(output: BatchOutput, input: { readonly event: UsageEvent; readonly periodStart: Instant; readonly paid: Paid; readonly asset: string; readonly amount: Units }): void {
  const { event, periodStart, paid, asset } = input
  const key = postingKey(event.customer, periodStart, asset)
  let posting = output.postings.get(key)
  if (posting === undefined) {
    posting = { customer: event.customer, periodStart, asset, draws: new Map(), included: 0n, accrued: 0n, debt: 0n, events: 0, amount: 0n }
    output.postings.set(key, posting)
  }
  for (const draw of paid.draws) posting.draws.set(draw.block, (posting.draws.get(draw.block) ?? 0n) + draw.amount)
  for (const { amount } of paid.included) posting.included += amount
  posting.accrued += paid.accrued
  posting.debt += paid.debt
  posting.events += 1
  posting.amount += input.amount
}
