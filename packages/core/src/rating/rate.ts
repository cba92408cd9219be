// The one place where usage becomes an amount. R(price, aggregate) is exact; the charge of an event is R(A ∪ e) − R(A),
// so that the charges of a period plus R(0) equal R(total) whatever the order of arrival.
// Gateway, settlement, invoice preview and the estimate before a request all call this.

import { assert, unreachable } from '../assert.ts'
import { units, type Units } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { graduatedBound, graduatedTotal } from './graduated.ts'
import { packageBound, packageTotal } from './package.ts'
import { perUnitBound, perUnitTotal } from './per-unit.ts'
import type { PriceModel } from './price.ts'
import { ONE, type Ratio } from './ratio.ts'
import { volumeBound, volumeTotal } from './volume.ts'

/** R(price, aggregate): what the whole billable quantity of a period costs. */
export function rateTotal(price: PriceModel, aggregate: Quantity): Units {
  switch (price.model) {
    case 'per_unit':
      return perUnitTotal(price, aggregate)
    case 'graduated':
      return graduatedTotal(price, aggregate)
    case 'volume':
      return volumeTotal(price, aggregate)
    case 'package':
      return packageTotal(price, aggregate)
    default:
      return unreachable(price)
  }
}

/** R(0): what is due when the period opens, before any usage. */
export function rateOpening(price: PriceModel): Units {
  return rateTotal(price, NONE)
}

/**
 * The charge of `added` units when `before` were billable already. May be negative: a volume discount reached, or units taken back
 * where an aggregate fell.
 */
export function rateAdded(price: PriceModel, before: Quantity, added: Quantity): Units {
  assert(before >= 0n && (added >= 0n || before + added >= 0n), 'rateAdded: an aggregate below zero')
  if (price.model === 'per_unit' && price.amount % price.per === 0n) return units((price.amount / price.per) * added)
  return units(rateTotal(price, quantity(before + added)) - rateTotal(price, before))
}

/** An upper bound of {@link rateAdded} over every position: what a hold must cover. */
export function rateBound(price: PriceModel, added: Quantity): Units {
  switch (price.model) {
    case 'per_unit':
      return perUnitBound(price, added)
    case 'graduated':
      return graduatedBound(price, added)
    case 'volume':
      return volumeBound(price, added)
    case 'package':
      return packageBound(price, added)
    default:
      return unreachable(price)
  }
}

/** True when a charge, of which `keep` is kept, does not depend on what came before, so that any node can state it finally. */
export function isLinear(price: PriceModel, keep: Ratio = ONE): boolean {
  return price.model === 'per_unit' && (keep === ONE ? price.amount % price.per === 0n : (price.amount * keep) % (price.per * ONE) === 0n)
}
