// Cumulative prices: R(price, aggregate) → amount, where the aggregate is the billable quantity of one meter in one
// period. Per-event prices (percentage, cost-plus, dynamic) are another kind and do not pass through here.

import type { Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'

export type CumulativePrice = { readonly id: string; readonly name: string; readonly meter: string; readonly scale: number } & PriceModel

/** `per` and `size` are in units of the meter's scale, so that `quantity × amount / per` needs no further factor. */
export type PriceModel =
  | { readonly model: 'per_unit'; readonly amount: Units; readonly per: Quantity }
  | { readonly model: 'graduated'; readonly per: Quantity; readonly tiers: readonly Tier[] }
  | { readonly model: 'volume'; readonly per: Quantity; readonly tiers: readonly Tier[] }
  | { readonly model: 'package'; readonly amount: Units; readonly size: Quantity }

/** A tier `(previous, upTo]`; `upTo` null is the last. `flat` is due once the tier is reached. */
export type Tier = { readonly upTo: Quantity | null; readonly amount: Units; readonly flat: Units }

export type PriceOf<M extends PriceModel['model']> = Extract<PriceModel, { model: M }>
