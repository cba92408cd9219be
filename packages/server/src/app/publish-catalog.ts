// Publishing a catalog: validated, versioned, immutable; in force at once on every reachable node when the call answers, or from an
// instant that it names. Of each plan that it changes it says when those on it follow: what they keep goes with the version.

import { InputError, isSameData, keptAfter, KEPT_PLANS_MAX, plansChanged, type Catalog, type CatalogDocument, type Instant, type KeptPlanDocument, type Migration, type PlanMigration } from '@tollgate/core'
import { compileCatalog } from '../platform/meter-expression.ts'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { catalogAt, customersByPlan, insertCatalog, lockCatalog, scheduledCatalog, withdrawCatalog, type CatalogRow, type OverlayText } from '../store/catalogs.ts'
import { latestRateCard } from '../store/rate-cards.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { Actor } from './actor.ts'
import { assertContractsKept } from './contracts/contracts.ts'
import type { ControlPlane } from './control-plane.ts'
import { announceCatalog, followCatalog, takeForce } from './force-catalog.ts'
import { Problem } from './problems.ts'

export type Publication = {
  readonly document: CatalogDocument
  readonly source: string
  /** Files that were laid over the source. */
  readonly overlays?: readonly OverlayText[]
  /** Version the change was planned on; null to publish on whatever is in force. */
  readonly baseVersion: number | null
  /** When it takes force; at once where it is null or left out. */
  readonly inForceFrom?: Instant | null
  /** By plan, in place of what the catalog says of it. */
  readonly migrations?: ReadonlyMap<string, Migration>
  /** The version that is published again. */
  readonly restores?: number | null
  readonly reason?: string | null
}

export type Published = { readonly version: number; readonly changed: boolean; readonly inForceFrom: Instant }

/** Publishing what is in force already changes nothing and answers its version. */
export async function publishCatalog(plane: ControlPlane, actor: Actor, input: Publication): Promise<Published> {
  const outcome = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const now = plane.clock.now()
    const inForce = await catalogAt(tx, now)
    const base = inForce?.version ?? 0
    await assertBase(tx, { base, now, input })
    const at = Math.max(input.inForceFrom ?? now, inForce?.inForceFrom ?? 0) as Instant
    const { migrations, keptPlans } = migrationsOf(inForce, input, at)
    if (inForce !== null && isSameText(inForce, input) && isSameData(keptPlans, inForce.keptPlans)) return { version: base, changed: false, inForceFrom: inForce.inForceFrom, isScheduled: false }
    const rates = await latestRateCard(tx)
    const version = await insertCatalog(tx, { document: input.document, source: input.source, overlays: input.overlays ?? [], ratesVersion: rates?.version ?? 0, inForceFrom: at, keptPlans, restores: input.restores ?? null, actor: actor.id })
    const catalog = compiled(input.document, keptPlans, version)
    await assertPlansKept(catalog, await customersByPlan(tx))
    await assertContractsKept(tx, catalog)
    const isScheduled = at > now
    if (!isScheduled) await takeForce(tx, catalog)
    const told = { version, ...(isScheduled ? { in_force_from: new Date(at).toISOString() } : {}), ...(input.restores === undefined || input.restores === null ? {} : { restores: input.restores }), ...(migrations.length === 0 ? {} : { migrations }) }
    await insertAudit(tx, { actor: actor.id, action: actionOf(input, isScheduled), customer: null, target: `catalog/${version}`, before: { version: base }, after: told, reason: input.reason ?? null })
    await insertOutbox(tx, [{ customer: null, type: isScheduled ? 'catalog.scheduled' : 'catalog.published', payload: told }])
    return { version, changed: true, inForceFrom: at, isScheduled }
  })
  if (outcome.changed) {
    await announceCatalog(plane, outcome.version)
    if (!outcome.isScheduled) await followCatalog(plane)
  }
  return { version: outcome.version, changed: outcome.changed, inForceFrom: outcome.inForceFrom }
}

/** A version that was scheduled and has not taken force never will. */
export async function withdrawScheduled(plane: ControlPlane, actor: Actor): Promise<{ readonly version: number; readonly inForceFrom: Instant }> {
  const withdrawn = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const scheduled = await scheduledCatalog(tx, plane.clock.now())
    if (scheduled === null) throw new Problem('not_found', 'no catalog is scheduled')
    await withdrawCatalog(tx, scheduled.version, actor.id)
    await insertAudit(tx, { actor: actor.id, action: 'catalog.withdrawn', customer: null, target: `catalog/${scheduled.version}`, before: { version: scheduled.version, in_force_from: new Date(scheduled.inForceFrom).toISOString() }, after: null })
    await insertOutbox(tx, [{ customer: null, type: 'catalog.withdrawn', payload: { version: scheduled.version } }])
    return scheduled
  })
  await announceCatalog(plane, plane.catalogs.current().version)
  return { version: withdrawn.version, inForceFrom: withdrawn.inForceFrom }
}

/** What each changed plan means for those on it, and all that subscribers then keep. */
export function migrationsOf(before: CatalogRow | null, { document, migrations: asked = new Map<string, Migration>() }: Pick<Publication, 'document' | 'migrations'>, at: Instant): { readonly migrations: readonly PlanMigration[]; readonly keptPlans: readonly KeptPlanDocument[] } {
  for (const plan of asked.keys()) if (!document.plans.some(({ id }) => id === plan)) throw new InputError({ code: 'unknown_plan', field: 'migrations', message: `the catalog has no plan ${plan}; it has ${document.plans.map(({ id }) => id).join(', ')}` })
  if (before === null) return { migrations: [], keptPlans: [] }
  const changed = plansChanged(before.document, document)
  const migrations = document.plans.flatMap((plan): PlanMigration[] => {
    const own = asked.get(plan.id)
    return changed.has(plan.id) ? [{ plan: plan.id, migration: own ?? plan.migration ?? 'now' }] : own === undefined ? [] : [{ plan: plan.id, migration: own }]
  })
  const keptPlans = keptAfter({ version: before.version, document: before.document, kept: before.keptPlans }, { document, migrations, changed, at })
  if (keptPlans.length > KEPT_PLANS_MAX) throw new InputError({ code: 'out_of_range', field: 'migrations', message: `subscribers would keep ${keptPlans.length} earlier plans, at most ${KEPT_PLANS_MAX} are kept: let those of some plans follow (now, at_renewal)` })
  return { migrations, keptPlans }
}

async function assertBase(tx: Transaction, { base, now, input }: { readonly base: number; readonly now: Instant; readonly input: Publication }): Promise<void> {
  if (input.baseVersion !== null && input.baseVersion !== base) throw new Problem('catalog_conflict', `version ${base} is in force, but the change was planned on version ${input.baseVersion}: plan again`, 'base_version')
  const scheduled = await scheduledCatalog(tx, now)
  if (scheduled !== null) throw new Problem('catalog_scheduled', `version ${scheduled.version} takes force at ${new Date(scheduled.inForceFrom).toISOString()} and would undo this: withdraw it first`)
  if (input.inForceFrom !== undefined && input.inForceFrom !== null && input.inForceFrom <= now) throw new InputError({ code: 'out_of_range', field: 'in_force_from', message: 'a catalog takes force now or later: the past was decided by others' })
}

function isSameText(row: CatalogRow, { source, overlays = [] }: Publication): boolean {
  const text = (files: readonly OverlayText[]): string => JSON.stringify(files.map((file) => file.source))
  return row.source === source && text(row.overlays) === text(overlays)
}

function actionOf({ restores = null }: Publication, isScheduled: boolean): string {
  return restores !== null ? 'catalog.rolled_back' : isScheduled ? 'catalog.scheduled' : 'catalog.published'
}

/** @throws InputError kept_plan_broken, where what subscribers keep does not fit the catalog any more. */
function compiled(document: CatalogDocument, kept: readonly KeptPlanDocument[], version: number): Catalog {
  try {
    return compileCatalog(kept.length === 0 ? document : { ...document, kept_plans: kept }, version)
  } catch (error) {
    if (!(error instanceof InputError) || !error.field?.startsWith('kept_plans.')) throw error
    const [, plan] = error.field.split('.')
    throw new InputError({ code: 'kept_plan_broken', field: 'plans', message: `subscribers of ${plan} keep an earlier version that this catalog breaks: ${error.message}. Leave what it needs, or let them follow: --migrate ${plan}=now` })
  }
}

/** A plan with customers cannot vanish: they would be locked out at the next request. */
async function assertPlansKept(catalog: Catalog, customers: ReadonlyMap<string, number>): Promise<void> {
  for (const [plan, count] of customers) {
    if (!catalog.plans.has(plan)) throw new InputError({ code: 'plan_in_use', field: 'plans', message: `plan ${plan} is missing, but ${count} customer${count === 1 ? ' is' : 's are'} on it: move them first` })
  }
}
