// The budgets of a customer as they stand: allowances, limits, caps and wallet, each with what was used and what is left.
// `remaining` counts what is lent to nodes as left, because it can be spent there.

import { exactToGrant, formatDecimal, LIFETIME, parseDecimal, type Budget, type Instant, type PlanLimit, type Slice } from '@tollgate/core'
import { listBudgets } from '../store/budgets.ts'
import type { ControlPlane } from './control-plane.ts'
import { budgetScale, budgetsOf, limitOf, type CustomerContext } from './customer-contexts.ts'
import { openRunning } from './open-budgets.ts'
import { Problem } from './problems.ts'
import { contextOf } from './reports.ts'

export type BudgetStanding = {
  readonly budget: Budget
  readonly kind: 'allowance' | 'limit' | 'cap' | 'wallet'
  readonly window: PlanLimit['window']
  readonly scale: number
  /** Exact, in units of 10^-scale. */
  readonly limit: bigint
  readonly used: bigint
  readonly leased: bigint
}

export async function budgetStandings(plane: ControlPlane, context: CustomerContext): Promise<BudgetStanding[]> {
  await openRunning(plane, context)
  const states = await listBudgets(plane.sql, context.snapshot.customer, plane.clock.now())
  return budgetsOf(context.snapshot).map((budget) => {
    const state = states.find((row) => row.budget === budget.id && row.periodStart === budget.period.start)
    const scale = budgetScale(budget)
    const exact = (text: string | undefined) => parseDecimal(text ?? '0', scale, budget.id)
    return {
      budget,
      scale,
      kind: kindOf(budget),
      window: windowOf(context, budget),
      limit: state === undefined ? (limitOf(context, budget) ?? 0n) : exact(state.limit),
      used: exact(state?.settled),
      leased: exact(state?.escrow),
    }
  })
}

export async function budgetReport(plane: ControlPlane, customer: string): Promise<BudgetStanding[]> {
  return budgetStandings(plane, await contextOf(plane, customer))
}

export async function budgetById(plane: ControlPlane, customer: string, id: string): Promise<BudgetStanding> {
  const found = (await budgetReport(plane, customer)).find(({ budget }) => budget.id === id)
  if (found === undefined) throw new Problem('not_found', `customer ${customer} has no budget ${id}`, 'budget')
  return found
}

/** Exact amount as decimal text in the unit of the budget. */
export function textOf(standing: BudgetStanding, exact: bigint): string {
  return formatDecimal(exact, standing.scale)
}

/** When the budget starts anew; null for one that never does. */
export function resetOf({ budget }: BudgetStanding): Instant | null {
  return budget.period.end === LIFETIME.end ? null : budget.period.end
}

/** The budget as a slice that holds all that is left and will never get more: what {@link decide} needs to answer for good. */
export function sliceOfAll({ budget, limit, used }: BudgetStanding): Slice {
  return {
    budget: budget.id,
    periodStart: budget.period.start,
    periodEnd: budget.period.end,
    granted: exactToGrant(budget.unit, limit - used),
    used: 0,
    held: 0,
    refused: { min: 1, until: LIFETIME.end },
  }
}

function kindOf(budget: Budget): BudgetStanding['kind'] {
  const kind = budget.id.slice(0, budget.id.indexOf(':'))
  return kind === 'allowance' || kind === 'limit' || kind === 'wallet' ? kind : 'cap'
}

function windowOf(context: CustomerContext, budget: Budget): PlanLimit['window'] {
  const id = budget.id.slice(budget.id.indexOf(':') + 1)
  switch (kindOf(budget)) {
    case 'allowance':
      return 'billing_period'
    case 'wallet':
      return 'lifetime'
    case 'limit':
      return context.plan.limits.find((limit) => limit.id === id)?.window ?? 'billing_period'
    case 'cap':
      return context.facts.budgets.find((rule) => rule.id === budget.id)?.window ?? 'billing_period'
  }
}
