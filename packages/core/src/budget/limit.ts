// The limits of one decision: every budget that counts the request must hold, or say why it lets the request through. Collects
// what is to be held, asked for, taken from rates and lent; refuses with the first budget that refuses.

import { ZERO, type Units } from '../money.ts'
import type { LeaseNeed } from './authority.ts'
import { exactToHold, type Budget } from './budget.ts'
import { countMoney } from './count-money.ts'
import type { Decision, DecisionInput, Hold, Loan, Notice, RateTake } from './decide.ts'
import type { Denial } from './denial.ts'
import { denyCutOff, denyLimit, denyRate, denyUnpriced } from './explain-denial.ts'
import { boundOf, freeIn, needOf } from './fund.ts'
import { isByPair, limitsFor, type Attributes } from './match.ts'
import { waitFor } from './rate.ts'
import { freeOf, isRefused } from './slice.ts'

type Collected = { readonly holds: Hold[]; readonly needs: LeaseNeed[]; readonly isObserved: boolean }
type Limited = { /** Of {@link Decision}: its `limits`. */ readonly lasting: readonly Budget[] | null; readonly takes: readonly RateTake[]; readonly loans: readonly Loan[]; readonly notices: readonly Notice[]; readonly refusal: Extract<Decision, { kind: 'deny' }> | null }
type Work = Collected & { readonly takes: RateTake[]; readonly loans: Loan[]; readonly notices: Notice[] }

const NOTHING: Limited = { lasting: [], takes: [], loans: [], notices: [], refusal: null }

export function limit(input: DecisionInput, estimate: Units | null, collected: Collected): Limited {
  // What the funding misses cannot be asked for either.
  const unfunded = input.isCutOff === true && collected.needs.length > 0 ? collected.needs[0]!.budget : null
  if (unfunded !== null) return refused(NOTHING, denyCutOff(input.snapshot, unfunded), unfunded)
  const budgets = limitsFor(input.snapshot, requestAttributes(input), input.at ?? input.now)
  const lasting = isByPair(input.snapshot) ? budgets : null
  if (budgets.length === 0) return lasting === null ? { ...NOTHING, lasting } : NOTHING
  const work: Work = { holds: collected.holds, needs: collected.needs, isObserved: collected.isObserved, takes: [], loans: [], notices: [] }
  for (const budget of budgets) {
    if (budget.enforcement === 'metered') continue
    const money = budget.unit.kind !== 'money' ? ZERO : estimate === null ? null : countMoney(estimate, { from: input.snapshot.currency, to: budget.unit.asset, catalog: input.catalog })
    if (money === null) {
      // What has no price at its bound cannot be held; what does not refuse lets it through.
      if (leniency(input, budget, work) !== null || budget.enforcement === 'soft') continue
      return refused(work, denyUnpriced(input.snapshot, input.request.bound[0]?.meter.id ?? input.request.feature), budget)
    }
    const full = budget.unit.kind === 'money' ? exactToHold(budget.unit, money) : boundOf(budget.unit.meters, input.request.bound)
    if (full === 0) continue
    const isHard = budget.enforcement === 'hard' && budget.terms?.rate === undefined
    const amount = isHard ? full : Math.max(1, Math.ceil(full * (input.request.expectedShare ?? 1)))
    const denial = budget.terms?.rate === undefined ? hold(input, budget, amount, work) : pass(input, budget, amount, work)
    if (denial !== null) return refused(work, denial, budget)
  }
  return { lasting, takes: work.takes, loans: work.loans, notices: work.notices, refusal: null }
}

function requestAttributes({ request }: DecisionInput): Attributes {
  const { feature, entity, model } = request
  return { feature, entity, model, key: request.key ?? null, run: request.run ?? null, dimensions: request.dimensions }
}

function refused({ takes, loans, notices }: Pick<Limited, 'takes' | 'loans' | 'notices'>, denial: Denial, budget: Budget): Limited {
  return { lasting: null, takes, loans, notices, refusal: { kind: 'deny', denial, budget } }
}

/** Takes the amount from the slice, asks for it, or says why not. */
function hold(input: DecisionInput, budget: Budget, amount: number, work: Work): Denial | null {
  const slice = input.slices(budget)
  if (slice !== undefined && freeOf(slice) >= amount) {
    work.holds.push({ slice, budget, amount })
    return null
  }
  const missing = amount - freeIn(slice)
  const why = leniency(input, budget, work)
  if (!isRefused(slice, missing, input.now)) {
    if (input.isCutOff !== true) {
      work.needs.push(needOf(budget, missing, { spills: why !== null }))
      return null
    }
    return lend(input, budget, missing, why, work)
  }
  const denial = denyLimit(input.snapshot, budget, { required: amount, refused: slice?.refused ?? null })
  if (why === null) return denial
  const part = Math.min(amount, Math.max(0, freeIn(slice)))
  if (slice !== undefined && part > 0) work.holds.push({ slice, budget, amount: part })
  const throttle = why === 'throttled' ? throttled(input, budget, work) : null
  if (throttle !== null) return throttle
  work.notices.push({ budget, why, denial })
  return null
}

/** Why a budget that does not hold lets the request through; null when it refuses. */
function leniency({ request }: DecisionInput, budget: Budget, work: Work): Notice['why'] | null {
  if (work.isObserved || budget.terms?.observe === true) return 'observed'
  const exhausted = budget.terms?.exhausted
  if (exhausted?.action === 'overage') return 'overage'
  if (exhausted?.action === 'throttle') return 'throttled'
  if (budget.enforcement !== 'soft') return null
  // A soft budget degrades first; what is degraded already, or cannot be, it lets through.
  const hasRemedy = exhausted?.action === 'clamp' || exhausted?.action === 'brief' || (exhausted?.action === 'fallback' && exhausted.model !== request.model)
  return hasRemedy && request.waived !== budget.id ? null : 'soft'
}

/** The authority is away: what is missing passes under the budget's fail mode, counted against what that allows. */
function lend(input: DecisionInput, budget: Budget, missing: number, why: Notice['why'] | null, work: Work): Denial | null {
  const mode = budget.terms?.failMode
  const isOpen = mode?.mode === 'open' && (mode.amount === null || (input.slices(budget)?.lent ?? 0) + missing <= mode.amount)
  const denial = denyCutOff(input.snapshot, budget)
  if (why === null && !isOpen) return denial
  const slice = input.slices(budget)
  const part = Math.max(0, freeIn(slice))
  if (slice !== undefined && part > 0) work.holds.push({ slice, budget, amount: part })
  if (why === null) work.loans.push({ budget, amount: missing })
  work.notices.push({ budget, why: 'unconfirmed', denial })
  return null
}

/** A rate: passes when the bucket has it. */
function pass(input: DecisionInput, budget: Budget, amount: number, work: Work): Denial | null {
  const rate = input.rates?.(budget)
  if (rate === undefined) return null
  const waitMs = waitFor(rate.bucket, rate.share, amount, input.now)
  if (waitMs > 0) {
    const denial = denyRate(input.snapshot, budget, { amount, waitMs })
    const why = leniency(input, budget, work)
    if (why === null || why === 'throttled') return denial
    work.notices.push({ budget, why, denial })
  }
  work.takes.push({ budget, ...rate, amount })
  return null
}

/** Past its limit the budget still lets so many requests a minute through. */
function throttled(input: DecisionInput, budget: Budget, work: Work): Denial | null {
  const rate = input.rates?.(budget)
  if (rate === undefined) return null
  const waitMs = waitFor(rate.bucket, rate.share, 1, input.now)
  if (waitMs > 0) return denyRate(input.snapshot, budget, { amount: 1, waitMs })
  work.takes.push({ budget, ...rate, amount: 1 })
  return null
}
