// The frame of every change of a customer: its row is locked, the limits of its running periods follow, and the answer waits
// until every reachable node decides with the change.

import { budgetOf, ruleIdOf, type Budget, type CustomerId } from '@tollgate/core'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { runningBudgets, setLimits, type BudgetRow } from '../store/budgets.ts'
import { bumpVersion, findCustomer, loadFacts, lockCustomers, type CustomerRow } from '../store/customers.ts'
import type { ControlPlane } from './control-plane.ts'
import type { CustomerContext } from './customer-contexts.ts'
import { nowOf } from './customer-time.ts'
import { followSubscription } from './invoices/periods.ts'
import { budgetRow } from './open-budgets.ts'
import { Problem } from './problems.ts'

/** `rule`: the one budget that the change is about; null where all of the customer's limits may be others now. */
export async function changeCustomer(plane: ControlPlane, id: string, change: (tx: Transaction, before: CustomerRow) => Promise<void>, rule: string | null = null): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [id])
    const before = await findCustomer(tx, id)
    if (before === null) throw new Problem('not_found', `there is no customer ${id}`, 'customer')
    await change(tx, before)
    await bumpVersion(tx, id)
    const facts = (await loadFacts(tx, [id])).get(id)!
    if (JSON.stringify(before.timeline) !== JSON.stringify(facts.timeline)) await followSubscription(tx, facts, (at) => plane.contexts.at(facts, at))
    await refreshLimits(tx, plane, plane.contexts.at(facts, nowOf(plane, facts)), rule)
  })
  await tellNodes(plane, id)
}

/** For a change that came from outside the customer's row: its plan's catalog, a date of its contract. */
export function followCustomer(plane: ControlPlane, id: string): Promise<void> {
  return changeCustomer(plane, id, () => Promise.resolve())
}

/** Brings the limits of running periods to what plan, rules and members say now. Budgets without a rule keep theirs: nobody meets them. */
async function refreshLimits(tx: Transaction, plane: ControlPlane, context: CustomerContext, rule: string | null): Promise<void> {
  const now = nowOf(plane, context.facts)
  const running = await runningBudgets(tx, { customer: context.snapshot.customer, at: now, rule })
  const rows = running.flatMap(({ budget: id, periodStart }): BudgetRow[] => {
    const budget: Budget | undefined = ruleIdOf(id).startsWith('wallet:') ? undefined : budgetOf(context.snapshot, id, now)
    return budget === undefined || budget.period.start !== periodStart ? [] : [budgetRow(context, budget)]
  })
  await setLimits(tx, rows)
}

/** Resolves when every reachable node decides with the change. */
export async function tellNodes(plane: ControlPlane, customer: string): Promise<void> {
  const late = await plane.hub.broadcast({ kind: 'customer', customer: customer as CustomerId })
  if (late.length > 0) plane.log.warn({ nodes: late, customer }, 'nodes did not confirm a change in time')
}
