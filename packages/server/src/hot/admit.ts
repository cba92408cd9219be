// Admission: authorize and check. Invariant: between reading the slices and holding on them there is no await, so that
// concurrent requests cannot pass a limit together. A request whose budgets are not all leased waits for one acquire.

import { chargedRun, decide, hold, instant, makeId, measure, type Decision, type Denial } from '@tollgate/core'
import { acquire } from './acquire.ts'
import { allowed, denied, directoryAway, problem, unavailable } from './answers.ts'
import type { Authorization, AuthorizeInput, ReservationProblem } from './contract.ts'
import { sliceIn, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'
import { encodeIntent } from './journal-line.ts'
import type { Reservation } from './reservation.ts'

/** Answers of the authority that a request waits for, its own or of those before it, until it is refused as unavailable. */
export const ROUNDS_PER_REQUEST_MAX = 256

export function authorize(node: Inside, input: AuthorizeInput): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
  const fingerprint = input.reservation === null ? '' : fingerprintOf(input)
  const known = input.reservation === null ? undefined : node.book.get(input.reservation)
  if (known !== undefined) return replayAuthorize(known, fingerprint)
  const state = node.memory.customer(input.customer)
  return state instanceof Promise ? state.then((found) => admit(node, found, input, fingerprint, 0), directoryAway) : admit(node, state, input, fingerprint, 0)
}

function admit(node: Inside, state: CustomerState | null, input: AuthorizeInput, fingerprint: string, rounds: number): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
  if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
  // The period may have ended while the authority was asked.
  if (node.clock.now() >= state.snapshot.validUntil) {
    const fresh = node.memory.customer(input.customer)
    return fresh instanceof Promise ? fresh.then((found) => admit(node, found, input, fingerprint, rounds), directoryAway) : admit(node, fresh, input, fingerprint, rounds)
  }
  const decision = decideOn(node, state, state, input)
  if (decision.kind === 'allow') {
    // Two calls with one reservation id may both have waited for the authority.
    const twin = input.reservation === null ? undefined : node.book.get(input.reservation)
    return twin === undefined ? reserve(node, state, input, fingerprint, decision) : replayAuthorize(twin, fingerprint)
  }
  if (decision.kind === 'deny') return refuse(node, state, input, decision.denial)
  if (rounds >= ROUNDS_PER_REQUEST_MAX) return refuse(node, state, input, unavailable(state))
  return acquire(node, state, decision.needs).then(
    () => admit(node, state, input, fingerprint, rounds + 1),
    () => refuse(node, state, input, unavailable(state)),
  )
}

function reserve(node: Inside, state: CustomerState, input: AuthorizeInput, fingerprint: string, decision: Extract<Decision, { kind: 'allow' }>): Authorization {
  const now = node.clock.now()
  for (const { slice, amount } of decision.holds) hold(slice, amount)
  const id = input.reservation ?? makeId('reservation', node.parts.randomText())
  const reservation: Reservation = {
    id, state, input, entity: input.entity, fingerprint, createdAt: now, expiresAt: instant(now + input.ttlMs),
    known: { snapshot: state.snapshot, catalog: state.catalog, positions: state.positions }, holds: decision.holds, estimate: decision.estimate, status: 'open', settled: null,
  }
  node.book.add(reservation)
  state.open += 1
  node.counts.authorized += 1
  node.journal.note(encodeIntent({ reservation: id, customer: input.customer, time: now, estimate: String(decision.estimate) }))
  return allowed(reservation, false)
}

export function decideOn(node: Inside, state: CustomerState, known: Pick<CustomerState, 'snapshot' | 'catalog'>, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>): Decision {
  if (node.isDraining || node.journal.failure() !== null || node.book.isFull()) return { kind: 'deny', denial: unavailable(state) }
  const now = node.clock.now()
  const bound = measure(known.catalog.meters, { type: input.type, feature: input.feature, ...input.bound })
  return decide({
    snapshot: known.snapshot,
    catalog: known.catalog,
    slices: (budget) => sliceIn(state, budget),
    request: { feature: input.feature, model: input.model, entity: input.entity, run: input.run, bound, quantities: input.bound.quantities, dimensions: input.bound.dimensions },
    now,
    isRunCharged: (price, run) => state.chargedRuns.has(chargedRun(price, run)),
  })
}

export function refuse(node: Inside, state: CustomerState, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>, denial: Denial): Extract<Authorization, { kind: 'denied' }> {
  const decision = makeId('decision', node.parts.randomText())
  node.counts.denied += 1
  node.parts.denials.record({
    decision, customer: input.customer, time: node.clock.now(), key: input.key?.id ?? null, feature: input.feature, model: input.model,
    reason: denial.reason, scope: denial.scope, required: denial.required, limit: denial.limit, used: denial.used, unit: denial.unit,
    resetsAt: denial.resetsAt, message: denial.message, entity: input.entity,
  })
  return denied(state, decision, denial)
}

function replayAuthorize(known: Reservation, fingerprint: string): Authorization | ReservationProblem {
  return known.fingerprint === fingerprint ? allowed(known, true) : problem('reservation_conflict', `reservation ${known.id} was authorized with another request; use a new id`)
}

function fingerprintOf(input: AuthorizeInput): string {
  const { bound } = input
  return JSON.stringify([input.customer, input.entity, input.feature, input.model, input.run, input.type, Object.entries(bound.quantities).sort(), Object.entries(bound.dimensions).sort()])
}
