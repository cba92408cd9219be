// Graduated tiers: each unit at the price of the tier it falls into, plus a tier's flat fee once the tier is reached. The
// first tier's flat fee is due at zero usage too, and is posted once when the period opens.

import { assert } from '../assert.ts'
import { divideRounded, divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'

export function graduatedTotal(price: PriceOf<'graduated'>, aggregate: Quantity): Units {
  assert(aggregate >= 0n, 'graduatedTotal: a negative aggregate')
  let product = 0n
  let flat = 0n
  let from = 0n
  for (const [index, tier] of price.tiers.entries()) {
    if (index > 0 && aggregate <= from) break
    const to = tier.upTo === null || aggregate < tier.upTo ? aggregate : tier.upTo
    product += (to - from) * tier.amount
    flat += tier.flat
    from = to
  }
  return units(divideRounded(product, price.per) + flat)
}

/** Dearest tier for every added unit, and every later tier's flat fee: the node does not know the posted position. */
export function graduatedBound(price: PriceOf<'graduated'>, added: Quantity): Units {
  const dearest = price.tiers.reduce((most, tier) => (tier.amount > most ? tier.amount : most), 0n)
  const flats = price.tiers.slice(1).reduce((sum, tier) => sum + tier.flat, 0n)
  return units(divideUp(dearest * added, price.per) + 1n + flats)
}
