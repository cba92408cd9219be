// Charges by a price that dimensions choose (matrix, credits): the choice, then the cumulative charge on the aggregate of what
// was chosen. No choice is unpriced: null, never zero.

import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import { creditsPrice, multiplierPrice } from './credits.ts'
import { explainAdded } from './explain.ts'
import type { PriceLine } from './line.ts'
import { matrixPrice, type Dimensions, type Selected } from './matrix.ts'
import type { PriceModel, SelectedPriceModel } from './price.ts'
import { rateAdded, rateBound } from './rate.ts'

/** The cumulative price that holds for `dimensions`, with the id of its aggregate. */
export function selectPrice(price: SelectedPriceModel, dimensions: Dimensions): Selected | null {
  return price.model === 'credits' ? creditsPrice(price, dimensions) : matrixPrice(price, dimensions)
}

export type SelectedCharge = { readonly entry: string; readonly before: Quantity; readonly amount: Units }

/** The charge of `added` units; `before(entry)` is the aggregate of that entry. */
export function chargeSelected(price: SelectedPriceModel, added: Quantity, dimensions: Dimensions, before: (entry: string) => Quantity): SelectedCharge | null {
  const selected = selectPrice(price, dimensions)
  if (selected === null) return null
  const position = before(selected.entry)
  return { entry: selected.entry, before: position, amount: rateAdded(selected.price, position, added) }
}

/** An upper bound of {@link chargeSelected}: for known dimensions of their entry, for unknown ones (null) of the dearest. Null where usage may be unpriced. */
export function boundSelected(price: SelectedPriceModel, added: Quantity, dimensions: Dimensions | null): Units | null {
  if (dimensions !== null) {
    const selected = selectPrice(price, dimensions)
    return selected === null ? null : rateBound(selected.price, added)
  }
  const choices = choicesOf(price)
  return choices === null ? null : units(choices.reduce((most, choice) => larger(most, rateBound(choice, added)), 0n))
}

export function explainSelected(price: SelectedPriceModel, added: Quantity, dimensions: Dimensions, before: (entry: string) => Quantity): readonly PriceLine[] {
  const selected = selectPrice(price, dimensions)
  return selected === null ? [] : explainAdded(selected.price, before(selected.entry), added).lines
}

/** Every price that may be chosen; null when nothing may be. */
function choicesOf(price: SelectedPriceModel): readonly PriceModel[] | null {
  if (price.otherwise === null) return null
  if (price.model === 'credits') return [price.otherwise, ...price.entries.map(({ value }) => value)].map((multiplier) => multiplierPrice(price, multiplier))
  return [price.otherwise, ...price.entries.map(({ value }) => value)]
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
