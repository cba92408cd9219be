// From an event to the quantities of its meters. A meter selects events by type and filter, and reads one or several
// numeric properties, which add up; `count` counts the event itself. Pure and without memory: aggregation is elsewhere.

import type { Meter } from '../catalog/catalog.ts'
import { pow10 } from '../decimal.ts'
import { NONE, parseQuantity, quantity, type Quantity } from '../quantity.ts'
import type { UsageEvent } from './event.ts'

export type Measured = { readonly meter: Meter; readonly quantity: Quantity }
/** The part of an event that meters look at. */
export type Measurable = Pick<UsageEvent, 'type' | 'feature' | 'quantities' | 'dimensions'>

/** The quantities above zero that `event` adds, in the order of `meters`. Throws InputError on a number that is none. */
export function measure(meters: readonly Meter[], event: Measurable): Measured[] {
  const measured: Measured[] = []
  for (const meter of meters) {
    if (!selects(meter, event)) continue
    const amount = meter.aggregation === 'count' ? quantity(pow10(meter.scale)) : sumOf(meter, event)
    if (amount > NONE) measured.push({ meter, quantity: amount })
  }
  return measured
}

/** Whether `meter` counts events of this type with these dimensions. */
export function selects(meter: Meter, event: Measurable): boolean {
  if (meter.eventType !== event.type) return false
  for (const [dimension, accepted] of meter.filter) {
    const value = dimension === 'feature' ? event.feature : event.dimensions[dimension]
    if (value === undefined || value === null || !accepted.includes(value)) return false
  }
  return true
}

function sumOf(meter: Meter, event: Measurable): Quantity {
  let sum = 0n
  for (const property of meter.properties) {
    const text = event.quantities[property]
    if (text !== undefined) sum += parseQuantity(text, meter.scale, property)
  }
  return quantity(sum)
}
