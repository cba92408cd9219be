// Charges by a price that dimensions choose (matrix, credits): the choice, then the cumulative charge on the aggregate of what
// was chosen. No choice is unpriced: null, never zero.

import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import { creditsPrice, multiplierPrice } from './credits.ts'
import { explainAdded } from './explain.ts'
import type { PriceLine } from './line.ts'
import { matrixPrice, mayFit, OTHERWISE, type Dimensions, type Selected } from './matrix.ts'
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

/**
 * An upper bound of {@link chargeSelected} for usage of which `known` dimensions are certain and all others may take any value:
 * that of the dearest entry that may be chosen. Null where it may be unpriced.
 */
export function boundSelected(price: SelectedPriceModel, added: Quantity, known: Dimensions): Units | null {
  let most = 0n
  let certainConditions = -1
  const reachable: { readonly conditions: number; readonly value: PriceModel | Units }[] = []
  for (const { when, value } of price.entries) {
    const fit = mayFit(when, known)
    if (fit === 'no') continue
    reachable.push({ conditions: when.size, value })
    if (fit === 'yes' && when.size > certainConditions) certainConditions = when.size
  }
  if (certainConditions < 0) {
    if (price.otherwise === null) return null
    reachable.push({ conditions: -1, value: price.otherwise })
  }
  for (const { conditions, value } of reachable) {
    // What certainly fits wins over all that ask less.
    if (conditions < certainConditions) continue
    const bound = rateBound(modelOf(price, value), added)
    if (bound > most) most = bound
  }
  return units(most)
}

export function explainSelected(price: SelectedPriceModel, added: Quantity, dimensions: Dimensions, before: (entry: string) => Quantity): readonly PriceLine[] {
  const selected = selectPrice(price, dimensions)
  return selected === null ? [] : explainAdded(selected.price, before(selected.entry), added).lines
}

/** The cumulative price of an entry, as the aggregate `entry` is charged by; null when there is none of that id. */
export function entryPrice(price: SelectedPriceModel, entry: string): PriceModel | null {
  const value = entry === OTHERWISE ? price.otherwise : (price.entries.find(({ id }) => id === entry)?.value ?? null)
  return value === null ? null : modelOf(price, value)
}

function modelOf(price: SelectedPriceModel, value: PriceModel | Units): PriceModel {
  if (typeof value !== 'bigint') return value
  return multiplierPrice(price as Extract<SelectedPriceModel, { model: 'credits' }>, value)
}
