// A contract's discount on a price. Of a cumulative price it is taken from the total, D(R(aggregate)), and the charge of an event
// is again a difference of two totals: so the charges of a period sum to the discounted total, whatever the order of arrival, and
// a price by event is discounted event by event. First the share, then the amount; never below zero, and what is negative
// already (a volume discount reached) keeps its sign.

import { divideRounded, divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import { line, type PriceLine } from './line.ts'
import type { PriceDiscount, PriceModel, UsagePrice } from './price.ts'
import { rateTotal } from './rate.ts'
import { ONE, type Ratio } from './ratio.ts'

/** The price with one more discount: shares multiply, amounts add up. */
export function addDiscount(price: UsagePrice, discount: PriceDiscount): UsagePrice {
  const before = price.discount ?? { keep: ONE, off: units(0n) }
  return { ...price, discount: { keep: (divideRounded(before.keep * discount.keep, ONE)) as Ratio, off: units(before.off + discount.off) } }
}

/** D: what is left of a total. */
export function discountTotal({ keep, off }: PriceDiscount, total: Units): Units {
  const kept = divideRounded(total * keep, ONE)
  return units(kept <= 0n ? kept : kept > off ? kept - off : 0n)
}

/** The charge of `added` units on top of `before`, by D(R(aggregate)). */
export function discountedAdded(price: PriceModel, discount: PriceDiscount, span: { readonly before: Quantity; readonly added: Quantity }): Units {
  const { before, added } = span
  return units(discountTotal(discount, rateTotal(price, (before + added) as Quantity)) - discountTotal(discount, rateTotal(price, before)))
}

/** An upper bound of a discounted charge: the amount off may be used up already, and each of two roundings gives at most half a unit. */
export function discountBound({ keep }: PriceDiscount, bound: Units): Units {
  return units(divideUp(bound * keep, ONE) + 1n)
}

/** The line that leads from the full charge to the discounted one. */
export function discountLines(full: Units, charged: Units, { keep }: PriceDiscount): readonly PriceLine[] {
  return full === charged ? [] : [line('discount', charged - full, keep === ONE ? {} : { rate: (ONE - keep) as Ratio })]
}
