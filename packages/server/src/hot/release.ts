// The end of a reservation without use: released by its caller, or expired.

import { release, type ReservationId } from '@tollgate/core'
import { ended, notFound } from './answers.ts'
import type { ReservationProblem } from './contract.ts'
import { correctRates } from './rates.ts'
import type { Inside } from './inside.ts'
import { encodeLine } from './journal-line.ts'
import type { Reservation } from './reservation.ts'

export function releaseReservation(node: Inside, id: ReservationId): { readonly kind: 'released'; readonly replayed: boolean } | ReservationProblem {
  const reservation = node.book.get(id)
  if (reservation === undefined) return notFound(id)
  if (reservation.status === 'settled') return ended(reservation)
  if (reservation.status !== 'open') return { kind: 'released', replayed: true }
  finishWithoutUse(node, reservation, 'released')
  return { kind: 'released', replayed: false }
}

export function finishWithoutUse(node: Inside, reservation: Reservation, status: 'released' | 'expired'): void {
  for (const { slice, amount } of reservation.holds) release(slice, amount)
  correctRates(reservation.takes, () => 0, node.clock.now())
  reservation.holds = []
  reservation.status = status
  reservation.state.open -= 1
  node.book.finish(reservation, node.clock)
  node.counts[status] += 1
  node.journal.note(encodeLine('void', { reservation: reservation.id }))
}
