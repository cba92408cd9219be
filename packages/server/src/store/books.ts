// The books as rows: sums of the ledger by account and cause over any span, and days that are closed for ever.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

/** Amounts are decimal text. */
export type MoveRow = { readonly asset: string; readonly account: string; readonly cause: string; readonly debits: string; readonly credits: string }

/**
 * What was posted in a half-open span, by account and cause. Wallets are `wallet_paid` or `wallet_promotional`, and what of promotional credit expired is
 * `breakage_promotional`.
 */
export async function ledgerMoves(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<MoveRow[]> {
  return sql<MoveRow[]>`
    with posted as (select customer_id, debit, credit, asset, amount, cause from ledger_transfer where posted_at >= ${iso(span.from)}::timestamptz and posted_at < ${iso(span.to)}::timestamptz),
    sides as (
      select customer_id, asset, cause, debit as account, credit as other, amount as debits, 0::numeric as credits from posted
      union all select customer_id, asset, cause, credit, debit, 0, amount from posted)
    select s.asset, ${accountClass(sql)} as account, s.cause, sum(s.debits)::text as debits, sum(s.credits)::text as credits
    from sides s
    left join credit_block b on s.account like 'wallet:%' and b.customer_id = s.customer_id and b.id = substr(s.account, 8)
    left join credit_block o on s.account = 'breakage' and s.other like 'wallet:%' and o.customer_id = s.customer_id and o.id = substr(s.other, 8)
    group by 1, 2, 3
    union all ${valuedCredits(sql, span)} order by 1, 2, 3`
}

/**
 * Credits of another unit than money, at what was paid for their block: money when it is bought, revenue as it is used (also by a top-up that repays what
 * was used before), breakage when it expires. Blocks whose price nobody told have none.
 */
function valuedCredits(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }) {
  return sql`
    select v.asset, case when v.account like 'wallet:%' then 'wallet_units' when v.account in ('usage_revenue', 'wallet_debt') then 'credit_revenue' else v.account end, v.cause, sum(v.debits)::text, sum(v.credits)::text
    from (
      select b.cost_currency as asset, t.cause, side.account, case when side.is_debit then m.amount else 0 end as debits, case when side.is_debit then 0 else m.amount end as credits
      from ledger_transfer t
      join credit_block b on b.customer_id = t.customer_id and b.id = substr(case when t.debit like 'wallet:%' then t.debit else t.credit end, 8) and b.cost is not null
      cross join lateral (select round(t.amount * b.cost / b.granted, 12) as amount) m
      cross join lateral (values (t.debit, true), (t.credit, false)) as side(account, is_debit)
      where t.posted_at >= ${iso(span.from)}::timestamptz and t.posted_at < ${iso(span.to)}::timestamptz and t.asset !~ '^[A-Z]{3}$' and (t.debit like 'wallet:%' or t.credit like 'wallet:%')) v
    group by 1, 2, 3`
}

function accountClass(sql: Sql | Transaction) {
  return sql`case when s.account like 'wallet:%' then 'wallet_' || coalesce(b.category, 'paid') when s.account = 'breakage' and o.category = 'promotional' then 'breakage_promotional' else s.account end`
}

/** Days that are closed, from the first to before the last, as one sum. Days are `2026-11-25`. */
export async function closedMoves(sql: Sql | Transaction, span: { readonly from: string | null; readonly to: string }): Promise<MoveRow[]> {
  return sql<MoveRow[]>`
    select asset, account, cause, sum(debits)::text as debits, sum(credits)::text as credits from book_day_sum
    where day < ${span.to}::text::date and (${span.from}::text is null or day >= ${span.from}::text::date) group by 1, 2, 3 order by 1, 2, 3`
}

export async function closedDays(sql: Sql | Transaction, span: { readonly from: string; readonly to: string }): Promise<(MoveRow & { readonly day: string })[]> {
  return sql<(MoveRow & { readonly day: string })[]>`
    select day, asset, account, cause, debits::text as debits, credits::text as credits from book_day_sum
    where day >= ${span.from}::text::date and day < ${span.to}::text::date order by day, asset, cause, account`
}

/** The last closed day; null before the first. */
export async function lastClosedDay(sql: Sql | Transaction): Promise<string | null> {
  const [row] = await sql<{ day: string | null }[]>`select max(day) as day from book_day`
  return row?.day ?? null
}

/** When anything was posted or settled first; null while nothing was. */
export async function firstPosted(sql: Sql | Transaction): Promise<Instant | null> {
  const [row] = await sql<{ at: Instant | null }[]>`select least((select min(posted_at) from ledger_transfer), (select min(settled_at) from settlement_batch)) as at`
  return row?.at ?? null
}

/** True when no transaction that began before `at` can still post anything: what it posts is dated by its beginning. */
export async function isSettledBefore(sql: Sql | Transaction, at: Instant): Promise<boolean> {
  const [row] = await sql<{ settled: boolean }[]>`
    select now() >= ${iso(at)}::timestamptz and not exists (
      select 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start < ${iso(at)}::timestamptz) as settled`
  return row!.settled
}

export async function lockBooks(tx: Transaction): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('tollgate.book_day'))`
}

export async function insertBookDay(tx: Transaction, day: string, rows: readonly MoveRow[]): Promise<void> {
  await tx`
    insert into book_day (day, transfers) values (${day}::text::date, (select count(*) from ledger_transfer where posted_at >= ${`${day}T00:00:00Z`}::timestamptz and posted_at < ${`${day}T00:00:00Z`}::timestamptz + interval '1 day'))`
  if (rows.length === 0) return
  await tx`
    insert into book_day_sum (day, asset, account, cause, debits, credits)
    select ${day}::text::date, a, c, k, d, r from unnest(${rows.map(({ asset }) => asset)}::text[], ${rows.map(({ account }) => account)}::text[], ${rows.map(({ cause }) => cause)}::text[],
      ${rows.map(({ debits }) => debits)}::numeric[], ${rows.map(({ credits }) => credits)}::numeric[]) as t(a, c, k, d, r)`
}

export async function readBookSettings(sql: Sql | Transaction): Promise<unknown> {
  const [row] = await sql<{ document: unknown }[]>`select document from book_settings`
  return row?.document ?? null
}

export async function writeBookSettings(tx: Transaction, document: unknown): Promise<void> {
  await tx`
    insert into book_settings (document) values (${JSON.stringify(document)}::text::jsonb)
    on conflict (only_one) do update set document = excluded.document, changed_at = now()`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
