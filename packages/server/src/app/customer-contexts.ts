// What settlement, authority and directory need to know of a customer: its facts and the snapshot that follows from them
// at a given instant. Facts are kept by customer version, so that a batch of ten thousand events reads them once.

import { contains, planOf, ruleIdOf, type Budget, type BurnOrder, type Catalog, type CustomerSnapshot, type FundingSource, type Instant, type Plan, type RuleTerms, type Span, type WindowName } from '@tollgate/core'
import { keptPlanAt, resolveCustomer } from '@tollgate/core/resolve'
import type { Links } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import { loadFacts, type StoredFacts } from '../store/customers.ts'
import type { Catalogs } from './catalogs.ts'

export type CustomerContext = {
  readonly facts: StoredFacts
  /** As it holds for this customer: with its add-ons, trial, grants and overrides. */
  readonly plan: Plan
  readonly catalog: Catalog
  /** Compiled for one instant; budgets and period hold for every instant in {@link CustomerContext.holds}. */
  readonly snapshot: CustomerSnapshot
  readonly holds: { readonly start: Instant; readonly end: Instant }
}

export type CustomerContexts = {
  /** Facts of many customers, from memory where the version agrees. Unknown customers are missing in the answer. */
  readonly facts: (sql: Sql | Transaction, versions: ReadonlyMap<string, number>) => Promise<Map<string, StoredFacts>>
  readonly at: (facts: StoredFacts, at: Instant) => CustomerContext
}

const FACTS_MAX = 100_000

export function createCustomerContexts(catalogs: Catalogs, links: Links): CustomerContexts {
  const factsById = new Map<string, StoredFacts>()
  const contexts = new WeakMap<StoredFacts, CustomerContext>()

  function at(facts: StoredFacts, instant: Instant): CustomerContext {
    const catalog = catalogs.current()
    const known = contexts.get(facts)
    if (known !== undefined && known.catalog === catalog && contains(known.holds, instant)) return known
    const { snapshot, plan, facts: atInstant, holds } = resolveCustomer({ ...facts, positions: {}, walletChangesAt: null }, catalog, instant, links)
    const context: CustomerContext = { facts: atInstant, catalog, plan, snapshot, holds: spanOf(snapshot, holds) }
    contexts.set(facts, context)
    return context
  }

  return {
    at,
    facts: async (sql, versions) => {
      const missing = [...versions].filter(([id, version]) => factsById.get(id)?.version !== version).map(([id]) => id)
      if (missing.length > 0) {
        for (const [id, facts] of await loadFacts(sql, missing)) {
          factsById.delete(id)
          factsById.set(id, facts)
        }
        while (factsById.size > FACTS_MAX) factsById.delete(factsById.keys().next().value!)
      }
      return new Map([...versions.keys()].flatMap((id) => (factsById.has(id) ? [[id, factsById.get(id)!]] : [])))
    },
  }
}

/** The customer's plan by the catalog of a decision, which may be an earlier one: which plan it keeps is for each catalog to say. */
export function planBy({ snapshot, facts, plan }: CustomerContext, catalog: Catalog, at: Instant): Plan {
  const { planVersion, ...choice } = snapshot
  const kept = catalog.version === snapshot.catalogVersion ? (planVersion ?? null) : keptPlanAt(catalog, facts, at)
  return planOf(catalog, kept === null ? choice : { ...choice, planVersion: kept }) ?? plan
}

/** How the customer's credit burns: as the operator set it, else as the plan says, else the usual way. */
export function burnOrderOf({ facts }: Pick<CustomerContext, 'facts'>, plan: Plan): BurnOrder | undefined {
  return facts.burnOrder ?? plan.burnOrder
}

/** All budgets of a snapshot as they are written: limits, templates among them, allowances, wallet. */
export function budgetsOf(snapshot: CustomerSnapshot): Budget[] {
  return [...snapshot.limits, ...fundingBudgets(snapshot)]
}

/** Whether it pays a stated amount of a charge and no more: an allowance, a wallet for some features. */
export function paysAmounts(source: FundingSource): source is Exclude<FundingSource, { readonly kind: 'overage' }> {
  return source.kind === 'allowance' || (source.kind === 'wallet' && source.budget.features !== null)
}

/** The budgets that pay. */
export function fundingBudgets(snapshot: CustomerSnapshot): Budget[] {
  return snapshot.funding.flatMap((source) => (source.kind === 'overage' ? [] : [source.budget]))
}

/** What was written for a budget: its window and terms. */
export function writtenOf(context: CustomerContext, budget: string): { readonly window: WindowName; readonly terms: RuleTerms } {
  const rule = ruleIdOf(budget)
  const [kind, id] = [rule.slice(0, rule.indexOf(':')), rule.slice(rule.indexOf(':') + 1)]
  if (kind === 'wallet') return { window: 'lifetime', terms: {} }
  const found = kind === 'limit' ? context.plan.limits.find((limit) => limit.id === id) : context.facts.budgets.find((one) => one.id === rule)
  return { window: found?.window ?? 'billing_period', terms: found?.terms ?? {} }
}

/** The limit of a budget by plan or rule, exact, a member's own left aside; null for a wallet, whose limit is what was granted. */
export function limitOf(context: CustomerContext, budget: Budget): bigint | null {
  const rule = ruleIdOf(budget.id)
  const [kind, id] = [rule.slice(0, rule.indexOf(':')), rule.slice(rule.indexOf(':') + 1)]
  if (kind === 'allowance') {
    const allowance = context.plan.allowances.find((one) => one.id === id)
    return allowance === undefined ? 0n : allowance.quantity * (allowance.perSeat === true ? BigInt(context.facts.seats ?? 1) : 1n)
  }
  if (kind === 'limit') return context.plan.limits.find((limit) => limit.id === id)?.quantity ?? 0n
  if (kind === 'wallet') return null
  return context.facts.ruleLimits.get(rule) ?? 0n
}

/** Decimal places of a budget's exact amounts. */
export function budgetScale(budget: Budget): number {
  return budget.unit.kind === 'meters' ? budget.unit.scale : /^[A-Z]{3}$/.test(budget.unit.asset) ? 12 : 6
}

function spanOf(snapshot: CustomerSnapshot, holds: Span): Span {
  const periods = [holds, snapshot.period, ...budgetsOf(snapshot).map(({ period }) => period), ...(snapshot.termsHold === undefined ? [] : [snapshot.termsHold])]
  return { start: Math.max(...periods.map(({ start }) => start)) as Instant, end: Math.min(...periods.map(({ end }) => end)) as Instant }
}
