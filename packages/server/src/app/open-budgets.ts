// The rows of a customer's budgets: opened when a period is first used, with the limits of its plan and rules, and, where a budget
// rolls over, with what was left of the period before. Everything that reads or locks such a row comes through here first.

import { instant, parseDecimal, ROLLOVER_PERIODS_MAX, type Budget, type Instant } from '@tollgate/core'
import { windowSpan } from '@tollgate/core/resolve'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { carryOver, ensureBudgets, type BudgetRow, type CarryRow } from '../store/budgets.ts'
import type { ControlPlane } from './control-plane.ts'
import { budgetScale, fundingBudgets, limitOf, writtenOf, type CustomerContext } from './customer-contexts.ts'

type ContextAt = (customer: string, at: Instant) => CustomerContext

/** The row of a budget with the limit that plan or rule give it; a wallet's limit grows with top-ups instead. */
export function budgetRow(context: CustomerContext, budget: Budget): BudgetRow {
  return {
    customer: context.snapshot.customer, budget: budget.id, periodStart: budget.period.start, periodEnd: budget.period.end,
    scale: budgetScale(budget), limit: limitOf(context, budget) ?? 0n,
  }
}

/** The budgets that pay. Limits are opened by name, because a template may have a hundred thousand. */
export async function openBudgets(tx: Transaction, contexts: readonly CustomerContext[], contextAt: ContextAt): Promise<void> {
  const rolling = contexts.flatMap((context) => periodsBefore(context, contextAt))
  await ensureBudgets(tx, [...rolling.flatMap(({ rows }) => rows), ...contexts.flatMap((context) => fundingRows(context))])
  await carryOver(tx, rolling.flatMap(({ carries }) => carries))
}

/** The named budgets, limits among them. */
export async function openNamed(tx: Transaction, named: readonly { readonly budget: Budget; readonly context: CustomerContext }[], contextAt: ContextAt): Promise<void> {
  const paying = [...new Set(named.flatMap(({ budget, context }) => (fundingBudgets(context.snapshot).includes(budget) ? [context] : [])))]
  if (paying.length > 0) await openBudgets(tx, paying, contextAt)
  const limits = named.filter(({ budget, context }) => !fundingBudgets(context.snapshot).includes(budget))
  const rolling = limits.flatMap(({ budget, context }) => limitBefore(context, budget) ?? [])
  await ensureBudgets(tx, [...rolling.map(({ row }) => row), ...limits.map(({ budget, context }) => budgetRow(context, budget))])
  await carryOver(tx, rolling.map(({ carry }) => carry))
}

/** Its limit follows what is left of the period before, so that it is brought up to date whenever it is asked for. */
export function carriesOver({ budget, context }: { readonly budget: Budget; readonly context: CustomerContext }): boolean {
  if (fundingBudgets(context.snapshot).includes(budget)) return context.plan.allowances.some(({ rollover }) => rollover !== undefined)
  return limitBefore(context, budget) !== null
}

/** Before a report: a period that nobody has used yet shows what it took over all the same. */
export async function openRunning(plane: ControlPlane, context: CustomerContext): Promise<void> {
  if (context.plan.allowances.every(({ rollover }) => rollover === undefined)) return
  await withRetry(plane.sql, (tx) => openBudgets(tx, [context], (_, at) => plane.contexts.at(context.facts, at)))
}

function fundingRows(context: CustomerContext): BudgetRow[] {
  return fundingBudgets(context.snapshot).map((budget) => budgetRow(context, budget))
}

/** The period before of a limit that rolls over; null for any other, and in its first period. */
function limitBefore(context: CustomerContext, budget: Budget): { readonly row: BudgetRow; readonly carry: CarryRow } | null {
  const { window, terms } = writtenOf(context, budget.id)
  if (terms.rolloverMax === undefined || budget.terms?.cycleMs !== undefined || budget.period.start <= context.facts.anchorAt) return null
  const previous = windowSpan(window, context.facts, context.plan, instant(budget.period.start - 1))
  const row = budgetRow(context, budget)
  return {
    row: { ...row, periodStart: previous.start, periodEnd: previous.end },
    carry: { customer: row.customer, budget: row.budget, periodStart: row.periodStart, previousStart: previous.start, scale: row.scale, min: 0n, max: parseDecimal(terms.rolloverMax, row.scale, 'rollover_max') },
  }
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
    steps.push({ rows: fundingRows(previous).filter(({ budget }) => ids.has(budget)), carries })
    current = previous
  }
  return steps.reverse()
}
