// Usage events at rest and their dedupe keys. Events are inserted once, with their charges, and never change.

import type { EventRef, Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import { copyInto, type CopyValue } from './copy.ts'

/** `time` is where the event will be found. */
export type EventKey = { readonly customer: string; readonly source: string; readonly id: string; readonly hash: Uint8Array; readonly time: Instant }

/**
 * Claims the keys that are new, for ever. Returns for each key `new`, `duplicate` (same content) or `conflict`. Keys must
 * be distinct.
 */
export async function claimKeys(tx: Transaction, keys: readonly EventKey[]): Promise<('new' | 'duplicate' | 'conflict')[]> {
  const columns = [keys.map(({ customer }) => customer), keys.map(({ source }) => source), keys.map(({ id }) => id), keys.map(({ hash }) => hex(hash)), keys.map(({ time }) => new Date(time).toISOString())] as const
  const inserted = await tx<{ customer: string; source: string; id: string }[]>`
    insert into event_key (customer_id, source, id, content_hash, time)
    select c, s, i, decode(h, 'hex'), t from unnest(${columns[0]}::text[], ${columns[1]}::text[], ${columns[2]}::text[], ${columns[3]}::text[], ${columns[4]}::timestamptz[]) as k(c, s, i, h, t)
    on conflict do nothing returning customer_id as customer, source, id`
  if (inserted.length === keys.length) return keys.map(() => 'new')
  const fresh = new Set(inserted.map((row) => keyText(row)))
  const old = keys.filter((key) => !fresh.has(keyText(key)))
  const stored = await tx<{ customer: string; source: string; id: string; hash: string }[]>`
    select customer_id as customer, source, id, encode(content_hash, 'hex') as hash from event_key
    join unnest(${old.map(({ customer }) => customer)}::text[], ${old.map(({ source }) => source)}::text[], ${old.map(({ id }) => id)}::text[]) as k(c, s, i)
      on customer_id = c and source = s and id = i`
  const hashes = new Map(stored.map((row) => [keyText(row), row.hash]))
  return keys.map((key) => (fresh.has(keyText(key)) ? 'new' : hashes.get(keyText(key)) === hex(key.hash) ? 'duplicate' : 'conflict'))
}

export function keyText(key: { readonly customer: string; readonly source: string; readonly id: string }): string {
  return JSON.stringify([key.customer, key.source, key.id])
}

export type EventRow = {
  readonly effect: EventEffect
  /** The event that it undoes or replaces. */
  readonly corrects: EventRef | null
  readonly customer: string
  readonly source: string
  readonly id: string
  readonly type: string
  readonly time: Instant
  readonly entity: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly key: string | null
  readonly periodStart: Instant
  readonly catalogVersion: number
  /** JSON texts. */
  readonly quantities: string
  readonly dimensions: string
  readonly charges: string
  readonly cost: string | null
  readonly context: string
  readonly amount: string
  readonly asset: string
  readonly estimated: boolean
}

/** Usage, or what a correction made of it: the reversal of what stood, and what stands instead. */
export type EventEffect = 'use' | 'reversal' | 'replacement'

/** Fewer rows than this are inserted, which is one round trip less and names the row that is refused. */
const COPY_ROWS_MIN = 16

export async function insertEvents(tx: Transaction, batch: bigint, rows: readonly EventRow[]): Promise<void> {
  if (rows.length < COPY_ROWS_MIN) {
    for (const row of rows) await insertEvent(tx, batch, row)
    return
  }
  const statement = tx`
    copy usage_event (batch_id, customer_id, source, id, type, time, entity_id, feature, run, key_id, period_start, catalog_version,
      quantities, dimensions, charges, cost, context, amount, asset, estimated, effect, corrects_source, corrects_id) from stdin`
  await copyInto(tx, statement, copyRows(batch, rows))
}

function* copyRows(batch: bigint, rows: readonly EventRow[]): Iterable<readonly CopyValue[]> {
  for (const row of rows) {
    yield [
      String(batch), row.customer, row.source, row.id, row.type, new Date(row.time).toISOString(), row.entity, row.feature, row.run, row.key, new Date(row.periodStart).toISOString(),
      String(row.catalogVersion), row.quantities, row.dimensions, row.charges, row.cost, row.context, row.amount, row.asset, row.estimated ? 't' : 'f', row.effect, row.corrects?.source ?? null, row.corrects?.id ?? null,
    ]
  }
}

async function insertEvent(tx: Transaction, batch: bigint, row: EventRow): Promise<void> {
  await tx`
    insert into usage_event (batch_id, customer_id, source, id, type, time, entity_id, feature, run, key_id, period_start, catalog_version,
      quantities, dimensions, charges, cost, context, amount, asset, estimated, effect, corrects_source, corrects_id)
    values (${batch}, ${row.customer}, ${row.source}, ${row.id}, ${row.type}, ${row.time}, ${row.entity}, ${row.feature}, ${row.run}, ${row.key}, ${row.periodStart}, ${row.catalogVersion},
      ${row.quantities}::text::json, ${row.dimensions}::text::json, ${row.charges}::text::json, ${row.cost}::text::json, ${row.context}::text::json, ${row.amount}, ${row.asset}, ${row.estimated}, ${row.effect}, ${row.corrects?.source ?? null}, ${row.corrects?.id ?? null})`
}

export type StoredEvent = {
  readonly sequence: bigint
  readonly batch: bigint
  readonly source: string
  readonly id: string
  readonly type: string
  readonly time: Instant
  readonly entity: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly key: string | null
  readonly periodStart: Instant
  readonly catalogVersion: number
  readonly quantities: Record<string, string>
  readonly dimensions: Record<string, string>
  readonly charges: { readonly lines: readonly StoredCharge[]; readonly paid: StoredPayment }
  readonly amount: string
  readonly asset: string
  readonly cost: { readonly amount: string; readonly currency: string } | null
  readonly estimated: boolean
  readonly context: Record<string, unknown>
  readonly effect: EventEffect
  readonly correctsSource: string | null
  readonly correctsId: string | null
}

/** Quantities and amounts as decimal text. */
export type StoredCharge = { readonly price: string | null; readonly entry?: string; readonly meter: string; readonly quantity: string; readonly included: string; readonly before: string; /** What the period had free of a price with free units of its own. */ readonly free_before?: { readonly events: number; readonly quantity: string }; readonly amount: string }
/** `included` stands only where an allowance of an amount paid. */
export type StoredPayment = { readonly included?: readonly { readonly budget: string; readonly amount: string }[]; readonly draws: readonly { readonly block: string; readonly amount: string }[]; readonly accrued: string; readonly debt: string }

export type EventFilter = {
  readonly customer: string
  readonly after: bigint | null
  readonly limit: number
  readonly from: Instant | null
  readonly to: Instant | null
  readonly price: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly type: string | null
  /** Settlement that charged them, and the billing period that they belong to. */
  readonly batch: bigint | null
  readonly periodStart: Instant | null
  readonly newestFirst: boolean
}

/** Events of one customer in the order they were settled, or the other way round. `after` is exclusive. */
export async function listEvents(sql: Sql, filter: EventFilter): Promise<StoredEvent[]> {
  const from = filter.from === null ? null : new Date(filter.from).toISOString()
  const to = filter.to === null ? null : new Date(filter.to).toISOString()
  const after = filter.newestFirst ? sql`sequence < ${filter.after}::bigint` : sql`sequence > ${filter.after}::bigint`
  return sql<StoredEvent[]>`
    select ${selectEvents(sql, 'usage_event')} from usage_event
    where customer_id = ${filter.customer} and (${filter.after}::bigint is null or ${after})
      and (${from}::timestamptz is null or time >= ${from}::timestamptz) and (${to}::timestamptz is null or time < ${to}::timestamptz)
      and (${filter.feature}::text is null or feature = ${filter.feature}) and (${filter.run}::text is null or run = ${filter.run})
      and (${filter.type}::text is null or type = ${filter.type})
      and (${filter.batch}::bigint is null or batch_id = ${filter.batch}) and (${filter.periodStart}::timestamptz is null or period_start = ${filter.periodStart})
      and (${filter.price}::text is null or (charges -> 'lines')::jsonb @> jsonb_build_array(jsonb_build_object('price', ${filter.price}::text)))
    order by sequence ${filter.newestFirst ? sql`desc` : sql`asc`} limit ${filter.limit}`
}

/** The columns of a {@link StoredEvent} of the table called `of`. */
export function selectEvents(sql: Sql | Transaction, of: string) {
  const table = sql(of)
  return sql`${table}.sequence, ${table}.batch_id as batch, ${table}.source, ${table}.id, ${table}.type, ${table}.time, ${table}.entity_id as entity, ${table}.feature, ${table}.run, ${table}.key_id as key,
    ${table}.period_start as "periodStart", ${table}.catalog_version as "catalogVersion", ${table}.quantities, ${table}.dimensions, ${table}.charges, ${table}.amount, ${table}.asset,
    ${table}.cost, ${table}.estimated, ${table}.context, ${table}.effect, ${table}.corrects_source as "correctsSource", ${table}.corrects_id as "correctsId"`
}

/** The first event of an id: what undoes it has the same one. */
export async function findEvent(sql: Sql, key: { readonly customer: string; readonly source: string; readonly id: string }): Promise<StoredEvent | null> {
  const [row] = await sql<StoredEvent[]>`
    select ${selectEvents(sql, 'usage_event')} from usage_event
    where customer_id = ${key.customer} and source = ${key.source} and id = ${key.id} order by sequence limit 1`
  return row ?? null
}

export async function parkEvent(sql: Sql | Transaction, input: { readonly customer: string | null; readonly origin: string; readonly record: unknown; readonly reason: string }): Promise<void> {
  // As a text inside the document: what cannot be stored may be the record's own characters.
  await sql`
    insert into parked_event (customer_id, origin, record, reason)
    values (${input.customer}, ${input.origin}, ${JSON.stringify(input.record)}, ${input.reason})`
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
