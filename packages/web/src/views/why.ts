// What would have changed a refusal: out of the reason, the numbers it was refused with, and the plans there are. Every remedy names its
// figure; where none is known it says what to look at.

import type { Denial, PublicPlan } from '../api/operations.ts'
import { isNegative, subtract } from '../parts/decimal.ts'

export type Remedy =
  | { readonly kind: 'top_up'; readonly amount: string; readonly unit: string }
  | { readonly kind: 'raise_limit'; readonly budget: string; readonly by: string; readonly unit: string }
  | { readonly kind: 'ask_less'; readonly atMost: string; readonly unit: string }
  | { readonly kind: 'wait'; readonly until: string }
  | { readonly kind: 'change_plan'; readonly plans: readonly string[] }
  | { readonly kind: 'standing' }
  | { readonly kind: 'price_model' }
  | { readonly kind: 'lift_freeze' }
  | { readonly kind: 'slow_down' }
  | { readonly kind: 'end_run' }
  | { readonly kind: 'operate' }

type Asked = { readonly feature: string | null; readonly model: string | null }

export function remediesOf(denial: Denial, asked: Asked, plans: readonly PublicPlan[]): readonly Remedy[] {
  switch (denial.reason) {
    case 'frozen':
      return [{ kind: 'lift_freeze' }]
    case 'run_halted':
      return [{ kind: 'end_run' }]
    case 'rate_limited':
      return [{ kind: 'slow_down' }, ...waitOf(denial)]
    case 'not_in_good_standing':
      return [{ kind: 'standing' }]
    case 'feature_not_entitled':
      return planRemedy(plans.filter(({ features }) => features.some(({ id }) => id === asked.feature)))
    case 'model_not_allowed':
      return planRemedy(plans.filter(({ features }) => features.some(({ models }) => models.includes('*') || models.includes(asked.model ?? ''))))
    case 'model_unpriced':
      return [{ kind: 'price_model' }]
    case 'credit_balance_exhausted':
      return [...missing(denial, (amount, unit) => ({ kind: 'top_up', amount, unit })), ...lessOf(denial)]
    case 'limit_exhausted':
      return [...missing(denial, (by, unit) => ({ kind: 'raise_limit', budget: denial.scope, by, unit })), ...lessOf(denial), ...waitOf(denial)]
    case 'allowance_exhausted':
      return [...waitOf(denial), ...lessOf(denial), ...planRemedy(plans.filter(({ funding }) => funding.includes('overage') || funding.includes('wallet')))]
    default:
      return [{ kind: 'operate' }]
  }
}

/** What was needed and was not there. */
function missing(denial: Denial, remedy: (amount: string, unit: string) => Remedy): readonly Remedy[] {
  const left = leftOf(denial)
  if (left === null || denial.required === null || denial.unit === null) return []
  const amount = subtract(denial.required, left)
  return isNegative(amount) || amount === '0' ? [] : [remedy(amount, denial.unit)]
}

function lessOf(denial: Denial): readonly Remedy[] {
  const left = leftOf(denial)
  return left === null || isNegative(left) || left === '0' || denial.unit === null ? [] : [{ kind: 'ask_less', atMost: left, unit: denial.unit }]
}

function waitOf({ resets_at: until }: Denial): readonly Remedy[] {
  return until === null ? [] : [{ kind: 'wait', until }]
}

function planRemedy(plans: readonly PublicPlan[]): readonly Remedy[] {
  return plans.length === 0 ? [] : [{ kind: 'change_plan', plans: plans.map(({ name }) => name) }]
}

/** Null where no numbers were recorded. */
export function leftOf({ limit, used }: Denial): string | null {
  return limit === null || used === null ? null : subtract(limit, used)
}
