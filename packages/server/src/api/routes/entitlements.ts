// Entitlements and budgets.

import { didYouMean, InputError, nearest, type EntityId } from '@tollgate/core'
import { budgetById, budgetReport, resetOf, textOf, type BudgetStanding } from '../../app/budget-report.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { putBudget } from '../../app/customers.ts'
import { entitlementOf, entitlementsOf, type EntitlementAnswer, type Entitlements } from '../../app/entitlements.ts'
import type { entitlementRoutes } from '../contract/entitlements.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

export const entitlementHandlers: Handlers<keyof typeof entitlementRoutes> = {
  listEntitlements: async ({ plane, params }) => {
    const all = await entitlementsOf(plane, params.customer)
    return { ...headerOf(all), features: all.features.map((answer) => entitlementBody(answer, all)), budgets: all.budgets.map(budgetBody) }
  },
  getEntitlement: async ({ plane, params }) => {
    const one = await entitlementOf(plane, params.customer, params.feature)
    return { ...headerOf(one), entitlement: entitlementBody(one.features[0]!, one), budgets: one.budgets.map(budgetBody) }
  },
  listBudgets: async ({ plane, params }) => ({ data: (await budgetReport(plane, params.customer)).map(budgetBody), next_cursor: null }),
  putBudget: async ({ plane, caller, params, body }) => {
    assertFeatures(plane, body.features)
    await putBudget(plane, caller.actor, params.customer, {
      id: params.budget,
      name: body.name,
      limit: body.limit,
      meters: body.meters,
      window: body.window,
      enforcement: body.enforcement,
      entity: body.entity as EntityId | null,
      features: body.features,
    })
    return budgetBody(await budgetById(plane, params.customer, `cap:${params.budget}`))
  },
}

/** A rule for a feature that does not exist would never limit anything. */
export function assertFeatures(plane: ControlPlane, wanted: readonly string[] | null): void {
  const { features } = plane.catalogs.current()
  for (const feature of wanted ?? []) {
    if (!features.has(feature))
      throw new InputError({
        code: 'unknown_feature',
        field: 'features',
        message: `the catalog in force has no feature ${feature}.${didYouMean(nearest(feature, features.keys()))}`,
      })
  }
}

function headerOf({ context }: Entitlements) {
  const { snapshot, catalog } = context
  return { customer: snapshot.customer, plan: snapshot.plan, standing: snapshot.standing, catalog_version: catalog.version }
}

function entitlementBody(answer: EntitlementAnswer, { context }: Entitlements) {
  const { feature, denial } = answer
  return {
    feature: feature.id,
    name: feature.name,
    kind: feature.kind,
    entitled: answer.entitled,
    reason: denial?.reason ?? null,
    message: denial?.message ?? null,
    value: answer.value,
    models: [...answer.models],
    source: answer.isGranted ? { kind: 'plan' as const, plan: context.plan.id, catalog_version: context.catalog.version } : null,
    budgets: [...answer.budgets],
    resets_at: timeOrNull(denial?.resetsAt ?? null),
    top_up_url: denial?.topUpUrl ?? null,
    upgrade_url: denial?.upgradeUrl ?? null,
  }
}

function budgetBody(standing: BudgetStanding) {
  const { budget, kind, window, limit, used, leased } = standing
  return {
    id: budget.id,
    name: budget.name,
    kind,
    unit: budget.unit.kind === 'money' ? budget.unit.asset : budget.unit.name,
    meters: budget.unit.kind === 'money' ? null : [...budget.unit.meters],
    limit: textOf(standing, limit),
    used: textOf(standing, used),
    remaining: textOf(standing, limit - used),
    leased: textOf(standing, leased),
    window,
    enforcement: budget.enforcement,
    entity: budget.entity,
    features: budget.features === null ? null : [...budget.features],
    period: window === 'lifetime' ? null : { start: timeOf(budget.period.start), end: timeOf(budget.period.end) },
    resets_at: timeOrNull(resetOf(standing)),
  }
}
