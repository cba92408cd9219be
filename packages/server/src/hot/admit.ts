// Admission: authorize and check. Invariant: between reading the slices and holding on them there is no await, so that
// concurrent requests cannot pass a limit together. A request whose budgets are not all leased waits for one acquire; one that
// does not fit is tried in the ways that its budget allows before it is refused.

import { assetScale, decide, exactToHold, freeOf, hold, instant, makeId, measure, parseDecimal, type Budget, type Decision, type DecisionInput, type Denial, type Instant } from '@tollgate/core'
import { acquire, renewAhead } from './acquire.ts'
import { allowed, denied, directoryAway, problem, unavailable, warningsOf } from './answers.ts'
import type { Authorization, AuthorizeInput, Degrade, ReservationProblem, Warning } from './contract.ts'
import { sliceFor, timeOf, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'
import { rateOf, takeRates } from './rates.ts'
import { brief, clamped, fallback, fittingOutput, isExhaustion, mayClamp, restOf, type Retry } from './remedy.ts'
import { withinBounds } from './request-bounds.ts'
import { intentOf, type Reservation } from './reservation.ts'
import { watchRun } from './runs.ts'

/** Answers of the authority that a request waits for, its own or of those before it, until it is refused as unavailable. */
export const ROUNDS_PER_REQUEST_MAX = 256
/** Other forms in which one request is tried: models that fall back to models, then less output. */
const RETRIES_MAX = 8

/** What a decision needs of a request. */
export type DecideInput = Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>

/** What was tried so far for one request. */
type Tried = { readonly degrade: Degrade | null; readonly waived: string | null; readonly isCutOff: boolean; readonly rounds: number; readonly retries: number; readonly suspicion: Warning | null; readonly isBounded: boolean; readonly waitedMs: number }
const UNTRIED: Tried = { degrade: null, waived: null, isCutOff: false, rounds: 0, retries: 0, suspicion: null, isBounded: false, waitedMs: 0 }

type Answer = Authorization | ReservationProblem

export function authorize(node: Inside, input: AuthorizeInput): Answer | Promise<Answer> {
  const fingerprint = input.reservation === null ? '' : fingerprintOf(input)
  const known = input.reservation === null ? undefined : node.book.get(input.reservation)
  if (known !== undefined) return replayAuthorize(known, fingerprint)
  const wall = node.clock.now()
  const state = node.memory.customer(input.customer, wall)
  return state instanceof Promise ? state.then((found) => admit(node, found, input, fingerprint, UNTRIED), directoryAway) : admit(node, state, input, fingerprint, UNTRIED, wall)
}

/** `wall`: where nothing was awaited since the clock was looked at. */
function admit(node: Inside, state: CustomerState | null, input: AuthorizeInput, fingerprint: string, tried: Tried, wall = node.clock.now()): Answer | Promise<Answer> {
  if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
  // The period may have ended while the authority was asked.
  const now = instant(wall + state.snapshot.clockOffsetMs)
  if (now >= state.snapshot.validUntil) {
    const fresh = node.memory.customer(input.customer)
    return fresh instanceof Promise ? fresh.then((found) => admit(node, found, input, fingerprint, tried), directoryAway) : admit(node, fresh, input, fingerprint, tried)
  }
  if (!mayAdmit(node)) return refuse(node, state, input, unavailable(state))
  if (input.run !== null && tried === UNTRIED) {
    const suspicion = watchRun(node.runs, state, input, now)
    if (suspicion?.isNew === true) record(node, input, makeId('decision', node.parts.randomText()), { ...unavailable(state), ...suspicion.warning }, true)
    if (suspicion !== null && suspicion.denial !== null) return refuse(node, state, input, suspicion.denial)
    if (suspicion !== null) return admit(node, state, input, fingerprint, { ...UNTRIED, suspicion: suspicion.warning })
  }
  const rules = state.catalog.requestBounds
  if (rules !== undefined && !tried.isBounded && !isObserved(state, input)) {
    const within = withinBounds(rules, state, input)
    if (within.kind === 'refused') return refuse(node, state, input, within.denial)
    if (within.kind === 'lowered') return admit(node, state, within.input, fingerprint, { ...tried, isBounded: true, degrade: merged(tried.degrade, within.degrade) })
  }
  const decided = decisionInput(node, state, state, input, now, tried, now)
  const decision = decide(decided)
  switch (decision.kind) {
    case 'allow': {
      // Two calls with one reservation id may both have waited for the authority.
      const twin = input.reservation === null ? undefined : node.book.get(input.reservation)
      return twin === undefined ? reserve(node, state, input, fingerprint, decision, { wall, now }, tried, decided.request.expectedShare) : replayAuthorize(twin, fingerprint)
    }
    case 'miss':
      if (tried.rounds >= ROUNDS_PER_REQUEST_MAX) return refuse(node, state, input, unavailable(state))
      return acquire(node, state, decision.needs).then(
        () => admit(node, state, input, fingerprint, { ...tried, rounds: tried.rounds + 1 }),
        () => admit(node, state, input, fingerprint, { ...tried, rounds: tried.rounds + 1, isCutOff: true }),
      )
    case 'deny':
      return mend(node, state, input, fingerprint, tried, decided, decision) ?? refuse(node, state, input, withFits(decided, input, decision), decision.budget)
  }
}

/** Another try at what was refused for money or quota; null where none is left. */
function mend(node: Inside, state: CustomerState, input: AuthorizeInput, fingerprint: string, tried: Tried, decided: DecisionInput, denied: Extract<Decision, { kind: 'deny' }>): Answer | Promise<Answer> | null {
  const { budget, denial } = denied
  const wait = waitOf(node, input, denied, tried.waitedMs)
  if (wait !== null) return node.queue.wait(input.customer, wait).then(() => admit(node, state, input, fingerprint, { ...tried, waitedMs: tried.waitedMs + wait }))
  if (budget === null || !isExhaustion(denied) || tried.retries >= RETRIES_MAX) return null
  const again = (retry: Retry) => admit(node, state, retry.input, fingerprint, { ...tried, retries: tried.retries + 1, degrade: merged(tried.degrade, retry.degrade), waived: retry.waived ?? tried.waived, isBounded: false })
  const other = fallback(input, denied) ?? brief(input, denied)
  if (other !== null) return again(other)
  if (mayClamp(state, input, denied)) {
    const rest = tried.isCutOff ? null : restOf(state, budget, requiredOf(budget, denial))
    if (rest !== null) return acquire(node, state, [rest]).then(() => again({ input, degrade: null, waived: null }), () => again({ input, degrade: null, waived: null }))
    const less = clamped(decided, input, denied)
    if (less !== null) return again(less)
  }
  return budget.enforcement === 'soft' ? again({ input, degrade: null, waived: budget.id }) : null
}

function merged(before: Degrade | null, now: Degrade | null): Degrade | null {
  return before === null || now === null ? (now ?? before) : { ...before, model: now.model ?? before.model, outputTokens: now.outputTokens ?? before.outputTokens, instruction: now.instruction ?? before.instruction }
}

/** Who refuses nothing is only told. */
function isObserved({ snapshot }: CustomerState, { key }: DecideInput): boolean {
  return snapshot.observe === true || key?.observe === true
}

/** How long a refused request waits for a rate that lets requests wait; null where it is refused at once. */
function waitOf(node: Inside, input: AuthorizeInput, { budget, denial }: Extract<Decision, { kind: 'deny' }>, waitedMs: number): number | null {
  const exhausted = budget?.terms?.exhausted
  if (exhausted?.action !== 'queue' || input.canWait !== true || denial.retryAfterMs === undefined) return null
  const waitMs = Math.max(1, Math.ceil(denial.retryAfterMs))
  return waitedMs + waitMs <= exhausted.waitSeconds * 1_000 && node.queue.hasRoom(input.customer) ? waitMs : null
}

function requiredOf(budget: Budget, denial: Denial): number {
  const scale = budget.unit.kind === 'money' ? assetScale(budget.unit.asset) : budget.unit.scale
  return Math.max(1, exactToHold(budget.unit, parseDecimal(denial.required ?? '0', scale, 'required')))
}

function withFits(decided: DecisionInput, input: AuthorizeInput, denied: Extract<Decision, { kind: 'deny' }>): Denial {
  const fits = isExhaustion(denied) ? fittingOutput(decided, input, denied) : undefined
  return fits === undefined ? denied.denial : { ...denied.denial, fitsOutputTokens: fits, message: `${denied.denial.message} (at most ${fits} output tokens would fit)` }
}

function reserve(node: Inside, state: CustomerState, input: AuthorizeInput, fingerprint: string, decision: Extract<Decision, { kind: 'allow' }>, { wall, now }: { readonly wall: Instant; readonly now: Instant }, { degrade, suspicion }: Tried, expectedShare: number | undefined): Authorization {
  const { holds, limits, takes, loans, estimate } = decision
  let isLow = false
  for (const { slice, amount } of holds) {
    hold(slice, amount)
    if (freeOf(slice) < slice.renewBelow) isLow = true
  }
  if (isLow) renewAhead(node, state, holds)
  if (takes.length > 0) takeRates(takes, now)
  for (const { budget, amount } of loans) {
    const slice = sliceFor(state, budget)
    slice.lent = (slice.lent ?? 0) + amount
  }
  const id = input.reservation ?? makeId('reservation', node.parts.randomText())
  const noticed = warningsOf(decision.notices)
  const warnings = suspicion === null ? noticed : [...noticed, suspicion]
  const reservation: Reservation = {
    id, state, input, entity: input.entity, fingerprint, createdAt: now, expiresAt: instant(wall + input.ttlMs),
    known: state.known, holds, limits, takes, estimate, degrade, warnings, expectedShare, status: 'open', settled: null,
  }
  node.book.add(reservation)
  state.open += 1
  node.counts.authorized += 1
  if (degrade !== null) node.counts.degraded += 1
  node.journal.note(intentOf(reservation))
  for (const { why, denial } of decision.notices) if (why === 'observed') record(node, input, makeId('decision', node.parts.randomText()), denial, true)
  return allowed(reservation, false, now)
}

/** Whether this node may admit anything at all. */
export function mayAdmit(node: Inside): boolean {
  return !node.isDraining && node.journal.failure() === null && !node.book.isFull()
}

/** `at` is the instant whose periods count: that of the admission. */
export function decisionInput(node: Inside, state: CustomerState, known: Pick<CustomerState, 'snapshot' | 'catalog'>, input: DecideInput, at: Instant, tried: Pick<Tried, 'isCutOff' | 'waived'> = UNTRIED, now = timeOf(node, state)): DecisionInput {
  const { quantities, dimensions } = input.bound
  const expectedShare = state.learns ? node.expected.share({ customer: input.customer, feature: input.feature, model: input.model }) : undefined
  return {
    snapshot: known.snapshot,
    catalog: known.catalog,
    // Whom its authority has not heard of for too long may use nothing of what it was lent.
    slices: node.parts.licence.isValid(instant(now - state.snapshot.clockOffsetMs)) ? state.sliceOf : noSlice,
    rates: (budget) => rateOf(state, budget, now),
    request: {
      feature: input.feature, model: input.model, entity: input.entity, key: input.key?.id ?? null, run: input.run, quantities, dimensions,
      bound: measure(known.catalog.meters, { type: input.type, feature: input.feature, quantities, dimensions }),
      expectedShare, observe: input.key?.observe, waived: tried.waived ?? undefined,
    },
    now,
    at,
    isRunCharged: state.isRunCharged,
    isCutOff: tried.isCutOff,
  }
}

const noSlice = () => undefined

export function refuse(node: Inside, state: CustomerState, input: DecideInput, denial: Denial, budget: Budget | null = null): Extract<Authorization, { kind: 'denied' }> {
  const decision = makeId('decision', node.parts.randomText())
  node.counts.denied += 1
  record(node, input, decision, denial, false)
  return denied(state, decision, denial, budget, node.clock.now())
}

function record(node: Inside, input: DecideInput, decision: string, denial: Denial, isObserved: boolean): void {
  node.parts.denials.record({
    decision, customer: input.customer, time: node.clock.now(), key: input.key?.id ?? null, feature: input.feature, model: input.model,
    reason: denial.reason, scope: denial.scope, required: denial.required, limit: denial.limit, used: denial.used, unit: denial.unit,
    resetsAt: denial.resetsAt, message: denial.message, entity: input.entity, ...(isObserved ? { observed: true } : {}),
  })
}

function replayAuthorize(known: Reservation, fingerprint: string): Answer {
  return known.fingerprint === fingerprint ? allowed(known, true, known.createdAt) : problem('reservation_conflict', `reservation ${known.id} was authorized with another request; use a new id`)
}

function fingerprintOf(input: AuthorizeInput): string {
  const { bound } = input
  return JSON.stringify([input.customer, input.entity, input.feature, input.model, input.run, input.type, Object.entries(bound.quantities).sort(), Object.entries(bound.dimensions).sort()])
}
