// How the operator bills, who gets a customer's invoices, and what is due next for them.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export async function readSettings(sql: Sql | Transaction): Promise<unknown> {
  const [row] = await sql<{ document: unknown }[]>`select document from billing_settings`
  return row?.document ?? null
}

export async function writeSettings(tx: Transaction, document: unknown): Promise<void> {
  await tx`
    insert into billing_settings (document) values (${JSON.stringify(document)}::text::jsonb)
    on conflict (only_one) do update set document = excluded.document, changed_at = now()`
}

export async function readProfiles(sql: Sql | Transaction, customers: readonly string[]): Promise<Map<string, unknown>> {
  const rows = await sql<{ customer: string; document: unknown }[]>`select customer_id as customer, document from billing_profile where customer_id = any(${customers as string[]}::text[])`
  return new Map(rows.map(({ customer, document }) => [customer, document]))
}

export async function writeProfile(tx: Transaction, customer: string, document: unknown): Promise<void> {
  await tx`
    insert into billing_profile (customer_id, document) values (${customer}, ${JSON.stringify(document)}::text::jsonb)
    on conflict (customer_id) do update set document = excluded.document, changed_at = now()`
}

/** Customers that are invoiced in the middle of a period, by id, after `after`. */
export async function progressiveCustomers(sql: Sql, input: { readonly after: string; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`select customer_id as customer from billing_profile where document ->> 'progressiveAt' is not null and customer_id > ${input.after} order by customer_id limit ${input.limit}`
  return rows.map(({ customer }) => customer)
}

/** Of these customers, those whose draft in the middle of a period waits for somebody. */
export async function withProgressiveDraft(sql: Sql | Transaction, customers: readonly string[]): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`select distinct customer_id as customer from invoice where customer_id = any(${customers as string[]}::text[]) and kind = 'progressive' and state = 'draft'`
  return rows.map(({ customer }) => customer)
}

export type TaxRateRow = { readonly id: string; readonly name: string; readonly percent: string }

export async function listTaxRates(sql: Sql | Transaction): Promise<TaxRateRow[]> {
  return sql<TaxRateRow[]>`select id, name, trim_scale(percent)::text as percent from tax_rate order by id`
}

export async function writeTaxRate(tx: Transaction, row: TaxRateRow): Promise<void> {
  await tx`insert into tax_rate (id, name, percent) values (${row.id}, ${row.name}, ${row.percent}) on conflict (id) do update set name = excluded.name, percent = excluded.percent`
}

/** `opened`: start of the period that was opened last; null before the first. */
export type ScheduleRow = { readonly customer: string; readonly periodStart: Instant; readonly step: 'open' | 'close'; readonly dueAt: Instant; readonly opened: Instant | null }

/** Customers that have no schedule yet, with the start of their subscription. */
export async function withoutSchedule(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select s.customer_id as customer from subscription s left join billing_schedule b on b.customer_id = s.customer_id where b.customer_id is null limit ${limit}`
  return rows.map(({ customer }) => customer)
}

/** Whose turn has come, by our clock or by the test clock that they live on, in order of customer; `after` is exclusive. */
export async function dueSchedules(sql: Sql, input: { readonly now: Instant; readonly after: string; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select customer from (
      (select customer_id as customer from billing_schedule where due_at <= ${input.now} and customer_id > ${input.after} order by customer_id limit ${input.limit})
      union
      (select b.customer_id from test_clock t join customer c on c.test_clock_id = t.id join billing_schedule b on b.customer_id = c.id
       where t.offset_ms > 0 and b.due_at <= ${input.now}::timestamptz + t.offset_ms * interval '1 millisecond' and b.customer_id > ${input.after} order by b.customer_id limit ${input.limit})) due
    order by customer limit ${input.limit}`
  return rows.map(({ customer }) => customer)
}

export async function readSchedules(sql: Sql | Transaction, customers: readonly string[]): Promise<ScheduleRow[]> {
  return sql<ScheduleRow[]>`
    select customer_id as customer, period_start as "periodStart", step, due_at as "dueAt", opened from billing_schedule where customer_id = any(${customers as string[]}::text[]) order by customer_id`
}

/** By our clock. */
export async function countDue(sql: Sql, now: Instant): Promise<number> {
  const [row] = await sql<{ count: bigint }[]>`select count(*) from billing_schedule where due_at <= ${now}`
  return Number(row!.count)
}

export async function writeSchedules(tx: Transaction | Sql, rows: readonly ScheduleRow[]): Promise<void> {
  if (rows.length === 0) return
  const text = (at: Instant | null) => (at === null ? null : new Date(at).toISOString())
  await tx`
    insert into billing_schedule (customer_id, period_start, step, due_at, opened)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ periodStart }) => text(periodStart))}::timestamptz[], ${rows.map(({ step }) => step)}::text[], ${rows.map(({ dueAt }) => text(dueAt))}::timestamptz[], ${rows.map(({ opened }) => text(opened))}::timestamptz[])
    on conflict (customer_id) do update set period_start = excluded.period_start, step = excluded.step, due_at = excluded.due_at, opened = excluded.opened`
}

/** The step is tried again later, by the clock that the customer lives on; what it is about stays. */
export async function postponeSchedule(tx: Transaction, customer: string, { now, forMs }: { readonly now: Instant; readonly forMs: number }): Promise<void> {
  await tx`
    update billing_schedule b set due_at = ${now}::timestamptz + (${forMs}::bigint + coalesce(t.offset_ms, 0)) * interval '1 millisecond'
    from customer c left join test_clock t on t.id = c.test_clock_id where c.id = b.customer_id and b.customer_id = ${customer}`
}
