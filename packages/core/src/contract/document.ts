// A contract as plain data: what one customer agreed beyond its plan, in phases with dates, amounts as decimal text. The terms of the
// phase in force travel to nodes in the customer's snapshot; at-event.ts and at-close.ts say what they do.

import type { LimitDocument } from '../catalog/document.ts'
import type { UsagePriceDocument } from '../rating/price-document.ts'

export type ContractDocument = {
  readonly name: string
  /** First day, `YYYY-MM-DD`, in the customer's time zone. */
  readonly from: string
  /** First day after it; null for one without an end. */
  readonly to: string | null
  /** Rising by day, the first from the contract's own first day: each holds until the next begins. */
  readonly phases: readonly PhaseDocument[]
}

export type PhaseDocument = { readonly from: string } & TermsDocument

/** What holds in a phase. Every list may be empty. */
export type TermsDocument = {
  readonly discounts: readonly DiscountDocument[]
  readonly prices: readonly NegotiatedPriceDocument[]
  /** The fee for each period instead of the plan's; null leaves it. */
  readonly fee: string | null
  readonly allowances: readonly NegotiatedAllowanceDocument[]
  readonly limits: readonly NegotiatedLimitDocument[]
  readonly commitment: CommitmentDocument | null
}

/** `replace` holds even where it is worse for the customer, `grant` where it is better. */
export type OverrideKind = 'replace' | 'grant'

export type DiscountDocument = {
  readonly id: string
  readonly name: string
  /** `price`: one price or fee of the plan; `plan`: all that one plan asks; `all`: everything. */
  readonly on: 'price' | 'plan' | 'all'
  /** Id of the price or plan; null for `all`. */
  readonly of: string | null
  /** Percent off, or an amount off each period; one of the two. */
  readonly percent: string | null
  readonly amount: string | null
}

export type NegotiatedPriceDocument = { readonly override: OverrideKind } & UsagePriceDocument
export type NegotiatedAllowanceDocument = { readonly override: OverrideKind; readonly id: string; readonly name: string; readonly meters: readonly string[]; readonly quantity: string }
export type NegotiatedLimitDocument = { readonly override: OverrideKind } & LimitDocument

export type CommitmentDocument = {
  /** At least this is due in each window; null for none. */
  readonly minimum: string | null
  /** No more than this is due in each window; null for none. */
  readonly maximum: string | null
  readonly window: 'billing_period' | 'contract_year'
  /** What counts: `usage`, or `all`, fees too. */
  readonly counts: 'usage' | 'all'
}

export const NO_TERMS: TermsDocument = { discounts: [], prices: [], fee: null, allowances: [], limits: [], commitment: null }
