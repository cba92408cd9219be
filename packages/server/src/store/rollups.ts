// Totals by span (hour, and minute of the recent past), meter, billing period, feature, entity and dimensions. Settlement adds to them in its
// own transaction, one statement a table whatever the size of the batch. Sums add up, maxima and latest values replace, distinct
// values join their smallest hashes.

import { DISTINCT_HASHES_MAX, formatDecimal, formatUnits, type Instant, type RollupKind, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type RollupTable = 'rollup_hour' | 'rollup_minute'

/** What identifies a row. `feature` and `entity` are empty where an event named none; `dimensions` is JSON with sorted keys. */
export type RollupKey = {
  readonly customer: string
  readonly meter: string
  readonly start: Instant
  readonly periodStart: Instant
  readonly feature: string
  readonly entity: string
  readonly dimensions: string
  /** What amounts are in. */
  readonly asset: string
}

export type RollupRow = RollupKey & {
  readonly kind: RollupKind
  readonly scale: number
  quantity: bigint
  amount: bigint
  events: number
  latestAt: Instant | null
  latestBy: string | null
  /** Of `unique`: hashes of the values, unsorted; null for other kinds. */
  readonly hashes: Set<bigint> | null
}

export async function addRollups(tx: Transaction, table: RollupTable, rows: readonly RollupRow[]): Promise<void> {
  if (rows.length === 0) return
  const name = tx(table)
  await tx`
    insert into ${name} as r (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset, kind, quantity, amount, events, latest_at, latest_by, hashes)
    select c, m, s, p, f, e, d::jsonb, x, k, q, a, n, la, lb, h::bigint[]
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ start }) => iso(start))}::timestamptz[],
      ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${rows.map(({ feature }) => feature)}::text[], ${rows.map(({ entity }) => entity)}::text[],
      ${rows.map(({ dimensions }) => dimensions)}::text[], ${rows.map(({ asset }) => asset)}::text[], ${rows.map(({ kind }) => kind)}::text[], ${rows.map((row) => formatDecimal(row.quantity, row.scale))}::numeric[],
      ${rows.map((row) => formatUnits(row.amount as Units, row.asset))}::numeric[], ${rows.map(({ events }) => events)}::bigint[],
      ${rows.map(({ latestAt }) => (latestAt === null ? null : iso(latestAt)))}::timestamptz[], ${rows.map(({ latestBy }) => latestBy)}::text[],
      ${rows.map(({ hashes }) => (hashes === null ? null : arrayText(hashes)))}::text[]) as n(c, m, s, p, f, e, d, x, k, q, a, n, la, lb, h)
    on conflict (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset) do update set
      amount = r.amount + excluded.amount,
      events = r.events + excluded.events,
      quantity = case excluded.kind
        when 'sum' then r.quantity + excluded.quantity
        when 'max' then greatest(r.quantity, excluded.quantity)
        when 'latest' then case when r.latest_at is null or (excluded.latest_at, excluded.latest_by collate "C") > (r.latest_at, r.latest_by collate "C") then excluded.quantity else r.quantity end
        else (select count(*) from (select distinct unnest(r.hashes || excluded.hashes) limit ${DISTINCT_HASHES_MAX}) known) end,
      hashes = case when excluded.kind = 'unique' then (select array_agg(h order by h) from (select distinct unnest(r.hashes || excluded.hashes) as h order by h limit ${DISTINCT_HASHES_MAX}) known) end,
      latest_by = case when excluded.kind = 'latest' and (r.latest_at is null or (excluded.latest_at, excluded.latest_by collate "C") > (r.latest_at, r.latest_by collate "C")) then excluded.latest_by else r.latest_by end,
      latest_at = greatest(r.latest_at, excluded.latest_at)`
}

function arrayText(hashes: Iterable<bigint>): string {
  const sorted = [...hashes].sort((a, b) => (a < b ? -1 : 1)).slice(0, DISTINCT_HASHES_MAX)
  return `{${sorted.join(',')}}`
}

/** Minutes before `at` are those of hours only. Returns how many rows went. */
export async function deleteMinutesBefore(sql: Sql, at: Instant, limit: number): Promise<number> {
  const result = await sql`
    delete from rollup_minute where ctid = any(array(select ctid from rollup_minute where start < ${iso(at)}::timestamptz limit ${limit}))`
  return result.count
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
