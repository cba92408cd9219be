// What needs an operator's look.

import { alertsPage } from '../../app/alerts.ts'
import type { watchRoutes } from '../contract/watch.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readSequence, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const watchHandlers: Handlers<keyof typeof watchRoutes> = {
  listAlerts: async ({ plane, query }) => {
    const page = await alertsPage(plane, { level: query.level ?? null, customer: query.customer ?? null, before: readSequence('alerts', query.cursor), limit: query.limit })
    return { data: page.rows.map(({ id, at, ...row }) => ({ ...row, id: String(id), at: timeOf(at) })), next_cursor: writeCursor('alerts', page.next) }
  },
  listJobs: async ({ plane }) => ({
    data: plane.jobs.jobs().map(({ name, says, everyMs, isRunning, runs, failures, startedAt, endedAt, failedAt, failure }) => ({
      name, says, every_seconds: everyMs / 1_000, running: isRunning, runs, failures, last_started_at: timeOrNull(startedAt), last_took_ms: isRunning || startedAt === null || endedAt === null ? null : endedAt - startedAt,
      last_failed_at: timeOrNull(failedAt), last_failure: failure,
    })),
  }),
}
