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

export type TaxRateRow = { readonly id: string; readonly name: string; readonly percent: string }

export async function listTaxRates(sql: Sql | Transaction): Promise<TaxRateRow[]> {
  return sql<TaxRateRow[]>`select id, name, trim_scale(percent)::text as percent from tax_rate order by id`
}

export async function writeTaxRate(tx: Transaction, row: TaxRateRow): Promise<void> {
  await tx`insert into tax_rate (id, name, percent) values (${row.id}, ${row.name}, ${row.percent}) on conflict (id) do update set name = excluded.name, percent = excluded.percent`
}

export type ScheduleRow = { readonly customer: string; readonly periodStart: Instant; readonly step: 'open' | 'close'; readonly dueAt: Instant }

/** Customers that have no schedule yet, with the start of their subscription. */
export async function withoutSchedule(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select s.customer_id as customer from subscription s left join billing_schedule b on b.customer_id = s.customer_id where b.customer_id is null limit ${limit}`
  return rows.map(({ customer }) => customer)
}

/** What is due, in order of customer; `after` is exclusive. */
export async function dueSchedules(sql: Sql, input: { readonly now: Instant; readonly after: string; readonly limit: number }): Promise<ScheduleRow[]> {
  return sql<ScheduleRow[]>`
    select customer_id as customer, period_start as "periodStart", step, due_at as "dueAt" from billing_schedule
    where due_at <= ${input.now} and customer_id > ${input.after} order by customer_id limit ${input.limit}`
}

export async function readSchedules(sql: Sql | Transaction, customers: readonly string[]): Promise<ScheduleRow[]> {
  return sql<ScheduleRow[]>`
    select customer_id as customer, period_start as "periodStart", step, due_at as "dueAt" from billing_schedule where customer_id = any(${customers as string[]}::text[]) order by customer_id`
}

export async function countDue(sql: Sql, now: Instant): Promise<number> {
  const [row] = await sql<{ count: bigint }[]>`select count(*) from billing_schedule where due_at <= ${now}`
  return Number(row!.count)
}

export async function writeSchedules(tx: Transaction | Sql, rows: readonly ScheduleRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into billing_schedule (customer_id, period_start, step, due_at)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ periodStart }) => new Date(periodStart).toISOString())}::timestamptz[], ${rows.map(({ step }) => step)}::text[], ${rows.map(({ dueAt }) => new Date(dueAt).toISOString())}::timestamptz[])
    on conflict (customer_id) do update set period_start = excluded.period_start, step = excluded.step, due_at = excluded.due_at`
}
