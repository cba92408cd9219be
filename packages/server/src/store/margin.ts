// Usage by day, revenue that is no usage, and the users behind it, summed for a margin report.

import { CHART, type Instant } from '@tollgate/core'
import type { Fragment } from 'postgres'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type MarginDimension = 'customer' | 'feature' | 'model' | 'plan' | 'day'
type Span = { readonly from: Instant; readonly to: Instant }

export type UsageSum = { readonly group: readonly string[]; readonly asset: string; readonly costCurrency: string; readonly events: bigint; readonly amount: string; readonly cost: string }

/** In the order of `by`; days are those of settlement, as in the books. */
export async function usageSums(sql: Sql | Transaction, input: Span & { readonly by: readonly MarginDimension[]; readonly customer: string | null }): Promise<UsageSum[]> {
  return sql<UsageSum[]>`
    select ${groupOf(sql, input.by, { customer: 'customer_id', feature: 'feature', model: 'model', plan: 'plan', day: 'posted_on::text' })} as "group", asset, cost_currency as "costCurrency", sum(events)::bigint as events, sum(amount)::text as amount, sum(cost)::text as cost
    from usage_day where posted_on >= ${day(input.from)}::text::date and posted_on < ${day(input.to)}::text::date and (${input.customer}::text is null or customer_id = ${input.customer})
    group by 1, 2, 3`
}

/** Customers with usage in each group. */
export async function customersPerGroup(sql: Sql | Transaction, input: Span & { readonly by: readonly MarginDimension[]; readonly customer: string | null }): Promise<{ readonly group: readonly string[]; readonly customers: bigint }[]> {
  return sql`
    select ${groupOf(sql, input.by, { customer: 'customer_id', feature: 'feature', model: 'model', plan: 'plan', day: 'posted_on::text' })} as "group", count(distinct customer_id) as customers
    from usage_day where posted_on >= ${day(input.from)}::text::date and posted_on < ${day(input.to)}::text::date and (${input.customer}::text is null or customer_id = ${input.customer}) group by 1`
}

export type OtherSum = { readonly group: readonly string[]; readonly asset: string; readonly amount: string }

/** Accounts of revenue beside usage: what a month of the books calls revenue, less usage. Promotional wallets and their breakage are among them. */
const REVENUE = Object.entries(CHART).flatMap(([account, { kind }]) => (kind === 'revenue' && account !== 'usage_revenue' ? [account] : []))

/** By customer, plan and day; it has no feature and no model. */
export async function otherRevenue(sql: Sql | Transaction, input: Span & { readonly by: readonly MarginDimension[]; readonly customer: string | null }): Promise<OtherSum[]> {
  return sql<OtherSum[]>`
    with posted as (
      select customer_id, debit, credit, asset, amount, (posted_at at time zone 'UTC')::date as day from ledger_transfer
      where posted_at >= ${iso(input.from)}::timestamptz and posted_at < ${iso(input.to)}::timestamptz and (${input.customer}::text is null or customer_id = ${input.customer})),
    sides as (select customer_id, debit as account, asset, -amount as amount, day from posted union all select customer_id, credit, asset, amount, day from posted)
    select ${groupOf(sql, input.by, { customer: 's.customer_id', feature: "''", model: "''", plan: "coalesce(u.plan, '')", day: 's.day::text' })} as "group", s.asset, sum(s.amount)::text as amount
    from sides s left join credit_block b on s.account like 'wallet:%' and b.customer_id = s.customer_id and b.id = substr(s.account, 8) left join subscription u on u.customer_id = s.customer_id
    where s.asset ~ '^[A-Z]{3}$' and (s.account = any(${REVENUE}::text[]) or b.category = 'promotional') group by 1, 2 having sum(s.amount) <> 0`
}

/** What used credits of another unit earned in money, as the books say it: used credits and their revenue, by unit and currency. */
export async function creditRevenue(sql: Sql | Transaction, { from, to, customer }: Span & { readonly customer: string | null }): Promise<{ readonly asset: string; readonly currency: string; readonly revenue: string }[]> {
  return sql`
    select t.asset, b.cost_currency as currency, sum(round(t.amount * b.cost / b.granted, 12) * case when t.credit in ('usage_revenue', 'wallet_debt') then 1 else -1 end)::text as revenue
    from ledger_transfer t join credit_block b on b.customer_id = t.customer_id and b.id = substr(case when t.debit like 'wallet:%' then t.debit else t.credit end, 8) and b.cost is not null
    where t.posted_at >= ${iso(from)}::timestamptz and t.posted_at < ${iso(to)}::timestamptz and (${customer}::text is null or t.customer_id = ${customer}) and t.asset !~ '^[A-Z]{3}$' and ('usage_revenue' in (t.debit, t.credit) or 'wallet_debt' in (t.debit, t.credit))
      and (t.debit like 'wallet:%' or t.credit like 'wallet:%') group by 1, 2`
}

/** Distinct users (entities of kind user) with usage. */
export async function activeUsers(sql: Sql | Transaction, { from, to }: Span): Promise<number> {
  const [row] = await sql<{ users: bigint }[]>`
    select count(distinct (r.customer_id, r.entity_id)) as users from rollup_hour r join entity e on e.customer_id = r.customer_id and e.id = r.entity_id and e.kind = 'user'
    where r.start >= ${iso(from)}::timestamptz and r.start < ${iso(to)}::timestamptz and r.events > 0`
  return Number(row!.users)
}

/** Assets of usage, cost and documents. */
export async function assetsInBooks(sql: Sql | Transaction): Promise<string[]> {
  const rows = await sql<{ asset: string }[]>`select distinct asset from usage_day union select distinct cost_currency from usage_day where cost_currency <> '' union select distinct currency from invoice`
  return rows.map(({ asset }) => asset)
}

/** Subjects that were told of in a month; those that were not yet are noted. */
export async function noteMarginAlerts(tx: Transaction, month: string, subjects: readonly { readonly kind: string; readonly subject: string }[]): Promise<{ readonly kind: string; readonly subject: string }[]> {
  if (subjects.length === 0) return []
  return tx<{ kind: string; subject: string }[]>`
    insert into margin_alert (month, kind, subject) select ${month}, k, s from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ subject }) => subject)}::text[]) as t(k, s)
    on conflict do nothing returning kind, subject`
}

function groupOf(sql: Sql | Transaction, by: readonly MarginDimension[], columns: Readonly<Record<MarginDimension, string>>): Fragment {
  return by.length === 0 ? (sql`'{}'::text[]` as Fragment) : (sql.unsafe(`array[${by.map((name) => columns[name]).join(', ')}]::text[]`) as unknown as Fragment)
}

function day(at: Instant): string {
  return iso(at).slice(0, 10)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
