// Rates the events of one batch against loaded state and says everything that must be written. Pure: it moves only the
// working copies that it is given, so that a batch that fails is simply rated again. The one place where usage becomes
// money; the charge of an event, its draws, its budgets and its rollups all come out of the same pass.

import { allowanceBudget, applies, assert, chargedRun, coverByAllowances, exchangeLookup, formatUnits, LIFETIME, paysFor, quantity, rateEvent, units, walletOf, type Catalog, type Coverage, type EventRef, type Instant, type Measured, type Plan, type RatedEvent, type UndoneCharge, type Units, type UsageEvent } from '@tollgate/core'
import { hourOffset } from '@tollgate/core/period'
import { burnOrderOf, paysAmounts, planBy, type CustomerContext } from '../customer-contexts.ts'
import { lossesOf, quantitiesOf, readingRows } from './aggregates.ts'
import { accumulate, positionOf } from './accumulate.ts'
import { accrualKey, correctionKey, headroomKey, postingKey, type BatchOutput, type BatchState, type Metering } from './batch-state.ts'
import { eventRow } from './event-row.ts'
import { giveBack } from './give-back.ts'
import { moveBudgets } from './move-budgets.ts'
import { pay, type Available, type Paid } from './pay.ts'
import { unwind } from './unwind.ts'
import { rollUp } from './roll-up.ts'

/** What is recorded of a rated event: usage itself, or what undoes or replaces it under the key of its correction. */
export type Step =
  | { readonly effect: 'use' }
  | { readonly effect: 'replacement'; readonly by: EventRef; readonly corrects: EventRef }
  | { readonly effect: 'reversal'; readonly by: EventRef; readonly corrects: EventRef; readonly undone: readonly UndoneCharge[] }

const USE: Step = { effect: 'use' }

/** Rates one event into `output`. Throws before it has changed anything, so that a bad event leaves no trace. */
export function rateInto(output: BatchOutput, state: BatchState, event: UsageEvent, step: Step = USE): void {
  const context = state.contextAt(event.customer, event.time)
  const catalog = state.catalogOf(event)
  const plan = planFor(catalog, context, { event, step })
  const { meters, readings, rated: ratedMeters } = state.meteringOf(event)
  const periodStart = context.snapshot.period.start
  const isUndone = step.effect === 'reversal'
  const charged = readings.filter(({ meter }) => ratedMeters.has(meter.id))
  const measured = isUndone ? lossesOf(state.aggregates, state.aggregatesLeft, event, periodStart, charged) : quantitiesOf(state.aggregates, event, periodStart, charged)
  const taken = event.settled === null ? coverFromHeadroom(state, context, plan, event, measured) : coverageOf(event, measured)
  const { asset } = plan
  const exchanged = new Set<string>()
  const rated = rateEvent({
    plan, usage: event, measured, coverage: taken, exchange: exchangeLookup(catalog.exchange, event.time, exchanged), ...(isUndone ? { undone: step.undone } : {}),
    before: (price, entry) => positionOf(state, { customer: event.customer, periodStart, price, entry }), isRunCharged: (price, run) => state.chargedRuns.has(`${event.customer} ${chargedRun(price, run)}`),
  })
  for (const charge of rated.charges) if (plan.outcomes.some(({ id }) => id === charge.price) && charge.amount > 0n && event.run !== null) chargeRun(output, state, event, charge.price)
  if (isUndone && event.run !== null) output.unchargedRuns.push({ customer: event.customer, source: event.source, id: event.id })

  const coverage = [...taken, ...giveBack(state, context, plan, rated.charges)]
  const isTakenBack = rated.amount < 0n && (isUndone || measured.some(({ quantity: added }) => added < 0n))
  const paid = isTakenBack ? unwind(state, context, plan, event, units(-rated.amount)) : pay(state, plan, event, rated.amount, { ...amountsOf(state, context, event), lapsed: lapsedBy(state, event, step), order: burnOrderOf(context, plan) })
  if (step.effect !== 'use') state.lapsed.set(correctionKey(event.customer, step.by), isUndone ? paid.lapsed : [])
  if (event.settled === null) for (const { budget, amount } of [...paid.included, ...[...paid.draws, ...paid.lapsed].flatMap(({ wallet, amount: drawn, isOnWallet }) => (isOnWallet ? [{ budget: wallet, amount: drawn }] : []))]) takeHeadroom(state, context, budget, amount)
  const accrual = accrualKey(event.customer, periodStart, asset)
  state.accruals.set(accrual, (state.accruals.get(accrual) ?? 0n) + paid.accrued)
  accumulate(output, state, { event, rated, sign: isUndone ? -1 : 1, periodStart, priceOf: (id) => plan.prices.find((price) => price.id === id)! })
  moveBudgets(output, { event, context, coverage, measured, paid, charge: rated.amount, asset, plan })
  recordUsage(output, state, context, { event, periodStart, meters, readings, rated, ratedMeters, asset, isUndone })
  post(output, { event, periodStart, paid, asset, amount: rated.amount })
  output.rows.push(eventRow({ event, step, periodStart, catalog, plan, rated, paid, measured, exchanged }))
  output.results.push({ status: 'accepted', id: event.id, charge: { amount: formatUnits(rated.amount, asset), currency: asset } })
}

type Recorded = Omit<Metering, 'rated'> & { readonly event: UsageEvent; readonly periodStart: Instant; readonly rated: RatedEvent; readonly ratedMeters: Metering['rated']; readonly asset: string; readonly isUndone: boolean }

/** Totals by hour and minute, and what meters that do not add keep of the event. */
function recordUsage(output: BatchOutput, state: BatchState, context: CustomerContext, { event, periodStart, meters, readings, rated, ratedMeters, asset, isUndone }: Recorded): void {
  const { places } = state
  rollUp(output.rollups, { event, periodStart, readings, charges: rated.charges, asset, sign: isUndone ? -1 : 1, now: state.now, offsetMs: hourOffset(context.facts.timeZone, event.time), places })
  const rows = readingRows({ event, periodStart, readings, meters, rated: ratedMeters, places })
  if (isUndone) output.removed.push(...rows)
  else output.readings.push(...rows)
}

/** What is undone is undone by the plan whose prices charged it, also where the customer has moved since. */
function planFor(catalog: Catalog, context: CustomerContext, { event, step }: { readonly event: UsageEvent; readonly step: Step }): Plan {
  const own = planBy(context, catalog, event.time)
  if (step.effect !== 'reversal') return own
  const charged = step.undone.filter(({ price }) => price !== '').map(({ price }) => price)
  const has = (plan: Plan) => charged.every((id) => plan.prices.some((price) => price.id === id))
  return has(own) ? own : ([...catalog.plans.values()].find(has) ?? own)
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

/** What allowances of an amount and wallets for some features may pay of the event: what the node drew from its lease, or what is not lent out. */
function amountsOf(state: BatchState, context: CustomerContext, event: UsageEvent): Pick<Available, 'included' | 'wallets'> {
  const amounts = event.settled === null ? amountsLeft(state, context, event) : event.settled.covered.flatMap(({ budget, meter, quantity: text }) => (meter === '' ? [{ budget, amount: units(BigInt(text)) }] : []))
  return { included: amounts.filter(({ budget }) => !isWallet(budget)), wallets: amounts.filter(({ budget }) => isWallet(budget)) }
}

function amountsLeft(state: BatchState, { snapshot }: CustomerContext, event: UsageEvent): Available['included'] {
  return snapshot.funding.flatMap((source) => {
    if (!paysAmounts(source) || source.budget.unit.kind !== 'money' || !applies(source.budget, snapshot, event)) return []
    return [{ budget: source.budget.id, amount: units(state.headrooms.get(headroomKey(snapshot.customer, source.budget.id, source.budget.period.start)) ?? 0n) }]
  })
}

function isWallet(budget: string): boolean {
  return budget.startsWith('wallet:')
}

/** What the correction that this event is a part of has taken from blocks that have expired, as far as they may pay for it. */
function lapsedBy(state: BatchState, event: UsageEvent, step: Step): Paid['lapsed'] {
  return step.effect === 'replacement' ? (state.lapsed.get(correctionKey(event.customer, step.by)) ?? []).filter(({ wallet }) => paysFor(walletOf(wallet), event.feature)) : []
}

function takeHeadroom(state: BatchState, { snapshot }: CustomerContext, budget: string, amount: bigint): void {
  const key = headroomKey(snapshot.customer, budget, isWallet(budget) ? LIFETIME.start : snapshot.period.start)
  state.headrooms.set(key, (state.headrooms.get(key) ?? 0n) - amount)
  state.covered.set(key, (state.covered.get(key) ?? 0n) + amount)
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
    posting = { customer: event.customer, periodStart, asset, draws: new Map(), lapsed: new Map(), included: 0n, accrued: 0n, debt: 0n, events: 0, amount: 0n }
    output.postings.set(key, posting)
  }
  for (const draw of paid.draws) posting.draws.set(draw.block, (posting.draws.get(draw.block) ?? 0n) + draw.amount)
  for (const { block, amount } of paid.lapsed) posting.lapsed.set(block, (posting.lapsed.get(block) ?? 0n) + amount)
  for (const { amount } of paid.included) posting.included += amount
  posting.accrued += paid.accrued
  posting.debt += paid.debt
  posting.events += 1
  posting.amount += input.amount
}
