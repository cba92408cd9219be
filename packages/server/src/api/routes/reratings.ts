// Re-ratings: started, looked at, posted, cancelled.

import { formatUnits, instant, parseUnits, units } from '@tollgate/core'
import { startPosting } from '../../app/rerate/post.ts'
import { cancelRerating, readRerating, reratingEntries, reratingsPage, reratingTotals, startRerating } from '../../app/rerate/reratings.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import type { SimulationProgress } from '../../app/simulate/simulate.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { reratingRoutes } from '../contract/reratings.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

type ReratingRow = Awaited<ReturnType<typeof readRerating>>['row']
type EntryRow = Awaited<ReturnType<typeof reratingEntries>>['rows'][number]

export const reratingHandlers: Handlers<keyof typeof reratingRoutes> = {
  startRerating: async ({ plane, caller, body }) => {
    const text = body.source === undefined ? null : { source: body.source, overlays: body.overlays }
    return shown(plane, { row: await startRerating(plane, caller.actor, { text, from: body.from, to: body.to, plans: body.plans ?? null, reason: body.reason }), progress: null })
  },
  listReratings: async ({ plane, query }) => {
    const page = await reratingsPage(plane, { after: readCursor('reratings', query.cursor), limit: query.limit })
    return { data: await Promise.all(page.rows.map((row) => shown(plane, { row, progress: null }))), next_cursor: writeCursor('reratings', page.next) }
  },
  getRerating: async ({ plane, params }) => shown(plane, await readRerating(plane, params.rerating)),
  listReratingEntries: async ({ plane, params, query }) => {
    const cursor = readCursor('rerating-entries', query.cursor)
    const [customer = '', periodStart = '0', asset = ''] = cursor?.split(' ') ?? []
    const page = await reratingEntries(plane, { rerating: params.rerating, after: cursor === null ? null : { customer, periodStart: instant(Number(periodStart)), asset }, limit: query.limit })
    return { data: page.rows.map(entryBody), next_cursor: writeCursor('rerating-entries', page.next) }
  },
  postRerating: async ({ plane, caller, params }) => shown(plane, { row: await startPosting(plane, caller.actor, params.rerating), progress: null }),
  cancelRerating: async ({ plane, params }) => shown(plane, { row: await cancelRerating(plane, params.rerating), progress: null }),
}

async function shown(plane: ControlPlane, { row, progress }: { readonly row: ReratingRow; readonly progress: SimulationProgress | null }) {
  const totals = await reratingTotals(plane, row.id)
  return {
    id: row.id, state: row.state, catalog_version: row.catalogVersion, from: timeOf(row.from), to: timeOf(row.to), plans: row.plans === null ? null : [...row.plans], reason: row.reason,
    progress: progress === null ? null : { events: progress.events, events_expected: Math.round(progress.eventsExpected), customers: progress.customers, customers_expected: progress.customersExpected },
    customers: Number(row.customers), events: Number(row.events), events_unpriced: Number(row.unpriced), failure: row.failure,
    totals: totals.map(({ asset, state, customers, charged, adjusted, after }) => {
      const exact = (text: string): bigint => parseUnits(text, asset)
      const before = exact(charged) + exact(adjusted)
      return { currency: asset, state, customers: Number(customers), before: formatUnits(units(before), asset), after: formatUnits(units(exact(after)), asset), difference: formatUnits(units(exact(after) - before), asset) }
    }),
    created_at: timeOf(row.createdAt), created_by: row.createdBy, posted_by: row.postedBy,
  }
}

function entryBody(entry: EntryRow) {
  const { asset } = entry
  const exact = (text: string): bigint => parseUnits(text, asset)
  const text = (amount: bigint): string => formatUnits(units(amount), asset)
  return {
    customer: entry.customer, period: { start: timeOf(entry.periodStart), end: timeOf(entry.periodEnd) }, from: timeOf(entry.from), to: timeOf(entry.to), currency: asset,
    charged: text(exact(entry.charged)), adjusted: text(exact(entry.adjusted)), after: text(exact(entry.after)), difference: text(exact(entry.after) - exact(entry.charged) - exact(entry.adjusted)),
    events: Number(entry.events), state: entry.state, posted_at: timeOrNull(entry.postedAt),
  }
}
