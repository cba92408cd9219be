// From an event to the quantities of the meters that add up: what decisions hold, allowances cover and prices charge event by
// event. Meters that do not add are read in reading.ts and become a quantity only against their aggregate.

import type { Meter } from '../catalog/catalog.ts'
import type { Quantity } from '../quantity.ts'
import { isAdditive, readSum, type Measurable } from './reading.ts'

export type Measured = { readonly meter: Meter; readonly quantity: Quantity }

/** The quantities above zero that `event` adds, in the order of `meters`. Throws InputError on a number that is none. */
export function measure(meters: readonly Meter[], event: Measurable): Measured[] {
  const measured: Measured[] = []
  for (const meter of meters) {
    const added = isAdditive(meter) ? readSum(meter, event) : null
    if (added !== null) measured.push({ meter, quantity: added })
  }
  return measured
}
