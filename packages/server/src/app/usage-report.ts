// Usage as customers and operators look at it: sums of the rollups, which settlement writes in the same transaction as the charges,
// so that a total of amounts is the total of the charges. Without bounds it is the running billing period, exactly, wherever in an
// hour that begins. Else whole hours: a bound inside an hour takes the hour, or the minute where minutes are still kept.

import { DAY_MS, didYouMean, formatDecimal, HOUR_MS, hourOf, InputError, instant, MINUTE_MS, MINUTE_ROLLUPS_MS, minuteOf, nearest, parseDecimal, USAGE_ROWS_MAX, type Catalog, type Instant, type RollupKind } from '@tollgate/core'
import { hourOffset, isTimeZone } from '@tollgate/core/period'
import { queryUsage, type UsageQuery, type UsageRow } from '../store/usage.ts'
import { contextOf } from './customers.ts'
import type { ControlPlane } from './control-plane.ts'

export type Granularity = UsageQuery['granularity']

export type UsageInput = {
  readonly from: Instant | null
  readonly to: Instant | null
  readonly granularity: Granularity
  /** `feature`, `entity`, `model`, a dimension that meters keep, or `customer` for the operator. */
  readonly groupBy: readonly string[]
  readonly filters: ReadonlyMap<string, readonly string[]>
  readonly meter: string | null
  /** IANA name; null for the customer's own. */
  readonly timeZone: string | null
  readonly top: UsageQuery['top']
  /** Each row holds everything from the beginning of the report up to its end. */
  readonly cumulative: boolean
}

export type UsageTotal = { readonly meter: string; readonly asset: string; readonly quantity: bigint; readonly amount: bigint; readonly events: bigint; readonly isExact: boolean }
export type UsageReport = {
  readonly from: Instant
  readonly to: Instant
  /** The billing period that it is about, where no bounds were asked for. */
  readonly period: { readonly start: Instant; readonly end: Instant } | null
  readonly timeZone: string
  readonly currency: string
  readonly rows: readonly UsageRow[]
  /** By meter, in units of 10^-9 and 10^-12. */
  readonly totals: readonly UsageTotal[]
  readonly asOf: Instant
}

export const USAGE_QUANTITY_SCALE = 9
export const USAGE_AMOUNT_SCALE = 12

/** Usage of one customer. Without bounds: its running billing period up to now. */
export async function usageReport(plane: ControlPlane, customer: string, input: UsageInput): Promise<UsageReport> {
  const context = await contextOf(plane, customer)
  const { period } = context.snapshot
  const isPeriod = input.from === null && input.to === null
  return report(plane, input, {
    customers: [customer], catalog: context.catalog, timeZone: context.facts.timeZone, currency: context.snapshot.currency, offsetMs: hourOffset(context.facts.timeZone, input.from ?? period.start),
    bounds: { from: input.from ?? period.start, to: input.to ?? plane.clock.now() }, period: isPeriod ? period : null, isOfMany: false,
  })
}

/** Usage of some customers together, null for all. Without an end: up to now. */
export async function usageOfCustomers(plane: ControlPlane, customers: readonly string[] | null, input: UsageInput & { readonly from: Instant }): Promise<UsageReport> {
  const { currency } = plane.catalogs.current()
  const bounds = { from: input.from, to: input.to ?? plane.clock.now() }
  return report(plane, input, { customers, catalog: plane.catalogs.current(), timeZone: 'UTC', currency, offsetMs: 0, bounds, period: null, isOfMany: true })
}

/** What a customer was charged for usage, in its currency; without bounds in the running billing period. */
export async function spentBy(plane: ControlPlane, customer: string, from: Instant | null, to: Instant | null): Promise<{ readonly amount: string; readonly currency: string }> {
  const { totals, currency } = await usageReport(plane, customer, { from, to, granularity: 'total', groupBy: [], filters: new Map(), meter: null, timeZone: null, top: null, cumulative: false })
  const amount = totals.reduce((sum, total) => (total.asset === currency ? sum + total.amount : sum), 0n)
  return { amount: formatDecimal(amount, USAGE_AMOUNT_SCALE), currency }
}

/** Usage of all customers, for the operator. Without bounds: the last 30 days, in UTC. */
export async function usageOfAll(plane: ControlPlane, input: UsageInput): Promise<UsageReport> {
  const to = input.to ?? plane.clock.now()
  return usageOfCustomers(plane, null, { ...input, from: input.from ?? instant(to - 30 * DAY_MS), to })
}

type Scope = {
  readonly customers: readonly string[] | null
  readonly catalog: Catalog
  readonly timeZone: string
  readonly currency: string
  /** Of the hours of its rollups. */
  readonly offsetMs: number
  readonly bounds: { readonly from: Instant; readonly to: Instant }
  readonly period: UsageReport['period']
  /** `customer` is a dimension. */
  readonly isOfMany: boolean
}

async function report(plane: ControlPlane, input: UsageInput, scope: Scope): Promise<UsageReport> {
  const asOf = plane.clock.now()
  const table = input.granularity === 'minute' || isOffTheHour(scope, asOf) ? 'rollup_minute' : 'rollup_hour'
  const { from, to } = aligned(scope, table)
  assertBounds(input, from, to, asOf)
  const timeZone = input.timeZone ?? scope.timeZone
  if (!isTimeZone(timeZone)) throw new InputError({ code: 'unknown_time_zone', field: 'time_zone', message: `there is no time zone ${timeZone}; use an IANA name such as Europe/Berlin` })
  assertMeter(scope.catalog, input.meter)
  assertNames(scope, input)
  const query: UsageQuery = {
    table, customers: scope.customers, from, to, periodStart: scope.period?.start ?? null, granularity: input.granularity, timeZone,
    meters: input.meter === null ? null : [input.meter], groupBy: input.groupBy, filters: input.filters, top: input.top, rowsMax: USAGE_ROWS_MAX,
  }
  const rows = await queryUsage(plane.sql, query)
  if (rows.length > USAGE_ROWS_MAX) {
    throw new InputError({ code: 'too_many_rows', field: 'granularity', message: `this report has more than ${USAGE_ROWS_MAX} rows: take a coarser granularity, fewer groups, top, or a shorter time` })
  }
  const totals = rows.every(({ kind }) => kind === 'sum') ? totalsOf(rows) : totalsOf(await queryUsage(plane.sql, { ...query, granularity: 'total', groupBy: [], top: null }))
  return { from, to, period: scope.period, timeZone, currency: scope.currency, rows: input.cumulative ? cumulated(rows) : rows, totals, asOf }
}

/** Bounds inside an hour that minutes can still tell apart. */
function isOffTheHour({ bounds: { from, to }, period, offsetMs }: Scope, asOf: Instant): boolean {
  if (period !== null || from < asOf - MINUTE_ROLLUPS_MS) return false
  return from !== hourOf(from, offsetMs) || (to < asOf && to !== hourOf(to, offsetMs))
}

function aligned({ bounds: { from, to }, period, offsetMs }: Scope, table: UsageQuery['table']): { readonly from: Instant; readonly to: Instant } {
  const size = table === 'rollup_minute' ? MINUTE_MS : HOUR_MS
  const startOf = (at: Instant) => (table === 'rollup_minute' ? minuteOf(at) : hourOf(at, offsetMs))
  // The hour that a period begins in has a row for each of its two periods.
  const end = period === null ? to : period.end
  return { from: startOf(from), to: instant(startOf(instant(end - 1)) + size) }
}

function assertBounds(input: UsageInput, from: Instant, to: Instant, asOf: Instant): void {
  if (to <= from) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must be after from' })
  if (input.granularity === 'minute' && from < asOf - MINUTE_ROLLUPS_MS) {
    throw new InputError({ code: 'out_of_range', field: 'from', message: `minutes are kept for ${MINUTE_ROLLUPS_MS / HOUR_MS} hours; ask for hours, or for a later time` })
  }
}

/** A meter of an earlier catalog still has usage, but a name that no catalog knows is a typo. */
function assertMeter({ meterById }: Catalog, meter: string | null): void {
  if (meter !== null && !meterById.has(meter)) {
    throw new InputError({ code: 'unknown_meter', field: 'meter', message: `the catalog in force has no meter ${meter}.${didYouMean(nearest(meter, meterById.keys()))}` })
  }
}

/** Only what rollups keep can be asked for: a name that no meter keeps would answer nothing in silence. */
function assertNames(scope: Scope, input: UsageInput): void {
  const meters = scope.catalog.meters.filter(({ id }) => input.meter === null || id === input.meter)
  const known = new Set(['model', 'feature', 'entity', ...(scope.isOfMany ? ['customer'] : []), ...meters.flatMap(({ dimensions = [] }) => dimensions)])
  for (const [field, names] of [['group_by', input.groupBy], ['filter', [...input.filters.keys()]]] as const) {
    const unknown = names.find((name) => !known.has(name))
    if (unknown !== undefined) {
      throw new InputError({ code: 'unknown_dimension', field, message: `usage is not kept by ${unknown}. It is by ${[...known].join(', ')}; a meter keeps what its \`dimensions\` name.${didYouMean(nearest(unknown, known))}` })
    }
  }
}

/** Running sums of each group; a maximum runs on, too. What is counted distinctly has no running sum that rows could give. */
function cumulated(rows: readonly UsageRow[]): UsageRow[] {
  const running = new Map<string, { quantity: bigint; amount: bigint; events: bigint }>()
  return rows.map((row) => {
    if (row.kind === 'unique') throw new InputError({ code: 'not_cumulative', field: 'cumulative', message: `${row.meter} counts distinct values, which do not add up over time: ask for it without cumulative, or for one total` })
    const key = JSON.stringify([row.meter, row.asset, row.groups, row.isRest])
    const before = running.get(key) ?? { quantity: 0n, amount: 0n, events: 0n }
    const own = parseDecimal(row.quantity, USAGE_QUANTITY_SCALE, 'quantity')
    const after = { quantity: joined(row.kind, before.quantity, own), amount: before.amount + parseDecimal(row.amount, USAGE_AMOUNT_SCALE, 'amount'), events: before.events + row.events }
    running.set(key, after)
    return { ...row, quantity: formatDecimal(after.quantity, USAGE_QUANTITY_SCALE), amount: formatDecimal(after.amount, USAGE_AMOUNT_SCALE), events: after.events }
  })
}

function joined(kind: RollupKind, before: bigint, own: bigint): bigint {
  if (kind === 'sum') return before + own
  return kind === 'max' && before > own ? before : own
}

function totalsOf(rows: readonly UsageRow[]): UsageTotal[] {
  const totals = new Map<string, UsageTotal>()
  for (const row of rows) {
    const key = `${row.meter} ${row.asset}`
    const known = totals.get(key) ?? { meter: row.meter, asset: row.asset, quantity: 0n, amount: 0n, events: 0n, isExact: true }
    totals.set(key, {
      meter: row.meter,
      asset: row.asset,
      quantity: known.quantity + parseDecimal(row.quantity, USAGE_QUANTITY_SCALE, 'quantity'),
      amount: known.amount + parseDecimal(row.amount, USAGE_AMOUNT_SCALE, 'amount'),
      events: known.events + row.events,
      isExact: known.isExact && row.isExact,
    })
  }
  return [...totals.values()]
}
