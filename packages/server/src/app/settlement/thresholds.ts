// Thresholds of budgets: when a settlement carries one past a percentage of its limit, an event is written in the same
// transaction, once for each threshold and period: how far was told is kept on the budget's row, which is locked by then.

import { THRESHOLDS_DEFAULT, type Budget } from '@tollgate/core'
import type { BudgetKey, MovedBudget } from '../../store/budgets.ts'
import type { OutboxRow } from '../../store/settlement.ts'

export type Crossed = BudgetKey & { readonly percent: number; readonly messages: readonly OutboxRow[] }

export function toldKey(customer: string, budget: string): string {
  return `${customer} ${budget}`
}

export function crossedThresholds(moved: readonly MovedBudget[], told: ReadonlyMap<string, Budget>): Crossed[] {
  return moved.flatMap((row): Crossed[] => {
    const budget = told.get(toldKey(row.customer, row.budget))
    const used = budget === undefined ? 0 : percentOf(row)
    const thresholds = (budget?.terms?.thresholds ?? THRESHOLDS_DEFAULT).filter((percent) => percent > row.alerted && percent <= used)
    const last = thresholds.at(-1)
    if (budget === undefined || last === undefined) return []
    return [{ customer: row.customer, budget: row.budget, periodStart: row.periodStart, percent: last, messages: thresholds.map((percent) => messageOf(row, budget, percent)) }]
  })
}

/** Whole percent of the limit that is settled, rounded down; a limit of zero is used up by anything. */
function percentOf({ limit, settled }: MovedBudget): number {
  const [all, used] = [scaled(limit), scaled(settled)]
  if (all <= 0n) return used > 0n ? PERCENT_MAX : 0
  const percent = (used * 100n) / all
  return percent > BigInt(PERCENT_MAX) ? PERCENT_MAX : Number(percent)
}

/** Beyond any threshold that can be set. */
const PERCENT_MAX = 32_000

/** Stored decimals have twelve places. */
function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}

function messageOf(row: MovedBudget, budget: Budget, percent: number): OutboxRow {
  return {
    customer: row.customer,
    type: 'budget.threshold',
    payload: {
      budget: row.budget, name: budget.name, percent, limit: plain(row.limit), used: plain(row.settled), unit: budget.unit.kind === 'money' ? budget.unit.asset : budget.unit.name,
      period: { start: new Date(row.periodStart).toISOString(), end: new Date(budget.period.end).toISOString() },
    },
  }
}

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
