// The end of a reservation with its real usage: the holds go, what was used is rated and moves the slices, and the usage event
// is written to the journal. Use beyond the hold is booked in full: it happened.

import { applies, assert, chargedRun, chargedRuns, countMoney, coverByAllowances, exactToHold, exchangeLookup, freeOf, holdToExact, LEASE_UNITS_MAX, limitsFor, measure, planOf, positionKey, quantity, rateEvent, release, settle, START, units, ZERO, type Budget, type Coverage, type Instant, type Measured, type RatedEvent, type RatedUsage, type ReservationId, type Units, type UsageEvent } from '@tollgate/core'
import { notFound, problem } from './answers.ts'
import type { ReservationProblem, Settled, Usage } from './contract.ts'
import { balanceOf, rememberRun, sliceFor, sliceIn, type CustomerState } from './customer-state.ts'
import { correctRates } from './rates.ts'
import type { Inside } from './inside.ts'
import { encodeLine } from './journal-line.ts'
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
  const measured = measure(known.catalog.meters, { feature: input.feature, ...usage, type: usage.type ?? input.type })
  const wasOpen = reservation.status === 'open'
  if (wasOpen) for (const { slice, amount } of reservation.holds) release(slice, amount)
  const { coverage, rated } = rateOn(state, known, measured, { feature: input.feature, run: input.run, dimensions: usage.dimensions, quantities: usage.quantities, cost: usage.cost }, reservation.createdAt)
  const scope = scopeOf(input, usage.dimensions)
  const { paid, booked, unleased } = bookUse(state, reservation, { measured, coverage, rated }, scope === null ? usage.dimensions : { ...usage.dimensions, ...scope })
  const event = usageEvent(node, reservation, usage, { coverage: [...coverage, ...paid], booked, unleased, scope })
  // A request counts one against what throttles; of a rate, what was really used.
  if (reservation.takes.length > 0) correctRates(reservation.takes, ({ budget }) => (budget.terms?.rate === undefined ? null : amountOn(budget, { measured, charge: rated.amount, known })), node.clock.now())
  const written = node.journal.append(encodeLine('settled', event))
  // The gateway may never look at it (a client that is gone); a failed journal is seen by the next admission.
  written.catch(() => undefined)
  if (state.learns) node.expected.learn({ customer: input.customer, feature: input.feature, model: input.model }, shareOf(input.bound.quantities, usage.quantities), reservation.expectedShare)
  const answer: Settled = {
    kind: 'settled', reservation: id, charge: rated.amount, currency: known.snapshot.currency,
    isFinal: rated.isFinal, balance: balanceOf(state), replayed: false, written,
  }
  if (wasOpen) state.open -= 1
  reservation.status = 'settled'
  reservation.holds = []
  reservation.settled = { answer, fingerprint }
  node.book.finish(reservation, node.clock.now())
  node.counts.settled += 1
  return answer
}

function rateOn(state: CustomerState, known: Reservation['known'], measured: readonly Measured[], usage: RatedUsage, at: Instant): { readonly coverage: Coverage[]; readonly rated: RatedEvent } {
  const plan = planOf(known.catalog, known.snapshot)
  assert(plan !== undefined, `the snapshot's plan ${known.snapshot.plan} is not in its catalog`)
  // A snapshot refreshed within the period carried the positions over; one of another period began its own.
  const positions = known.snapshot.period.start === state.snapshot.period.start ? state.positions : known.positions
  const coverage = coverByAllowances(plan, usage, measured, (allowance) => {
    const budget = known.snapshot.funding.flatMap((source) => (source.kind === 'allowance' && source.allowance === allowance ? [source.budget] : []))[0]
    const slice = budget === undefined ? undefined : sliceIn(state, budget)
    return quantity(BigInt(slice === undefined ? 0 : Math.max(0, freeOf(slice))))
  })
  const rated = rateEvent({ plan, usage, measured, coverage, exchange: exchangeLookup(known.catalog.exchange, at), before: (price, entry) => positions.get(positionKey(price.id, entry)) ?? START, isRunCharged: (price, run) => state.chargedRuns.has(chargedRun(price, run)) })
  for (const run of chargedRuns(plan, usage.run, rated)) rememberRun(state, run)
  for (const { price, entry, before, quantity: used, included } of rated.charges) {
    positions.set(positionKey(price, entry), { billable: quantity(before.billable + used - included), included: quantity(before.included + included), events: before.events + 1 })
  }
  return { coverage, rated }
}

/** Moves the slices by what really happened, and says what allowances of an amount paid of it. The holds are released already; use may exceed what was held. */
function bookUse(state: CustomerState, reservation: Reservation, used: { readonly measured: readonly Measured[]; readonly coverage: readonly Coverage[]; readonly rated: RatedEvent }, dimensions: Usage['dimensions']): { readonly paid: Coverage[]; readonly booked: Record<string, string>; readonly unleased: string[] } {
  const { snapshot } = reservation.known
  const unleased: string[] = []
  for (const covered of used.coverage) {
    const source = snapshot.funding.find((one) => one.kind === 'allowance' && one.budget.id === covered.budget)
    assert(source?.kind === 'allowance', 'covered by an allowance that the snapshot does not have')
    settle(sliceFor(state, source.budget), 0, Number(covered.quantity))
  }
  const paid: Coverage[] = []
  const booked: Record<string, string> = {}
  const book = (budget: Budget, amount: number) => {
    const slice = sliceFor(state, budget)
    settle(slice, 0, amount)
    if (!slice.isLeased && amount > 0) unleased.push(budget.id)
    if (budget.unit.kind === 'money') booked[budget.id] = String(holdToExact(budget.unit, amount))
  }
  const hasOverage = snapshot.funding.some(({ kind }) => kind === 'overage')
  let rest: Units = used.rated.amount
  for (const source of snapshot.funding) {
    if (source.kind === 'overage' || source.budget.unit.kind !== 'money' || rest <= ZERO) continue
    const slice = sliceFor(state, source.budget)
    const amount = holdOf(source.budget, rest)
    if (source.kind === 'wallet') {
      book(source.budget, hasOverage ? Math.min(amount, Math.max(0, freeOf(slice))) : amount)
      continue
    }
    if (!applies(source.budget, snapshot, { feature: reservation.input.feature, entity: reservation.entity })) continue
    const taken = Math.min(amount, Math.max(0, freeOf(slice)))
    if (taken === 0) continue
    book(source.budget, taken)
    const exact = holdToExact(source.budget.unit, taken)
    const covered = exact < rest ? exact : rest
    paid.push({ budget: source.budget.id, meter: '', quantity: quantity(covered) })
    rest = units(rest - covered)
  }
  const { feature, run, key } = reservation.input
  for (const budget of limitsFor(snapshot, { feature, run, key: key?.id ?? null, entity: reservation.entity, model: null, dimensions }, reservation.createdAt)) {
    // Nothing is leased for what is only counted, and a rate is no budget of the authority's.
    if (budget.enforcement === 'metered' || budget.terms?.rate !== undefined) continue
    const amount = amountOn(budget, { measured: used.measured, charge: used.rated.amount, known: reservation.known })
    if (amount > 0) book(budget, amount)
  }
  return { paid, booked, unleased }
}

function usageEvent(node: Inside, reservation: Reservation, usage: Usage, taken: { readonly coverage: readonly Coverage[]; readonly booked: Readonly<Record<string, string>>; readonly unleased: readonly string[]; readonly scope: Readonly<Record<string, string>> | null }): UsageEvent {
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
    settled: { node: node.parts.identity.node, incarnation: node.parts.identity.incarnation, covered: taken.coverage.map(({ budget, meter, quantity: drawn }) => ({ budget, meter, quantity: String(drawn) })), ...(Object.keys(taken.booked).length === 0 ? {} : { booked: taken.booked }), ...(taken.unleased.length === 0 ? {} : { unleased: taken.unleased }), ...(taken.scope === null ? {} : { scope: taken.scope }) },
    context: usage.context,
  }
}

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
