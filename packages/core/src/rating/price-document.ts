// Prices by event, by selection and by time as plain data, amounts as decimal text; compile-price.ts turns them into what is
// rated. Cumulative prices have their document in the catalog (catalog/document.ts).

import type { PriceModelDocument } from '../catalog/document.ts'

export type EventPriceDocument =
  | { readonly model: 'percentage'; readonly percent: string; readonly fixed: string; readonly free_events: number | null; readonly free_amount: string | null; readonly minimum: string | null; readonly maximum: string | null }
  | { readonly model: 'cost_plus'; readonly margin_percent: string; readonly cache_savings: 'passed_on' | 'kept'; readonly minimum: string | null }
  | { readonly model: 'dynamic'; readonly minimum: string | null; readonly maximum: string | null }
  | { readonly model: 'outcome'; readonly amount: string; readonly charged_on: readonly string[]; readonly features: readonly string[] }

export type RecurringPriceDocument =
  | { readonly model: 'flat'; readonly amount: string; readonly timing: 'in_advance' | 'in_arrears' }
  | { readonly model: 'seat'; readonly amount: string; readonly timing: 'in_advance' | 'in_arrears'; readonly removal: 'credited' | 'kept' }

/** `id` names the aggregate of an entry; `when` lists accepted values by dimension. */
type MatrixEntryDocument<Value> = { readonly id: string; readonly when: Readonly<Record<string, readonly string[]>> } & Value

export type SelectedPriceDocument =
  | { readonly model: 'matrix'; readonly entries: readonly MatrixEntryDocument<{ readonly price: PriceModelDocument }>[]; readonly otherwise: PriceModelDocument | null }
  | { readonly model: 'credits'; readonly per: string; readonly entries: readonly MatrixEntryDocument<{ readonly credits: string }>[]; readonly otherwise: string | null }
