// Levels as readings, from when on their hours are still to be added up, and what was added up already.

import { LEVEL_EVENT_TYPE, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type DueLevel = { readonly customer: string; readonly meter: string; readonly from: Instant }

/** As it was read; `version` is another one after any reading since, also one of an hour that waits already. */
export type ReadLevel = DueLevel & { readonly version: string }

/** Hours from `from` on must be worked out (again). */
export async function markLevels(tx: Transaction, rows: readonly DueLevel[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into level_due (customer_id, meter, from_time)
    select c, m, min(date_trunc('hour', t, 'UTC')) from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ from }) => iso(from))}::timestamptz[]) as n(c, m, t) group by 1, 2
    on conflict (customer_id, meter) do update set from_time = least(level_due.from_time, excluded.from_time)`
}

export async function dueLevels(sql: Sql, before: Instant, limit: number): Promise<ReadLevel[]> {
  return sql<ReadLevel[]>`select customer_id as customer, meter, from_time as from, xmin::text as version from level_due where from_time < ${iso(before)}::timestamptz order by from_time limit ${limit}`
}

/** Unless a reading came meanwhile: then its hour is looked at again. */
export async function passLevel(sql: Sql, due: ReadLevel, to: Instant): Promise<void> {
  await sql`update level_due set from_time = ${iso(to)}::timestamptz where customer_id = ${due.customer} and meter = ${due.meter} and xmin::text = ${due.version}`
}

export type LevelRow = { readonly time: Instant; readonly feature: string; readonly entity: string; readonly dimensions: string; readonly value: string }

/** Readings in the span, and of each series the last one before it; by series, then time. */
export async function levelReadings(sql: Sql, of: DueLevel & { readonly to: Instant }): Promise<LevelRow[]> {
  return sql<LevelRow[]>`
    select time, feature, entity_id as entity, dimensions::text as dimensions, value from (
      (select distinct on (feature, entity_id, dimensions) time, source, id, feature, entity_id, dimensions, value from meter_reading
        where customer_id = ${of.customer} and meter = ${of.meter} and time < ${iso(of.from)}::timestamptz
        order by feature, entity_id, dimensions, time desc, source || ' ' || id collate "C" desc)
      union all
      select time, source, id, feature, entity_id, dimensions, value from meter_reading
        where customer_id = ${of.customer} and meter = ${of.meter} and time >= ${iso(of.from)}::timestamptz and time < ${iso(of.to)}::timestamptz) r
    order by feature, entity_id, dimensions::text, time, source || ' ' || id collate "C"`
}

/** What was added up for the hours of the span: the event, what stands of it now, and how often it was corrected. */
export type AddedHour = { readonly id: string; readonly time: Instant; readonly quantity: string; readonly corrections: number }

export async function addedHours(sql: Sql, of: DueLevel & { readonly to: Instant; readonly source: string }): Promise<AddedHour[]> {
  return sql<AddedHour[]>`
    select coalesce(corrects_id, id) as id, time, sum(case effect when 'reversal' then -1 else 1 end * (quantities ->> ${of.meter})::numeric)::text as quantity, (count(*) filter (where effect = 'reversal'))::int as corrections
    from usage_event
    where customer_id = ${of.customer} and time >= ${iso(of.from)}::timestamptz and time < ${iso(of.to)}::timestamptz and type = ${LEVEL_EVENT_TYPE} and coalesce(corrects_source, source) = ${of.source} and quantities ->> ${of.meter} is not null
    group by 1, 2`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
