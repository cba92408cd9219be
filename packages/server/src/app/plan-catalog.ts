// What a catalog text would change, without changing it, and putting it in force. Both read the text the same way, so that what was
// planned is what is published; a text with errors is refused with each of them and its line.

import type { CatalogDocument } from '@tollgate/core'
import { customersByPlan, latestCatalog, type CatalogRow } from '../store/catalogs.ts'
import { latestRateCard } from '../store/rate-cards.ts'
import type { Actor } from './actor.ts'
import { diffCatalogs, plansTouched, type CatalogChange } from './catalog/diff.ts'
import type { CatalogIssue } from './catalog/issue.ts'
import { parseCatalog } from './catalog/parse-yaml.ts'
import type { ControlPlane } from './control-plane.ts'
import { publishCatalog } from './publish-catalog.ts'

export type CatalogPlan = {
  /** Version that the changes start from; 0 where there is none. */
  readonly baseVersion: number
  readonly changes: readonly CatalogChange[]
  /** Customers by plan whose customers would notice. */
  readonly customersTouched: ReadonlyMap<string, number>
  /** Warnings. */
  readonly issues: readonly CatalogIssue[]
}

/** A catalog text that cannot be published. */
export class InvalidCatalogError extends Error {
  override readonly name = 'InvalidCatalogError'
  readonly code = 'invalid_catalog'
  readonly issues: readonly CatalogIssue[]

  constructor(issues: readonly CatalogIssue[]) {
    const [first] = issues
    super(`${issues.length} problem${issues.length === 1 ? '' : 's'} in the catalog${first === undefined ? '' : `; line ${first.line}: ${first.message}`}`)
    this.issues = issues
  }
}

export async function planCatalog(plane: ControlPlane, source: string): Promise<CatalogPlan> {
  const { document, warnings } = await read(plane, source)
  const latest = await latestCatalog(plane.sql)
  const changes = diffCatalogs(latest?.document ?? null, document)
  const touched = plansTouched(changes, [latest?.document ?? null, document])
  const customers = await customersByPlan(plane.sql)
  const customersTouched = new Map(touched.flatMap((plan) => (customers.has(plan) ? [[plan, customers.get(plan)!] as const] : [])))
  return { baseVersion: latest?.version ?? 0, changes, customersTouched, issues: warnings }
}

export async function applyCatalog(
  plane: ControlPlane,
  actor: Actor,
  input: { readonly source: string; readonly baseVersion: number | null },
): Promise<{ readonly version: number; readonly changed: boolean }> {
  const { document } = await read(plane, input.source)
  return publishCatalog(plane, actor, { document, source: input.source, baseVersion: input.baseVersion })
}

/** The catalog in force, null before the first was published. */
export function catalogInForce(plane: ControlPlane): Promise<CatalogRow | null> {
  return latestCatalog(plane.sql)
}

async function read(plane: ControlPlane, source: string): Promise<{ readonly document: CatalogDocument; readonly warnings: readonly CatalogIssue[] }> {
  const parsed = parseCatalog(source, (await latestRateCard(plane.sql))?.rates ?? [])
  if (parsed.kind === 'invalid') throw new InvalidCatalogError(parsed.issues)
  return parsed
}
