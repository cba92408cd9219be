// What fees come to over a period: each amount for the time of the agreement that asks for it, divided once. The plan that the period began
// with has its lines under their own name, whatever becomes of it; what another plan asks from some day on stands beside them, so that
// a change is seen as two lines: time that is not used any more, and time that remains.

import { divideRounded } from '../decimal.ts'
import { roundToMinor, units, ZERO, type AssetId } from '../money.ts'
import { NONE, quantity } from '../quantity.ts'
import { elapsedSeconds } from '../rating/proration.ts'
import type { RecurringPrice } from '../rating/price.ts'
import { seatTimeWithin, type SeatChange } from '../rating/seat.ts'
import type { Instant, Span } from '../time.ts'
import type { InvoiceLine } from './preview.ts'

/** Time of a period under one agreement. */
export type AgreedTime = Span & {
  readonly plan: string
  readonly recurring: readonly RecurringPrice[]
}

export type RecurringInput = {
  readonly currency: AssetId
  readonly period: Span
  /** In order of time, within the period; without any, nothing is due. */
  readonly agreed: readonly AgreedTime[]
  /** Seats over the period, for plans that have them. */
  readonly seats?: Seats | undefined
}

export type Seats = { readonly whole: bigint; readonly changes: readonly SeatChange[] }

type Sum = { readonly price: RecurringPrice; readonly entry: string; time: bigint; readonly from: Instant; to: Instant; /** Since when it is what it is now. */ since: Instant; amount: bigint }

export function recurringLines({ currency, period, agreed, seats }: RecurringInput): InvoiceLine[] {
  const { whole } = elapsedSeconds(period, period.end)
  const first = agreed[0]
  const sums = new Map<string, Sum>()
  for (const stretch of agreed) {
    const part = { from: elapsedSeconds(period, stretch.start).part, to: elapsedSeconds(period, stretch.end).part }
    for (const price of stretch.recurring) {
      const isFirsts = first === undefined || stretch.plan === first.plan || first.recurring.some((own) => isSame(own, price))
      const entry = isFirsts ? '' : stretch.plan
      const key = JSON.stringify([price.id, entry])
      const sum = sums.get(key) ?? { price, entry, time: 0n, from: stretch.start, to: stretch.start, since: stretch.start, amount: price.amount }
      sum.time += price.amount * (price.model !== 'seat' ? part.to - part.from : seats === undefined ? 0n : seatTimeWithin(price, seats, part))
      if (sum.amount !== price.amount || sum.to !== stretch.start) sum.since = stretch.start
      sum.amount = price.amount
      sum.to = stretch.end
      sums.set(key, sum)
    }
  }
  return [...sums.values()].map(({ price, entry, time, from, to, since }): InvoiceLine => {
    const count = price.model === 'seat' ? quantity(BigInt(seats?.changes.at(-1)?.seats ?? 0)) : quantity(1n)
    const exact = units(divideRounded(time, whole))
    const changedAt = to < period.end ? to : since > period.start ? since : null
    const isPart = from > period.start || to < period.end
    return { kind: 'fee', price: price.id, entry, name: price.name, quantity: count, included: NONE, billable: count, scale: 0, events: 0, exact, opening: ZERO, amount: roundToMinor(exact, currency), ...(changedAt === null ? {} : { changedAt }), ...(isPart ? { time: { start: from, end: to } } : {}) }
  })
}

function isSame(a: RecurringPrice, b: RecurringPrice): boolean {
  return a.id === b.id && a.name === b.name && a.model === b.model && a.amount === b.amount && a.timing === b.timing
}
