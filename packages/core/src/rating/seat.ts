// Seats: an amount per seat and period, by the time that each seat was there. R(seat-time) is divided once; in advance a change
// charges the difference that it makes to the end of the period, so that the charges of a period sum to what it would have
// cost in arrears, exactly. A seat that is kept when it is given up stays paid, and filling it again costs nothing more.

import { assert } from '../assert.ts'
import { divideRounded } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Instant, Span } from '../time.ts'
import { line, type PriceLine } from './line.ts'
import type { RecurringPriceOf } from './price.ts'
import { elapsedSeconds } from './proration.ts'

/** `seats` from `elapsed` on, in the unit of the period's length; the first change stands at 0. */
export type SeatChange = { readonly elapsed: bigint; readonly seats: number }

/** How many seats there are from a moment on. */
export type SeatsFrom = { readonly from: Instant; readonly seats: number }

/** The changes of one period, in seconds of its length: the seats at its beginning first. A history that begins later begins with no seat. */
export function seatChanges(history: readonly SeatsFrom[], period: Span): { readonly whole: bigint; readonly changes: readonly SeatChange[] } {
  const { whole } = elapsedSeconds(period, period.end)
  const atStart = history.findLast(({ from }) => from <= period.start)?.seats ?? 0
  const within = history.filter(({ from }) => from > period.start && from < period.end).map(({ from, seats }) => ({ elapsed: elapsedSeconds(period, from).part, seats }))
  return { whole, changes: [{ elapsed: 0n, seats: atStart }, ...within] }
}

export type SeatCharge = {
  /** The change that is charged; null for the whole period in arrears. */
  readonly change: SeatChange | null
  /** Seats more or less than were paid before it. */
  readonly added: number
  readonly amount: Units
}

/** What the seats of a period cost: for each change in advance, once at its end in arrears. */
export function seatCharges(price: RecurringPriceOf<'seat'>, period: { readonly whole: bigint; readonly changes: readonly SeatChange[] }): SeatCharge[] {
  const paid = paidSeats(price, period)
  if (price.timing === 'in_arrears') return [{ change: null, added: paid.at(-1)?.seats ?? 0, amount: seatTotal(price, period) }]
  return paid.map((change, index) => {
    const upTo = paid.slice(0, index + 1)
    const before = index === 0 ? 0n : seatTime(paid.slice(0, index), period.whole)
    const amount = units(divideRounded(price.amount * seatTime(upTo, period.whole), period.whole) - divideRounded(price.amount * before, period.whole))
    return { change: period.changes[index]!, added: change.seats - (paid[index - 1]?.seats ?? 0), amount }
  })
}

/** R: what the seats of the whole period cost. */
export function seatTotal(price: RecurringPriceOf<'seat'>, period: { readonly whole: bigint; readonly changes: readonly SeatChange[] }): Units {
  return units(divideRounded(price.amount * seatTime(paidSeats(price, period), period.whole), period.whole))
}

/** Seats × seconds between two moments of the period, as they are paid; both in seconds of its length. */
export function seatTimeWithin(price: RecurringPriceOf<'seat'>, period: { readonly whole: bigint; readonly changes: readonly SeatChange[] }, part: { readonly from: bigint; readonly to: bigint }): bigint {
  const paid = paidSeats(price, period)
  const between = (from: bigint, to: bigint) => (to > from ? to - from : 0n)
  return paid.reduce((sum, { elapsed, seats }, index) => {
    const end = paid[index + 1]?.elapsed ?? period.whole
    return sum + BigInt(seats) * between(elapsed > part.from ? elapsed : part.from, end < part.to ? end : part.to)
  }, 0n)
}

/** The most that `added` further seats can cost until the period ends. */
export function seatBound(price: RecurringPriceOf<'seat'>, added: number): Units {
  return units(price.amount * BigInt(Math.max(0, added)) + 1n)
}

export function seatLines(price: RecurringPriceOf<'seat'>, period: { readonly whole: bigint; readonly changes: readonly SeatChange[] }): PriceLine[] {
  return seatCharges(price, period).map(({ added, amount }) => line('seats', amount, { quantity: BigInt(added), unitAmount: price.amount, per: 1n }))
}

function paidSeats(price: RecurringPriceOf<'seat'>, period: { readonly whole: bigint; readonly changes: readonly SeatChange[] }): SeatChange[] {
  assert(period.whole > 0n && period.changes[0]?.elapsed === 0n, 'seats are known from the beginning of the period')
  let most = 0
  let last = 0n
  return period.changes.map(({ elapsed, seats }) => {
    assert(Number.isSafeInteger(seats) && seats >= 0 && elapsed >= last && elapsed <= period.whole, `seats out of order: ${seats} at ${elapsed}`)
    last = elapsed
    most = Math.max(most, seats)
    return { elapsed, seats: price.removal === 'kept' ? most : seats }
  })
}

/** Seats × time to the end of the period, if nothing changes any more. */
function seatTime(changes: readonly SeatChange[], whole: bigint): bigint {
  return changes.reduce((sum, { elapsed, seats }, index) => sum + BigInt(seats) * ((changes[index + 1]?.elapsed ?? whole) - elapsed), 0n)
}
