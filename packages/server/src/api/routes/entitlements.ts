// Entitlements.

import { explainEntitlement } from '@tollgate/core'
import { entitlementOf, entitlementsOf, type EntitlementAnswer, type Entitlements } from '../../app/entitlements.ts'
import type { entitlementRoutes } from '../contract/entitlements.ts'
import { timeOrNull } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'
import { budgetBody } from './budgets.ts'

export const entitlementHandlers: Handlers<keyof typeof entitlementRoutes> = {
  listEntitlements: async ({ plane, params }) => {
    const all = await entitlementsOf(plane, params.customer)
    return { ...headerOf(all), features: all.features.map((answer) => entitlementBody(answer, all)), budgets: all.budgets.map(budgetBody) }
  },
  getEntitlement: async ({ plane, params }) => {
    const one = await entitlementOf(plane, params.customer, params.feature)
    return { ...headerOf(one), entitlement: entitlementBody(one.features[0]!, one), budgets: one.budgets.map(budgetBody) }
  },
}

function headerOf({ context }: Entitlements) {
  const { snapshot, catalog } = context
  const notice = snapshot.notice === null ? null : { ...snapshot.notice, until: timeOrNull(snapshot.notice.until) }
  return { customer: snapshot.customer, plan: snapshot.plan, standing: snapshot.standing, catalog_version: catalog.version, notice }
}

function entitlementBody(answer: EntitlementAnswer, { context }: Entitlements) {
  const { feature, denial } = answer
  const { sources, upgradePlans } = explainEntitlement(context.snapshot, context.catalog, feature.id)
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
    sources: sources.map(({ until, models, ...source }) => ({ ...source, models: [...models], until: timeOrNull(until) })),
    upgrade_plans: [...upgradePlans],
    budgets: [...answer.budgets],
    resets_at: timeOrNull(denial?.resetsAt ?? null),
    top_up_url: denial?.topUpUrl ?? null,
    upgrade_url: denial?.upgradeUrl ?? null,
  }
}
