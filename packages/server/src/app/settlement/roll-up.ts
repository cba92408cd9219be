// What an event adds to the hourly totals of each meter, by feature, model and entity.

import { hourOf, type Measured, type RatedEvent, type UsageEvent } from '@tollgate/core'
import type { BatchOutput } from './batch-state.ts'

export function rollUp(output: BatchOutput, input: { readonly event: UsageEvent; readonly measured: readonly Measured[]; readonly rated: RatedEvent; readonly asset: string }): void {
  const { event, measured, rated, asset } = input
  const hour = hourOf(event.time)
  const feature = event.feature ?? ''
  const model = event.dimensions['model'] ?? ''
  const entity = event.entity ?? ''
  for (const { meter, quantity: used } of measured) {
    const key = JSON.stringify([event.customer, hour, meter.id, feature, model, entity, asset])
    let row = output.rollups.get(key)
    if (row === undefined) {
      row = { customer: event.customer, hour, meter: meter.id, feature, model, entity, scale: meter.scale, asset, quantity: 0n, amount: 0n, events: 0 }
      output.rollups.set(key, row)
    }
    row.quantity += used
    row.amount += rated.charges.reduce((sum, charge) => (charge.meter === meter.id ? sum + charge.amount : sum), 0n)
    row.events += 1
  }
}
