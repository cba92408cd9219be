// Corrections at rest. All that ever came for an event are kept, also those that came before it; which of them holds is for
// app/settlement/corrections.ts to say.

import type { EventRef, Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import { selectEvents, type StoredEvent } from './events.ts'

export type CorrectionRow = EventRef & {
  readonly customer: string
  readonly bySource: string
  readonly byId: string
  /** What its sender stated: of several corrections the latest holds. */
  readonly at: Instant
  readonly isVoid: boolean
  readonly set: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
}

export type EventKeyRef = EventRef & { readonly customer: string }

export async function insertCorrections(tx: Transaction, rows: readonly CorrectionRow[]): Promise<void> {
  await tx`
    insert into correction (customer_id, source, id, by_source, by_id, at, is_void, patch, reason)
    select c, s, i, bs, bi, t, v::boolean, p::jsonb, r
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ source }) => source)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ bySource }) => bySource)}::text[],
      ${rows.map(({ byId }) => byId)}::text[], ${rows.map(({ at }) => new Date(at).toISOString())}::timestamptz[], ${rows.map(({ isVoid }) => String(isVoid))}::text[],
      ${rows.map(({ set }) => (set === null ? null : JSON.stringify(set)))}::text[], ${rows.map(({ reason }) => reason)}::text[]) as n(c, s, i, bs, bi, t, v, p, r)`
}

/** Of `customers` those for which any correction ever came: for all others settlement need not look. */
export async function customersWithCorrections(tx: Transaction, customers: readonly string[]): Promise<string[]> {
  const rows = await tx<{ customer: string }[]>`
    select c as customer from unnest(${customers as string[]}::text[]) as n(c) where exists (select 1 from correction where customer_id = c)`
  return rows.map(({ customer }) => customer)
}

/** All corrections of these events, but for those that could not be applied. */
export async function readCorrections(tx: Sql | Transaction, keys: readonly EventKeyRef[]): Promise<CorrectionRow[]> {
  if (keys.length === 0) return []
  return tx<CorrectionRow[]>`
    select c.customer_id as customer, c.source, c.id, c.by_source as "bySource", c.by_id as "byId", c.at, c.is_void as "isVoid", c.patch as set, c.reason from correction c
    join unnest(${keys.map(({ customer }) => customer)}::text[], ${keys.map(({ source }) => source)}::text[], ${keys.map(({ id }) => id)}::text[]) as k(customer_id, source, id) using (customer_id, source, id)
    where c.refused is null`
}

/** A correction that came before its event and does not fit it: kept, never applied. */
export async function refuseCorrection(tx: Transaction, row: CorrectionRow, why: string): Promise<void> {
  await tx`
    update correction set refused = ${why}
    where (customer_id, source, id, by_source, by_id) = (${row.customer}, ${row.source}, ${row.id}, ${row.bySource}, ${row.byId})`
}

export type StandingEvent = StoredEvent & { readonly customer: string; readonly rolledUpBy: number | null }

/** Where a row is: what stands for an event is at the event's time, under its own key. */
export type StandingRef = { readonly original: EventKeyRef; readonly row: EventRef }

/** Rows that are usage, by the event that they are or stand for; `rolledUpBy` is the catalog whose meters counted it. */
export async function readStanding(tx: Transaction, refs: readonly StandingRef[]): Promise<StandingEvent[]> {
  if (refs.length === 0) return []
  return tx<StandingEvent[]>`
    select ${selectEvents(tx, 'e')}, e.customer_id as customer, b.catalog_version as "rolledUpBy"
    from unnest(${refs.map(({ original }) => original.customer)}::text[], ${refs.map(({ original }) => original.source)}::text[], ${refs.map(({ original }) => original.id)}::text[],
      ${refs.map(({ row }) => row.source)}::text[], ${refs.map(({ row }) => row.id)}::text[]) as k(customer_id, source, id, row_source, row_id)
    join event_key o using (customer_id, source, id)
    join usage_event e on e.customer_id = k.customer_id and e.source = k.row_source and e.id = k.row_id and e.effect <> 'reversal' and (o.time is null or e.time = o.time)
    join settlement_batch b on b.id = e.batch_id`
}
