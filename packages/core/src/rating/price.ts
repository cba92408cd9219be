// The kinds of price, told apart by what a charge depends on. Cumulative prices are R(price, aggregate) → amount over the
// billable quantity of one meter in one period. Prices by event are f(event), and only their free units have a memory.
// Recurring prices go by time. A selected price is a cumulative one that the dimensions of the usage choose; each choice
// has an aggregate of its own.

import type { AssetId, Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { Ratio } from './ratio.ts'

/** A price of a plan on the usage of one meter: which usage it holds for, in what it is stated, and its rule. */
export type UsagePrice = {
  readonly id: string
  readonly name: string
  readonly meter: string
  /** Of the meter. */
  readonly scale: number
  /** What its amounts are in: a currency, or a credit asset. */
  readonly asset: AssetId
  /** Holds for usage that fits all of these; of several prices of a meter the one with most conditions. */
  readonly when: Conditions
  /** By contract; it is no part of the catalog. */
  readonly discount?: PriceDiscount
} & (PriceModel | SelectedPriceModel | EventPriceModel)

/** What is kept of a total, and what is then taken off it for each period. */
export type PriceDiscount = { readonly keep: Ratio; readonly off: Units }

/** Those that are R(aggregate) of one aggregate, whatever the dimensions of the usage. */
export type CumulativePrice = Extract<UsagePrice, { readonly model: PriceModel['model'] }>

/** What a plan asks for time, in the currency of the catalog. */
export type RecurringPrice = { readonly id: string; readonly name: string } & RecurringPriceModel

/** Accepted values by dimension; `feature` is one too. */
export type Conditions = ReadonlyMap<string, readonly string[]>

/** `per` and `size` are in units of the meter's scale, so that `quantity × amount / per` needs no further factor. */
export type PriceModel =
  | { readonly model: 'per_unit'; readonly amount: Units; readonly per: Quantity }
  | { readonly model: 'graduated'; readonly per: Quantity; readonly tiers: readonly Tier[] }
  | { readonly model: 'volume'; readonly per: Quantity; readonly tiers: readonly Tier[] }
  | { readonly model: 'package'; readonly amount: Units; readonly size: Quantity }

/** A tier `(previous, upTo]`; `upTo` null is the last. `flat` is due once the tier is reached. */
export type Tier = { readonly upTo: Quantity | null; readonly amount: Units; readonly flat: Units }

export type PriceOf<M extends PriceModel['model']> = Extract<PriceModel, { model: M }>

/** What one event costs by itself. `minimum` and `maximum` are per event. */
export type EventPriceModel =
  | {
      readonly model: 'percentage'
      /** Share of the event's amount. */
      readonly rate: Ratio
      /** On top, for each event that is charged. */
      readonly fixed: Units
      /** The first events of a period are free, as long as `freeAmount`, where given, lasts. */
      readonly freeEvents: number | null
      /** The first amount of a period is free; the event that straddles its end is split exactly there. */
      readonly freeAmount: Units | null
      readonly minimum: Units | null
      readonly maximum: Units | null
    }
  | {
      readonly model: 'cost_plus'
      readonly currency: AssetId
      /** On top of the provider's cost: 0.45 is cost + 45 %. */
      readonly margin: Ratio
      /** Whether the customer gains from a provider's prompt cache, or pays as without one. */
      readonly cacheSavings: 'passed_on' | 'kept'
      readonly minimum: Units | null
    }
  | { readonly model: 'dynamic'; readonly minimum: Units | null; readonly maximum: Units | null }
  /** A reported result has a price; the usage inside its run is metered at cost and not charged. */
  | { readonly model: 'outcome'; readonly amount: Units; readonly chargedOn: readonly string[]; readonly features: readonly string[] }

export type EventPriceOf<M extends EventPriceModel['model']> = Extract<EventPriceModel, { model: M }>

export type Timing = 'in_advance' | 'in_arrears'

/** What is due for time, whatever is used. */
export type RecurringPriceModel =
  | { readonly model: 'flat'; readonly amount: Units; readonly timing: Timing }
  /** `removal`: whether a seat that is given up in mid-period is credited, or stays paid and may be filled again until the period ends. */
  | { readonly model: 'seat'; readonly amount: Units; readonly timing: Timing; readonly removal: 'credited' | 'kept' }

export type RecurringPriceOf<M extends RecurringPriceModel['model']> = Extract<RecurringPriceModel, { model: M }>

/** A price that the dimensions of the usage choose: most conditions first, then `otherwise`; null is unpriced, never zero. */
export type SelectedPriceModel =
  | { readonly model: 'matrix'; readonly entries: readonly MatrixEntry<PriceModel>[]; readonly otherwise: PriceModel | null }
  /** Credits for `per` units, by the multiplier matrix. */
  | { readonly model: 'credits'; readonly per: Quantity; readonly entries: readonly MatrixEntry<Units>[]; readonly otherwise: Units | null }

export type SelectedPriceOf<M extends SelectedPriceModel['model']> = Extract<SelectedPriceModel, { model: M }>

/** `id` names the aggregate of the entry; `when` lists accepted values by dimension, all of which must fit. */
export type MatrixEntry<Value> = { readonly id: string; readonly when: Conditions; readonly value: Value }
