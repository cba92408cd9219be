// The catalog as plain data, the shape that is written in YAML, stored as JSON and sent to nodes. Amounts and quantities
// are decimal text. Ids are lower-case words joined by `_` or `-`. compile.ts turns it into what decisions and rating use.

import type { Exclusion } from '../rating/chargeable.ts'
import type { QuotedRateDocument } from '../rating/exchange.ts'
import type { PriceDocument } from '../rating/price-document.ts'
import type { Enforcement } from '../budget/budget.ts'
import type { BurnOrder } from '../credit/burn-order.ts'
import type { RuleTerms, WindowName } from '../budget/rule.ts'
import type { KeptPlanDocument, Migration } from './kept-plan.ts'
import type { AddOnDocument, PlanCourseDocument, PromotionDocument } from './subscription-document.ts'

export type CatalogDocument = {
  /** Currency of the prices, ISO 4217. */
  readonly currency: string
  readonly features: readonly FeatureDocument[]
  readonly meters: readonly MeterDocument[]
  readonly plans: readonly PlanDocument[]
  readonly credit_assets: readonly CreditAssetDocument[]
  readonly rate_card: readonly RateDocument[]
  /** What the operator agreed with providers beyond their public prices. */
  readonly provider_terms?: readonly ProviderTermsDocument[]
  /** Rates between its currencies, as they were known when it was put in force; no part of what is written. */
  readonly exchange_rates?: readonly QuotedRateDocument[]
  /** Earlier plans that subscribers keep; no part of what is written. */
  readonly kept_plans?: readonly KeptPlanDocument[]
  readonly add_ons?: readonly AddOnDocument[]
  readonly promotions?: readonly PromotionDocument[]
  readonly credit_prices?: readonly CreditPriceDocument[]
  readonly gateway: GatewayDocument
}

export type FeatureDocument = {
  readonly id: string
  readonly name: string
  /** boolean: on or off; value: a configured value; metered: usage is counted and limited. */
  readonly kind: 'boolean' | 'value' | 'metered'
}

export type MeterDocument = {
  readonly id: string
  readonly name: string
  /** What one unit is called, such as `token`. */
  readonly unit: string
  readonly event_type: string
  readonly aggregation: 'sum' | 'count' | 'max' | 'unique_count' | 'latest' | 'weighted_sum'
  /** Numeric properties of the event that add up; of `unique_count` the one whose values are counted; empty for `count` and with an expression. */
  readonly properties: readonly string[]
  /** Works out the quantity instead of properties. */
  readonly expression?: string | null | undefined
  /** Dimensions beside `model` that usage can be broken down by. */
  readonly dimensions?: readonly string[] | undefined
  /** Counted over the events of before the meter was made, too. */
  readonly backfill?: boolean | undefined
  readonly filter: Readonly<Record<string, readonly string[]>>
  /** Decimal places kept, 0…9. */
  readonly scale: number
}

export type PlanDocument = {
  readonly id: string
  readonly name: string
  readonly public: boolean
  readonly period: 'month' | 'year'
  /** When those on the plan follow a change of it; at once unless stated. */
  readonly migration?: Migration
  /** Recurring fee per period, in advance; null for none. */
  readonly fee: { readonly id: string; readonly name: string; readonly amount: string } | null
  /** What usage is priced and paid in: the id of a credit asset; the currency of the catalog where it is null or left out. */
  readonly asset?: string | null
  /** Fee and prices in other currencies, each whole, under the same ids. */
  readonly currencies?: Readonly<Record<string, PlanPricesDocument>>
  readonly entitlements: readonly EntitlementDocument[]
  /** What usage costs, and what is due for time beside the fee. */
  readonly prices: readonly PriceDocument[]
  readonly allowances: readonly AllowanceDocument[]
  /** Usage that is metered and not charged; left out, hits of the response cache. */
  readonly excluded?: readonly Exclusion[]
  readonly limits: readonly LimitDocument[]
  /** Output may be lowered to what the budgets afford, instead of refusing; never unless stated. */
  readonly clampsOutput?: boolean
  /** Whose requests a busy gateway keeps first; `normal` unless stated. */
  readonly priority?: PlanPriority
  /** Who pays, in this order; the first that can pays its part. Without `overage` a request nobody can pay is refused. */
  readonly funding: readonly ('allowance' | 'wallet' | 'overage')[]
  /** In which order the credit of a wallet burns; the usual one unless stated. */
  readonly burn_order?: BurnOrder
} & PlanCourseDocument

/** A customer's part of a busy gateway: each step is four times the one before. */
export const PLAN_PRIORITIES = ['low', 'normal', 'high'] as const
export type PlanPriority = (typeof PLAN_PRIORITIES)[number]

export type PlanPricesDocument = Pick<PlanDocument, 'fee' | 'prices'>

export type EntitlementDocument = {
  readonly feature: string
  /** Configured value of a `value` feature. */
  readonly value: string | null
  /** Models that may be asked for, `*` for all. */
  readonly models: readonly string[]
  /** Plan that it was inherited from. Never in a file: it is filled in. */
  readonly from?: string
}

/**
 * Included in each period: units shared by `meters` in the order of their consumption, or, without meters, an amount of what the plan
 * is priced in. `rollover`: what was not used stays, between `min` and `max`.
 */
export type AllowanceDocument = {
  readonly id: string
  readonly name: string
  readonly meters: readonly string[]
  readonly quantity: string
  /** `quantity` is for each seat; all seats draw from one pool. */
  readonly per_seat?: boolean
  readonly rollover?: { readonly min: string; readonly max: string } | null
}

/** A quota: units of meters per window, or money where it names no meter. */
export type LimitDocument = {
  readonly id: string
  readonly name: string
  readonly meters: readonly string[]
  readonly quantity: string
  readonly window: WindowName
  readonly enforcement: Enforcement
  /** Only requests of these features count; absent for all. */
  readonly features?: readonly string[]
  readonly terms?: RuleTerms
}

/** `value` is what one credit of it costs where it is accrued for the invoice; without one it can only be prepaid. */
export type CreditAssetDocument = { readonly id: string; readonly name: string; readonly currency: string; readonly value?: string | null }

/** What credits of an asset cost when they are bought, at most one for each asset. Amounts in its currency, without tax. */
export type CreditPriceDocument = {
  /** A credit asset, or the currency of wallets. */
  readonly asset: string
  /** Left out, that of the asset. */
  readonly currency?: string | null
  /** For one credit. */
  readonly amount: string
  /** Bonus credits by what is paid at once. */
  readonly bonus: readonly { readonly from: string; readonly percent: string }[]
  readonly min: string | null
  readonly max: string | null
  /** How long what was bought, and what came on top, lasts. */
  readonly days: number | null
  readonly bonus_days: number | null
  /** Features that they pay for, bonus included; all unless stated. */
  readonly features?: readonly string[]
}

/** What a provider charges us for a model: a dated entry of the rate card, amounts per million units. */
export type RateDocument = {
  readonly provider: string
  readonly model: string
  readonly aliases: readonly string[]
  /** In force from this day on, `YYYY-MM-DD`. */
  readonly from: string
  readonly currency: string
  /** Amount per million tokens by usage bucket, such as `{ input: "0.25", cached_input: "0.025", output: "2" }`. */
  readonly per_million: Readonly<Record<string, string>>
  /** Amount per unit of what is counted one by one, such as `{ web_search_requests: "0.01" }`; `requests` is due once an answer. */
  readonly per_unit?: Readonly<Record<string, string>>
  /** Further model names, with `*` for any letters. */
  readonly patterns?: readonly string[]
  /** Other prices or a factor by service tier, region, label or length of context. */
  readonly variants?: readonly RateVariantDocument[]
  readonly context_window: number
  readonly output_max: number
  /** Who says so and when it was read, such as `openai.com/api/pricing, 2026-11-20`. */
  readonly source?: string
}

/** Brings prices or a factor, never both. */
export type RateVariantDocument = {
  /** Accepted values of `service_tier`, `region`, or a label such as `quality`; all conditions must hold. */
  readonly when?: Readonly<Record<string, readonly string[]>>
  readonly input_above?: number
  readonly total_above?: number
  readonly per_million?: Readonly<Record<string, string>>
  readonly per_unit?: Readonly<Record<string, string>>
  readonly factor?: string
}

/** A discount that a provider gives the operator, in force from a day on. */
export type ProviderTermsDocument = {
  readonly provider: string
  /** Names with `*` for any letters; left out, all models of the provider. */
  readonly models?: readonly string[]
  /** In force from this day on, `YYYY-MM-DD`. */
  readonly from: string
  /** Percent off, 0 to 100. */
  readonly discount_percent: string
}

export type GatewayDocument = {
  /** Feature that a gateway request uses when neither key nor header names one. */
  readonly feature: string
  /** Names offered to clients → the model asked upstream, and which upstream (null: by the rate card's provider). */
  readonly models: readonly { readonly name: string; readonly upstream: string | null; readonly model: string }[]
  /** Paths of providers beyond the surfaces that the gateway knows, each with how it is metered. */
  readonly paths?: readonly GatewayPathDocument[]
  /** Which feature a request uses where neither key nor header says: the first rule that matches. */
  readonly feature_rules?: readonly FeatureRuleDocument[]
  /** Which answers are kept and replayed: the first rule that matches. None unless there. */
  readonly cache?: readonly CacheRuleDocument[]
  readonly bounds?: readonly RequestBoundDocument[]
  /** Of which requests prompt and answer are kept, redacted: the first rule that matches. None unless there. */
  readonly prompts?: readonly PromptRuleDocument[]
  /** What happens to a stream whose client went away: read on for a while to learn its true use, or stopped at once; `drain` unless stated. */
  readonly client_gone?: 'drain' | 'stop'
}

/** The most that one request may ask for: the first rule that matches. Conditions as those of a cache rule. */
export type RequestBoundDocument = {
  readonly feature: string | null
  readonly plans: readonly string[] | null
  readonly models: readonly string[] | null
  readonly context_max: number | null
  readonly output_max: number | null
}

/** All conditions that it has must hold; null for any. */
export type CacheRuleDocument = {
  readonly feature: string | null
  readonly plans: readonly string[] | null
  readonly models: readonly string[] | null
  readonly ttl_seconds: number
  /** Who gets an answer that was made for somebody. */
  readonly shared_by: 'entity' | 'customer' | 'everyone'
  /** Requests with tools too, whose effects are not repeated then. */
  readonly with_tools: boolean
  /** Where answers are kept: in the memory of each gateway process, or in the database for all of them too; `memory` unless there. */
  readonly kept_in?: 'memory' | 'database'
}

/** Conditions as those of a cache rule. */
export type PromptRuleDocument = {
  readonly feature: string | null
  readonly plans: readonly string[] | null
  readonly models: readonly string[] | null
  readonly keep_days: number
  /** The answer too, not the prompt alone. */
  readonly answers: boolean
  /** Kinds of personal data and secrets that are taken out, of {@link REDACTED_KINDS}. */
  readonly redact: readonly string[]
  /** Patterns of the operator's own, of the linear kind that RE2 reads. */
  readonly patterns: readonly { readonly name: string; readonly pattern: string }[]
}

/** What can be taken out of a prompt by name. */
export const REDACTED_KINDS = ['email', 'card', 'iban', 'phone', 'api_key'] as const

export type GatewayPathDocument = {
  /** As clients ask for it, such as `/v1/rerank`. */
  readonly path: string
  readonly upstream: string
  /** The model of requests that name none. */
  readonly model: string | null
  readonly event_type: string
  /** The shape in which answers tell usage, one of {@link USAGE_SURFACES}; null where only `quantities` tell. */
  readonly usage: string | null
  /** Numbers of the answer by property: `{ search_units: "meta.billed_units.search_units" }`. */
  readonly quantities: Readonly<Record<string, string>>
  /** The most that one request can use, by property. */
  readonly bound: Readonly<Record<string, string>>
}

/** All conditions that it has must hold; a rule without any holds always. */
export type FeatureRuleDocument = { readonly feature: string; readonly path: string | null; readonly header: string | null; readonly value: string | null }
