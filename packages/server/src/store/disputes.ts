// What a dispute file of one customer and time is made of, beside the records that others read too.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

type Of = { readonly customer: string; readonly from: Instant; readonly to: Instant }

/** Events of a customer, counted up to one above `max`. */
export async function countEvents(sql: Sql | Transaction, customer: string, max: number): Promise<number> {
  const [row] = await sql<{ events: bigint }[]>`select count(*) as events from (select 1 from usage_event where customer_id = ${customer} limit ${max + 1}) e`
  return Number(row!.events)
}

/** Catalog versions that charged the events of the time. */
export async function versionsIn(sql: Sql | Transaction, of: Of): Promise<number[]> {
  const rows = await sql<{ version: number }[]>`
    select distinct catalog_version as version from usage_event where customer_id = ${of.customer} and time >= ${iso(of.from)}::timestamptz and time < ${iso(of.to)}::timestamptz order by 1`
  return rows.map(({ version }) => version)
}

export async function plansIn(sql: Sql | Transaction, of: Of): Promise<string[]> {
  const rows = await sql<{ plan: string }[]>`select distinct plan from usage_day where customer_id = ${of.customer} and day >= ${iso(of.from).slice(0, 10)}::text::date and day < ${iso(of.to).slice(0, 10)}::text::date`
  return rows.map(({ plan }) => plan)
}

export async function chargedIn(sql: Sql | Transaction, of: Of): Promise<{ readonly asset: string; readonly amount: string; readonly events: bigint }[]> {
  return sql`
    select asset, sum(amount)::text as amount, count(*) as events from usage_event
    where customer_id = ${of.customer} and time >= ${iso(of.from)}::timestamptz and time < ${iso(of.to)}::timestamptz group by 1 order by 1`
}

/** Invoices whose period or day of issue falls into the time, and the credit notes of those; voided ones too, because they were sent. */
export async function documentsOf(sql: Sql | Transaction, of: Of): Promise<{ readonly id: string; readonly state: string; readonly document: unknown }[]> {
  return sql`
    with chosen as (
      select id, state, document, finalized_at as at from invoice
      where customer_id = ${of.customer} and state <> 'draft'
        and ((period_start < ${iso(of.to)}::timestamptz and period_end > ${iso(of.from)}::timestamptz) or (finalized_at >= ${iso(of.from)}::timestamptz and finalized_at < ${iso(of.to)}::timestamptz)))
    select id, state, document from (
      select id, state, document, at from chosen
      union all select n.id, 'issued', n.document, n.created_at from credit_note n where n.customer_id = ${of.customer} and n.invoice_id in (select id from chosen)) d order by at, id limit 1000`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
