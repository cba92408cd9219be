// The compiled catalog: amounts as units, quantities at their meter's scale, look-ups as maps. Built once per version by
// compile.ts and shared by decisions, rating, invoices and explanations.

import type { BurnOrder } from '../credit/burn-order.ts'
import type { CreditPrice } from '../credit/price.ts'
import type { AssetId, Units } from '../money.ts'
import type { Enforcement } from '../budget/budget.ts'
import type { RuleTerms, WindowName } from '../budget/rule.ts'
import type { Quantity } from '../quantity.ts'
import type { Exclusion, OutcomePrice } from '../rating/chargeable.ts'
import type { ExchangeTable } from '../rating/exchange.ts'
import type { RecurringPrice, UsagePrice } from '../rating/price.ts'
import type { Ratio } from '../rating/ratio.ts'
import type { UsageSurface } from '../usage/read-usage.ts'
import type { KeptPlans } from './kept-plan.ts'
import type { PlanPriority } from './document.ts'
import type { AddOn, PlanCourse, Promotion } from './subscription-catalog.ts'

export type Catalog = {
  readonly version: number
  readonly currency: AssetId
  readonly features: ReadonlyMap<string, Feature>
  readonly meters: readonly Meter[]
  readonly meterById: ReadonlyMap<string, Meter>
  readonly plans: ReadonlyMap<string, Plan>
  /** Earlier plans that subscribers keep; none unless there. */
  readonly keptPlans?: KeptPlans
  readonly creditAssets: ReadonlyMap<string, CreditAsset>
  readonly rateCard: RateCard
  /** What the operator agreed with providers beyond their public prices; none unless there. */
  readonly providerTerms?: readonly ProviderTerms[]
  /** Rates between its currencies. */
  readonly exchange: ExchangeTable
  readonly addOns: ReadonlyMap<string, AddOn>
  readonly promotions: ReadonlyMap<string, Promotion>
  /** What credits cost, by asset; none unless there. */
  readonly creditPrices?: ReadonlyMap<AssetId, CreditPrice>
  readonly gatewayFeature: string
  readonly gatewayModels: ReadonlyMap<string, GatewayModel>
  /** None unless there. */
  readonly gatewayPaths?: ReadonlyMap<string, GatewayPath>
  readonly featureRules?: readonly FeatureRule[]
  readonly cacheRules?: readonly CacheRule[]
  readonly requestBounds?: readonly RequestBound[]
  readonly promptRules?: readonly PromptRule[]
  /** Streams whose client went away are stopped at once; they are read on unless it is there. */
  readonly stopsWhenGone?: true
}

/** `value` is what one credit costs in `currency` where it is accrued; null where it can only be prepaid. */
export type CreditAsset = { readonly id: string; readonly name: string; readonly currency: AssetId; readonly value: Units | null }

export type Feature = { readonly id: string; readonly name: string; readonly kind: 'boolean' | 'value' | 'metered' }

export type Meter = {
  readonly id: string
  readonly name: string
  readonly unit: string
  readonly eventType: string
  readonly aggregation: MeterAggregation
  readonly properties: readonly string[]
  readonly filter: ReadonlyMap<string, readonly string[]>
  readonly scale: number
  /** Dimensions beside `model` that usage can be broken down by; none unless there. */
  readonly dimensions?: readonly string[]
  /** Dimensions that prices of its usage are chosen by; none unless there. */
  readonly pricedBy?: readonly string[]
  /** Works out the quantity where an expression gives it: decimal text at any scale. */
  readonly evaluate?: MeterExpression | null
}

export type MeterAggregation = 'sum' | 'count' | 'max' | 'unique_count' | 'latest' | 'weighted_sum'

/** A compiled expression: the quantity of an event as decimal text. Throws InputError where it has none. */
export type MeterExpression = ((event: { readonly quantities: Readonly<Record<string, string>>; readonly dimensions: Readonly<Record<string, string>>; readonly feature: string | null }) => string) & {
  /** Quantities that it reads. */
  readonly reads: readonly string[]
}

export type Plan = {
  readonly id: string
  readonly name: string
  readonly public: boolean
  readonly period: 'month' | 'year'
  /** What it is billed in: fees, and usage unless that is priced in credits. */
  readonly currency: AssetId
  /** What its usage is priced and paid in. */
  readonly asset: AssetId
  /** The fee and all else that is due for time, in {@link Plan.currency}. */
  readonly recurring: readonly RecurringPrice[]
  readonly entitlements: ReadonlyMap<string, { readonly feature: string; readonly value: string | null; readonly models: readonly string[]; readonly from?: string }>
  /** What usage costs, all in {@link Plan.asset}. */
  readonly prices: readonly UsagePrice[]
  /** Those with most conditions first: the first that fits is the one. */
  readonly pricesByMeter: ReadonlyMap<string, readonly UsagePrice[]>
  readonly allowances: readonly Allowance[]
  /** Those of its prices that charge a run by its result. */
  readonly outcomes: readonly OutcomePrice[]
  /** One of its prices keeps the savings of a provider's cache, so that an event must tell its cost without them. */
  readonly needsUncachedCost: boolean
  /** Usage that is metered and not charged. */
  readonly excluded: readonly Exclusion[]
  readonly limits: readonly PlanLimit[]
  /** Output may be lowered to what the budgets afford, instead of refusing; never unless stated. */
  readonly clampsOutput?: boolean
  /** Whose requests a busy gateway keeps first; `normal` unless stated. */
  readonly priority?: PlanPriority
  readonly funding: readonly ('allowance' | 'wallet' | 'overage')[]
  /** The usual one unless stated. */
  readonly burnOrder?: BurnOrder
  /** The same plan in other currencies; empty in those themselves. */
  readonly inCurrency: ReadonlyMap<AssetId, Plan>
} & PlanCourse

/** Prices of each meter, those with most conditions first, so that the first that fits is the one. */
export function pricesByMeter(prices: readonly UsagePrice[]): ReadonlyMap<string, readonly UsagePrice[]> {
  const meters = [...new Set(prices.map(({ meter }) => meter))]
  return new Map(meters.map((meter) => [meter, prices.filter((price) => price.meter === meter).sort((a, b) => b.when.size - a.when.size)]))
}

/** Units of `meters`, or an amount of `asset` where there are none; `quantity` is at `scale` either way. */
export type Allowance = {
  readonly id: string
  readonly name: string
  readonly meters: readonly string[]
  readonly asset?: AssetId
  readonly quantity: Quantity
  readonly scale: number
  /** `quantity` is for each seat of the subscription. */
  readonly perSeat?: boolean
  /** What was left at the end of a period stays for the next, between these. */
  readonly rollover?: { readonly min: Quantity; readonly max: Quantity }
}

export type PlanLimit = {
  readonly id: string
  readonly name: string
  readonly meters: readonly string[]
  readonly quantity: Quantity
  readonly scale: number
  /** Currency of a limit in money, which has no meters; its `quantity` is then an amount at `scale`. */
  readonly asset?: AssetId
  readonly window: WindowName
  readonly enforcement: Enforcement
  readonly features?: readonly string[]
  readonly terms?: RuleTerms
}

export type GatewayPath = { readonly path: string; readonly upstream: string; readonly model: string | null; readonly eventType: string; readonly usage: UsageSurface | null; readonly quantities: ReadonlyMap<string, readonly string[]>; readonly bound: ReadonlyMap<string, string> }
export type FeatureRule = { readonly feature: string; readonly path: string | null; readonly header: string | null; readonly value: string | null }
/** Tokens that one request may ask for at most; null for any. */
export type RequestBound = { readonly feature: string | null; readonly plans: ReadonlySet<string> | null; readonly models: ReadonlySet<string> | null; readonly contextMax: number | null; readonly outputMax: number | null }

/** Which answers of the gateway are kept and replayed; null for any. */
export type CacheRule = {
  readonly feature: string | null
  readonly plans: ReadonlySet<string> | null
  readonly models: ReadonlySet<string> | null
  readonly ttlMs: number
  readonly sharedBy: 'entity' | 'customer' | 'everyone'
  readonly withTools: boolean
  /** Kept for all gateways of the deployment, not in the memory of one alone. */
  readonly isShared: boolean
}

/** Of which requests prompt and answer are kept; null for any. */
export type PromptRule = {
  readonly feature: string | null
  readonly plans: ReadonlySet<string> | null
  readonly models: ReadonlySet<string> | null
  readonly keepMs: number
  readonly withAnswer: boolean
  readonly redaction: Redaction
}

/** What is taken out of a text before it is kept. */
export type Redaction = { readonly kinds: readonly string[]; readonly patterns: readonly { readonly name: string; readonly pattern: string }[] }
export type GatewayModel = { readonly name: string; readonly upstream: string | null; readonly model: string }

/** Rates by model name and alias, newest first, and those that speak for whole families; look up with {@link rateInForce} of rating/cost.ts. */
export type RateCard = ReadonlyMap<string, readonly Rate[]> & { readonly matchers?: readonly RateMatcher[] }

/** Rates of one pattern, newest first; matchers stand in the order in which they are asked. */
export type RateMatcher = { readonly pattern: string; readonly rates: readonly Rate[] }

export type Rate = {
  readonly provider: string
  readonly model: string
  /** First instant of the UTC day from which the rate holds. */
  readonly from: number
  readonly currency: AssetId
  /** Amount per million units by usage bucket. */
  readonly perMillion: ReadonlyMap<string, Units>
  /** Amount per unit of what is counted one by one: tool requests, images, seconds; `requests` is due once an answer. */
  readonly perUnit?: ReadonlyMap<string, Units>
  readonly variants?: readonly RateVariant[]
  readonly contextWindow: number
  readonly outputMax: number
  /** Who says so, and when it was read. */
  readonly source?: string
}

/** Other prices, or a factor on them, under the conditions that it names; all of them must hold. */
export type RateVariant = {
  /** Accepted values of `service_tier`, `region` and labels such as `quality`. */
  readonly when: ReadonlyMap<string, readonly string[]>
  /** Holds for requests that read more tokens than this. */
  readonly inputAbove: number | null
  /** Holds for requests that read and wrote more tokens than this. */
  readonly totalAbove: number | null
  readonly perMillion: ReadonlyMap<string, Units>
  readonly perUnit: ReadonlyMap<string, Units>
  /** On prices per million; null for a variant that brings prices. */
  readonly factor: Ratio | null
}

/** A provider's discount to the operator. */
export type ProviderTerms = { readonly provider: string; readonly models: readonly string[]; readonly from: number; readonly discount: Ratio }
