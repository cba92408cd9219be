// Compute credits: one unit across models and modalities. The multiplier matrix says how many credits `per` units of usage cost
// under which dimensions; what it chooses is a price per unit whose amount is credits, at their own scale, so that splitting
// an event changes nothing of what it burns.

import type { Units } from '../money.ts'
import { OTHERWISE, selectEntry, type Dimensions, type Selected } from './matrix.ts'
import type { PriceOf, SelectedPriceOf } from './price.ts'

/** The price in credits that holds for `dimensions`; null when no multiplier does. */
export function creditsPrice(price: SelectedPriceOf<'credits'>, dimensions: Dimensions): Selected | null {
  const entry = selectEntry(price.entries, dimensions)
  if (entry !== null) return { entry: entry.id, price: multiplierPrice(price, entry.value) }
  return price.otherwise === null ? null : { entry: OTHERWISE, price: multiplierPrice(price, price.otherwise) }
}

export function multiplierPrice(price: SelectedPriceOf<'credits'>, multiplier: Units): PriceOf<'per_unit'> {
  return { model: 'per_unit', amount: multiplier, per: price.per }
}
