// The rows of a customer's budgets: opened when a period is first used, with the limits of its plan, and, for an allowance that
// rolls over, with what was left of the period before. Everything that reads or locks such a row comes through here first.

import { instant, ROLLOVER_PERIODS_MAX, type Instant } from '@tollgate/core'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { carryOver, ensureBudgets, type BudgetRow, type CarryRow } from '../store/budgets.ts'
import type { ControlPlane } from './control-plane.ts'
import { budgetScale, budgetsOf, limitOf, type CustomerContext } from './customer-contexts.ts'

type ContextAt = (customer: string, at: Instant) => CustomerContext

/** The rows of a customer's budgets with the limits of its plan; a wallet's limit grows with top-ups instead. */
export function budgetRows(context: CustomerContext): BudgetRow[] {
  return budgetsOf(context.snapshot).map((budget) => ({
    customer: context.snapshot.customer, budget: budget.id, periodStart: budget.period.start, periodEnd: budget.period.end,
    scale: budgetScale(budget), limit: limitOf(context, budget) ?? 0n,
  }))
}

export async function openBudgets(tx: Transaction, contexts: readonly CustomerContext[], contextAt: ContextAt): Promise<void> {
  const rolling = contexts.flatMap((context) => periodsBefore(context, contextAt))
  await ensureBudgets(tx, [...rolling.flatMap(({ rows }) => rows), ...contexts.flatMap((context) => budgetRows(context))])
  await carryOver(tx, rolling.flatMap(({ carries }) => carries))
}

/** Before a report: a period that nobody has used yet shows what it took over all the same. */
export async function openRunning(plane: ControlPlane, context: CustomerContext): Promise<void> {
  if (context.plan.allowances.every(({ rollover }) => rollover === undefined)) return
  await withRetry(plane.sql, (tx) => openBudgets(tx, [context], (_, at) => plane.contexts.at(context.facts, at)))
}

/** The periods whose rest a running one may take over, oldest first: a chain, because what was carried may be carried again. */
function periodsBefore(context: CustomerContext, contextAt: ContextAt): { readonly rows: BudgetRow[]; readonly carries: CarryRow[] }[] {
  const rolling = context.plan.allowances.filter(({ rollover }) => rollover !== undefined).sort((a, b) => (a.id < b.id ? -1 : 1))
  if (rolling.length === 0) return []
  const ids = new Set(rolling.map(({ id }) => `allowance:${id}`))
  const steps: { readonly rows: BudgetRow[]; readonly carries: CarryRow[] }[] = []
  const begin = context.facts.anchorAt
  for (let current = context; steps.length < ROLLOVER_PERIODS_MAX && current.snapshot.period.start > begin; ) {
    const previous = contextAt(context.snapshot.customer, instant(current.snapshot.period.start - 1))
    const carries = rolling.map((allowance): CarryRow => ({
      customer: context.snapshot.customer, budget: `allowance:${allowance.id}`, periodStart: current.snapshot.period.start, previousStart: previous.snapshot.period.start,
      scale: allowance.scale, min: allowance.rollover!.min, max: allowance.rollover!.max,
    }))
    steps.push({ rows: budgetRows(previous).filter(({ budget }) => ids.has(budget)), carries })
    current = previous
  }
  return steps.reverse()
}
