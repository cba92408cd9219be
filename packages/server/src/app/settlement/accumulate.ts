// The running totals of prices: what the next charge starts from, and what the invoice line says.

import { assert, type Catalog, type Instant, type Plan, type RatedEvent, type UsageEvent } from '@tollgate/core'
import { accumulatorKey, type BatchOutput, type BatchState } from './batch-state.ts'

export function accumulate(output: BatchOutput, state: BatchState, input: { readonly event: UsageEvent; readonly rated: RatedEvent; readonly periodStart: Instant; readonly catalog: Catalog; readonly plan: Plan }): void {
  const { event, rated, periodStart, catalog, plan } = input
  for (const charge of rated.charges) {
    if (charge.price === '') continue
    const key = accumulatorKey(event.customer, periodStart, charge.price)
    let row = state.accumulators.get(key)
    if (row === undefined) {
      const scale = plan.priceByMeter.get(charge.meter)?.scale ?? 0
      row = { customer: event.customer, periodStart, price: charge.price, scale, currency: catalog.currency, quantity: 0n, included: 0n, billable: 0n, amount: 0n, events: 0 }
      state.accumulators.set(key, row)
    }
    assert(row.billable === charge.before, 'a charge was rated against another position than its accumulator has')
    row.quantity += charge.quantity
    row.included += charge.included
    row.billable += charge.quantity - charge.included
    row.amount += charge.amount
    row.events += 1
    output.touched.add(row)
  }
}
