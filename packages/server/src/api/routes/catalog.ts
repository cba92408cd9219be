// The catalog: in force, planned, published, published again, withdrawn.

import { renderCatalogSchema } from '../../app/catalog/reference.ts'
import { applyCatalog, catalogInForce, catalogScheduled, earlierCatalog, planCatalog, type CatalogPlan, type CatalogTiming } from '../../app/plan-catalog.ts'
import { startImpact, type PlanImpact } from '../../app/plan-impact.ts'
import { withdrawScheduled, type Published } from '../../app/publish-catalog.ts'
import type { catalogRoutes } from '../contract/catalog.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

const SCHEMA = JSON.parse(renderCatalogSchema()) as Record<string, unknown>

export const catalogHandlers: Handlers<keyof typeof catalogRoutes> = {
  getCatalog: async ({ plane }) => {
    const [row, next] = await Promise.all([catalogInForce(plane), catalogScheduled(plane)])
    const scheduled = next === null ? null : { version: next.version, in_force_from: timeOf(next.inForceFrom) }
    if (row === null) return { version: 0, applied_at: null, applied_by: null, in_force_from: null, source: '', overlays: [], document: null, kept_plans: [], scheduled }
    return {
      version: row.version,
      applied_at: timeOf(row.appliedAt),
      applied_by: row.appliedBy,
      in_force_from: timeOf(row.inForceFrom),
      source: row.source,
      overlays: row.overlays.map((overlay) => ({ ...overlay })),
      document: row.document as unknown as Record<string, unknown>,
      kept_plans: row.keptPlans.map(({ plan, version, until, ends }) => ({ plan: plan.id, version, until: timeOf(until), ends: timeOrNull(ends) })),
      scheduled,
    }
  },
  planCatalog: async ({ plane, body }) => {
    const plan = await planCatalog(plane, body, timingOf(body))
    return planBody(plan, body.impact ? await startImpact(plane, body, plan) : null)
  },
  planRollback: async ({ plane, body }) => {
    const earlier = await earlierCatalog(plane, body.version ?? null)
    const plan = await planCatalog(plane, earlier, timingOf(body))
    return { ...planBody(plan, body.impact ? await startImpact(plane, earlier, plan) : null), restores: earlier.version }
  },
  rollBackCatalog: async ({ plane, caller, body }) => {
    const { source, overlays, version } = await earlierCatalog(plane, body.version ?? null)
    return publishedBody(await applyCatalog(plane, caller.actor, { source, overlays, ...timingOf(body), baseVersion: body.base_version ?? null, restores: version, reason: body.reason ?? null }))
  },
  putCatalog: async ({ plane, caller, body }) =>
    publishedBody(await applyCatalog(plane, caller.actor, { source: body.source, overlays: body.overlays, ...timingOf(body), baseVersion: body.base_version ?? null, reason: body.reason ?? null })),
  withdrawCatalog: async ({ plane, caller }) => {
    const { version, inForceFrom } = await withdrawScheduled(plane, caller.actor)
    return { version, in_force_from: timeOf(inForceFrom) }
  },
  getCatalogSchema: async () => SCHEMA,
}

type TimingBody = { readonly in_force_from?: CatalogTiming['inForceFrom'] | undefined; readonly migrations: Readonly<Record<string, 'now' | 'at_renewal' | 'keep'>> }

function timingOf({ in_force_from: inForceFrom, migrations }: TimingBody): CatalogTiming {
  return { inForceFrom: inForceFrom ?? null, migrations: new Map(Object.entries(migrations)) }
}

function planBody({ baseVersion, changes, customersTouched, migrations, issues }: CatalogPlan, impact: PlanImpact | null) {
  return {
    base_version: baseVersion,
    changes: changes.map(({ fields, ...change }) => ({ ...change, fields: fields.map((field) => ({ ...field })) })),
    customers_touched: Object.fromEntries(customersTouched),
    migrations: migrations.map(({ plan, migration, customers, onEarlier }) => ({ plan, migration, customers, on_earlier: onEarlier.map((one) => ({ ...one })) })),
    impact: impact === null ? null : { simulation: impact.simulation, from: timeOf(impact.span.start), to: timeOf(impact.span.end), plans: [...impact.plans] },
    issues: [...issues],
  }
}

function publishedBody({ version, changed, inForceFrom }: Published) {
  return { version, changed, in_force_from: timeOf(inForceFrom) }
}
