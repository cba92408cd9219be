// Moves of amounts between budgets: who moved what and why, and the row that a move must fit.

import { parseDecimal, type Instant } from '@tollgate/core'
import type { Transaction } from '../platform/postgres.ts'

export type BudgetMoveRow = { readonly customer: string; readonly id: string; readonly from: string; readonly to: string; readonly amount: string; readonly reason: string; readonly at: Instant; readonly by: string }

/** False where it is known. */
export async function insertBudgetMove(tx: Transaction, row: BudgetMoveRow): Promise<boolean> {
  const rows = await tx`
    insert into budget_move (customer_id, id, from_budget, to_budget, amount, reason, moved_at, moved_by) values (${row.customer}, ${row.id}, ${row.from}, ${row.to}, ${row.amount}, ${row.reason}, ${row.at}, ${row.by})
    on conflict do nothing returning id`
  return rows.length > 0
}

/** What is used and lent out of a budget in the period that holds `at`, its row locked; nothing where nobody has used it. */
export async function lockUse(tx: Transaction, of: { readonly customer: string; readonly budget: string; readonly at: Instant; readonly scale: number }): Promise<{ readonly settled: bigint; readonly escrow: bigint }> {
  const [row] = await tx<{ settled: string; escrow: string }[]>`
    select settled, escrow from budget_state where customer_id = ${of.customer} and budget_id = ${of.budget} and period_start <= ${of.at} and period_end > ${of.at} for update`
  const exact = (text: string) => parseDecimal(text, of.scale, of.budget)
  return { settled: exact(row?.settled ?? '0'), escrow: exact(row?.escrow ?? '0') }
}
