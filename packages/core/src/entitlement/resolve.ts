// Compiles a customer's snapshot from its facts: subscription, catalog, budgets of the operator. Derives periods with the
// calendar, so it runs in the control plane only; nodes receive instants.

import { allowanceBudget } from '../rating/rate-event.ts'
import { exactToGrant, LIFETIME, type Budget, type BudgetTerms, type BudgetUnit, type RateTerms } from '../budget/budget.ts'
import type { EntityKind } from '../budget/match.ts'
import type { RunawayRule } from '../budget/runaway.ts'
import { RATE_WINDOW_MS, ROLLING, type BudgetRule, type RuleTerms, type WindowName } from '../budget/rule.ts'
import type { Catalog, Plan, PlanLimit } from '../catalog/catalog.ts'
import { assert, InputError } from '../assert.ts'
import { parseDecimal } from '../decimal.ts'
import type { CustomerId, EntityId } from '../id.ts'
import { assetScale } from '../money.ts'
import { periodAt } from '../period.ts'
import type { BurnOrder } from '../credit/burn-order.ts'
import { compareWallets, walletId, type WalletKind } from '../credit/wallet.ts'
import type { SeatsFrom } from '../rating/seat.ts'
import { HOUR_MS, type Instant, type Span } from '../time.ts'
import type { ContractDocument } from '../contract/document.ts'
import { phaseAt } from '../contract/phases.ts'
import { planOf, type PlanChoice } from '../contract/plan-of.ts'
import { planVersionAt } from '../catalog/kept-plan.ts'
import type { AssetId } from '../money.ts'
import { noticeOf } from '../subscription/notice.ts'
import { standingOf } from '../subscription/state.ts'
import { planSince, segmentAt, segmentEnd, type Segment } from '../subscription/timeline.ts'
import { compose } from './compose.ts'
import { grantsChangeAt, isInForce, type Grant } from './grant.ts'
import type { CustomerSnapshot, Frozen, FundingSource, Standing } from './snapshot.ts'

export { commitmentWindow, dayStart, phaseAt } from '../contract/phases.ts'

export type CustomerFacts = {
  readonly customer: CustomerId
  readonly name: string
  readonly version: number
  /** Standing, plan and anchor where there is no timeline. */
  readonly standing: Standing
  readonly plan: string
  /** The subscription over time: what holds at an instant is read from here. */
  readonly timeline: readonly Segment[]
  /** What is granted or denied beside the plan, past and future. */
  readonly grants: readonly Grant[]
  readonly timeZone: string
  /** Seats of the subscription, which allowances per seat and the fee of a seat count; 1 unless told. */
  readonly seats?: number
  /** Seats over time, oldest first, for what is due for them; always as many as {@link CustomerFacts.seats} where it is left out. */
  readonly seatHistory?: readonly SeatsFrom[]
  /** Currency of its invoices; left out or null, that of the catalog. */
  readonly currency?: AssetId | null
  readonly contract?: ContractDocument | null
  /** How far the customer's clock is ahead of ours: 0 unless a test turned it. */
  readonly clockOffsetMs: number
  /** Start of the subscription: anchor of its periods. */
  readonly anchorAt: Instant
  readonly entityPaths: Readonly<Record<EntityId, readonly EntityId[]>>
  readonly entityKinds?: Readonly<Record<EntityId, EntityKind>>
  /** Caps and quotas that the operator or the tenant set, beside those of the plan. */
  readonly budgets: readonly BudgetRule[]
  /** Exact limits of those budgets, by id; a rate needs its own to decide by. */
  readonly ruleLimits?: ReadonlyMap<string, bigint>
  /** Exact limits of single members of templates, by instance id. */
  readonly overrides?: ReadonlyMap<string, bigint>
  readonly frozen?: Frozen
  readonly observe?: boolean
  readonly runaway?: RunawayRule
  /** Wallets for some features that it has beside those for everything. */
  readonly wallets?: readonly WalletKind[] | undefined
  /** How its credit burns, where that is not for the plan to say. */
  readonly burnOrder?: BurnOrder | undefined
  readonly positions: Readonly<Record<string, string>>
  /** Next instant at which a credit block starts or ends, if any. */
  readonly walletChangesAt: Instant | null
}

export type Links = { readonly topUpUrl: string; readonly upgradeUrl: string }

export function resolveSnapshot(facts: CustomerFacts, catalog: Catalog, now: Instant, links: Links): CustomerSnapshot {
  return resolveCustomer(facts, catalog, now, links).snapshot
}

export type ResolvedCustomer<Facts extends CustomerFacts = CustomerFacts> = {
  readonly snapshot: CustomerSnapshot
  /** The plan as it holds for this customer, with its own quantities. */
  readonly plan: Plan
  /** The facts with standing, plan and anchor of this instant. */
  readonly facts: Facts
  /** Where subscription and grants stay as they are. */
  readonly holds: Span
}

export function resolveCustomer<Facts extends CustomerFacts>(stored: Facts, catalog: Catalog, now: Instant, links: Links): ResolvedCustomer<Facts> {
  const segment = segmentAt(stored.timeline, now)
  const facts: Facts = segment === null ? stored : { ...stored, standing: standingOf(segment.state), plan: segment.plan, seats: segment.seats, seatHistory: stored.timeline.map(({ from, seats }) => ({ from, seats })), anchorAt: segment.anchorAt }
  const inForce = stored.grants.filter((grant) => isInForce(grant, now))
  const { terms, holds: termsHold } = phaseAt(facts.contract ?? null, facts.timeZone, now)
  const money = facts.currency ?? catalog.currency
  const kept = keptPlanAt(catalog, facts, now)
  const { plan, entitlements } = compose({ plan: customerPlan(catalog, { plan: facts.plan, money, terms, ...(kept === null ? {} : { planVersion: kept }) }), catalog, seats: facts.seats ?? 1, addOns: segment?.addOns ?? [], trialEndsAt: segment?.trialEndsAt ?? null, grants: inForce })
  const holds: Span = {
    start: Math.max(LIFETIME.start, segment === null || segment === stored.timeline[0] ? LIFETIME.start : segment.from, ...stored.grants.flatMap(({ startsAt, endsAt }) => [startsAt, endsAt ?? LIFETIME.start].filter((moment) => moment <= now))) as Instant,
    end: Math.min(segmentEnd(stored.timeline, now) ?? LIFETIME.end, grantsChangeAt(stored.grants, now) ?? LIFETIME.end) as Instant,
  }
  const period = billingPeriod(facts, plan, now)
  const limits = [...plan.limits.map((limit) => limitBudget(limit, facts, plan, now)), ...facts.budgets.map((rule) => ruleBudget(rule, facts.ruleLimits?.get(rule.id) ?? 0n, facts, plan, now))]
  const funding = plan.funding.flatMap((kind) => fundingSources(kind, { plan, catalog, period, wallets: facts.wallets }))
  const ends = [holds.end, period.end, ...limits.map(({ period: { end } }) => end), facts.walletChangesAt ?? LIFETIME.end, termsHold.end]
  const snapshot: CustomerSnapshot = {
    customer: facts.customer,
    name: facts.name,
    version: facts.version,
    catalogVersion: catalog.version,
    plan: plan.id,
    ...(kept === null ? {} : { planVersion: kept }),
    standing: facts.standing,
    clockOffsetMs: facts.clockOffsetMs,
    notice: segment === null ? null : noticeOf(segment, links),
    entitlements,
    usable: usableIn(facts.standing, plan),
    currency: plan.asset,
    ...(money === catalog.currency ? {} : { money }),
    ...(facts.contract === undefined || facts.contract === null ? {} : { terms, termsHold }),
    period,
    limits,
    funding,
    positions: facts.positions,
    entityPaths: facts.entityPaths,
    ...(facts.entityKinds === undefined ? {} : { entityKinds: facts.entityKinds }),
    ...(facts.frozen === undefined ? {} : { frozen: facts.frozen }),
    ...(facts.observe === true ? { observe: true } : {}),
    ...(facts.runaway === undefined ? {} : { runaway: facts.runaway }),
    validUntil: Math.min(...ends) as Instant,
    ...links,
  }
  return { snapshot, plan, facts, holds }
}

/** Catalog version of the earlier plan that the customer keeps at `at` by this catalog; null for the plan as the catalog has it. */
export function keptPlanAt(catalog: Catalog, facts: Pick<CustomerFacts, 'timeline' | 'plan' | 'anchorAt' | 'timeZone'>, at: Instant): number | null {
  if (catalog.keptPlans === undefined) return null
  const segment = segmentAt(facts.timeline, at)
  const { plan, anchorAt } = segment ?? facts
  const since = planSince(facts.timeline, at) ?? anchorAt
  return planVersionAt(catalog.keptPlans, { plan, since, periodAt: (of, when) => billingPeriod({ anchorAt, timeZone: facts.timeZone }, of, when) }, at)?.version ?? null
}

/** Features of a standing; null for all. */
function usableIn(standing: Standing, { standings }: Plan): readonly string[] | null {
  if (standing === 'good') return null
  const features = standings?.features[standing] ?? (standing === 'grace' ? ['*'] : [])
  return features.includes('*') ? null : features
}

/** The billing period of a subscription that holds `at`. */
export function billingPeriod(facts: Pick<CustomerFacts, 'anchorAt' | 'timeZone'>, plan: Pick<Plan, 'period'>, at: Instant): Span {
  return periodAt({ anchorAt: facts.anchorAt, timeZone: facts.timeZone, every: plan.period }, at)
}

/** The window of a limit that holds `at`: calendar windows start at midnight of the customer's zone; an hour is a cycle of its day. */
export function windowSpan(window: WindowName, facts: Pick<CustomerFacts, 'anchorAt' | 'timeZone'>, plan: Plan, at: Instant): Span {
  switch (window) {
    case 'lifetime':
    case 'second':
    case 'minute':
      return LIFETIME
    case 'billing_period':
      return billingPeriod(facts, plan, at)
    default:
      return periodAt({ anchorAt: CALENDAR_ANCHOR(facts.timeZone), timeZone: facts.timeZone, every: window === 'hour' ? 'day' : window }, at)
  }
}

/** Monday 1 January 2024, midnight in the zone: a start of day, ISO week and month at once. */
function CALENDAR_ANCHOR(timeZone: string): Instant {
  return Temporal.PlainDate.from('2024-01-01').toZonedDateTime(timeZone).epochMilliseconds as Instant
}

/** @throws InputError when the catalog has no such plan. */
function customerPlan(catalog: Catalog, choice: PlanChoice): Plan {
  const plan = planOf(catalog, choice)
  if (plan === undefined) throw new InputError({ code: 'unknown_plan', field: 'plan', message: `catalog version ${catalog.version} has no plan ${choice.plan}` })
  return plan
}

function limitBudget(limit: PlanLimit, facts: CustomerFacts, plan: Plan, now: Instant): Budget {
  const unit: BudgetUnit = limit.asset === undefined ? { kind: 'meters', meters: limit.meters, scale: limit.scale, name: limit.meters.join(' + ') } : { kind: 'money', asset: limit.asset }
  const { id, ...rest } = limit
  return ruleBudget({ id: `limit:${id}`, name: limit.name, unit, window: limit.window, enforcement: limit.enforcement, entity: null, features: limit.features ?? null, ...(rest.terms === undefined ? {} : { terms: rest.terms }) }, limit.quantity, facts, plan, now)
}

function ruleBudget(rule: BudgetRule, limit: bigint, facts: CustomerFacts, plan: Plan, now: Instant): Budget {
  const { id, name, unit, window, enforcement, entity, features } = rule
  const isRolling = rule.terms?.rolling === true && RATE_WINDOW_MS[window] === undefined
  const terms = { ...compileTerms(rule.terms, unit), ...cycleOf(window, isRolling), ...rateOf(rule, limit, facts) }
  return {
    id, name, unit, enforcement, entity, features,
    period: isRolling ? LIFETIME : windowSpan(window, facts, plan, now),
    ...(Object.keys(terms).length === 0 ? {} : { terms }),
  }
}

/** The terms as nodes read them: what only the control plane needs stays here. */
function compileTerms(terms: RuleTerms | undefined, unit: BudgetUnit): BudgetTerms {
  if (terms === undefined) return {}
  const { where, per, exhausted, failMode, observe, thresholds } = terms
  return {
    ...(where === undefined || Object.keys(where).length === 0 ? {} : { where }),
    ...(per === undefined || per.length === 0 ? {} : { per }),
    ...(exhausted === undefined ? {} : { exhausted }),
    ...(failMode === undefined ? {} : { failMode: failMode.mode === 'closed' || failMode.amount === null ? { mode: failMode.mode, amount: null } : { mode: 'open', amount: holdOf(failMode.amount, unit) } }),
    ...(observe === true ? { observe } : {}),
    ...(thresholds === undefined ? {} : { thresholds }),
  } as BudgetTerms
}

function cycleOf(window: WindowName, isRolling: boolean): Pick<BudgetTerms, 'cycleMs' | 'trailing'> {
  if (isRolling) {
    const rolling = ROLLING[window]
    assert(rolling !== undefined, `a window of ${window} cannot roll`)
    return rolling
  }
  return window === 'hour' ? { cycleMs: HOUR_MS } : {}
}

function rateOf(rule: BudgetRule, limit: bigint, facts: CustomerFacts): { readonly rate?: RateTerms } {
  const windowMs = RATE_WINDOW_MS[rule.window]
  if (windowMs === undefined) return {}
  const burst = rule.terms?.burst
  const overrides = [...(facts.overrides ?? [])].flatMap(([id, value]) => (id.startsWith(`${rule.id}@`) ? [[id, exactToGrant(rule.unit, value)] as const] : []))
  return {
    rate: {
      limit: exactToGrant(rule.unit, limit), windowMs,
      ...(burst === undefined ? {} : { burst: holdOf(burst, rule.unit) }),
      ...(overrides.length === 0 ? {} : { overrides: Object.fromEntries(overrides) }),
    },
  }
}

function holdOf(text: string, unit: BudgetUnit): number {
  return exactToGrant(unit, parseDecimal(text, unit.kind === 'money' ? assetScale(unit.asset) : unit.scale, 'amount'))
}

function fundingSources(kind: Plan['funding'][number], context: { readonly plan: Plan; readonly catalog: Catalog; readonly period: Span; readonly wallets: CustomerFacts['wallets'] }): FundingSource[] {
  const { plan, catalog, period } = context
  switch (kind) {
    case 'overage':
      return [{ kind: 'overage' }]
    case 'wallet':
      return [...(context.wallets ?? []).filter(({ asset }) => asset === plan.asset).sort(compareWallets).map(({ features }) => walletBudget(plan.asset, features)), walletBudget(plan.asset)].map((budget) => ({ kind, budget }))
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

/** The budget of a wallet: granted and drawn over its whole life. Without features it pays for all. */
export function walletBudget(asset: string, features: readonly string[] = []): Budget {
  const isForAll = features.length === 0
  return { id: walletId({ asset, features }), name: isForAll ? 'Credit balance' : `Credit for ${features.join(', ')}`, unit: { kind: 'money', asset }, period: LIFETIME, enforcement: 'hard', entity: null, features: isForAll ? null : features }
}
