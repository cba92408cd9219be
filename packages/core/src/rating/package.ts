// Packages: whole bundles of `size` units, the started one paid in full. Free units are the allowance's affair.

import { divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { PriceOf } from './price.ts'
import { line, type PriceLine } from './line.ts'

export function packageTotal(price: PriceOf<'package'>, aggregate: Quantity): Units {
  return units(divideUp(aggregate, price.size) * price.amount)
}

/** Wherever the aggregate stands in its package, `added` units start at most ⌈added / size⌉ new ones. */
export function packageBound(price: PriceOf<'package'>, added: Quantity): Units {
  return packageTotal(price, added)
}

export function packageLines(price: PriceOf<'package'>, aggregate: Quantity): PriceLine[] {
  const packages = divideUp(aggregate, price.size)
  return packages === 0n ? [] : [line('packages', packages * price.amount, { quantity: packages, unitAmount: price.amount, per: 1n })]
}
