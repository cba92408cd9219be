// Per unit: quantity × amount / per, multiplied first and divided once.

import { divideRounded, divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'
import { line, type PriceLine } from './line.ts'

export function perUnitTotal(price: PriceOf<'per_unit'>, aggregate: Quantity): Units {
  return units(divideRounded(price.amount * aggregate, price.per))
}

/** The most that `added` further units can cost, wherever the aggregate stands: one unit of rounding above the product. */
export function perUnitBound(price: PriceOf<'per_unit'>, added: Quantity): Units {
  const product = price.amount * added
  return units(product % price.per === 0n ? product / price.per : divideUp(product, price.per) + 1n)
}

export function perUnitLines(price: PriceOf<'per_unit'>, aggregate: Quantity): PriceLine[] {
  return aggregate === 0n ? [] : [line('units', perUnitTotal(price, aggregate), { quantity: aggregate, unitAmount: price.amount, per: price.per })]
}
