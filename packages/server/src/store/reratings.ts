// Re-ratings and their entries. An entry that is posted stays as it is: what later ones have to know of it is read from here.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { OverlayText } from './catalogs.ts'

export type ReratingState = 'running' | 'previewed' | 'failed' | 'cancelled' | 'posting' | 'posted'

export type ReratingRow = {
  readonly id: string
  readonly state: ReratingState
  /** The corrected catalog: a version, or a text. */
  readonly catalogVersion: number | null
  readonly source: string | null
  readonly overlays: readonly OverlayText[]
  readonly from: Instant
  readonly to: Instant
  readonly plans: readonly string[] | null
  readonly reason: string
  readonly customers: bigint
  readonly events: bigint
  readonly unpriced: bigint
  readonly failure: string | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly postedBy: string | null
}

export type EntryState = 'due' | 'posted' | 'prepaid' | 'overlaps' | 'outdated'

export type EntryRow = {
  readonly rerating: string
  readonly customer: string
  readonly periodStart: Instant
  readonly periodEnd: Instant
  readonly from: Instant
  readonly to: Instant
  readonly asset: string
  readonly charged: string
  readonly adjusted: string
  readonly after: string
  readonly events: bigint
  readonly state: EntryState
  readonly postedAt: Instant | null
}

export type NewRerating = Pick<ReratingRow, 'id' | 'catalogVersion' | 'source' | 'overlays' | 'from' | 'to' | 'plans' | 'reason' | 'createdBy'>

export async function insertRerating(sql: Sql | Transaction, row: NewRerating): Promise<void> {
  await sql`
    insert into rerating (id, state, catalog_version, source, overlays, from_at, to_at, plans, reason, created_by)
    values (${row.id}, 'running', ${row.catalogVersion}, ${row.source}, ${sql.json(row.overlays as never)}, ${row.from}, ${row.to}, ${row.plans as string[] | null}, ${row.reason}, ${row.createdBy})`
}

export async function findRerating(sql: Sql | Transaction, id: string): Promise<ReratingRow | null> {
  const [row] = await sql<ReratingRow[]>`${selectReratings(sql)} where id = ${id}`
  return row ?? null
}

/** Newest first, those that began before `before`. */
export async function listReratings(sql: Sql, of: { readonly before: string | null; readonly limit: number }): Promise<ReratingRow[]> {
  return sql<ReratingRow[]>`
    ${selectReratings(sql)} where (${of.before}::text is null or (created_at, id) < (select b.created_at, b.id from rerating b where b.id = ${of.before})) order by created_at desc, id desc limit ${of.limit}`
}

/** Moves it on from one of the states `from`; false where it is in another. */
export async function moveRerating(sql: Sql | Transaction, id: string, step: { readonly from: readonly ReratingState[]; readonly to: ReratingState; readonly counts?: { readonly customers: number; readonly events: number; readonly unpriced: number }; readonly failure?: string; readonly postedBy?: string }): Promise<boolean> {
  const rows = await sql`
    update rerating set state = ${step.to}, customers = coalesce(${step.counts?.customers ?? null}::bigint, customers), events = coalesce(${step.counts?.events ?? null}::bigint, events),
      unpriced = coalesce(${step.counts?.unpriced ?? null}::bigint, unpriced), failure = ${step.failure ?? null}, posted_by = coalesce(${step.postedBy ?? null}, posted_by)
    where id = ${id} and state = any(${step.from as string[]}::text[]) returning id`
  return rows.length > 0
}

function selectReratings(sql: Sql | Transaction) {
  return sql`
    select id, state, catalog_version as "catalogVersion", source, overlays, from_at as "from", to_at as "to", plans, reason, customers, events, unpriced, failure, created_at as "createdAt", created_by as "createdBy", posted_by as "postedBy"
    from rerating`
}

export async function insertEntries(sql: Sql | Transaction, rows: readonly Omit<EntryRow, 'postedAt'>[]): Promise<void> {
  if (rows.length === 0) return
  const times = (of: (row: (typeof rows)[number]) => Instant) => rows.map((row) => new Date(of(row)).toISOString())
  await sql`
    insert into rerating_entry (rerating_id, customer_id, period_start, period_end, from_at, to_at, asset, charged, adjusted, after, events, state)
    select * from unnest(${rows.map(({ rerating }) => rerating)}::text[], ${rows.map(({ customer }) => customer)}::text[], ${times(({ periodStart }) => periodStart)}::timestamptz[], ${times(({ periodEnd }) => periodEnd)}::timestamptz[],
      ${times(({ from }) => from)}::timestamptz[], ${times(({ to }) => to)}::timestamptz[], ${rows.map(({ asset }) => asset)}::text[], ${rows.map(({ charged }) => charged)}::numeric[], ${rows.map(({ adjusted }) => adjusted)}::numeric[],
      ${rows.map(({ after }) => after)}::numeric[], ${rows.map(({ events }) => String(events))}::bigint[], ${rows.map(({ state }) => state)}::text[])`
}

/** By customer and period, after the entry named; only those in `state` where given. */
export async function listEntries(sql: Sql | Transaction, of: { readonly rerating: string; readonly after: { readonly customer: string; readonly periodStart: Instant; readonly asset: string } | null; readonly limit: number; readonly state: EntryState | null }): Promise<EntryRow[]> {
  const { after } = of
  return sql<EntryRow[]>`
    ${selectEntries(sql)} where rerating_id = ${of.rerating} and (${of.state}::text is null or state = ${of.state})
      and (${after === null}::boolean or (customer_id, period_start, asset) > (${after?.customer ?? ''}, ${new Date(after?.periodStart ?? 0).toISOString()}::timestamptz, ${after?.asset ?? ''}))
    order by customer_id, period_start, asset limit ${of.limit}`
}

/** What was posted for periods of these customers that end after `from` and begin before `to`. */
export async function postedEntries(sql: Sql | Transaction, of: { readonly customers: readonly string[]; readonly from: Instant; readonly to: Instant }): Promise<EntryRow[]> {
  return sql<EntryRow[]>`${selectEntries(sql)} where state = 'posted' and customer_id = any(${of.customers as string[]}::text[]) and period_end > ${of.from} and period_start < ${of.to}`
}

export async function setEntryState(tx: Transaction, entry: Pick<EntryRow, 'rerating' | 'customer' | 'periodStart' | 'asset'>, state: EntryState): Promise<void> {
  await tx`
    update rerating_entry set state = ${state}, posted_at = case when ${state} = 'posted' then now() end
    where rerating_id = ${entry.rerating} and customer_id = ${entry.customer} and period_start = ${entry.periodStart} and asset = ${entry.asset} and state = 'due'`
}

export type EntryTotals = { readonly asset: string; readonly state: EntryState; readonly customers: bigint; readonly charged: string; readonly adjusted: string; readonly after: string }

export async function entryTotals(sql: Sql, rerating: string): Promise<EntryTotals[]> {
  return sql<EntryTotals[]>`
    select asset, state, count(distinct customer_id) as customers, sum(charged)::text as charged, sum(adjusted)::text as adjusted, sum(after)::text as after
    from rerating_entry where rerating_id = ${rerating} group by asset, state order by asset, state`
}

function selectEntries(sql: Sql | Transaction) {
  return sql`
    select rerating_id as rerating, customer_id as customer, period_start as "periodStart", period_end as "periodEnd", from_at as "from", to_at as "to", asset, charged::text as charged, adjusted::text as adjusted, after::text as after, events, state, posted_at as "postedAt"
    from rerating_entry`
}
