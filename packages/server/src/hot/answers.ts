// What callers of a node are told: allowed, denied with a reason, or a problem with the call itself.

import { formatUnits, parseUnits, units, type Denial } from '@tollgate/core'
import type { Authorization, ReservationProblem } from './contract.ts'
import { balanceOf, type CustomerState } from './customer-state.ts'
import type { Reservation } from './reservation.ts'

export function allowed(reservation: Reservation, replayed: boolean): Authorization {
  const { state } = reservation
  return {
    kind: 'allowed', reservation: reservation.id, estimate: reservation.estimate, currency: state.snapshot.currency, expiresAt: reservation.expiresAt,
    balance: balanceOf(state), catalogVersion: state.catalog.version, replayed,
  }
}

export function denied(state: CustomerState, decision: string, denial: Denial): Extract<Authorization, { kind: 'denied' }> {
  const { currency } = state.snapshot
  const balance = balanceOf(state)
  // The authority's figure lags behind this node's own settles: one answer must not show two balances.
  const isWallet = denial.scope.startsWith('wallet:') && denial.limit !== null && balance !== null
  const told = isWallet ? { ...denial, used: formatUnits(units(parseUnits(denial.limit, currency) - balance), currency) } : denial
  return { kind: 'denied', decision, denial: told, currency, balance }
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
  return problem('reservation_not_found', `reservation ${id} is not known to this node; settle late usage with POST /v1/events and id ${id}`)
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
