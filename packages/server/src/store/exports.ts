// Records as they are exported: each page is read after the last row of the one before, in one order, so that a file of any length is written in
// the memory of a page and goes on where it stopped. All values are text; the first columns are the place of a row.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type ExportFilter = { readonly from: Instant; readonly to: Instant; readonly customer: string | null; /** Place of the last row before; null at the beginning. */ readonly after: readonly string[] | null; readonly limit: number }
export type ExportRow = readonly (string | null)[]

/** Place: customer, time, sequence. */
export async function eventRows(sql: Sql | Transaction, filter: ExportFilter): Promise<ExportRow[]> {
  return sql<never[]>`
    select e.customer_id, ${stamp(sql, 'e.time', true)}, e.sequence::text,
      e.source, e.id, e.type, e.effect, e.corrects_source, e.corrects_id, e.batch_id::text, e.entity_id, e.feature, e.run, e.key_id, e.dimensions ->> 'model', ${stamp(sql, 'e.period_start')}, e.catalog_version::text,
      e.quantities::text, e.dimensions::text, trim_scale(e.amount)::text, e.asset, e.cost ->> 'amount', e.cost ->> 'currency', e.estimated::text
    from (${pageOfEvents(sql, filter)}) e order by e.customer_id, e.time, e.sequence`.values() as never
}

/** Place: customer, time, sequence of the event; an event without charges is one row whose line is null. */
export async function chargeRows(sql: Sql | Transaction, filter: ExportFilter): Promise<ExportRow[]> {
  return sql<never[]>`
    select e.customer_id, ${stamp(sql, 'e.time', true)}, e.sequence::text,
      l.n::text, e.source, e.id, e.effect, e.feature, e.dimensions ->> 'model', e.entity_id, ${stamp(sql, 'e.period_start')}, e.catalog_version::text,
      l.line ->> 'price', l.line ->> 'entry', l.line ->> 'meter', l.line ->> 'quantity', l.line ->> 'included', l.line ->> 'before', l.line ->> 'amount', e.asset
    from (${pageOfEvents(sql, filter)}) e left join lateral json_array_elements(e.charges -> 'lines') with ordinality as l(line, n) on true
    order by e.customer_id, e.time, e.sequence, l.n`.values() as never
}

function pageOfEvents(sql: Sql | Transaction, { from, to, customer, after, limit }: ExportFilter) {
  const [afterCustomer, afterTime, afterSequence] = after ?? [null, null, null]
  return sql`
    select * from usage_event
    where time >= ${iso(from)}::timestamptz and time < ${iso(to)}::timestamptz and (${customer}::text is null or customer_id = ${customer})
      and (${afterCustomer ?? null}::text is null or (customer_id, time, sequence) > (${afterCustomer ?? ''}, ${afterTime ?? '1970-01-01T00:00:00Z'}::timestamptz, ${afterSequence ?? '0'}::text::bigint))
    order by customer_id, time, sequence limit ${limit}`
}

/** Invoices and credit notes by the time of their number. Place: time, id. */
export async function documentRows(sql: Sql | Transaction, { from, to, customer, after, limit }: ExportFilter): Promise<ExportRow[]> {
  return sql<never[]>`
    select ${stamp(sql, 'd.at', true)}, d.id, d.customer_id, d.kind, d.state, d.document ->> 'number', d.document ->> 'corrects', d.document ->> 'issued', d.document ->> 'due', ${stamp(sql, 'd.period_start')}, ${stamp(sql, 'd.period_end')},
      d.document #>> '{buyer,name}', d.currency, trim_scale(d.net)::text, trim_scale(d.tax)::text, trim_scale(d.gross)::text, trim_scale(d.credited)::text, ${stamp(sql, 'd.ended_at')}, d.reference
    from (${documents(sql, { from, to, customer })}) d where ${afterDocument(sql, after)} order by d.at, d.id limit ${limit}`.values() as never
}

/** Lines of the same documents. Place: time, id of the document, which is read whole. */
export async function documentLineRows(sql: Sql | Transaction, { from, to, customer, after, limit }: ExportFilter): Promise<ExportRow[]> {
  return sql<never[]>`
    select ${stamp(sql, 'd.at', true)}, d.id, d.customer_id, d.kind, d.document ->> 'number', l.line ->> 'line', l.line ->> 'kind', l.line ->> 'price', l.line ->> 'name', l.line ->> 'from', l.line ->> 'to',
      l.line ->> 'quantity', l.line ->> 'unit', l.line ->> 'included', l.line ->> 'exact', l.line ->> 'amount', d.currency
    from (select * from (${documents(sql, { from, to, customer })}) d where ${afterDocument(sql, after)} order by d.at, d.id limit ${limit}) d
    left join lateral jsonb_array_elements(d.document -> 'lines') with ordinality as l(line, n) on true order by d.at, d.id, l.n`.values() as never
}

function documents(sql: Sql | Transaction, { from, to, customer }: Pick<ExportFilter, 'from' | 'to' | 'customer'>) {
  return sql`
    select finalized_at as at, id, customer_id, kind, state, document, period_start, period_end, currency, net, tax, amount_due as gross, credited_net + credited_tax as credited, ended_at, reference from invoice
    where state <> 'draft' and finalized_at >= ${iso(from)}::timestamptz and finalized_at < ${iso(to)}::timestamptz and (${customer}::text is null or customer_id = ${customer})
    union all
    select n.created_at, n.id, n.customer_id, 'credit_note', 'issued', n.document, i.period_start, i.period_end, i.currency, -n.net, -n.tax, -(n.net + n.tax), 0, null, n.reason
    from credit_note n join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
    where n.created_at >= ${iso(from)}::timestamptz and n.created_at < ${iso(to)}::timestamptz and (${customer}::text is null or n.customer_id = ${customer})`
}

function afterDocument(sql: Sql | Transaction, after: ExportFilter['after']) {
  return after === null ? sql`true` : sql`(d.at, d.id) > (${after[0]!}::timestamptz, ${after[1]!})`
}

/** RFC 3339; a place keeps its microseconds. */
function stamp(sql: Sql | Transaction, column: string, isPlace = false) {
  return sql.unsafe(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.${isPlace ? 'US' : 'MS'}"Z"')`)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
