// Keeps the event table's partitions ahead of the clock and as far back as events may come, and drops those whose time is over where
// the operator said how long events are kept.

import { DAY_MS, instant } from '@tollgate/core'
import { createPartitions, dropPartition, partitionsBefore } from '../store/partitions.ts'
import type { ControlPlane } from './control-plane.ts'

/** Ahead of the clock: a job that does not run for weeks is noticed before they are used up. */
const AHEAD_MS = 62 * DAY_MS

export async function keepPartitions(plane: ControlPlane): Promise<void> {
  const now = plane.clock.now()
  const kept = plane.retention.eventMonths
  const oldest = kept === null ? now - plane.eventBounds.lateMsMax : Math.max(now - plane.eventBounds.lateMsMax, beginOfKept(now, kept))
  await createPartitions(plane.sql, instant(oldest), instant(now + AHEAD_MS))
  if (kept === null) return
  for (const name of await partitionsBefore(plane.sql, instant(beginOfKept(now, kept)))) {
    const { events } = await dropPartition(plane.sql, name)
    plane.log.info({ partition: name, events: Number(events) }, 'usage events past their retention were dropped; their charges, totals and ledger stay')
  }
}

/** The first instant of the oldest month that is kept: the running month and `months` whole ones before it. */
function beginOfKept(now: number, months: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1)
}
