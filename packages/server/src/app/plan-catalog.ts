// What a catalog text would change, without changing it, and putting it in force. Both read the text the same way, so that what was
// planned is what is published; a text with errors is refused with each of them and its line. An earlier version is published again
// in the same way, from the text that it was published with.

import { InputError, type CatalogDocument, type Instant, type Migration, type PlanMigration } from '@tollgate/core'
import { catalogAt, catalogVersion, customersByPlan, scheduledCatalog, subscribersSince, versionBefore, type CatalogRow } from '../store/catalogs.ts'
import { latestRateCard } from '../store/rate-cards.ts'
import type { Actor } from './actor.ts'
import { diffCatalogs, plansTouched, type CatalogChange } from './catalog/diff.ts'
import type { CatalogIssue } from './catalog/issue.ts'
import { parseCatalog, type OverlayText } from './catalog/parse-yaml.ts'
import type { ControlPlane } from './control-plane.ts'
import { Problem } from './problems.ts'
import { migrationsOf, publishCatalog, type Published } from './publish-catalog.ts'

/** A catalog as it is asked for: a text with what is laid over it, or an earlier version by its number. */
export type CatalogText = { readonly source: string; readonly overlays: readonly OverlayText[] }

/** When and for whom it takes force. */
export type CatalogTiming = { readonly inForceFrom: Instant | null; readonly migrations: ReadonlyMap<string, Migration> }

export type CatalogPlan = {
  /** Version that the changes start from; 0 where there is none. */
  readonly baseVersion: number
  readonly changes: readonly CatalogChange[]
  /** Customers by plan whose customers would notice. */
  readonly customersTouched: ReadonlyMap<string, number>
  /** When those on a plan that changes follow. */
  readonly migrations: readonly PlannedMigration[]
  /** Warnings. */
  readonly issues: readonly CatalogIssue[]
}

export type PlannedMigration = PlanMigration & {
  readonly customers: number
  /** Of those, who keeps an earlier version now, by the version. */
  readonly onEarlier: readonly { readonly version: number; readonly customers: number }[]
}

/** A catalog text that cannot be published. */
export class InvalidCatalogError extends Error {
  override readonly name = 'InvalidCatalogError'
  readonly code = 'invalid_catalog'
  readonly issues: readonly CatalogIssue[]

  constructor(issues: readonly CatalogIssue[]) {
    const [first] = issues
    super(`${issues.length} problem${issues.length === 1 ? '' : 's'} in the catalog${first === undefined ? '' : `; ${first.file === undefined ? '' : `${first.file} `}line ${first.line}: ${first.message}`}`)
    this.issues = issues
  }
}

export async function planCatalog(plane: ControlPlane, text: CatalogText, timing: CatalogTiming = NOW): Promise<CatalogPlan> {
  const { document, warnings } = await read(plane, text)
  const now = plane.clock.now()
  const inForce = await catalogAt(plane.sql, now)
  const changes = diffCatalogs(inForce?.document ?? null, document)
  const touched = plansTouched(changes, [inForce?.document ?? null, document])
  const customers = await customersByPlan(plane.sql)
  const customersTouched = new Map(touched.flatMap((plan) => (customers.has(plan) ? [[plan, customers.get(plan)!] as const] : [])))
  const { migrations } = migrationsOf(inForce, { document, migrations: timing.migrations }, timing.inForceFrom ?? now)
  return { baseVersion: inForce?.version ?? 0, changes, customersTouched, migrations: await counted(plane, inForce, migrations), issues: warnings }
}

export async function applyCatalog(plane: ControlPlane, actor: Actor, input: CatalogText & { readonly baseVersion: number | null } & Partial<CatalogTiming> & { readonly restores?: number | null; readonly reason?: string | null }): Promise<Published> {
  const { document } = await read(plane, input)
  return publishCatalog(plane, actor, { ...input, document })
}

/** The text of an earlier version; of the one before that in force where none is named. */
export async function earlierCatalog(plane: ControlPlane, wanted: number | null): Promise<CatalogText & { readonly version: number }> {
  const inForce = await catalogAt(plane.sql, plane.clock.now())
  const version = wanted ?? (inForce === null ? null : await versionBefore(plane.sql, inForce.version))
  if (version === null) throw new Problem('not_found', 'there is no earlier catalog to go back to', 'version')
  const row = await catalogVersion(plane.sql, version)
  if (row === null) throw new InputError({ code: 'unknown_catalog_version', field: 'version', message: `there is no catalog version ${version}` })
  return { version, source: row.source, overlays: row.overlays }
}

/** The catalog in force, null before the first was published. */
export function catalogInForce(plane: ControlPlane): Promise<CatalogRow | null> {
  return catalogAt(plane.sql, plane.clock.now())
}

/** The catalog that takes force next; null where none is scheduled. */
export function catalogScheduled(plane: ControlPlane): Promise<CatalogRow | null> {
  return scheduledCatalog(plane.sql, plane.clock.now())
}

const NOW: CatalogTiming = { inForceFrom: null, migrations: new Map() }

async function counted(plane: ControlPlane, inForce: CatalogRow | null, migrations: readonly PlanMigration[]): Promise<readonly PlannedMigration[]> {
  if (inForce === null || migrations.length === 0) return []
  const cuts = [...new Set(inForce.keptPlans.map(({ until }) => until))]
  const subscribers = await subscribersSince(plane.sql, migrations.map(({ plan }) => plan), cuts)
  return migrations.map((migration): PlannedMigration => {
    const own = subscribers.filter(({ plan }) => plan === migration.plan)
    const kept = inForce.keptPlans.filter(({ plan, ends }) => plan.id === migration.plan && ends === null).toSorted((a, b) => a.until - b.until)
    const sum = (rows: typeof own): number => rows.reduce((total, { customers }) => total + customers, 0)
    const onEarlier = kept.map(({ version, until }, index) => ({ version, customers: sum(own.filter(({ since }) => since < until && since >= (kept[index - 1]?.until ?? 0))) }))
    return { ...migration, customers: sum(own), onEarlier: onEarlier.filter(({ customers }) => customers > 0) }
  })
}

async function read(plane: ControlPlane, { source, overlays }: CatalogText): Promise<{ readonly document: CatalogDocument; readonly warnings: readonly CatalogIssue[] }> {
  const parsed = parseCatalog(source, (await latestRateCard(plane.sql))?.rates ?? [], overlays)
  if (parsed.kind === 'invalid') throw new InvalidCatalogError(parsed.issues)
  return parsed
}
