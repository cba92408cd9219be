// How far meters are that count past events, and the events that they have still to see.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { StandingEvent } from './corrections.ts'
import { selectEvents } from './events.ts'

export type Backfill = {
  readonly meter: string
  readonly catalogVersion: number
  readonly state: 'running' | 'done'
  readonly customersTotal: number
  readonly customersDone: number
  readonly eventsDone: bigint
  /** The customer that it stands at; with a time it is in the middle of its events, without one it is through with them. */
  readonly atCustomer: string | null
  readonly atTime: Instant | null
  readonly atSequence: bigint | null
  readonly startedAt: Instant
  readonly finishedAt: Instant | null
}

export async function listBackfills(sql: Sql | Transaction): Promise<Backfill[]> {
  return sql<Backfill[]>`
    select meter, catalog_version as "catalogVersion", state, customers_total as "customersTotal", customers_done as "customersDone", events_done as "eventsDone",
      at_customer as "atCustomer", at_time as "atTime", at_sequence as "atSequence", started_at as "startedAt", finished_at as "finishedAt"
    from meter_backfill order by started_at, meter`
}

/** The first version of the catalog that has the meter. */
export async function catalogOfMeter(sql: Sql, meter: string): Promise<number> {
  const [row] = await sql<{ version: number }[]>`select min(version) as version from catalog_version where document -> 'meters' @> ${sql.json([{ id: meter }])}`
  return row!.version
}

export async function countCustomers(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from customer`
  return row!.count
}

export async function openBackfill(sql: Sql, input: { readonly meter: string; readonly catalogVersion: number; readonly customers: number }): Promise<void> {
  await sql`
    insert into meter_backfill (meter, catalog_version, state, customers_total) values (${input.meter}, ${input.catalogVersion}, 'running', ${input.customers}) on conflict do nothing`
}

export async function nextCustomer(sql: Sql, after: string | null): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from customer where (${after}::text is null or id > ${after}) order by id limit 1`
  return row?.id ?? null
}

/** Events of before the meter was counted, in order of time; `stands` is false for what a correction has taken back. */
export async function pastEvents(tx: Transaction, of: { readonly customer: string; readonly version: number; readonly after: { readonly time: Instant; readonly sequence: bigint } | null; readonly limit: number }): Promise<(StandingEvent & { readonly stands: boolean })[]> {
  const after = of.after === null ? tx`` : tx`and (e.time, e.sequence) > (${new Date(of.after.time).toISOString()}::timestamptz, ${of.after.sequence}::bigint)`
  return tx<(StandingEvent & { stands: boolean })[]>`
    select ${selectEvents(tx, 'e')}, e.customer_id as customer, b.catalog_version as "rolledUpBy", not exists (
      select 1 from usage_event r where r.customer_id = e.customer_id and r.time = e.time and r.effect = 'reversal' and r.sequence > e.sequence
        and (r.corrects_source, r.corrects_id) = (coalesce(e.corrects_source, e.source), coalesce(e.corrects_id, e.id))) as stands
    from usage_event e join settlement_batch b on b.id = e.batch_id
    where e.customer_id = ${of.customer} and e.effect <> 'reversal' and coalesce(b.catalog_version, 0) < ${of.version} ${after}
    order by e.time, e.sequence limit ${of.limit}`
}

export type BackfillStep =
  | { readonly state: 'done' }
  | { readonly state: 'running'; readonly customer: string; readonly time: Instant | null; readonly sequence: bigint | null; readonly events: number; readonly customers: number }

export async function advanceBackfill(sql: Sql | Transaction, meter: string, step: BackfillStep): Promise<void> {
  if (step.state === 'done') {
    await sql`update meter_backfill set state = 'done', finished_at = now() where meter = ${meter}`
    return
  }
  await sql`
    update meter_backfill set at_customer = ${step.customer}, at_time = ${step.time}, at_sequence = ${step.sequence === null ? null : String(step.sequence)}::bigint,
      events_done = events_done + ${step.events}, customers_done = customers_done + ${step.customers}
    where meter = ${meter}`
}

export type BackfilledMeter = { readonly meter: string; readonly version: number }

/** Meters that have counted an event already, though they were made after it. */
export async function backfilledMeters(tx: Transaction, event: { readonly customer: string; readonly time: Instant; readonly sequence: bigint; readonly countedBy: number | null }): Promise<BackfilledMeter[]> {
  return tx<BackfilledMeter[]>`
    select meter, catalog_version as version from meter_backfill f
    where f.catalog_version > ${event.countedBy ?? 0} and (f.state = 'done' or ${event.customer} < f.at_customer
      or (${event.customer} = f.at_customer and (f.at_time is null or (${new Date(event.time).toISOString()}::timestamptz, ${event.sequence}::bigint) <= (f.at_time, f.at_sequence))))`
}
