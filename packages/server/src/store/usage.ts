// Usage as sums of the rollups: by customer, meter, feature, entity and any kept dimension, in buckets of a time zone's calendar, the whole or
// the largest groups. Sums add up, maxima and latest values are picked, distinct values are counted over the joined hashes.

import { countDistinct, DISTINCT_HASHES_MAX, type Distinct, type Instant, type RollupKind } from '@tollgate/core'
import type { Fragment } from 'postgres'
import type { Sql } from '../platform/postgres.ts'
import type { RollupTable } from './rollups.ts'

export type UsageQuery = {
  readonly table: RollupTable
  /** Null: of all customers, for the operator. */
  readonly customers: readonly string[] | null
  readonly from: Instant
  readonly to: Instant
  /** Only usage of the billing period that began then; null for whatever falls into the span. */
  readonly periodStart: Instant | null
  readonly granularity: 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
  readonly timeZone: string
  readonly meters: readonly string[] | null
  /** `customer`, `feature`, `entity` or the name of a dimension. */
  readonly groupBy: readonly string[]
  /** Accepted values by `customer`, `feature`, `entity` or dimension; an empty text stands for events that named none. */
  readonly filters: ReadonlyMap<string, readonly string[]>
  /** The largest groups, all others together as one; null for all groups. */
  readonly top: { readonly groups: number; readonly by: 'amount' | 'quantity' } | null
  readonly rowsMax: number
}

export type UsageRow = {
  readonly start: Instant | null
  readonly meter: string
  /** What amounts are in. */
  readonly asset: string
  readonly kind: RollupKind
  /** In the order of `groupBy`; an empty text where an event named none. */
  readonly groups: readonly string[]
  /** All groups that are not among the largest. */
  readonly isRest: boolean
  /** Decimal text. */
  readonly quantity: string
  readonly amount: string
  readonly events: bigint
  /** False where a sketch estimates distinct values. */
  readonly isExact: boolean
}

type StoredRow = Omit<UsageRow, 'isExact'>

/** At most `rowsMax + 1` rows, so that the caller knows of more. Ordered by time, meter and groups. */
export async function queryUsage(sql: Sql, query: UsageQuery): Promise<UsageRow[]> {
  const rows = await sql<StoredRow[]>`
    ${base(sql, query)}
    select bucket as start, meter, asset, kind, groups, rest as "isRest",
      case kind when 'sum' then sum(quantity) when 'max' then max(quantity) filter (where events > 0)
        when 'latest' then (array_agg(quantity order by latest_at desc, latest_by collate "C" desc) filter (where kind = 'latest' and events > 0))[1] else 0 end::text as quantity,
      sum(amount)::text as amount, sum(events)::bigint as events
    from placed group by bucket, meter, asset, kind, groups, rest
    having sum(events) > 0 or sum(amount) <> 0
    order by bucket, meter, asset, rest, groups limit ${query.rowsMax + 1}`
  const distinct = rows.some(({ kind }) => kind === 'unique') ? await queryDistinct(sql, query) : new Map<string, Distinct>()
  return rows.map((row) => {
    if (row.kind !== 'unique') return { ...row, quantity: row.quantity ?? '0', isExact: true }
    const found = distinct.get(rowKey(row)) ?? { count: 0, isExact: true }
    return { ...row, quantity: String(found.count), isExact: found.isExact }
  })
}

/** How many distinct values each row has: hashes up to the lowest end of a full sketch, which all sketches know completely. */
async function queryDistinct(sql: Sql, query: UsageQuery): Promise<Map<string, Distinct>> {
  const rows = await sql<(Pick<UsageRow, 'start' | 'meter' | 'asset' | 'groups' | 'isRest'> & { readonly known: bigint; readonly ceiling: bigint | null })[]>`
    ${base(sql, query)}, sketches as (select bucket, meter, asset, groups, rest, hashes from placed where kind = 'unique'),
    ends as (select bucket, meter, asset, groups, rest, min(hashes[${DISTINCT_HASHES_MAX}]) as ceiling from sketches group by 1, 2, 3, 4, 5),
    known as (
      select distinct e.bucket, e.meter, e.asset, e.groups, e.rest, e.ceiling, h from sketches s
      join ends e on e.bucket is not distinct from s.bucket and (e.meter, e.asset, e.groups, e.rest) = (s.meter, s.asset, s.groups, s.rest)
      cross join lateral unnest(s.hashes) as h where e.ceiling is null or h <= e.ceiling)
    select bucket as start, meter, asset, groups, rest as "isRest", count(*) as known, ceiling from known group by bucket, meter, asset, groups, rest, ceiling`
  return new Map(rows.map((row) => [rowKey(row), countDistinct(Number(row.known), row.ceiling)]))
}

function rowKey({ start, meter, asset, groups, isRest }: Pick<UsageRow, 'start' | 'meter' | 'asset' | 'groups' | 'isRest'>): string {
  return JSON.stringify([start, meter, asset, groups, isRest])
}

/** The rows asked for, each with its bucket and groups; `rest` for those outside the largest groups. */
function base(sql: Sql, query: UsageQuery) {
  const bucket = query.granularity === 'total' ? sql`null::timestamptz` : sql`date_trunc(${query.granularity}, start, ${query.timeZone})`
  const groups = query.groupBy.length === 0 ? sql`'{}'::text[]` : sql`array[${list(sql, query.groupBy.map((name) => valueOf(sql, name)))}]`
  const filters = [...query.filters].map(([name, accepted]) => sql`and ${valueOf(sql, name)} = any(${accepted as string[]}::text[])`)
  const chosen = sql`
    with chosen as (
      select ${bucket} as bucket, meter, asset, kind, ${groups} as groups, quantity, amount, events, latest_at, latest_by, hashes from ${sql(query.table)}
      where start >= ${iso(query.from)}::timestamptz and start < ${iso(query.to)}::timestamptz
        ${query.customers === null ? sql`` : sql`and customer_id = any(${query.customers as string[]}::text[])`}
        ${query.meters === null ? sql`` : sql`and meter = any(${query.meters as string[]}::text[])`}
        ${query.periodStart === null ? sql`` : sql`and period_start = ${iso(query.periodStart)}::timestamptz`}
        ${filters.length === 0 ? sql`` : list(sql, filters, sql` `)})`
  if (query.top === null || query.groupBy.length === 0) return sql`${chosen}, placed as (select *, false as rest from chosen)`
  const measure = query.top.by === 'amount' ? sql`sum(amount)` : sql`sum(quantity)`
  return sql`
    ${chosen}, largest as (select groups from chosen group by groups order by ${measure} desc, groups limit ${query.top.groups}),
    placed as (
      select c.bucket, c.meter, c.asset, c.kind, coalesce(l.groups, '{}') as groups, c.quantity, c.amount, c.events, c.latest_at, c.latest_by, c.hashes, l.groups is null as rest
      from chosen c left join largest l on l.groups = c.groups)`
}

function valueOf(sql: Sql, name: string) {
  if (name === 'customer') return sql`customer_id`
  if (name === 'feature') return sql`feature`
  if (name === 'entity') return sql`entity_id`
  return sql`coalesce(dimensions ->> ${name}, '')`
}

function list(sql: Sql, parts: readonly Fragment[], separator: Fragment = sql`, `): Fragment {
  return parts.slice(1).reduce<Fragment>((joined, part) => sql`${joined}${separator}${part}`, parts[0]!)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
