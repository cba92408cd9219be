// The parts of a catalog that are about subscriptions rather than prices: what a plan inherits, its trial, its dunning, what it grants
// in each standing, how providers name it; add-ons and promotions. Plain data, as in the file.

import type { EntitlementDocument } from './document.ts'

export type PlanCourseDocument = {
  /** Plan whose entitlements, prices, allowances and limits hold here too unless this plan has its own of that id. */
  readonly parent?: string
  readonly trial?: TrialDocument
  /** What happens after a failed payment, by days. */
  readonly dunning?: readonly DunningStageDocument[]
  readonly standings?: StandingsDocument
  readonly providers?: ProviderNamesDocument
}

export type TrialDocument = {
  readonly days: number
  readonly end: 'activate' | 'pause' | 'cancel' | 'expire'
  /** Days before its end on which the tenant is told. */
  readonly notices: readonly number[]
  /** Granted while the trial runs, beside what the plan grants. */
  readonly entitlements: readonly EntitlementDocument[]
  /** Quantities while the trial runs, in place of the plan's. */
  readonly allowances: readonly QuantityDocument[]
}

export type QuantityDocument = { readonly id: string; readonly quantity: string }
export type DunningStageDocument = { readonly day: number; readonly action: 'notify' | 'suspend' | 'cancel'; readonly message: string | null }

/** Features that may be used in a standing; `*` for all that the plan grants. */
export type StandingsDocument = {
  readonly grace: readonly string[]
  readonly suspended: readonly string[]
  readonly paused: readonly string[]
  readonly disputed: readonly string[]
  readonly incomplete: readonly string[]
  readonly cancelled: readonly string[]
  readonly expired: readonly string[]
  readonly dispute_lost: 'suspend' | 'cancel' | 'nothing'
}

/** Ids of prices, products or items by which a provider knows it. */
export type ProviderNamesDocument = { readonly stripe: readonly string[]; readonly chargebee: readonly string[]; readonly recurly: readonly string[] }

export type AddOnDocument = {
  readonly id: string
  readonly name: string
  readonly public: boolean
  /** Plans that it fits; `*` for all. */
  readonly plans: readonly string[]
  /** Per period and unit, in advance; null for none. */
  readonly fee: { readonly id: string; readonly name: string; readonly amount: string; /** In other currencies, by ISO 4217. */ readonly currencies?: Readonly<Record<string, string>> } | null
  readonly quantity_max: number
  /** `add`: numbers are added to the plan's, once for each unit. `replace`: they stand in place of the plan's. */
  readonly mode: 'add' | 'replace'
  readonly entitlements: readonly EntitlementDocument[]
  readonly allowances: readonly QuantityDocument[]
  readonly limits: readonly QuantityDocument[]
  readonly providers?: ProviderNamesDocument
}

/** What can be granted to a customer for a time, beside its plan. */
export type PromotionDocument = {
  readonly id: string
  readonly name: string
  /** How long it holds from the day on which it is granted; null for as long as it is not withdrawn. */
  readonly days: number | null
  readonly entitlements: readonly EntitlementDocument[]
  readonly allowances: readonly QuantityDocument[]
  readonly limits: readonly QuantityDocument[]
}
