// What is forgotten, and when: messages of the outbox after a month, totals of minutes after two days (those of hours stay), single members' and hours' budgets that ended 40 days ago. Events, charges and transfers are kept for ever.

import { DAY_MS, instant, MINUTE_ROLLUPS_MS } from '@tollgate/core'
import { deleteBudgetsBefore } from '../store/budgets.ts'
import { deleteOutboxBefore } from '../store/outbox.ts'
import { deleteMinutesBefore } from '../store/rollups.ts'
import type { ControlPlane } from './control-plane.ts'

/** How long a reader of the stream may be away and still resume without a gap. */
export const OUTBOX_KEPT_MS = 30 * DAY_MS
/** Rows of one statement, so that no run holds locks for long. */
const ROWS_PER_STATEMENT = 10_000

export async function forgetOutbox(plane: ControlPlane): Promise<void> {
  const before = instant(plane.clock.now() - OUTBOX_KEPT_MS)
  while ((await deleteOutboxBefore(plane.sql, before, ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}

export async function forgetMinutes(plane: ControlPlane): Promise<void> {
  const before = instant(plane.clock.now() - MINUTE_ROLLUPS_MS)
  while ((await deleteMinutesBefore(plane.sql, before, ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}

/** A month and its lateness. Events keep what was charged; a late one opens its row anew. */
export const ENDED_BUDGETS_KEPT_MS = 40 * DAY_MS

/** Budgets of templates' members and of periods below a day, which are many. Those that are lent out in part, or never end, stay. */
export async function forgetEndedBudgets(plane: ControlPlane): Promise<void> {
  const before = instant(plane.clock.now() - ENDED_BUDGETS_KEPT_MS)
  while ((await deleteBudgetsBefore(plane.sql, before, ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}
