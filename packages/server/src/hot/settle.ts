// The end of a reservation with its real usage: the holds go, what was used is rated and moves the slices, and the usage event
// is written to the journal. Use beyond the hold is booked in full: it happened.

import { applies, assert, AssertionFailure, chargedRuns, countMoney, coverByAllowances, exactToHold, exchangeLookup, freeOf, holdToExact, LEASE_UNITS_MAX, limitsFor, measure, NONE, planOf, positionKey, quantity, rateEvent, release, settle, START, units, ZERO, type Budget, type Coverage, type FundingSource, type Hold, type Measured, type RatedEvent, type RatedUsage, type ReservationId, type SettledHolds, type Slice, type Units, type UsageEvent } from '@tollgate/core'
import { notFound, problem } from './answers.ts'
import type { ReservationProblem, Settled, Usage } from './contract.ts'
import { balanceOf, rememberRun, sliceFor, sliceIn, type CustomerState } from './customer-state.ts'
import { correctRates } from './rates.ts'
import type { Inside } from './inside.ts'
import { encodeSettled } from './journal-line.ts'
import type { Reservation } from './reservation.ts'

export function settleReservation(node: Inside, id: ReservationId, usage: Usage): Settled | ReservationProblem {
  const reservation = node.book.get(id)
  if (reservation === undefined) return notFound(id)
  const fingerprint = reservation.input.repeatable ? JSON.stringify([Object.entries(usage.quantities).sort(), Object.entries(usage.dimensions).sort()]) : ''
  if (reservation.settled !== null) {
    if (reservation.settled.fingerprint !== fingerprint) return problem('settled_with_other_usage', `reservation ${id} was settled with other usage; the first stands. Send a correction event to change it.`)
    return { ...reservation.settled.answer, replayed: true }
  }
  const { state, input, known } = reservation
  const { quantities, dimensions, cost } = usage
  const measured = measure(known.catalog.meters, { type: usage.type ?? input.type, feature: input.feature, quantities, dimensions })
  const wasOpen = reservation.status === 'open'
  if (wasOpen) for (const { slice, amount } of reservation.holds) release(slice, amount)
  const { coverage, rated } = rateOn(state, reservation, measured, { feature: input.feature, run: input.run, dimensions, quantities, cost })
  const scope = scopeOf(input, dimensions)
  const { paid, booked, unleased } = bookUse(state, reservation, { measured, coverage, rated }, scope === null ? dimensions : { ...dimensions, ...scope })
  const event = usageEvent(node, reservation, usage, { coverage: paid.length === 0 ? coverage : [...coverage, ...paid], booked, unleased, scope })
  // A request counts one against what throttles; of a rate, what was really used.
  if (reservation.takes.length > 0) correctRates(reservation.takes, ({ budget }) => (budget.terms?.rate === undefined ? null : amountOn(budget, { measured, charge: rated.amount, known })), node.clock.now())
  const written = node.journal.append(encodeSettled(event))
  if (state.learns) node.expected.learn({ customer: input.customer, feature: input.feature, model: input.model }, shareOf(input.bound.quantities, usage.quantities), reservation.expectedShare)
  const answer: Settled = {
    kind: 'settled', reservation: id, charge: rated.amount, currency: known.snapshot.currency,
    isFinal: rated.isFinal, balance: balanceOf(state), replayed: false, written,
  }
  if (wasOpen) state.open -= 1
  reservation.status = 'settled'
  reservation.holds = NO_HOLDS
  reservation.settled = { answer, fingerprint }
  node.book.finish(reservation, node.clock)
  node.counts.settled += 1
  return answer
}

const NO_HOLDS: readonly Hold[] = []

function rateOn(state: CustomerState, reservation: Reservation, measured: readonly Measured[], usage: RatedUsage): { readonly coverage: Coverage[]; readonly rated: RatedEvent } {
  const { known, createdAt } = reservation
  const plan = planOf(known.catalog, known.snapshot)
  assert(plan !== undefined, `the snapshot's plan ${known.snapshot.plan} is not in its catalog`)
  // A snapshot refreshed within the period carried the positions over; one of another period began its own.
  const positions = known.snapshot.period.start === state.snapshot.period.start ? state.positions : known.positions
  const coverage = coverByAllowances(plan, usage, measured, (allowance) => {
    const source = allowanceIn(known.snapshot.funding, allowance)
    const slice = source === undefined ? undefined : (heldOn(reservation, source.budget) ?? sliceIn(state, source.budget))
    return quantity(BigInt(slice === undefined ? 0 : Math.max(0, freeOf(slice))))
  })
  const rated = rateEvent({ plan, usage, measured, coverage, exchange: exchangeLookup(known.catalog.exchange, createdAt), before: (price, entry) => positions.get(positionKey(price.id, entry)) ?? START, isRunCharged: state.isRunCharged })
  if (usage.run !== null) for (const run of chargedRuns(plan, usage.run, rated)) rememberRun(state, run)
  for (const { price, entry, before, quantity: used, included } of rated.charges) {
    const billable = included === NONE ? before.billable + used : before.billable + used - included
    positions.set(positionKey(price, entry), { billable: quantity(billable), included: included === NONE ? before.included : quantity(before.included + included), events: before.events + 1 })
  }
  return { coverage, rated }
}

function allowanceIn(funding: readonly FundingSource[], allowance: string): Extract<FundingSource, { kind: 'allowance' }> | undefined {
  for (const source of funding) if (source.kind === 'allowance' && source.allowance === allowance) return source
  return undefined
}

/** The slice that the reservation holds on of this very budget: what holds on a slice keeps it, so it need not be looked up. */
function heldOn({ holds }: Reservation, budget: Budget): Slice | undefined {
  for (const held of holds) if (held.budget === budget) return held.slice
  return undefined
}

/** The slice to book on. */
function sliceOfUse(state: CustomerState, reservation: Reservation, budget: Budget): Slice {
  return heldOn(reservation, budget) ?? sliceFor(state, budget)
}

/** Moves the slices by what really happened, and says what allowances of an amount paid of it. The holds are released already; use may exceed what was held. */
function bookUse(state: CustomerState, reservation: Reservation, used: { readonly measured: readonly Measured[]; readonly coverage: readonly Coverage[]; readonly rated: RatedEvent }, dimensions: Usage['dimensions']): { readonly paid: readonly Coverage[]; readonly booked: Record<string, string>; readonly unleased: readonly string[] } {
  const { snapshot } = reservation.known
  const unleased: string[] = []
  for (const covered of used.coverage) {
    const budget = allowanceCalled(snapshot.funding, covered.budget)
    settle(sliceOfUse(state, reservation, budget), 0, Number(covered.quantity))
  }
  let paid = NO_COVERAGE
  const booked: Record<string, string> = {}
  const book = (budget: Budget, slice: Slice, amount: number) => {
    settle(slice, 0, amount)
    if (!slice.isLeased && amount > 0) unleased.push(budget.id)
    if (budget.unit.kind === 'money') booked[budget.id] = String(holdToExact(budget.unit, amount))
  }
  let rest: Units = used.rated.amount
  for (const source of snapshot.funding) {
    if (source.kind === 'overage' || source.budget.unit.kind !== 'money' || rest <= ZERO) continue
    const slice = sliceOfUse(state, reservation, source.budget)
    const amount = holdOf(source.budget, rest)
    // The wallet that pays for everything pays what is left, and owes it where nothing accrues.
    if (source.kind === 'wallet' && source.budget.features === null) {
      const hasOverage = snapshot.funding.some(({ kind }) => kind === 'overage')
      book(source.budget, slice, hasOverage ? Math.min(amount, Math.max(0, freeOf(slice))) : amount)
      continue
    }
    if (!applies(source.budget, snapshot, { feature: reservation.input.feature, entity: reservation.entity })) continue
    const taken = Math.min(amount, Math.max(0, freeOf(slice)))
    if (taken === 0) continue
    book(source.budget, slice, taken)
    const exact = holdToExact(source.budget.unit, taken)
    const covered = exact < rest ? exact : rest
    paid = [...paid, { budget: source.budget.id, meter: '', quantity: quantity(covered) }]
    rest = units(rest - covered)
  }
  const { feature, run, key } = reservation.input
  const limits = reservation.limits ?? limitsFor(snapshot, { feature, run, key: key?.id ?? null, entity: reservation.entity, model: null, dimensions }, reservation.createdAt)
  for (const budget of limits) {
    // Nothing is leased for what is only counted, and a rate is no budget of the authority's.
    if (budget.enforcement === 'metered' || budget.terms?.rate !== undefined) continue
    const amount = amountOn(budget, { measured: used.measured, charge: used.rated.amount, known: reservation.known })
    if (amount > 0) book(budget, sliceOfUse(state, reservation, budget), amount)
  }
  return { paid, booked, unleased }
}

const NO_COVERAGE: readonly Coverage[] = []

function allowanceCalled(funding: readonly FundingSource[], budget: string): Budget {
  for (const source of funding) if (source.kind === 'allowance' && source.budget.id === budget) return source.budget
  throw new AssertionFailure('covered by an allowance that the snapshot does not have')
}

function usageEvent(node: Inside, reservation: Reservation, usage: Usage, taken: Taken): UsageEvent {
  const { input } = reservation
  return {
    id: reservation.id,
    source: !input.repeatable ? 'tollgate:gateway' : 'tollgate:api',
    type: usage.type ?? input.type,
    customer: input.customer,
    time: reservation.createdAt,
    entity: reservation.entity,
    feature: input.feature,
    run: input.run,
    key: input.key?.id ?? null,
    quantities: usage.quantities,
    dimensions: usage.dimensions,
    cost: usage.cost,
    estimated: usage.estimated,
    catalogVersion: reservation.known.catalog.version,
    settled: settledHolds(node, taken),
    context: usage.context,
  }
}

type Taken = { readonly coverage: readonly Coverage[]; readonly booked: Readonly<Record<string, string>>; readonly unleased: readonly string[]; readonly scope: Readonly<Record<string, string>> | null }

function settledHolds({ parts: { identity } }: Inside, { coverage, booked, unleased, scope }: Taken): SettledHolds {
  const covered = coverage.map(({ budget, meter, quantity: drawn }) => ({ budget, meter, quantity: String(drawn) }))
  const held: Mutable<SettledHolds> = { node: identity.node, incarnation: identity.incarnation, covered }
  for (const _ in booked) {
    held.booked = booked
    break
  }
  if (unleased.length > 0) held.unleased = unleased
  if (scope !== null) held.scope = scope
  return held
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What the limits were found by and the event's own dimensions do not show: the settlement must find the same ones. */
function scopeOf({ bound, model }: Reservation['input'], shown: Usage['dimensions']): Readonly<Record<string, string>> | null {
  let scope: Record<string, string> | null = null
  for (const name in bound.dimensions) if (shown[name] !== bound.dimensions[name]) (scope ??= {})[name] = bound.dimensions[name]!
  if (model !== null && bound.dimensions['model'] === undefined && shown['model'] !== model) (scope ??= {})['model'] = model
  return scope
}

/** Used units against bound ones, over all properties that were bounded: a share to learn from, never an amount. */
function shareOf(bound: Usage['quantities'], used: Usage['quantities']): number {
  let [most, some] = [0, 0]
  for (const property in bound) {
    most += Number(bound[property])
    some += Number(used[property] ?? 0)
  }
  return most > 0 ? some / most : 1
}

/** What a request used of a limit, in hold units. */
function amountOn(budget: Budget, used: { readonly measured: readonly Measured[]; readonly charge: Units; readonly known: Reservation['known'] }): number {
  if (budget.unit.kind !== 'money') return countedBy(budget.unit.meters, used.measured)
  return holdOf(budget, countMoney(used.charge, { from: used.known.snapshot.currency, to: budget.unit.asset, catalog: used.known.catalog }) ?? ZERO)
}

/** A charge as hold units. What no lease can hold blocks the slice all the same, and is settled exactly elsewhere. */
function holdOf(budget: Budget, charge: Units): number {
  return charge <= ZERO ? 0 : Math.min(exactToHold(budget.unit, charge), LEASE_UNITS_MAX)
}

function countedBy(meters: readonly string[], measured: readonly Measured[]): number {
  let sum = 0
  for (const { meter, quantity: used } of measured) if (meters.includes(meter.id)) sum += Number(used)
  return sum
}
