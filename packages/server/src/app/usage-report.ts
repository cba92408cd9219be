// Usage as customers and operators look at it: sums of the hourly rollups, which settlement writes in the same transaction as
// the charges, so that a total of amounts is the total of the charges. Whole hours only: a bound inside an hour takes the hour.

import { HOUR_MS, hourOf, InputError, instant, nearest, didYouMean, parseDecimal, USAGE_ROWS_MAX, type Instant } from '@tollgate/core'
import { isTimeZone } from '@tollgate/core/period'
import { queryUsage, type UsageGroup, type UsageRow } from '../store/reports.ts'
import type { ControlPlane } from './control-plane.ts'
import { contextOf } from './reports.ts'

export type UsageInput = {
  readonly from: Instant | null
  readonly to: Instant | null
  readonly granularity: 'hour' | 'day' | 'month' | 'total'
  readonly groupBy: readonly UsageGroup[]
  readonly meter: string | null
  /** IANA name; null for the customer's own. */
  readonly timeZone: string | null
}

export type UsageTotal = { readonly meter: string; readonly asset: string; readonly quantity: bigint; readonly amount: bigint; readonly events: bigint }
export type UsageReport = {
  readonly from: Instant
  readonly to: Instant
  readonly timeZone: string
  readonly currency: string
  readonly rows: readonly UsageRow[]
  /** By meter, in units of 10^-9 and 10^-12. */
  readonly totals: readonly UsageTotal[]
  readonly asOf: Instant
}

export const USAGE_QUANTITY_SCALE = 9
export const USAGE_AMOUNT_SCALE = 12

/** Without bounds: the running billing period up to now. */
export async function usageReport(plane: ControlPlane, customer: string, input: UsageInput): Promise<UsageReport> {
  const context = await contextOf(plane, customer)
  const asOf = plane.clock.now()
  const from = hourOf(input.from ?? context.snapshot.period.start)
  const to = instant(hourOf(instant((input.to ?? asOf) - 1)) + HOUR_MS)
  if (to <= from) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must be after from' })
  const timeZone = input.timeZone ?? context.facts.timeZone
  if (!isTimeZone(timeZone))
    throw new InputError({
      code: 'unknown_time_zone',
      field: 'time_zone',
      message: `there is no time zone ${timeZone}; use an IANA name such as Europe/Berlin`,
    })
  assertMeter(plane, input.meter)
  const rows = await queryUsage(plane.sql, { customer, from, to, granularity: input.granularity, timeZone, meter: input.meter, groupBy: input.groupBy })
  if (rows.length > USAGE_ROWS_MAX)
    throw new InputError({
      code: 'too_many_rows',
      field: 'granularity',
      message: `this report has more than ${USAGE_ROWS_MAX} rows: take a coarser granularity, fewer groups or a shorter time`,
    })
  return { from, to, timeZone, currency: context.snapshot.currency, rows, totals: totalsOf(rows), asOf }
}

/** A meter of an earlier catalog still has usage, but a name that no catalog knows is a typo. */
function assertMeter(plane: ControlPlane, meter: string | null): void {
  const { meterById } = plane.catalogs.current()
  if (meter !== null && !meterById.has(meter))
    throw new InputError({
      code: 'unknown_meter',
      field: 'meter',
      message: `the catalog in force has no meter ${meter}.${didYouMean(nearest(meter, meterById.keys()))}`,
    })
}

function totalsOf(rows: readonly UsageRow[]): UsageTotal[] {
  const totals = new Map<string, UsageTotal>()
  for (const row of rows) {
    const key = `${row.meter} ${row.asset}`
    const known = totals.get(key) ?? { meter: row.meter, asset: row.asset, quantity: 0n, amount: 0n, events: 0n }
    totals.set(key, {
      meter: row.meter,
      asset: row.asset,
      quantity: known.quantity + parseDecimal(row.quantity, USAGE_QUANTITY_SCALE, 'quantity'),
      amount: known.amount + parseDecimal(row.amount, USAGE_AMOUNT_SCALE, 'amount'),
      events: known.events + row.events,
    })
  }
  return [...totals.values()]
}
