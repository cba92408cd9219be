// The words of a denial. The wallet's say "credit balance", the limits' "insufficient quota": clients match on them.

import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import { formatDecimal } from '../decimal.ts'
import { formatUnits, type Units } from '../money.ts'
import { RETRY_AFTER_SECONDS_MAX } from '../limits.ts'
import { LIFETIME, holdToExact, type Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import type { Refused } from './slice.ts'

const NO_NUMBERS = { limit: null, used: null, required: null, unit: null, resetsAt: null } as const

export function denyStanding(snapshot: CustomerSnapshot): Denial {
  return { reason: 'not_in_good_standing', scope: snapshot.standing, message: snapshot.notice?.message ?? `The account is ${snapshot.standing}. See ${snapshot.topUpUrl} for what is needed to go on.`, ...NO_NUMBERS, topUpUrl: snapshot.topUpUrl, upgradeUrl: null }
}

export function denyFreeze(scope: string): Denial {
  return { reason: 'frozen', scope, message: `Use of ${scope.replace(':', ' ')} was stopped by hand. Whoever stopped it must lift it.`, ...NO_NUMBERS, topUpUrl: null, upgradeUrl: null }
}

export function denyFeature(snapshot: CustomerSnapshot, feature: string, plans: readonly string[]): Denial {
  return { reason: 'feature_not_entitled', scope: `feature:${feature}`, message: `Plan ${snapshot.plan} does not include the feature ${feature}. ${plansText(snapshot, plans)}`, ...NO_NUMBERS, topUpUrl: null, upgradeUrl: snapshot.upgradeUrl, plans }
}

export function denyModel(snapshot: CustomerSnapshot, model: string, plans: readonly string[]): Denial {
  return { reason: 'model_not_allowed', scope: `model:${model}`, message: `Plan ${snapshot.plan} does not include the model ${model}. ${plansText(snapshot, plans)}`, ...NO_NUMBERS, topUpUrl: null, upgradeUrl: snapshot.upgradeUrl, plans }
}

function plansText(snapshot: CustomerSnapshot, plans: readonly string[]): string {
  return `Plans that do${plans.length === 0 ? '' : ` (${plans.join(', ')})`}: ${snapshot.upgradeUrl}`
}

export function denyUnpriced(snapshot: CustomerSnapshot, meter: string): Denial {
  return { reason: 'model_unpriced', scope: `meter:${meter}`, message: `Plan ${snapshot.plan} has no price for ${meter} and nothing that includes it, so the request cannot be charged.`, ...NO_NUMBERS, topUpUrl: null, upgradeUrl: snapshot.upgradeUrl }
}

type Numbers = { readonly required: number; readonly refused: Refused | null }

export function denyLimit(snapshot: CustomerSnapshot, budget: Budget, numbers: Numbers): Denial {
  const { required, unit } = described(budget, numbers)
  return {
    reason: 'limit_exhausted', scope: budget.id, required, unit, ...figures(numbers.refused), resetsAt: resetOf(budget),
    message: `Insufficient quota: ${budget.name} has not enough left for this request (up to ${required} ${unit}).${resetText(budget)} Raise it: ${snapshot.upgradeUrl}`,
    topUpUrl: null, upgradeUrl: snapshot.upgradeUrl,
  }
}

/** A rate that is used up for the moment. */
export function denyRate(snapshot: CustomerSnapshot, budget: Budget, numbers: { readonly amount: number; readonly waitMs: number }): Denial {
  const { required, unit } = described(budget, { required: numbers.amount, refused: null })
  const retryAfterMs = Math.min(numbers.waitMs, RETRY_AFTER_SECONDS_MAX * 1_000)
  return {
    reason: 'rate_limited', scope: budget.id, required, unit, limit: null, used: null, resetsAt: null, retryAfterMs,
    message: `Rate limit reached: ${budget.name}. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`,
    topUpUrl: null, upgradeUrl: snapshot.upgradeUrl,
  }
}

/** The authority is away, and this budget is closed in that case. */
export function denyCutOff(snapshot: CustomerSnapshot, budget: Budget): Denial {
  return {
    reason: 'budget_unavailable', scope: budget.id, ...NO_NUMBERS, topUpUrl: null, upgradeUrl: snapshot.upgradeUrl,
    message: `${budget.name} cannot be confirmed right now, and it is set to refuse in that case. Try again in a few seconds.`,
  }
}

export function denyAllowance(snapshot: CustomerSnapshot, budget: Budget, numbers: Numbers): Denial {
  const { required, unit } = described(budget, numbers)
  return {
    reason: 'allowance_exhausted', scope: budget.id, required, unit, ...figures(numbers.refused), resetsAt: resetOf(budget),
    message: `Insufficient quota: ${budget.name} of plan ${snapshot.plan} has not enough left for this request (up to ${required} ${unit}) and the plan has no overage.${resetText(budget)} Upgrade: ${snapshot.upgradeUrl}`,
    topUpUrl: null, upgradeUrl: snapshot.upgradeUrl,
  }
}

export function denyWallet(snapshot: CustomerSnapshot, budget: Budget | null, owed: Units, refused: Refused | null): Denial {
  const required = formatUnits(owed, snapshot.currency)
  return {
    reason: 'credit_balance_exhausted', scope: budget?.id ?? `wallet:${snapshot.currency}`, required, unit: snapshot.currency, ...figures(refused), resetsAt: null,
    message: `Insufficient quota: the credit balance is too low for this request, which may cost up to ${required} ${snapshot.currency}. Add credits: ${snapshot.topUpUrl}`,
    topUpUrl: snapshot.topUpUrl, upgradeUrl: snapshot.upgradeUrl,
  }
}

function figures(refused: Refused | null): { readonly limit: string | null; readonly used: string | null } {
  return { limit: refused?.limit ?? null, used: refused?.used ?? null }
}

function described(budget: Budget, numbers: Numbers): { readonly required: string; readonly unit: string } {
  const exact = holdToExact(budget.unit, numbers.required)
  return budget.unit.kind === 'money'
    ? { required: formatUnits(exact as Units, budget.unit.asset), unit: budget.unit.asset }
    : { required: formatDecimal(exact, budget.unit.scale), unit: budget.unit.name }
}

function resetOf(budget: Budget): number | null {
  return budget.period.end === LIFETIME.end ? null : budget.period.end
}

function resetText(budget: Budget): string {
  const at = resetOf(budget)
  return at === null ? '' : ` It starts anew at ${new Date(at).toISOString()}.`
}
