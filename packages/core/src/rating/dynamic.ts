// The event itself says what it costs; the price only bounds it. An event that says nothing has no price.

import { assert } from '../assert.ts'
import type { Units } from '../money.ts'
import { line, type PriceLine } from './line.ts'
import type { EventPriceOf } from './price.ts'

export function dynamicCharge(price: EventPriceOf<'dynamic'>, given: Units | null): Units | null {
  if (given === null) return null
  assert(given >= 0n, 'dynamicCharge: a negative amount')
  if (price.maximum !== null && given > price.maximum) return price.maximum
  return price.minimum !== null && given < price.minimum ? price.minimum : given
}

/** Bounds keep their order, so the bound of a charge is the charge of the bound. */
export function dynamicBound(price: EventPriceOf<'dynamic'>, givenMax: Units | null): Units | null {
  return givenMax === null ? price.maximum : dynamicCharge(price, givenMax)
}

export function dynamicLines(price: EventPriceOf<'dynamic'>, given: Units | null): PriceLine[] {
  const charge = dynamicCharge(price, given)
  if (given === null || charge === null) return []
  const said = line('given', given)
  return charge === given ? [said] : [said, line(charge > given ? 'minimum' : 'maximum', charge - given, { unitAmount: charge })]
}
