// What a customer may do now, feature by feature, and where that comes from. A metered feature is entitled when some request of it,
// however small, would be admitted; core's decide() says so, on all that is left. Whether a certain request fits is for
// POST /v1/check to say, because only it knows the numbers.

import {
  decide,
  nearest,
  quantity,
  didYouMean,
  type Catalog,
  type Conditions,
  type Decision,
  type Denial,
  type Feature,
  type Measured,
  type Plan,
  type Slice,
} from '@tollgate/core'
import { budgetStandings, sliceOfAll, type BudgetStanding } from './budget-report.ts'
import { contextOf } from './customers.ts'
import type { ControlPlane } from './control-plane.ts'
import type { CustomerContext } from './customer-contexts.ts'
import { nowOf } from './customer-time.ts'
import { Problem } from './problems.ts'

export type EntitlementAnswer = {
  readonly feature: Feature
  readonly entitled: boolean
  /** Why not; null when entitled. */
  readonly denial: Denial | null
  readonly value: string | null
  /** Models that may be asked for; `*` for all; empty when the plan does not grant the feature. */
  readonly models: readonly string[]
  readonly isGranted: boolean
  /** Ids of the budgets that requests of this feature draw on or are limited by. */
  readonly budgets: readonly string[]
}

export type Entitlements = { readonly context: CustomerContext; readonly features: readonly EntitlementAnswer[]; readonly budgets: readonly BudgetStanding[] }

export async function entitlementsOf(plane: ControlPlane, customer: string): Promise<Entitlements> {
  const context = await contextOf(plane, customer)
  const budgets = await budgetStandings(plane, context)
  const slices = new Map(budgets.map((standing) => [standing.budget.id, sliceOfAll(standing)]))
  const features = [...context.catalog.features.values()].map((feature) => answerFor(plane, { context, feature, slices, budgets }))
  return { context, features, budgets }
}

export async function entitlementOf(plane: ControlPlane, customer: string, featureId: string): Promise<Entitlements> {
  const all = await entitlementsOf(plane, customer)
  const found = all.features.filter(({ feature }) => feature.id === featureId)
  if (found.length === 0)
    throw new Problem('not_found', `the catalog has no feature ${featureId}.${didYouMean(nearest(featureId, all.context.catalog.features.keys()))}`, 'feature')
  return { ...all, features: found, budgets: all.budgets.filter(({ budget }) => found[0]!.budgets.includes(budget.id)) }
}

type Question = {
  readonly context: CustomerContext
  readonly feature: Feature
  readonly slices: ReadonlyMap<string, Slice>
  readonly budgets: readonly BudgetStanding[]
}

function answerFor(plane: ControlPlane, question: Question): EntitlementAnswer {
  const { context, feature } = question
  const granted = context.plan.entitlements.get(feature.id)
  const denial = denialFor(plane, question)
  return {
    feature,
    entitled: denial === null,
    denial,
    value: granted?.value ?? null,
    models: granted?.models ?? [],
    isGranted: granted !== undefined,
    budgets: granted === undefined || feature.kind !== 'metered' ? [] : budgetsFor(question),
  }
}

/** The denial of the first kind of request that is refused when all kinds are; null when one would pass. */
function denialFor(plane: ControlPlane, { context, feature, slices }: Question): Denial | null {
  const { snapshot, catalog } = context
  const bounds = feature.kind === 'metered' ? smallestRequests(catalog, context.plan, feature) : []
  const kinds = bounds.length > 0 ? kindsOfUsage(catalog, context.plan, feature) : [{}]
  const decisions = (bounds.length > 0 ? bounds : [[]]).flatMap((bound) =>
    kinds.map((dimensions): Decision =>
      decide({
        snapshot,
        catalog,
        slices: (budget) => slices.get(budget.id),
        request: { feature: feature.id, model: null, entity: null, run: null, bound, quantities: {}, dimensions },
        now: nowOf(plane, context.facts),
      }),
    ),
  )
  const denied = decisions.flatMap((decision) => (decision.kind === 'deny' ? [decision.denial] : []))
  return denied.length === decisions.length ? (denied[0] ?? null) : null
}

/** One unit of each meter, for every type of event that the plan prices, includes or limits. Meters of certain models are left to a check. */
function smallestRequests(catalog: Catalog, plan: Plan, feature: Feature): (readonly Measured[])[] {
  const mentioned = new Set([
    ...plan.prices.map(({ meter }) => meter),
    ...plan.allowances.flatMap(({ meters }) => meters),
    ...plan.limits.flatMap(({ meters }) => meters),
  ])
  const meters = catalog.meters.filter(({ filter }) => [...filter].every(([dimension, accepted]) => dimension === 'feature' && accepted.includes(feature.id)))
  const types = new Set(meters.filter(({ id }) => mentioned.has(id)).map(({ eventType }) => eventType))
  return [...types].map((type) => meters.filter(({ eventType }) => eventType === type).map((meter) => ({ meter, quantity: quantity(1n) })))
}

/** Prices looked at for kinds of usage: one that is admitted is enough. */
const KINDS_MAX = 64

/** Dimensions under which prices of the plan hold: a price that asks for some has none without them. */
function kindsOfUsage(catalog: Catalog, plan: Plan, feature: Feature): readonly Readonly<Record<string, string>>[] {
  const granted = plan.entitlements.get(feature.id)?.models.find((model) => model !== '*') ?? [...catalog.gatewayModels.keys()][0]
  const usual: Readonly<Record<string, string>> = granted === undefined ? {} : { model: granted }
  const first = (when: Conditions) => Object.fromEntries([...when].map(([dimension, accepted]) => [dimension, accepted[0]!]))
  const chosen = plan.prices.flatMap((price) => {
    const choices = price.model === 'matrix' || price.model === 'credits' ? price.entries.map(({ when }) => first(when)) : [{}]
    return choices.map((choice) => ({ ...usual, ...first(price.when), ...choice }))
  })
  const kinds = new Map([usual, ...chosen].map((kind) => [JSON.stringify(kind), kind]))
  return [...kinds.values()].slice(0, KINDS_MAX)
}

function budgetsFor({ context, feature, budgets }: Question): string[] {
  const counts = (meterId: string) => {
    const accepted = context.catalog.meterById.get(meterId)?.filter.get('feature')
    return accepted === undefined || accepted.includes(feature.id)
  }
  return budgets
    .map(({ budget }) => budget)
    .filter(
      ({ entity, features, unit }) =>
        entity === null && (features === null || features.includes(feature.id)) && (unit.kind === 'money' || unit.meters.some(counts)),
    )
    .map(({ id }) => id)
}
