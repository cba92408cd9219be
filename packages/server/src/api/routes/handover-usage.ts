// The hand-over of usage: set, listed, tried again, accepted, reconciled.

import { reconcileUsage } from '../../app/handover/reconcile-usage.ts'
import { acceptHandedUsage, handedUsagePage, read, retryHandedUsage, setUsageHandover, usageHandoverView, write, type UsageHandoverView } from '../../app/handover/usage.ts'
import type { UsageTarget } from '../../app/handover/usage-port.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { handoverUsageRoutes } from '../contract/handover-usage.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const handoverUsageHandlers: Handlers<keyof typeof handoverUsageRoutes> = {
  getUsageHandover: async ({ plane }) => viewBody(await usageHandoverView(plane)),
  putUsageHandover: async ({ plane, caller, body }) =>
    viewBody(await setUsageHandover(plane, caller.actor, body.target === null ? null : { target: body.target, since: body.since ?? null, span: body.span, inBatches: body.in_batches, meters: new Map(Object.entries(body.meters)) })),
  listHandedUsage: async ({ plane, query }) => {
    const page = await handedUsagePage(plane, { state: query.state ?? null, customer: query.customer ?? null, after: readCursor('handed-usage', query.cursor), limit: query.limit })
    return {
      data: page.rows.map((row) => ({
        customer: row.customer, meter: row.meter, name: row.name, target: row.target, start: timeOf(row.start), span: row.span, state: row.state, sent: write(read(row.sent)), sending: row.sending === null ? null : write(read(row.sending)), records: row.sendings, attempts: row.attempts,
        reason: row.reason, sent_at: timeOrNull(row.sentAt),
      })),
      next_cursor: writeCursor('handed-usage', page.next),
    }
  },
  retryHandedUsage: async ({ plane, caller, body }) => ({ spans: await retryHandedUsage(plane, caller.actor, body.customer ?? null) }),
  acceptHandedUsage: async ({ plane, caller, body }) => {
    await acceptHandedUsage(plane, caller.actor, body)
    return { accepted: true as const }
  },
  reconcileUsage: async ({ plane, query }) => {
    const { differences, from, to, ...report } = await reconcileUsage(plane, query)
    return { ...report, from: timeOf(from), to: timeOf(to), agrees: differences.length === 0, differences: [...differences] }
  },
}

function viewBody({ setting, counts }: UsageHandoverView) {
  return { target: (setting?.target ?? null) as UsageTarget | null, since: timeOrNull(setting?.since ?? null), span: setting?.span ?? null, in_batches: setting?.inBatches ?? false, meters: { ...setting?.meters }, ...counts }
}
