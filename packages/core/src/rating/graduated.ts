// Graduated tiers: each unit at the price of the tier it falls into, plus a tier's flat fee once the tier is reached. The
// first tier's flat fee is due at zero usage too, and is posted once when the period opens.

import { assert } from '../assert.ts'
import { divideRounded, divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'
import { line, type PriceLine } from './line.ts'

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

/** One line for the units of each tier that is reached, and one for its flat fee. */
export function graduatedLines(price: PriceOf<'graduated'>, aggregate: Quantity): PriceLine[] {
  const lines: PriceLine[] = []
  let from = 0n
  for (const [index, tier] of price.tiers.entries()) {
    if (index > 0 && aggregate <= from) break
    const to = tier.upTo === null || aggregate < tier.upTo ? aggregate : tier.upTo
    if (to > from) lines.push(line('tier_units', divideRounded((to - from) * tier.amount, price.per), { tier: index + 1, quantity: to - from, unitAmount: tier.amount, per: price.per }))
    if (tier.flat !== 0n) lines.push(line('tier_flat', tier.flat, { tier: index + 1, unitAmount: tier.flat }))
    from = to
  }
  return lines
}
