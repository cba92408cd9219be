// The running totals of prices: what the next charge starts from, and what the invoice line says. Stored totals are read at the
// scale of the price that asks for them, because the catalog of an event may be another than the one in force.

import { assert, positionKey, quantity, START, type Instant, type Position, type RatedEvent, type UsageEvent, type UsagePrice } from '@tollgate/core'
import { accumulatorOf, type AccumulatorRow } from '../../store/settlement.ts'
import { accumulatorKey, type BatchOutput, type BatchState } from './batch-state.ts'

/** Where an aggregate of a price stands for the next event. */
export function positionOf(state: BatchState, of: { readonly customer: string; readonly periodStart: Instant; readonly price: UsagePrice; readonly entry: string }): Position {
  const row = rowOf(state, of)
  return row === undefined ? START : { billable: quantity(row.billable), included: quantity(row.included), events: row.events }
}

export function accumulate(output: BatchOutput, state: BatchState, input: { readonly event: UsageEvent; readonly rated: RatedEvent; readonly sign: 1 | -1; readonly periodStart: Instant; readonly priceOf: (id: string) => UsagePrice }): void {
  const { event, rated, periodStart, priceOf } = input
  for (const charge of rated.charges) {
    if (charge.price === '') continue
    const price = priceOf(charge.price)
    const of = { customer: event.customer, periodStart, price, entry: charge.entry }
    let row = rowOf(state, of)
    if (row === undefined) {
      row = { customer: event.customer, periodStart, price: price.id, entry: charge.entry, scale: price.scale, asset: price.asset, quantity: 0n, included: 0n, billable: 0n, amount: 0n, events: 0 }
      state.accumulators.set(keyOf(of), row)
    }
    assert(row.billable === charge.before.billable && row.events === charge.before.events, 'a charge was rated against another position than its accumulator has')
    assert(row.asset === price.asset, `price ${price.id} has charged in ${row.asset} in this period, and charges in ${price.asset} now`)
    row.quantity += charge.quantity
    row.included += charge.included
    row.billable += charge.quantity - charge.included
    row.amount += charge.amount
    row.events += input.sign
    output.touched.add(row)
  }
}

function rowOf(state: BatchState, of: { readonly customer: string; readonly periodStart: Instant; readonly price: UsagePrice; readonly entry: string }): AccumulatorRow | undefined {
  const key = keyOf(of)
  const known = state.accumulators.get(key)
  if (known !== undefined) return known
  const stored = state.totals.get(key)
  if (stored === undefined) return undefined
  const row = accumulatorOf(stored, of.price.scale)
  state.accumulators.set(key, row)
  return row
}

function keyOf({ customer, periodStart, price, entry }: { readonly customer: string; readonly periodStart: Instant; readonly price: UsagePrice; readonly entry: string }): string {
  return accumulatorKey(customer, periodStart, positionKey(price.id, entry))
}
