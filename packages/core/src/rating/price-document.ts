// Prices of a plan as plain data, amounts as decimal text; compile-price.ts turns them into what is rated. A price of usage
// names its meter, and may hold for some usage only (`when`); what is due for time has none.

export type UsagePriceDocument = {
  readonly id: string
  readonly name: string
  readonly meter: string
  /** Accepted values by dimension; left out, it holds for all usage of the meter that no price with more conditions takes. */
  readonly when?: Readonly<Record<string, readonly string[]>>
} & (PriceModelDocument | SelectedPriceDocument | EventPriceDocument)

export type RecurringDocument = { readonly id: string; readonly name: string } & RecurringPriceDocument

/** What stands in a plan's list of prices. */
export type PriceDocument = UsagePriceDocument | RecurringDocument

export type PriceModelDocument =
  | { readonly model: 'per_unit'; readonly amount: string; readonly per: string }
  | { readonly model: 'graduated' | 'volume'; readonly per: string; readonly tiers: readonly TierDocument[] }
  | { readonly model: 'package'; readonly amount: string; readonly size: string }

/** `up_to` is inclusive; null only in the last tier. */
export type TierDocument = { readonly up_to: string | null; readonly amount: string; readonly flat: string }

/** Prices that look at each event alone. The amount that a percentage is taken of, or that is dynamic, is the meter's quantity. */
export type EventPriceDocument =
  | { readonly model: 'percentage'; readonly percent: string; readonly fixed: string; readonly free_events: number | null; readonly free_amount: string | null; readonly minimum: string | null; readonly maximum: string | null }
  | { readonly model: 'cost_plus'; readonly margin_percent: string; readonly cache_savings: 'passed_on' | 'kept'; readonly minimum: string | null }
  | { readonly model: 'dynamic'; readonly minimum: string | null; readonly maximum: string | null }
  | { readonly model: 'outcome'; readonly amount: string; readonly charged_on: readonly string[]; readonly features: readonly string[] }

export type RecurringPriceDocument =
  | { readonly model: 'flat'; readonly amount: string; readonly timing: 'in_advance' | 'in_arrears' }
  | { readonly model: 'seat'; readonly amount: string; readonly timing: 'in_advance' | 'in_arrears'; readonly removal: 'credited' | 'kept' }

/** `id` names the aggregate of an entry; `when` lists accepted values by dimension. */
export type MatrixEntryDocument<Value> = { readonly id: string; readonly when: Readonly<Record<string, readonly string[]>> } & Value

export type SelectedPriceDocument =
  | { readonly model: 'matrix'; readonly entries: readonly MatrixEntryDocument<{ readonly price: PriceModelDocument }>[]; readonly otherwise: PriceModelDocument | null }
  | { readonly model: 'credits'; readonly per: string; readonly entries: readonly MatrixEntryDocument<{ readonly credits: string }>[]; readonly otherwise: string | null }

export function isRecurring(price: PriceDocument): price is RecurringDocument {
  return price.model === 'flat' || price.model === 'seat'
}
