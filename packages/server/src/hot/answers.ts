// What callers of a node are told: allowed, denied with a reason, or a problem with the call itself.

import { formatUnits, holdScale, levelAt, parseUnits, RETRY_AFTER_SECONDS_MAX, units, type Budget, type Denial, type Instant, type Notice, type RateBucket, type RateShare } from '@tollgate/core'
import type { Authorization, RateStanding, ReservationProblem, Warning } from './contract.ts'
import { balanceOf, type CustomerState } from './customer-state.ts'
import { rateOf } from './rates.ts'
import type { Reservation } from './reservation.ts'

const NO_WARNINGS: readonly Warning[] = []
const NO_RATES: readonly RateStanding[] = []

export function warningsOf(notices: readonly Notice[]): readonly Warning[] {
  return notices.length === 0 ? NO_WARNINGS : notices.map(({ why, denial }) => ({ why, scope: denial.scope, reason: denial.reason, message: denial.message }))
}

function ratesOf(reservation: Reservation, now: Instant): readonly RateStanding[] {
  const { takes } = reservation
  return takes.length === 0 ? NO_RATES : takes.flatMap(({ budget, bucket, share }) => (budget.terms?.rate === undefined ? [] : [rateStanding(budget, { bucket, share }, now)]))
}

/** In whole units of what it counts; money in hundredths. */
function rateStanding(budget: Budget, { bucket, share }: { readonly bucket: RateBucket; readonly share: RateShare }, now: Instant): RateStanding {
  const level = levelAt(bucket, share, now)
  const perUnit = budget.unit.kind === 'money' ? 10 ** (holdScale(budget.unit.asset) - 2) : 10 ** budget.unit.scale
  return {
    name: budget.id,
    limit: Math.floor(share.limit / perUnit),
    windowSeconds: Math.round(share.windowMs / 1_000),
    remaining: Math.max(0, Math.floor(level / perUnit)),
    resetSeconds: share.limit <= 0 ? RETRY_AFTER_SECONDS_MAX : Math.min(RETRY_AFTER_SECONDS_MAX, Math.ceil(((share.burst - level) * share.windowMs) / share.limit / 1_000)),
  }
}

export function allowed(reservation: Reservation, replayed: boolean, now: Instant): Authorization {
  const { state } = reservation
  return {
    kind: 'allowed', reservation: reservation.id, estimate: reservation.estimate, currency: state.snapshot.currency, expiresAt: reservation.expiresAt,
    balance: balanceOf(state), catalogVersion: state.catalog.version, replayed,
    degrade: reservation.degrade, warnings: reservation.warnings, rates: ratesOf(reservation, now),
  }
}

export function denied(state: CustomerState, decision: string, denial: Denial, budget: Budget | null, now: Instant): Extract<Authorization, { kind: 'denied' }> {
  const { currency } = state.snapshot
  const balance = balanceOf(state)
  // The authority's figure lags behind this node's own settles: one answer must not show two balances.
  const isWallet = denial.scope.startsWith('wallet:') && denial.limit !== null && balance !== null
  const told = isWallet ? { ...denial, used: formatUnits(units(parseUnits(denial.limit, currency) - balance), currency) } : denial
  const rates = budget?.terms?.rate === undefined ? NO_RATES : [rateStanding(budget, rateOf(state, budget, now), now)]
  return { kind: 'denied', decision, denial: told, currency, balance, rates }
}

export function ended(reservation: Reservation): ReservationProblem {
  return reservation.status === 'settled'
    ? problem('already_settled', `reservation ${reservation.id} is settled`)
    : problem('already_released', `reservation ${reservation.id} is ${reservation.status}; authorize again`)
}

export function directoryAway(): ReservationProblem {
  return problem('directory_unavailable', 'What this customer may do cannot be looked up right now. Try again in a few seconds.')
}

export function notFound(id: string): ReservationProblem {
  return problem('reservation_not_found', `reservation ${id} is not known to this node; settle late usage with POST /v1/events under source tollgate:api and id ${id}`)
}

export function problem(code: ReservationProblem['code'], message: string): ReservationProblem {
  return { kind: 'problem', code, message }
}

export function unavailable(state: CustomerState): Denial {
  return {
    reason: 'budget_unavailable', scope: 'authority', message: 'The budget cannot be confirmed right now, and this limit is set to refuse in that case. Try again in a few seconds.',
    limit: null, used: null, required: null, unit: null, resetsAt: null, topUpUrl: null, upgradeUrl: state.snapshot.upgradeUrl,
  }
}
