// Readings of meters that do not add up: what the aggregate of a billing period, and that of an hour, are taken from when an event is
// undone. An index of the events, not a record: undoing an event removes its readings.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { RollupTable } from './rollups.ts'

/** A meter's aggregate belongs to customer and billing period. */
export type AggregateKey = { readonly customer: string; readonly meter: string; readonly periodStart: Instant }

export type ReadingRow = AggregateKey & {
  readonly time: Instant
  readonly source: string
  readonly id: string
  readonly feature: string
  readonly entity: string
  readonly dimensions: string
  /** Decimal text. */
  readonly value: string
  readonly label: string | null
  readonly isRated: boolean
  /** A level over time: its hours are added up by a job. Not stored. */
  readonly isLevel: boolean
}

export async function insertReadings(tx: Transaction, rows: readonly ReadingRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into meter_reading (customer_id, meter, period_start, time, source, id, feature, entity_id, dimensions, value, label, is_rated)
    select c, m, p, t, s, i, f, e, d::jsonb, v, l, r::boolean
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
      ${rows.map(({ time }) => iso(time))}::timestamptz[], ${rows.map(({ source }) => source)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ feature }) => feature)}::text[],
      ${rows.map(({ entity }) => entity)}::text[], ${rows.map(({ dimensions }) => dimensions)}::text[], ${rows.map(({ value }) => value)}::numeric[], ${rows.map(({ label }) => label)}::text[],
      ${rows.map(({ isRated }) => String(isRated))}::text[]) as n(c, m, p, t, s, i, f, e, d, v, l, r)
    on conflict do nothing`
}

export type ReadingKey = AggregateKey & { readonly time: Instant; readonly source: string; readonly id: string }

export async function deleteReadings(tx: Transaction, keys: readonly ReadingKey[]): Promise<void> {
  if (keys.length === 0) return
  await tx`
    delete from meter_reading r
    using unnest(${keys.map(({ customer }) => customer)}::text[], ${keys.map(({ meter }) => meter)}::text[], ${keys.map(({ periodStart }) => iso(periodStart))}::timestamptz[],
      ${keys.map(({ time }) => iso(time))}::timestamptz[], ${keys.map(({ source }) => source)}::text[], ${keys.map(({ id }) => id)}::text[]) as k(customer_id, meter, period_start, time, source, id)
    where (r.customer_id, r.meter, r.period_start, r.time, r.source, r.id) = (k.customer_id, k.meter, k.period_start, k.time, k.source, k.id)`
}

export type ExtremeRow = AggregateKey & { readonly largest: string | null; readonly latest: string | null; readonly latestAt: Instant | null; readonly latestBy: string | null }

/** The largest and the latest rated reading of each aggregate, leaving out the readings of `without`. */
export async function readExtremes(tx: Sql | Transaction, keys: readonly AggregateKey[], without: readonly ReadingKey[] = []): Promise<ExtremeRow[]> {
  if (keys.length === 0) return []
  const left = without.length === 0 ? tx`` : tx`and (r.time, r.source, r.id) not in (select * from unnest(${without.map(({ time }) => iso(time))}::timestamptz[], ${without.map(({ source }) => source)}::text[], ${without.map(({ id }) => id)}::text[]))`
  return tx<ExtremeRow[]>`
    select k.customer_id as customer, k.meter, k.period_start as "periodStart", largest.value as largest, latest.value as latest, latest.time as "latestAt", latest.by as "latestBy"
    from unnest(${keys.map(({ customer }) => customer)}::text[], ${keys.map(({ meter }) => meter)}::text[], ${keys.map(({ periodStart }) => iso(periodStart))}::timestamptz[]) as k(customer_id, meter, period_start)
    left join lateral (
      select r.value from meter_reading r where (r.customer_id, r.meter, r.period_start) = (k.customer_id, k.meter, k.period_start) and r.is_rated ${left}
      order by r.value desc limit 1) largest on true
    left join lateral (
      select r.value, r.time, r.source || ' ' || r.id as by from meter_reading r where (r.customer_id, r.meter, r.period_start) = (k.customer_id, k.meter, k.period_start) and r.is_rated ${left}
      order by r.time desc, r.source || ' ' || r.id collate "C" desc limit 1) latest on true`
}

export type LabelKey = AggregateKey & { readonly label: string }

/** Which labels are counted, leaving out the readings of `without`. */
export async function readLabels(tx: Sql | Transaction, keys: readonly LabelKey[], without: readonly ReadingKey[] = []): Promise<LabelKey[]> {
  if (keys.length === 0) return []
  const left = without.length === 0 ? tx`` : tx`and (r.time, r.source, r.id) not in (select * from unnest(${without.map(({ time }) => iso(time))}::timestamptz[], ${without.map(({ source }) => source)}::text[], ${without.map(({ id }) => id)}::text[]))`
  return tx<LabelKey[]>`
    select k.customer_id as customer, k.meter, k.period_start as "periodStart", k.label
    from unnest(${keys.map(({ customer }) => customer)}::text[], ${keys.map(({ meter }) => meter)}::text[], ${keys.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${keys.map(({ label }) => label)}::text[])
      as k(customer_id, meter, period_start, label)
    where exists (select 1 from meter_reading r where (r.customer_id, r.meter, r.period_start, r.label) = (k.customer_id, k.meter, k.period_start, k.label) and r.is_rated ${left})`
}

/** Takes the aggregates of the spans that hold `keys` anew from the readings that are left. Their sums and events stand already. */
export async function reaggregateRollups(tx: Transaction, table: RollupTable, keys: readonly ReadingKey[], hashes: { readonly max: number; readonly of: (labels: readonly string[]) => readonly bigint[] }): Promise<void> {
  if (keys.length === 0) return
  const unit = table === 'rollup_hour' ? 'hour' : 'minute'
  const name = tx(table)
  const rows = await tx<SpanRow[]>`
    select r.customer_id as customer, r.meter, r.start, r.period_start as "periodStart", r.feature, r.entity_id as entity, r.dimensions::text as dimensions, r.kind,
      (select max(value) from meter_reading m where ${spanOf(tx, unit)}) as largest,
      (select array_agg(distinct label) from meter_reading m where ${spanOf(tx, unit)}) as labels,
      latest.value as latest, latest.time as "latestAt", latest.by as "latestBy"
    from ${name} r
    left join lateral (
      select m.value, m.time, m.source || ' ' || m.id as by from meter_reading m where ${spanOf(tx, unit)} order by m.time desc, m.source || ' ' || m.id collate "C" desc limit 1) latest on true
    where r.kind <> 'sum' and exists (
      select 1 from unnest(${keys.map(({ customer }) => customer)}::text[], ${keys.map(({ meter }) => meter)}::text[], ${keys.map(({ time }) => iso(time))}::timestamptz[],
        ${keys.map(({ periodStart }) => iso(periodStart))}::timestamptz[]) as k(c, m, t, p)
      where (r.customer_id, r.meter, r.period_start) = (k.c, k.m, k.p) and k.t >= r.start and k.t < r.start + (${`1 ${unit}`})::text::interval)`
  for (const row of rows) {
    const kept = row.kind === 'unique' ? [...hashes.of(row.labels?.filter((label) => label !== null) ?? [])].sort((a, b) => (a < b ? -1 : 1)).slice(0, hashes.max) : null
    const quantity = kept !== null ? String(kept.length) : ((row.kind === 'max' ? row.largest : row.latest) ?? '0')
    await tx`
      update ${name} set quantity = ${quantity}::numeric, latest_at = ${row.latestAt}, latest_by = ${row.kind === 'latest' ? row.latestBy : null}, hashes = ${kept === null ? null : `{${kept.join(',')}}`}::bigint[]
      where customer_id = ${row.customer} and meter = ${row.meter} and start = ${row.start} and period_start = ${row.periodStart} and feature = ${row.feature} and entity_id = ${row.entity} and dimensions = ${row.dimensions}::text::jsonb`
  }
}

type SpanRow = {
  readonly customer: string; readonly meter: string; readonly start: Instant; readonly periodStart: Instant; readonly feature: string; readonly entity: string; readonly dimensions: string; readonly kind: 'max' | 'latest' | 'unique'
  readonly largest: string | null; readonly labels: readonly (string | null)[] | null; readonly latest: string | null; readonly latestAt: Instant | null; readonly latestBy: string | null
}

function spanOf(tx: Transaction, unit: 'hour' | 'minute') {
  return tx`m.customer_id = r.customer_id and m.meter = r.meter and m.period_start = r.period_start and m.feature = r.feature and m.entity_id = r.entity_id and m.dimensions = r.dimensions
    and m.time >= r.start and m.time < r.start + (${`1 ${unit}`})::text::interval`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
