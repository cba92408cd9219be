// Why a request may not run: one closed list, in order of precedence. The edges turn a denial into their own shape; the
// mapping to HTTP stands here once, so that gateway and API never disagree.

export type DenialReason =
  | 'frozen'
  | 'not_in_good_standing'
  | 'feature_not_entitled'
  | 'model_not_allowed'
  | 'model_unpriced'
  | 'context_length_exceeded'
  | 'output_length_exceeded'
  | 'rate_limited'
  | 'run_halted'
  | 'limit_exhausted'
  | 'allowance_exhausted'
  | 'credit_balance_exhausted'
  | 'budget_unavailable'

export type Denial = {
  readonly reason: DenialReason
  /** What refused, such as `wallet:USD` or `limit:daily`; a feature or model for the entitlement reasons. */
  readonly scope: string
  /** One sentence for a person: what happened and what to do. */
  readonly message: string
  /** Decimal text in the unit of the scope, where numbers apply. */
  readonly limit: string | null
  readonly used: string | null
  readonly required: string | null
  readonly unit: string | null
  /** When the budget starts anew; null when only a top-up or a change of plan helps. */
  readonly resetsAt: number | null
  readonly topUpUrl: string | null
  readonly upgradeUrl: string | null
  /** When a refused rate lets such a request pass; absent for other reasons. */
  readonly retryAfterMs?: number
  /** The largest number of output tokens with which the request would fit, where some number would. */
  readonly fitsOutputTokens?: number
  /** Public plans that contain what was refused; left out where another plan would not help. */
  readonly plans?: readonly string[]
}

/** HTTP status of each reason, and whether a client should try again by itself. */
export const DENIAL_STATUS: Readonly<Record<DenialReason, { readonly status: 400 | 402 | 403 | 429 | 503; readonly retry: boolean }>> = {
  frozen: { status: 403, retry: false },
  not_in_good_standing: { status: 403, retry: false },
  feature_not_entitled: { status: 403, retry: false },
  model_not_allowed: { status: 403, retry: false },
  model_unpriced: { status: 403, retry: false },
  context_length_exceeded: { status: 400, retry: false },
  output_length_exceeded: { status: 400, retry: false },
  rate_limited: { status: 429, retry: true },
  run_halted: { status: 403, retry: false },
  limit_exhausted: { status: 402, retry: false },
  allowance_exhausted: { status: 402, retry: false },
  credit_balance_exhausted: { status: 402, retry: false },
  budget_unavailable: { status: 503, retry: true },
}
