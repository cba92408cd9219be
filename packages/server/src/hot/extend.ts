// Raises the hold of an open reservation to a new bound. A denial leaves the old hold in force.

import { decide, release, type Hold, type ReservationId } from '@tollgate/core'
import { acquire } from './acquire.ts'
import { decisionInput, mayAdmit, refuse, ROUNDS_PER_REQUEST_MAX } from './admit.ts'
import { allowed, ended, notFound, unavailable } from './answers.ts'
import type { Authorization, AuthorizeInput, ReservationProblem } from './contract.ts'
import { sliceFor } from './customer-state.ts'
import type { Inside } from './inside.ts'
import { intentOf, type Reservation } from './reservation.ts'

export function extend(node: Inside, id: ReservationId, bound: AuthorizeInput['bound']): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
  const reservation = node.book.get(id)
  if (reservation === undefined) return notFound(id)
  if (reservation.status !== 'open') return ended(reservation)
  return extendOpen(node, reservation, bound, { rounds: 0, isCutOff: false })
}

function extendOpen(node: Inside, reservation: Reservation, bound: AuthorizeInput['bound'], tried: { readonly rounds: number; readonly isCutOff: boolean }): Authorization | ReservationProblem | Promise<Authorization | ReservationProblem> {
  if (reservation.status !== 'open') return ended(reservation)
  const { state, holds } = reservation
  if (!mayAdmit(node)) return refuse(node, state, reservation.input, unavailable(state))
  const input = { ...reservation.input, bound: raised(reservation.input.bound, bound) }
  // Decide as if the old hold were not there; without an await in between nobody else can take its place. What its rates gave stands.
  for (const { slice, amount } of holds) release(slice, amount)
  const { rates: _, ...decided } = decisionInput(node, state, reservation.known, input, reservation.createdAt, { isCutOff: tried.isCutOff, waived: null })
  const decision = decide(decided)
  for (const { slice, amount } of decision.kind === 'allow' ? decision.holds : holds) restore(slice, amount)
  if (decision.kind === 'allow') {
    for (const { budget, amount } of decision.loans) {
      const slice = sliceFor(state, budget)
      slice.lent = (slice.lent ?? 0) + amount
    }
    reservation.holds = decision.holds
    reservation.estimate = decision.estimate
    reservation.input = input
    node.journal.note(intentOf(reservation))
    return allowed(reservation, false, node.clock.now())
  }
  if (decision.kind === 'deny') return refuse(node, state, reservation.input, decision.denial, decision.budget)
  if (tried.rounds >= ROUNDS_PER_REQUEST_MAX) return refuse(node, state, reservation.input, unavailable(state))
  const again = (isCutOff: boolean) => {
    state.extending.delete(extended)
    return extendOpen(node, reservation, bound, { rounds: tried.rounds + 1, isCutOff })
  }
  const extended = { createdAt: reservation.createdAt }
  state.extending.add(extended)
  return acquire(node, state, decision.needs).then(
    () => again(tried.isCutOff),
    () => again(true),
  )
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
