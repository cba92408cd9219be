// Publishing a catalog: validated, versioned, immutable; in force on every reachable node when the call answers. Limits and
// allowances of running periods follow the new plan, and what was used stays used.

import { formatDecimal, InputError, type Catalog, type CatalogDocument } from '@tollgate/core'
import { withRetry } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { customersByPlan, insertCatalog, latestCatalog, lockCatalog, markOwnQuantities, setPlanLimit } from '../store/catalogs.ts'
import { contractsWithLimits } from '../store/contracts.ts'
import { requeueMessages } from '../store/providers.ts'
import { latestRateCard } from '../store/rate-cards.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { Actor } from './actor.ts'
import { assertContractsKept } from './contracts/contracts.ts'
import { followCustomer } from './change-customer.ts'
import type { ControlPlane } from './control-plane.ts'
import { Problem } from './problems.ts'
import { compileCatalog } from '../platform/meter-expression.ts'

export type Publication = { readonly document: CatalogDocument; readonly source: string; /** Version the change was planned on; null to publish on whatever is in force. */ readonly baseVersion: number | null }

/** Publishing what is in force already changes nothing and answers its version. */
export async function publishCatalog(plane: ControlPlane, actor: Actor, input: Publication): Promise<{ readonly version: number; readonly changed: boolean }> {
  const outcome = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const latest = await latestCatalog(tx)
    const base = latest?.version ?? 0
    if (input.baseVersion !== null && input.baseVersion !== base) throw new Problem('catalog_conflict', `version ${base} is in force, but the change was planned on version ${input.baseVersion}: plan again`, 'base_version')
    if (latest !== null && latest.source === input.source) return { version: base, changed: false }
    const rates = await latestRateCard(tx)
    const version = await insertCatalog(tx, { document: input.document, source: input.source, ratesVersion: rates?.version ?? 0, actor: actor.id })
    const catalog = compileCatalog(input.document, version)
    await assertPlansKept(catalog, await customersByPlan(tx))
    await assertContractsKept(tx, catalog)
    for (const plan of catalog.plans.values()) {
      for (const allowance of plan.allowances) await setPlanLimit(tx, { plan: plan.id, budget: `allowance:${allowance.id}`, limit: formatDecimal(allowance.quantity, allowance.scale) })
      for (const limit of plan.limits) await setPlanLimit(tx, { plan: plan.id, budget: `limit:${limit.id}`, limit: formatDecimal(limit.quantity, limit.scale) })
    }
    await markOwnQuantities(tx)
    await insertAudit(tx, { actor: actor.id, action: 'catalog.published', customer: null, target: `catalog/${version}`, before: { version: base }, after: { version } })
    await insertOutbox(tx, [{ customer: null, type: 'catalog.published', payload: { version } }])
    return { version, changed: true }
  })
  if (outcome.changed) {
    await announceCatalog(plane, outcome.version)
    // A contract's limit can depend on the plan's: the better of the two.
    for (const customer of await contractsWithLimits(plane.sql)) await followCustomer(plane, customer)
    // What stopped because the catalog did not know a price may be clear now.
    await requeueMessages(plane.sql, { provider: null, codes: ['unmapped_price', 'no_plan'], id: null })
  }
  return outcome
}

/** Puts a version that was committed in force here and on every reachable node. */
export async function announceCatalog(plane: ControlPlane, version: number): Promise<void> {
  await plane.catalogs.refresh()
  const late = await plane.hub.broadcast({ kind: 'catalog', version })
  if (late.length > 0) plane.log.warn({ nodes: late, version }, 'nodes did not confirm the catalog in time')
}

/** A plan with customers cannot vanish: they would be locked out at the next request. */
async function assertPlansKept(catalog: Catalog, customers: ReadonlyMap<string, number>): Promise<void> {
  for (const [plan, count] of customers) {
    if (!catalog.plans.has(plan)) throw new InputError({ code: 'plan_in_use', field: 'plans', message: `plan ${plan} is missing, but ${count} customer${count === 1 ? ' is' : 's are'} on it: move them first` })
  }
}
