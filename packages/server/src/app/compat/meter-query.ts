// A meter queried as other systems' clients do: one value a window, subject and group, with the end of each window. Read from the
// same rollups as every other report.

import { HOUR_MS, InputError, instant, MINUTE_MS, type Instant } from '@tollgate/core'
import { periodAt } from '@tollgate/core/period'
import type { ControlPlane } from '../control-plane.ts'
import { usageOfCustomers } from '../usage-report.ts'
import type { UsageRow } from '../../store/usage.ts'

export type WindowSize = 'minute' | 'hour' | 'day' | 'month' | 'total'

export type MeterQuery = {
  readonly meter: string
  readonly from: Instant | null
  readonly to: Instant | null
  readonly window: WindowSize
  readonly timeZone: string
  /** Null: all that the caller may see. */
  readonly customers: readonly string[] | null
  readonly groupBy: readonly string[]
  readonly filters: ReadonlyMap<string, readonly string[]>
}

export type MeterRow = UsageRow & { readonly windowStart: Instant; readonly windowEnd: Instant }

/** Before anything was measured: a query without a beginning means all there is. */
const BEGINNING = instant(Date.UTC(2000, 0, 1))

export async function queryMeter(plane: ControlPlane, query: MeterQuery): Promise<{ readonly from: Instant; readonly to: Instant; readonly rows: readonly MeterRow[] }> {
  const meter = plane.catalogs.current().meterById.get(query.meter)
  if (meter === undefined) throw new InputError({ code: 'unknown_meter', field: 'meter', message: `the catalog in force has no meter ${query.meter}` })
  const report = await usageOfCustomers(plane, query.customers, {
    from: query.from ?? BEGINNING, to: query.to, granularity: query.window, groupBy: query.groupBy, filters: query.filters, meter: query.meter, timeZone: query.timeZone, top: null, cumulative: false,
  })
  const rows = report.rows.map((row): MeterRow => ({ ...row, windowStart: row.start ?? report.from, windowEnd: row.start === null ? report.to : endOf(row.start, query.window, query.timeZone) }))
  return { from: report.from, to: report.to, rows: joined(rows) }
}

function endOf(start: Instant, window: WindowSize, timeZone: string): Instant {
  if (window === 'minute') return instant(start + MINUTE_MS)
  if (window === 'hour' || window === 'total') return instant(start + HOUR_MS)
  return periodAt({ anchorAt: start, timeZone, every: window }, start).end
}

/** Amounts are not asked for here, so rows that differ only in what they were charged in are one. */
function joined(rows: readonly MeterRow[]): MeterRow[] {
  const byPlace = new Map<string, MeterRow>()
  for (const row of rows) {
    const key = JSON.stringify([row.windowStart, row.groups])
    const known = byPlace.get(key)
    byPlace.set(key, known === undefined ? row : { ...known, quantity: row.kind === 'sum' ? sum(known.quantity, row.quantity) : known.quantity, events: known.events + row.events })
  }
  return [...byPlace.values()]
}

function sum(a: string, b: string): string {
  return String(Number(a) + Number(b))
}
