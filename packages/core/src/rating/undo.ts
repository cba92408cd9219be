// The charge of usage that is taken back: an event is undone, or an aggregate that does not add has fallen. A cumulative price is
// rated by the aggregate that is left, so that charges still sum to R of it: what was billable goes first, and only then what an
// allowance paid, as if the usage had never been. A price by event gives back exactly what it charged.

import { assert } from '../assert.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { units, ZERO, type Units } from '../money.ts'
import { START, type Position } from './position.ts'
import type { PriceModel, UsagePrice } from './price.ts'
import { rateAdded } from './rate.ts'
import { selectPrice } from './rate-selected.ts'
import { labelsOf, type PricedUsage } from './rate-usage.ts'

/** What an event was charged by one price when it was settled. */
export type UndoneCharge = { readonly price: string; readonly entry: string; readonly meter: string; readonly included: Quantity; readonly amount: Units }

/** All below or at zero, except an amount that a volume price gives back. */
export type TakenBack = { readonly entry: string; readonly before: Position; readonly included: Quantity; readonly amount: Units }

/** Null where the price has charged nothing of it. `taken` is above zero. */
export function takeBack(price: UsagePrice, taken: Quantity, usage: PricedUsage, before: (entry: string) => Position, undone: UndoneCharge | null): TakenBack | null {
  const cumulative = cumulativeOf(price, usage, undone)
  if (cumulative === null) {
    if (undone === null) return null
    return { entry: undone.entry, before: before(undone.entry), included: quantity(-undone.included), amount: units(-undone.amount) }
  }
  const position = before(cumulative.entry)
  const billable = taken < position.billable ? taken : position.billable
  const included = taken - billable
  assert(included <= position.included, `more of ${price.id} is taken back than was used`)
  return { entry: cumulative.entry, before: position, included: quantity(-included), amount: rateAdded(cumulative.model, position.billable, quantity(-billable)) }
}

/** What an allowance paid where no price knows the usage. */
export function takeBackUnpriced(undone: UndoneCharge | null): TakenBack | null {
  return undone === null || undone.included === NONE ? null : { entry: '', before: START, included: quantity(-undone.included), amount: ZERO }
}

function cumulativeOf(price: UsagePrice, usage: PricedUsage, undone: UndoneCharge | null): { readonly entry: string; readonly model: PriceModel } | null {
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return { entry: '', model: price }
    case 'matrix':
    case 'credits': {
      const selected = selectPrice(price, labelsOf(usage.told))
      assert(selected === null || undone === null || undone.entry === selected.entry, `an entry of ${price.id} is no longer the one that charged`)
      return selected === null ? null : { entry: selected.entry, model: selected.price }
    }
    default:
      return null
  }
}
