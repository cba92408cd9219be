// Compiles a customer's snapshot from its facts: subscription, catalog, budgets of the operator. Derives periods with the
// calendar, so it runs in the control plane only; nodes receive instants.

import { allowanceBudget } from '../rating/rate-event.ts'
import { LIFETIME, type Budget } from '../budget/budget.ts'
import type { Catalog, Plan, PlanLimit } from '../catalog/catalog.ts'
import { InputError } from '../assert.ts'
import type { CustomerId, EntityId } from '../id.ts'
import { periodAt } from '../period.ts'
import type { Instant, Span } from '../time.ts'
import type { CustomerSnapshot, FundingSource, Standing } from './snapshot.ts'

export type CustomerFacts = {
  readonly customer: CustomerId
  readonly name: string
  readonly version: number
  readonly standing: Standing
  readonly plan: string
  readonly timeZone: string
  /** Seats of the subscription, which allowances per seat and the fee of a seat count; 1 unless told. */
  readonly seats?: number
  /** Start of the subscription: anchor of its periods. */
  readonly anchorAt: Instant
  readonly entityPaths: Readonly<Record<EntityId, readonly EntityId[]>>
  /** Caps and quotas that the operator or the tenant set, beside those of the plan. */
  readonly budgets: readonly BudgetRule[]
  readonly positions: Readonly<Record<string, string>>
  /** Next instant at which a credit block starts or ends, if any. */
  readonly walletChangesAt: Instant | null
}

export type BudgetRule = {
  readonly id: string
  readonly name: string
  readonly unit: Budget['unit']
  readonly window: PlanLimit['window']
  readonly enforcement: 'hard' | 'soft'
  readonly entity: EntityId | null
  readonly features: readonly string[] | null
}

export type Links = { readonly topUpUrl: string; readonly upgradeUrl: string }

export function resolveSnapshot(facts: CustomerFacts, catalog: Catalog, now: Instant, links: Links): CustomerSnapshot {
  const plan = planOf(facts, catalog)
  const period = billingPeriod(facts, plan, now)
  const limits = [...plan.limits.map((limit) => limitBudget(limit, facts, plan, now)), ...facts.budgets.map((rule) => ruleBudget(rule, facts, plan, now))]
  const funding = plan.funding.flatMap((kind) => fundingSources(kind, { plan, catalog, period }))
  const ends = [period.end, ...limits.map((budget) => budget.period.end), facts.walletChangesAt ?? LIFETIME.end]
  return {
    customer: facts.customer,
    name: facts.name,
    version: facts.version,
    catalogVersion: catalog.version,
    plan: plan.id,
    standing: facts.standing,
    currency: plan.asset,
    period,
    limits,
    funding,
    positions: facts.positions,
    entityPaths: facts.entityPaths,
    validUntil: Math.min(...ends) as Instant,
    ...links,
  }
}

/** The billing period of a subscription that holds `at`. */
export function billingPeriod(facts: Pick<CustomerFacts, 'anchorAt' | 'timeZone'>, plan: Plan, at: Instant): Span {
  return periodAt({ anchorAt: facts.anchorAt, timeZone: facts.timeZone, every: plan.period }, at)
}

/** The window of a limit that holds `at`: calendar windows start at midnight of the customer's zone. */
export function windowSpan(window: PlanLimit['window'], facts: Pick<CustomerFacts, 'anchorAt' | 'timeZone'>, plan: Plan, at: Instant): Span {
  if (window === 'lifetime') return LIFETIME
  if (window === 'billing_period') return billingPeriod(facts, plan, at)
  return periodAt({ anchorAt: CALENDAR_ANCHOR(facts.timeZone), timeZone: facts.timeZone, every: window }, at)
}

/** Monday 1 January 2024, midnight in the zone: a start of day, ISO week and month at once. */
function CALENDAR_ANCHOR(timeZone: string): Instant {
  return Temporal.PlainDate.from('2024-01-01').toZonedDateTime(timeZone).epochMilliseconds as Instant
}

function planOf(facts: CustomerFacts, catalog: Catalog): Plan {
  const plan = catalog.plans.get(facts.plan)
  if (plan === undefined) throw new InputError({ code: 'unknown_plan', field: 'plan', message: `catalog version ${catalog.version} has no plan ${facts.plan}` })
  return plan
}

function limitBudget(limit: PlanLimit, facts: CustomerFacts, plan: Plan, now: Instant): Budget {
  return {
    id: `limit:${limit.id}`,
    name: limit.name,
    unit: { kind: 'meters', meters: limit.meters, scale: limit.scale, name: limit.meters.join(' + ') },
    period: windowSpan(limit.window, facts, plan, now),
    enforcement: limit.enforcement,
    entity: null,
    features: null,
  }
}

function ruleBudget(rule: BudgetRule, facts: CustomerFacts, plan: Plan, now: Instant): Budget {
  const { window, ...rest } = rule
  return { ...rest, period: windowSpan(window, facts, plan, now) }
}

function fundingSources(kind: Plan['funding'][number], context: { readonly plan: Plan; readonly catalog: Catalog; readonly period: Span }): FundingSource[] {
  const { plan, catalog, period } = context
  switch (kind) {
    case 'overage':
      return [{ kind: 'overage' }]
    case 'wallet':
      return [{ kind: 'wallet', budget: walletBudget(plan.asset) }]
    case 'allowance':
      // Units are covered first; what is left of them has a price, and amounts pay that.
      return [...plan.allowances].sort((a, b) => Number(a.asset !== undefined) - Number(b.asset !== undefined)).map((allowance) => ({
        kind: 'allowance',
        allowance: allowance.id,
        budget: {
          id: allowanceBudget(allowance.id),
          name: allowance.name,
          unit: allowance.asset !== undefined
            ? { kind: 'money', asset: allowance.asset }
            : { kind: 'meters', meters: allowance.meters, scale: allowance.scale, name: catalog.meterById.get(allowance.meters[0] ?? '')?.unit ?? 'unit' },
          period,
          enforcement: 'hard',
          entity: null,
          features: null,
        },
      }))
  }
}

/** The budget of a wallet: granted and drawn over its whole life. */
export function walletBudget(asset: string): Budget {
  return { id: `wallet:${asset}`, name: 'Credit balance', unit: { kind: 'money', asset }, period: LIFETIME, enforcement: 'hard', entity: null, features: null }
}
