// Packages: whole bundles of `size` units, the started one paid in full. Free units are the allowance's affair.

import { divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'

export function packageTotal(price: PriceOf<'package'>, aggregate: Quantity): Units {
  return units(divideUp(aggregate, price.size) * price.amount)
}

/** Wherever the aggregate stands in its package, `added` units start at most ⌈added / size⌉ new ones. */
export function packageBound(price: PriceOf<'package'>, added: Quantity): Units {
  return packageTotal(price, added)
}
