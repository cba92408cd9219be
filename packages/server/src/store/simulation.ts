// Stored events read for a simulation: in the order in which they were settled, customer by customer, through a cursor, so that memory
// does not grow with their number. It reads and nothing else.

import type { EventCost, Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'

export type SimulatedRow = {
  readonly customer: string
  readonly sequence: bigint
  readonly source: string
  readonly id: string
  readonly type: string
  readonly time: Instant
  /** Start of the billing period that it was charged in. */
  readonly periodStart: Instant
  readonly entity: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly quantities: Record<string, string>
  readonly dimensions: Record<string, string>
  readonly amount: string
  readonly asset: string
  readonly cost: EventCost | null
  readonly effect: 'use' | 'reversal' | 'replacement'
  /** The event that a correction is of. */
  readonly correctsSource: string | null
  readonly correctsId: string | null
}

const ROWS_AT_ONCE = 2_000

export function simulatedEvents(sql: Sql, of: { readonly customers: readonly string[]; readonly from: Instant; readonly to: Instant }): AsyncIterable<readonly SimulatedRow[]> {
  return sql<SimulatedRow[]>`
    select customer_id as customer, sequence, source, id, type, time, period_start as "periodStart", entity_id as entity, feature, run, quantities, dimensions, amount, asset, cost, effect,
      corrects_source as "correctsSource", corrects_id as "correctsId"
    from usage_event where customer_id = any(${of.customers as string[]}::text[]) and time >= ${of.from} and time < ${of.to}
    order by customer_id, sequence`.cursor(ROWS_AT_ONCE)
}

/** Of each corrected event the row that stands in its place now; null where it was undone. */
export async function standingCorrections(sql: Sql, customers: readonly string[]): Promise<ReadonlyMap<string, bigint | null>> {
  const rows = await sql<{ customer: string; source: string; id: string; sequence: bigint | null }[]>`
    select distinct on (customer_id, corrects_source, corrects_id) customer_id as customer, corrects_source as source, corrects_id as id, case when effect = 'replacement' then sequence end as sequence
    from usage_event where customer_id = any(${customers as string[]}::text[]) and corrects_id is not null
    order by customer_id, corrects_source, corrects_id, sequence desc`
  return new Map(rows.map(({ customer, source, id, sequence }) => [correctedKey(customer, source, id), sequence]))
}

export function correctedKey(customer: string, source: string, id: string): string {
  return JSON.stringify([customer, source, id])
}

/** Ids of customers, page by page; only those on `plans` where given. */
export async function customerIdsAfter(sql: Sql, of: { readonly after: string; readonly limit: number; readonly plans: readonly string[] | null }): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select c.id from customer c join subscription s on s.customer_id = c.id
    where c.id > ${of.after} and (${of.plans === null}::boolean or s.plan = any(${(of.plans ?? []) as string[]}::text[])) order by c.id limit ${of.limit}`
  return rows.map(({ id }) => id)
}

export async function countCustomers(sql: Sql, plans: readonly string[] | null): Promise<number> {
  const [row] = await sql<{ customers: bigint }[]>`select count(*) as customers from subscription where ${plans === null}::boolean or plan = any(${(plans ?? []) as string[]}::text[])`
  return Number(row!.customers)
}

/** About how many events lie in a span, as the planner sees it: for a progress bar, without reading them. */
export async function estimateEvents(sql: Sql, of: { readonly from: Instant; readonly to: Instant }): Promise<number> {
  const [row] = await sql<{ 'QUERY PLAN': readonly { readonly Plan: { readonly 'Plan Rows': number } }[] }[]>`
    explain (format json) select 1 from usage_event where time >= ${of.from} and time < ${of.to}`
  return row?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0
}
