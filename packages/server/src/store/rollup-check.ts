// What the proof of the rollups reads: the events of a span in the order of their settlement, in pieces, and the rollups of the same span.

import { DISTINCT_HASHES_MAX, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { StandingEvent } from './corrections.ts'
import { selectEvents } from './events.ts'

/** `backfilled`: meters that were made later and have counted it. */
export type CheckedEvent = StandingEvent & { readonly backfilled: readonly { readonly meter: string; readonly version: number }[] }
export type CheckedRollup = {
  readonly meter: string; readonly start: Instant; readonly periodStart: Instant; readonly feature: string; readonly entity: string; readonly dimensions: string; readonly asset: string
  readonly quantity: string; readonly amount: string; readonly events: bigint; /** The last hash that a full sketch of distinct values keeps. */ readonly ceiling: bigint | null
}
type Span = { readonly from: Instant; readonly to: Instant }

const ROWS_AT_A_TIME = 2_000

export function eventsForCheck(tx: Transaction, span: Span & { readonly customer: string }): AsyncIterable<CheckedEvent[]> {
  return tx<CheckedEvent[]>`
    select ${selectEvents(tx, 'e')}, e.customer_id as customer, b.catalog_version as "rolledUpBy",
      coalesce((select jsonb_agg(jsonb_build_object('meter', f.meter, 'version', f.catalog_version)) from meter_backfill f
        where coalesce(b.catalog_version, 0) < f.catalog_version and (f.state = 'done' or e.customer_id < f.at_customer
          or (e.customer_id = f.at_customer and (f.at_time is null or (e.time, e.sequence) <= (f.at_time, f.at_sequence))))), '[]'::jsonb) as backfilled
    from usage_event e join settlement_batch b on b.id = e.batch_id
    where e.customer_id = ${span.customer} and e.time >= ${iso(span.from)}::timestamptz and e.time < ${iso(span.to)}::timestamptz
    order by e.sequence`.cursor(ROWS_AT_A_TIME)
}

export async function rollupsForCheck(tx: Transaction, span: Span & { readonly customer: string }): Promise<CheckedRollup[]> {
  return tx<CheckedRollup[]>`
    select meter, start, period_start as "periodStart", feature, entity_id as entity, dimensions::text as dimensions, asset, quantity, amount, events, hashes[${DISTINCT_HASHES_MAX}] as ceiling from rollup_hour
    where customer_id = ${span.customer} and start >= ${iso(span.from)}::timestamptz and start < ${iso(span.to)}::timestamptz`
}

/** Who has events or rollups in the span. */
export async function customersWithUsage(sql: Sql, span: Span): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select c.id as customer from customer c
    where exists (select 1 from usage_event e where e.customer_id = c.id and e.time >= ${iso(span.from)}::timestamptz and e.time < ${iso(span.to)}::timestamptz)
      or exists (select 1 from rollup_hour r where r.customer_id = c.id and r.start >= ${iso(span.from)}::timestamptz and r.start < ${iso(span.to)}::timestamptz)
    order by c.id`
  return rows.map(({ customer }) => customer)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
