// Volume tiers: all units at the price of the tier that holds the total, so a discount shows as a negative charge of the
// event that crosses into it. A fraction above a tier's end belongs to the next tier.

import { assert } from '../assert.ts'
import { divideRounded, divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'
import { line, type PriceLine } from './line.ts'

export function volumeTotal(price: PriceOf<'volume'>, aggregate: Quantity): Units {
  assert(aggregate >= 0n, 'volumeTotal: a negative aggregate')
  const tier = price.tiers.find(({ upTo }) => upTo === null || aggregate <= upTo)
  assert(tier !== undefined, 'volumeTotal: the last tier must be open')
  return units(divideRounded(tier.amount * aggregate, price.per) + tier.flat)
}

/**
 * What `added` units cost at the dearest tier, with every flat fee. A tier that is dearer than the one before can re-price
 * what was used before it: `validate` refuses such a price on a prepaid wallet, where this bound would not hold.
 */
export function volumeBound(price: PriceOf<'volume'>, added: Quantity): Units {
  const dearest = price.tiers.reduce((most, tier) => (tier.amount > most ? tier.amount : most), 0n)
  const flats = price.tiers.reduce((sum, tier) => sum + tier.flat, 0n)
  return units(divideUp(dearest * added, price.per) + 1n + flats)
}

export function volumeLines(price: PriceOf<'volume'>, aggregate: Quantity): PriceLine[] {
  const index = price.tiers.findIndex(({ upTo }) => upTo === null || aggregate <= upTo)
  const tier = price.tiers[index]
  assert(tier !== undefined, 'volumeLines: the last tier must be open')
  const used = aggregate === 0n ? [] : [line('tier_units', divideRounded(tier.amount * aggregate, price.per), { tier: index + 1, quantity: aggregate, unitAmount: tier.amount, per: price.per })]
  return tier.flat === 0n ? used : [...used, line('tier_flat', tier.flat, { tier: index + 1, unitAmount: tier.flat })]
}
