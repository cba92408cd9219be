// What a FOCUS export is made of, for a page of customers: usage by day out of the rollups, who paid it out of the events, credit that was bought, and
// the documents that were issued.

import type { Instant, InvoiceDocument } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

type Of = { readonly customers: readonly string[]; readonly from: Instant; readonly to: Instant }

export async function customersAfter(sql: Sql | Transaction, of: { readonly after: string; readonly customer: string | null; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`select id from customer where id > ${of.after} and (${of.customer}::text is null or id = ${of.customer}) order by id limit ${of.limit}`
  return rows.map(({ id }) => id)
}

export type UsageOfDay = {
  readonly customer: string; readonly day: string; readonly periodStart: Instant; readonly meter: string; readonly kind: string; readonly feature: string; readonly entity: string; readonly model: string; readonly asset: string
  readonly quantity: string; readonly amount: string; readonly events: bigint
}

export async function usageByDay(sql: Sql | Transaction, of: Of): Promise<UsageOfDay[]> {
  return sql<UsageOfDay[]>`
    select customer_id as customer, (start at time zone 'UTC')::date as day, period_start as "periodStart", meter, kind, feature, entity_id as entity, coalesce(dimensions ->> 'model', '') as model, asset,
      trim_scale(sum(quantity))::text as quantity, trim_scale(sum(amount))::text as amount, sum(events)::bigint as events
    from rollup_hour where customer_id = any(${of.customers as string[]}::text[]) and start >= ${iso(of.from)}::timestamptz and start < ${iso(of.to)}::timestamptz
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9 having sum(events) <> 0 or sum(amount) <> 0 order by 1, 2, 4, 6, 7, 8`
}

export type PaidOfDay = { readonly customer: string; readonly day: string; readonly periodStart: Instant; readonly asset: string; readonly category: 'paid' | 'promotional' | 'included'; readonly amount: string }

/** Usage that nobody is billed for any more: credit paid it, or a fee includes it. What a wallet owes is paid by its next top-up. */
export async function paidByDay(sql: Sql | Transaction, of: Of): Promise<PaidOfDay[]> {
  return sql<PaidOfDay[]>`
    with e as (
      select customer_id, (time at time zone 'UTC')::date as day, period_start, asset, (charges -> 'paid')::jsonb as paid from usage_event
      where customer_id = any(${of.customers as string[]}::text[]) and time >= ${iso(of.from)}::timestamptz and time < ${iso(of.to)}::timestamptz),
    parts as (
      select e.customer_id, day, period_start, e.asset, coalesce(b.category, 'paid') as category, (d ->> 'amount')::numeric as amount
      from e cross join lateral jsonb_array_elements(paid -> 'draws') d left join credit_block b on b.customer_id = e.customer_id and b.id = d ->> 'block'
      union all select customer_id, day, period_start, asset, 'included', (i ->> 'amount')::numeric from e cross join lateral jsonb_array_elements(coalesce(paid -> 'included', '[]')) i
      union all select customer_id, day, period_start, asset, 'paid', (paid ->> 'debt')::numeric from e)
    select customer_id as customer, day, period_start as "periodStart", asset, category, trim_scale(sum(amount))::text as amount from parts
    group by 1, 2, 3, 4, 5 having sum(amount) <> 0 order by 1, 2, 4, 5`
}

export type Bought = {
  readonly customer: string; readonly at: Instant; readonly id: string; readonly asset: string; readonly amount: string; readonly isTax: boolean; readonly isRefund: boolean
  /** Money for it; zero where credits of another unit were added and nobody said for how much. */
  readonly billed: string
  /** Of the money, where credits are another unit. */
  readonly currency: string | null
}

/** Credit that money came for, with the tax on it. */
export async function creditsBought(sql: Sql | Transaction, of: Of): Promise<Bought[]> {
  return sql<Bought[]>`
    select t.customer_id as customer, t.posted_at as at, t.cause_id as id, t.asset, trim_scale(m.sign * t.amount)::text as amount, 'tax_payable' in (t.debit, t.credit) as "isTax", t.cause = 'refund' as "isRefund",
      trim_scale(m.sign * case when t.asset ~ '^[A-Z]{3}$' then t.amount else coalesce(round(t.amount * b.cost / b.granted, 12), 0) end)::text as billed, case when t.asset !~ '^[A-Z]{3}$' then b.cost_currency end as currency
    from ledger_transfer t cross join lateral (select case when t.debit = 'payment_clearing' then 1 else -1 end as sign) m
    left join credit_block b on t.asset !~ '^[A-Z]{3}$' and b.customer_id = t.customer_id and b.id = substr(case when t.debit like 'wallet:%' then t.debit else t.credit end, 8)
    where t.customer_id = any(${of.customers as string[]}::text[]) and t.cause in ('top_up', 'refund') and 'payment_clearing' in (t.debit, t.credit) and t.posted_at >= ${iso(of.from)}::timestamptz and t.posted_at < ${iso(of.to)}::timestamptz
    order by t.customer_id, t.sequence`
}

export type IssuedDocument = { readonly customer: string; readonly id: string; readonly at: Instant; readonly periodStart: Instant; readonly periodEnd: Instant; readonly document: InvoiceDocument }

/** Invoices that got their number and stand, and credit notes. * */
export async function documentsIssued(sql: Sql | Transaction, of: Of): Promise<IssuedDocument[]> {
  return sql<IssuedDocument[]>`
    select customer_id as customer, id, finalized_at as at, period_start as "periodStart", period_end as "periodEnd", document from invoice
    where customer_id = any(${of.customers as string[]}::text[]) and state not in ('draft', 'void') and finalized_at >= ${iso(of.from)}::timestamptz and finalized_at < ${iso(of.to)}::timestamptz
    union all
    select n.customer_id, n.id, n.created_at, i.period_start, i.period_end, n.document from credit_note n join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
    where n.customer_id = any(${of.customers as string[]}::text[]) and n.created_at >= ${iso(of.from)}::timestamptz and n.created_at < ${iso(of.to)}::timestamptz
    order by 1, 3, 2`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
