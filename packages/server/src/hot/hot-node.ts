// The data plane's decisions: a node authorizes and settles in memory, out of budget leased from the authority, and asks
// only where its memory misses. Invariant: between reading the slices and holding on them there is no await, so that
// concurrent requests cannot pass a limit together. No SQL and no HTTP is spoken here; the ports do that.

import {
  applies, assert, coverByAllowances, decide, exactToHold, formatUnits, freeOf, grant, hold, instant, isLinear, makeId, measure, NONE, parseUnits, quantity,
  rateEvent, release, settle, LEASE_UNITS_MAX, units, ZERO,
  type Authority, type Budget, type Clock, type Coverage, type Decision, type Denial, type Hold, type Measured, type NodeIdentity, type RatedEvent,
  type ReservationId, type Units, type UsageEvent,
} from '@tollgate/core'
import type { Authorization, AuthorizeInput, Checked, HotNode, ReservationProblem, Settled, Usage } from './contract.ts'
import { balanceOf, foldUsed, leaseAhead, sliceFor, sliceIn, type CustomerState } from './customer-state.ts'
import type { DenialLog } from './denial-log.ts'
import type { FileJournal } from './file-journal.ts'
import { encodeIntent, encodeLine } from './journal-line.ts'
import type { Memory } from './memory.ts'
import { SWEEP_INTERVAL_MS, reservationBook, type Reservation } from './reservation.ts'

export type HotNodeParts = {
  readonly identity: NodeIdentity
  readonly authority: Authority
  readonly memory: Memory
  readonly journal: Pick<FileJournal, 'append' | 'note' | 'sync' | 'failure' | 'backlogBytes'>
  readonly denials: DenialLog
  readonly clock: Clock
  /** Numbers the calls to the authority, so that a repeated one is known. */
  readonly nextSequence: () => number
  /** Unguessable text for ids, ordered by time. */
  readonly randomText: () => string
  readonly hashKey: (rawKey: string) => string
  readonly onDrain: () => Promise<void>
}

/** Answers of the authority that a request waits for, its own or of those before it, until it is refused as unavailable. */
const ROUNDS_PER_REQUEST_MAX = 256
/** How long a refusal is believed. A top-up drops it at once; this is for a push that was lost. */
const REFUSAL_BELIEVED_MS = 1_000
/** An allowance with nothing left mostly stays so, and what changes it is pushed, except another node's giving back. */
const EXHAUSTION_BELIEVED_MS = 5_000

export function createHotNode(parts: HotNodeParts): HotNode {
  const { clock, journal, memory } = parts
  const book = reservationBook()
  const counts = { authorized: 0, denied: 0, settled: 0, released: 0, expired: 0, acquires: 0 }
  let draining = false

  const sweeper = setInterval(() => {
    for (const reservation of book.sweep(clock.now())) finishWithoutUse(reservation, 'expired')
  }, SWEEP_INTERVAL_MS)
  sweeper.unref()

  function authorize(input: AuthorizeInput): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
    const fingerprint = input.reservation === null ? '' : fingerprintOf(input)
    const known = input.reservation === null ? undefined : book.get(input.reservation)
    if (known !== undefined) return replayAuthorize(known, fingerprint)
    const state = memory.customer(input.customer)
    return state instanceof Promise ? state.then((found) => admit(found, input, fingerprint, 0), directoryAway) : admit(state, input, fingerprint, 0)
  }

  function admit(state: CustomerState | null, input: AuthorizeInput, fingerprint: string, rounds: number): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
    if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
    // The period may have ended while the authority was asked.
    if (clock.now() >= state.snapshot.validUntil) {
      const fresh = memory.customer(input.customer)
      return fresh instanceof Promise ? fresh.then((found) => admit(found, input, fingerprint, rounds), directoryAway) : admit(fresh, input, fingerprint, rounds)
    }
    const decision = decideOn(state, state, input)
    if (decision.kind === 'allow') {
      // Two calls with one reservation id may both have waited for the authority.
      const twin = input.reservation === null ? undefined : book.get(input.reservation)
      return twin === undefined ? reserve(state, input, fingerprint, decision) : replayAuthorize(twin, fingerprint)
    }
    if (decision.kind === 'deny') return refuse(state, input, decision.denial)
    if (rounds >= ROUNDS_PER_REQUEST_MAX) return refuse(state, input, unavailable(state))
    return acquire(state, decision.needs).then(
      () => admit(state, input, fingerprint, rounds + 1),
      () => refuse(state, input, unavailable(state)),
    )
  }

  function decideOn(state: CustomerState, known: Pick<CustomerState, 'snapshot' | 'catalog'>, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>): Decision {
    if (draining || journal.failure() !== null || book.isFull()) return { kind: 'deny', denial: unavailable(state) }
    const now = clock.now()
    const bound = measure(known.catalog.meters, { type: input.type, feature: input.feature, ...input.bound })
    return decide({
      snapshot: known.snapshot,
      catalog: known.catalog,
      slices: (budget) => sliceIn(state, budget),
      request: { feature: input.feature, model: input.model, entity: input.entity, bound },
      now,
    })
  }

  function reserve(state: CustomerState, input: AuthorizeInput, fingerprint: string, decision: Extract<Decision, { kind: 'allow' }>): Authorization {
    const now = clock.now()
    for (const { slice, amount } of decision.holds) hold(slice, amount)
    const id = input.reservation ?? makeId('reservation', parts.randomText())
    const reservation: Reservation = {
      id, state, input, entity: input.entity, fingerprint, createdAt: now, expiresAt: instant(now + input.ttlMs),
      known: { snapshot: state.snapshot, catalog: state.catalog, positions: state.positions }, holds: decision.holds, estimate: decision.estimate, status: 'open', settled: null,
    }
    book.add(reservation)
    state.open += 1
    counts.authorized += 1
    journal.note(encodeIntent({ reservation: id, customer: input.customer, time: now, estimate: String(decision.estimate) }))
    return allowed(reservation, false)
  }

  /** One call per customer at a time: those who come meanwhile wait for it and look at their slices again. */
  function acquire(state: CustomerState, needs: Extract<Decision, { kind: 'miss' }>['needs']): Promise<void> {
    if (state.acquiring !== null) return state.acquiring
    counts.acquires += 1
    const budgets = needs.map((need) => leaseAhead(state, need, clock.now()))
    const ask = () => parts.authority.acquire(parts.identity, { sequence: parts.nextSequence(), customer: state.snapshot.customer, budgets })
    // What was recalled a moment ago is headroom only when it has arrived; asked before, the authority would refuse it.
    state.acquiring = (state.returning === null ? ask() : state.returning.then(ask)).then((answer) => {
      const until = (ms: number) => instant(clock.now() + ms)
      if ('kind' in answer) {
        const need = needs.find(({ budget }) => budget.id === answer.budget)
        assert(need !== undefined, 'the authority refused a budget that was not asked for')
        sliceFor(state, need.budget).refused = { min: Math.max(1, need.min), until: until(REFUSAL_BELIEVED_MS), limit: answer.limit, used: answer.settled }
        return
      }
      for (const lease of answer) {
        const need = needs.find(({ budget }) => budget.id === lease.budget && budget.period.start === lease.periodStart)
        assert(need !== undefined, 'the authority granted a budget that was not asked for')
        foldUsed(state, need.budget)
        const slice = sliceFor(state, need.budget)
        grant(slice, lease.granted)
        slice.refused = lease.exhausted ? { min: 1, until: until(EXHAUSTION_BELIEVED_MS) } : null
      }
    }).finally(() => { state.acquiring = null })
    return state.acquiring
  }

  function extend(id: ReservationId, bound: AuthorizeInput['bound']): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
    const reservation = book.get(id)
    if (reservation === undefined) return notFound(id)
    if (reservation.status !== 'open') return ended(reservation)
    return extendOpen(reservation, bound, 0)
  }

  function extendOpen(reservation: Reservation, bound: AuthorizeInput['bound'], rounds: number): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
    if (reservation.status !== 'open') return ended(reservation)
    const { state, holds } = reservation
    // Decide as if the old hold were not there; without an await in between nobody else can take its place.
    for (const { slice, amount } of holds) release(slice, amount)
    const decision = decideOn(state, reservation.known, { ...reservation.input, bound: raised(reservation.input.bound, bound) })
    for (const { slice, amount } of decision.kind === 'allow' ? decision.holds : holds) restore(slice, amount)
    if (decision.kind === 'allow') {
      reservation.holds = decision.holds
      reservation.estimate = decision.estimate
      reservation.input = { ...reservation.input, bound: raised(reservation.input.bound, bound) }
      return allowed(reservation, false)
    }
    if (decision.kind === 'deny') return refuse(state, reservation.input, decision.denial)
    if (rounds >= ROUNDS_PER_REQUEST_MAX) return refuse(state, reservation.input, unavailable(state))
    return acquire(state, decision.needs.map((need) => ({ ...need, want: Math.max(need.min, need.want) }))).then(
      () => extendOpen(reservation, bound, rounds + 1),
      () => refuse(state, reservation.input, unavailable(state)),
    )
  }

  function settleReservation(id: ReservationId, usage: Usage): Settled | ReservationProblem {
    const reservation = book.get(id)
    if (reservation === undefined) return notFound(id)
    const fingerprint = reservation.input.repeatable ? JSON.stringify([Object.entries(usage.quantities).sort(), Object.entries(usage.dimensions).sort()]) : ''
    if (reservation.settled !== null) {
      if (reservation.settled.fingerprint !== fingerprint) return problem('settled_with_other_usage', `reservation ${id} was settled with other usage; the first stands. Send a correction event to change it.`)
      return { ...reservation.settled.answer, replayed: true }
    }
    const { state, input, known } = reservation
    const measured = measure(known.catalog.meters, { type: input.type, feature: input.feature, ...usage })
    const wasOpen = reservation.status === 'open'
    if (wasOpen) for (const { slice, amount } of reservation.holds) release(slice, amount)
    const { coverage, rated } = rateOn(state, known, measured)
    bookUse(state, reservation, { measured, coverage, rated })
    const event = usageEvent(reservation, usage, coverage)
    const written = journal.append(encodeLine('settled', event))
    // The gateway may never look at it (a client that is gone); a failed journal is seen by the next admission.
    written.catch(() => undefined)
    const answer: Settled = {
      kind: 'settled', reservation: id, charge: rated.amount, currency: known.snapshot.currency,
      isFinal: measured.every(({ meter }) => isFinalFor(known, meter.id)), balance: balanceOf(state), replayed: false, written,
    }
    if (wasOpen) state.open -= 1
    reservation.status = 'settled'
    reservation.holds = []
    reservation.settled = { answer, fingerprint }
    book.finish(reservation, clock.now())
    counts.settled += 1
    return answer
  }

  function rateOn(state: CustomerState, known: Reservation['known'], measured: readonly Measured[]): { readonly coverage: Coverage[]; readonly rated: RatedEvent } {
    const plan = known.catalog.plans.get(known.snapshot.plan)
    assert(plan !== undefined, `the snapshot's plan ${known.snapshot.plan} is not in its catalog`)
    // A snapshot refreshed within the period carried the positions over; one of another period began its own.
    const positions = known.snapshot.period.start === state.snapshot.period.start ? state.positions : known.positions
    const coverage = coverByAllowances(plan, measured, (allowance) => {
      const budget = known.snapshot.funding.flatMap((source) => (source.kind === 'allowance' && source.allowance === allowance ? [source.budget] : []))[0]
      const slice = budget === undefined ? undefined : sliceIn(state, budget)
      return quantity(BigInt(slice === undefined ? 0 : Math.max(0, freeOf(slice))))
    })
    const rated = rateEvent({ plan, measured, coverage, billableBefore: (price) => positions.get(price) ?? NONE })
    for (const charge of rated.charges) positions.set(charge.price, quantity(charge.before + charge.quantity - charge.included))
    return { coverage, rated }
  }

  /** Moves the slices by what really happened. The holds are released already; use may exceed what was held. */
  function bookUse(state: CustomerState, reservation: Reservation, used: { readonly measured: readonly Measured[]; readonly coverage: readonly Coverage[]; readonly rated: RatedEvent }): void {
    const { snapshot } = reservation.known
    for (const covered of used.coverage) {
      const source = snapshot.funding.find((one) => one.kind === 'allowance' && one.budget.id === covered.budget)
      assert(source?.kind === 'allowance', 'covered by an allowance that the snapshot does not have')
      settle(sliceFor(state, source.budget), 0, Number(covered.quantity))
    }
    const hasOverage = snapshot.funding.some(({ kind }) => kind === 'overage')
    for (const source of snapshot.funding) {
      if (source.kind !== 'wallet' || source.budget.unit.kind !== 'money' || used.rated.amount <= ZERO) continue
      const slice = sliceFor(state, source.budget)
      const amount = holdOf(source.budget, used.rated.amount)
      settle(slice, 0, hasOverage ? Math.min(amount, Math.max(0, freeOf(slice))) : amount)
    }
    for (const budget of snapshot.limits) {
      if (!applies(budget, snapshot, { feature: reservation.input.feature, entity: reservation.entity })) continue
      const amount = budget.unit.kind === 'money' ? holdOf(budget, used.rated.amount) : countedBy(budget.unit.meters, used.measured)
      if (amount > 0) settle(sliceFor(state, budget), 0, amount)
    }
  }

  function usageEvent(reservation: Reservation, usage: Usage, coverage: readonly Coverage[]): UsageEvent {
    const { input } = reservation
    return {
      id: reservation.id,
      source: input.type === 'ai.request' && !input.repeatable ? 'tollgate:gateway' : 'tollgate:api',
      type: input.type,
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
      settled: { node: parts.identity.node, incarnation: parts.identity.incarnation, covered: coverage.map(({ budget, meter, quantity: drawn }) => ({ budget, meter, quantity: String(drawn) })) },
      context: usage.context,
    }
  }

  function releaseReservation(id: ReservationId): { readonly kind: 'released'; readonly replayed: boolean } | ReservationProblem {
    const reservation = book.get(id)
    if (reservation === undefined) return notFound(id)
    if (reservation.status === 'settled') return ended(reservation)
    if (reservation.status !== 'open') return { kind: 'released', replayed: true }
    finishWithoutUse(reservation, 'released')
    return { kind: 'released', replayed: false }
  }

  function finishWithoutUse(reservation: Reservation, status: 'released' | 'expired'): void {
    for (const { slice, amount } of reservation.holds) release(slice, amount)
    reservation.holds = []
    reservation.status = status
    reservation.state.open -= 1
    book.finish(reservation, clock.now())
    counts[status] += 1
    journal.note(encodeLine('void', { reservation: reservation.id }))
  }

  function check(input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>): Checked | Promise<Checked> {
    const state = memory.customer(input.customer)
    return state instanceof Promise ? state.then((found) => checkOn(found, input, 0), directoryAway) : checkOn(state, input, 0)
  }

  function checkOn(state: CustomerState | null, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>, rounds: number): Checked | Promise<Checked> {
    if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
    const decision = decideOn(state, state, input)
    const { currency } = state.snapshot
    if (decision.kind === 'allow') return { kind: 'allowed', estimate: decision.estimate, currency, balance: balanceOf(state), catalogVersion: state.catalog.version }
    if (decision.kind === 'deny') return denied(state, makeId('decision', parts.randomText()), decision.denial)
    if (rounds >= ROUNDS_PER_REQUEST_MAX) return denied(state, makeId('decision', parts.randomText()), unavailable(state))
    return acquire(state, decision.needs).then(
      () => checkOn(state, input, rounds + 1),
      () => denied(state, makeId('decision', parts.randomText()), unavailable(state)),
    )
  }

  function refuse(state: CustomerState, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>, denial: Denial): Extract<Authorization, { kind: 'denied' }> {
    const decision = makeId('decision', parts.randomText())
    counts.denied += 1
    parts.denials.record({
      decision, customer: input.customer, time: clock.now(), key: input.key?.id ?? null, feature: input.feature, model: input.model,
      reason: denial.reason, scope: denial.scope, required: denial.required,
    })
    return denied(state, decision, denial)
  }

  return {
    id: parts.identity.node,
    authenticate: (rawKey) => memory.key(parts.hashKey(rawKey)),
    snapshot: (customer) => memory.customer(customer),
    authorize,
    extend,
    settle: settleReservation,
    release: releaseReservation,
    check,
    upstreams: () => memory.upstreams(),
    openFor: (customer) => memory.peek(customer)?.open ?? 0,
    sync: () => journal.sync(),
    stats: () => ({ ...counts, open: book.openCount(), customers: memory.size(), journal_bytes: journal.backlogBytes() }),
    isReady: () => !draining && journal.failure() === null,
    drain: async () => {
      draining = true
      clearInterval(sweeper)
      await parts.onDrain()
    },
  }
}

function isFinalFor(known: Reservation['known'], meter: string): boolean {
  const price = known.catalog.plans.get(known.snapshot.plan)?.priceByMeter.get(meter)
  return price === undefined || isLinear(price)
}

/** The higher of two bounds, property by property: extensions that overlap never lower each other. */
function raised(bound: AuthorizeInput['bound'], by: AuthorizeInput['bound']): AuthorizeInput['bound'] {
  const quantities: Record<string, string> = { ...bound.quantities }
  for (const [property, text] of Object.entries(by.quantities)) if (!(Number(quantities[property]) >= Number(text))) quantities[property] = text
  return { quantities, dimensions: { ...bound.dimensions, ...by.dimensions } }
}

/** Puts a hold back that was there a moment ago, even if the slice is overrun meanwhile: it was admitted. */
function restore(slice: Hold['slice'], amount: number): void {
  slice.held += amount
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

function allowed(reservation: Reservation, replayed: boolean): Authorization {
  const { state } = reservation
  return {
    kind: 'allowed', reservation: reservation.id, estimate: reservation.estimate, currency: state.snapshot.currency, expiresAt: reservation.expiresAt,
    balance: balanceOf(state), catalogVersion: state.catalog.version, replayed,
  }
}

function denied(state: CustomerState, decision: string, denial: Denial): Extract<Authorization, { kind: 'denied' }> {
  const { currency } = state.snapshot
  const balance = balanceOf(state)
  // The authority's figure lags behind this node's own settles: one answer must not show two balances.
  const isWallet = denial.scope.startsWith('wallet:') && denial.limit !== null && balance !== null
  const told = isWallet ? { ...denial, used: formatUnits(units(parseUnits(denial.limit, currency) - balance), currency) } : denial
  return { kind: 'denied', decision, denial: told, currency, balance }
}

function replayAuthorize(known: Reservation, fingerprint: string): Authorization | ReservationProblem {
  return known.fingerprint === fingerprint ? allowed(known, true) : problem('reservation_conflict', `reservation ${known.id} was authorized with another request; use a new id`)
}

function fingerprintOf(input: AuthorizeInput): string {
  const { bound } = input
  return JSON.stringify([input.customer, input.entity, input.feature, input.model, input.run, input.type, Object.entries(bound.quantities).sort(), Object.entries(bound.dimensions).sort()])
}

function ended(reservation: Reservation): ReservationProblem {
  return reservation.status === 'settled'
    ? problem('already_settled', `reservation ${reservation.id} is settled`)
    : problem('already_released', `reservation ${reservation.id} is ${reservation.status}; authorize again`)
}

function directoryAway(): ReservationProblem {
  return problem('directory_unavailable', 'What this customer may do cannot be looked up right now. Try again in a few seconds.')
}

function notFound(id: string): ReservationProblem {
  return problem('reservation_not_found', `reservation ${id} is not known to this node; settle late usage with POST /v1/events and id ${id}`)
}

function problem(code: ReservationProblem['code'], message: string): ReservationProblem {
  return { kind: 'problem', code, message }
}

function unavailable(state: CustomerState): Denial {
  return {
    reason: 'budget_unavailable', scope: 'authority', message: 'The budget cannot be confirmed right now, and this limit is set to refuse in that case. Try again in a few seconds.',
    limit: null, used: null, required: null, unit: null, resetsAt: null, topUpUrl: null, upgradeUrl: state.snapshot.upgradeUrl,
  }
}
