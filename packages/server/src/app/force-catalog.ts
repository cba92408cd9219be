// A catalog version takes force: limits and allowances of running periods follow the plans whose subscribers follow at once, and what
// was used stays used. For a version that is published for now this is a part of its publication; for a scheduled one a job does it
// at its instant, when decisions go by it already.

import { formatDecimal, type Catalog } from '@tollgate/core'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { catalogAt, lockCatalog, markOwnQuantities, setPlanLimit, takenForce } from '../store/catalogs.ts'
import { contractsWithLimits } from '../store/contracts.ts'
import { requeueMessages } from '../store/providers.ts'
import { insertOutbox } from '../store/settlement.ts'
import { followCustomer } from './change-customer.ts'
import type { ControlPlane } from './control-plane.ts'

/** False where it has taken force before. */
export async function takeForce(tx: Transaction, catalog: Catalog): Promise<boolean> {
  if (!(await takenForce(tx, catalog.version))) return false
  for (const plan of catalog.plans.values()) {
    // Those who keep an earlier plan keep its numbers; the periods of the others begin with those of theirs.
    if (catalog.keptPlans?.has(plan.id) === true) continue
    for (const allowance of plan.allowances) await setPlanLimit(tx, { plan: plan.id, budget: `allowance:${allowance.id}`, limit: formatDecimal(allowance.quantity, allowance.scale) })
    for (const limit of plan.limits) await setPlanLimit(tx, { plan: plan.id, budget: `limit:${limit.id}`, limit: formatDecimal(limit.quantity, limit.scale) })
  }
  await markOwnQuantities(tx)
  return true
}

/** What goes by the catalog beside budgets, once it is in force. */
export async function followCatalog(plane: ControlPlane): Promise<void> {
  // A contract's limit can depend on the plan's: the better of the two.
  for (const customer of await contractsWithLimits(plane.sql)) await followCustomer(plane, customer)
  // What stopped because the catalog did not know a price may be clear now.
  await requeueMessages(plane.sql, { provider: null, codes: ['unmapped_price', 'no_plan'], id: null })
}

/** Puts a version that was committed in force here and on every reachable node. */
export async function announceCatalog(plane: ControlPlane, version: number): Promise<void> {
  await plane.catalogs.refresh()
  const late = await plane.hub.broadcast({ kind: 'catalog', version })
  if (late.length > 0) plane.log.warn({ nodes: late, version }, 'nodes did not confirm the catalog in time')
}

/** The job: does nothing until the instant of a scheduled version has come. */
export async function forceScheduled(plane: ControlPlane): Promise<void> {
  const { version } = plane.catalogs.current()
  if (version === 0 || (taken.get(plane) ?? 0) === version) return
  const isNew = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const row = await catalogAt(tx, plane.clock.now())
    if (row?.version !== version || !(await takeForce(tx, await plane.catalogs.version(version, tx)))) return false
    await insertOutbox(tx, [{ customer: null, type: 'catalog.published', payload: { version } }])
    return true
  })
  taken.set(plane, version)
  if (!isNew) return
  await announceCatalog(plane, version)
  await followCatalog(plane)
}

/** The version that this process has last seen to have taken force. */
const taken = new WeakMap<ControlPlane, number>()
