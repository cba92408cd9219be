// The hand-over of invoices: set, listed, tried again, reconciled.

import { formatUnits, parseUnits, units, type Units } from '@tollgate/core'
import { handoversPage, handoverView, plainAmount, retryHandover, setHandover, type HandoverView } from '../../app/handover/handovers.ts'
import type { HandoverTarget } from '../../app/handover/port.ts'
import { numberText } from '../../app/invoices/compose.ts'
import { reconcileHandover } from '../../app/handover/reconcile.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { handoverRoutes } from '../contract/handover.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const handoverHandlers: Handlers<keyof typeof handoverRoutes> = {
  getHandover: async ({ plane }) => viewBody(await handoverView(plane)),
  putHandover: async ({ plane, caller, body }) => viewBody(await setHandover(plane, caller.actor, { target: body.target, since: body.since ?? null, collects: body.collects })),
  listHandovers: async ({ plane, query }) => {
    const page = await handoversPage(plane, { state: query.state ?? null, inConflict: query.conflict === 'true', after: readCursor('handovers', query.cursor), limit: query.limit })
    return {
      data: page.rows.map((row) => ({
        customer: row.customer, invoice: row.invoice, number: numberText(row.series, row.number), target: row.target, state: row.state, amount_due: plainAmount(row.amountDue), currency: row.currency, external_id: row.externalId,
        total: row.total === null ? null : formatUnits(units(parseUnits(plainAmount(row.total), row.currency)), row.currency), attempts: row.attempts, reason: row.reason, queued_at: timeOf(row.queuedAt), delivered_at: timeOrNull(row.deliveredAt), state_there: row.stateThere, conflict: row.conflict,
      })),
      next_cursor: writeCursor('handovers', page.next),
    }
  },
  retryHandover: async ({ plane, caller, body }) => ({ invoices: await retryHandover(plane, caller.actor, body.invoice ?? null) }),
  reconcileHandover: async ({ plane, query }) => {
    const { target, from, to, here, there, differences } = await reconcileHandover(plane, query)
    return {
      target, from: timeOf(from), to: timeOf(to), here: { invoices: here.invoices, totals: totalsBody(here.totals) }, there: { invoices: there.invoices, totals: totalsBody(there.totals), others: there.others }, agrees: differences.length === 0,
      differences: differences.map(({ externalId, ...difference }) => ({ ...difference, external_id: externalId })),
    }
  },
}

function viewBody({ setting, counts }: HandoverView) {
  return { target: (setting?.target ?? null) as HandoverTarget | null, since: timeOrNull(setting?.since ?? null), collects: setting?.collects ?? false, ...counts }
}

function totalsBody(totals: ReadonlyMap<string, Units>) {
  return [...totals].map(([currency, amount]) => ({ currency, amount: formatUnits(amount, currency) }))
}
