// Notices of wallets: their thresholds, and what was told. A threshold that is crossed is told by whoever inserts its row first.

import { formatUnits, parseUnits, type Instant, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { WalletKey } from './recharge.ts'

export type NoticeTerms = { readonly lowBalance: readonly string[]; readonly expiryDays: readonly number[] }
export type NoticeSide = 'operator' | 'tenant'

type TermsText = { readonly lowBalance: string[]; readonly expiryDays: number[] }

/** What each side set for a wallet, and what holds where the operator set nothing. */
export async function readNotices(sql: Sql | Transaction, of: WalletKey): Promise<Partial<Record<NoticeSide | 'default', NoticeTerms>>> {
  const rows = await sql<(TermsText & { side: NoticeSide | 'default' })[]>`
    select set_by as side, low_balance as "lowBalance", expiry_days as "expiryDays" from wallet_notice where customer_id = ${of.customer} and asset = ${of.asset}
    union all select 'default', low_balance, expiry_days from wallet_notice_default where asset = ${of.asset}`
  return Object.fromEntries(rows.map(({ side, lowBalance, expiryDays }) => [side, { lowBalance: lowBalance.map((text) => formatUnits(parseUnits(text, of.asset), of.asset)), expiryDays }]))
}

export async function writeNotice(tx: Transaction, row: WalletKey & NoticeTerms & { readonly side: NoticeSide }): Promise<void> {
  await tx`
    insert into wallet_notice (customer_id, asset, set_by, low_balance, expiry_days) values (${row.customer}, ${row.asset}, ${row.side}, ${row.lowBalance as string[]}::numeric[], ${row.expiryDays as number[]}::int[])
    on conflict (customer_id, asset, set_by) do update set low_balance = excluded.low_balance, expiry_days = excluded.expiry_days, changed_at = now()`
}

export async function writeNoticeDefault(tx: Transaction, row: NoticeTerms & { readonly asset: string }): Promise<void> {
  await tx`
    insert into wallet_notice_default (asset, low_balance, expiry_days) values (${row.asset}, ${row.lowBalance as string[]}::numeric[], ${row.expiryDays as number[]}::int[])
    on conflict (asset) do update set low_balance = excluded.low_balance, expiry_days = excluded.expiry_days, changed_at = now()`
}

export async function listNoticeDefaults(sql: Sql): Promise<(NoticeTerms & { readonly asset: string })[]> {
  const rows = await sql<(TermsText & { asset: string })[]>`select asset, low_balance as "lowBalance", expiry_days as "expiryDays" from wallet_notice_default order by asset`
  return rows.map((row) => ({ ...row, lowBalance: row.lowBalance.map((text) => formatUnits(parseUnits(text, row.asset), row.asset)) }))
}

export type LowBalance = WalletKey & { readonly threshold: string; readonly balance: string }

/**
 * Looks at one page of wallets: thresholds that the balance is above again are armed, and those that it is at or below are marked as told; the
 * answer names those that were not before. A wallet that never held anything is not low.
 */
export async function markLow(tx: Transaction, input: { readonly after: WalletKey; readonly limit: number }): Promise<{ readonly low: readonly LowBalance[]; readonly last: WalletKey | null }> {
  const page = tx`
    select customer_id, budget_id, substr(budget_id, 8) as asset, limit_amount - settled as balance, limit_amount from budget_state
    where budget_id like 'wallet:%' and budget_id not like '%/%' and (customer_id, budget_id) > (${input.after.customer}, ${`wallet:${input.after.asset}`}) order by customer_id, budget_id limit ${input.limit}`
  await tx`delete from wallet_told w using (${page}) p where w.customer_id = p.customer_id and w.asset = p.asset and w.kind = 'low' and w.threshold < p.balance`
  const [row] = await tx<{ low: LowBalance[]; last: WalletKey | null }[]>`
    with page as (${page}), crossed as (
      select distinct p.customer_id, p.asset, p.balance, t.threshold from page p
      left join wallet_notice o on o.customer_id = p.customer_id and o.asset = p.asset and o.set_by = 'operator'
      left join wallet_notice n on n.customer_id = p.customer_id and n.asset = p.asset and n.set_by = 'tenant'
      left join wallet_notice_default d on d.asset = p.asset
      cross join lateral unnest(coalesce(o.low_balance, d.low_balance, '{}') || coalesce(n.low_balance, '{}')) t(threshold)
      where p.limit_amount > 0 and p.balance <= t.threshold
    ), told as (
      insert into wallet_told (customer_id, asset, kind, threshold) select customer_id, asset, 'low', threshold from crossed on conflict do nothing returning customer_id, asset, threshold
    )
    select (select coalesce(jsonb_agg(jsonb_build_object('customer', customer_id, 'asset', asset, 'threshold', trim_scale(threshold)::text, 'balance', trim_scale(balance)::text) order by customer_id, asset, threshold desc), '[]')
        from told join crossed using (customer_id, asset, threshold)) as low,
      (select case when (select count(*) from page) = ${input.limit}::int then (select jsonb_build_object('customer', customer_id, 'asset', asset) from page order by customer_id desc, budget_id desc limit 1) end) as last`
  return row!
}

/** Thresholds below the balance may be told again: at once with what raised it, so that a fall before the next look is a new one. */
export async function armLow(tx: Transaction, of: WalletKey, balance: Units): Promise<void> {
  await tx`delete from wallet_told where customer_id = ${of.customer} and asset = ${of.asset} and kind = 'low' and threshold < ${formatUnits(balance, of.asset)}::numeric`
}

/** The longest lead time that anybody set, in days: what ends later need not be looked at. */
export async function longestLead(sql: Sql | Transaction): Promise<number> {
  const [row] = await sql<{ days: number }[]>`select coalesce(max(days), 0)::int as days from (select unnest(expiry_days) as days from wallet_notice union all select unnest(expiry_days) from wallet_notice_default) leads`
  return row!.days
}

export type EndingCredit = WalletKey & { readonly block: string; readonly days: number; readonly remaining: string; readonly expiresAt: Instant }

/** Marks ends of credits that come within a lead time and were not told yet; at most `limit`, the nearest first. */
export async function markEnding(tx: Transaction, input: { readonly now: Instant; readonly daysMax: number; readonly daysDefault: readonly number[]; readonly limit: number }): Promise<EndingCredit[]> {
  return tx<EndingCredit[]>`
    with ending as (
      select b.customer_id, b.asset, b.id, b.remaining, b.expires_at, t.days from credit_block b
      left join wallet_notice o on o.customer_id = b.customer_id and o.asset = b.asset and o.set_by = 'operator'
      left join wallet_notice n on n.customer_id = b.customer_id and n.asset = b.asset and n.set_by = 'tenant'
      left join wallet_notice_default d on d.asset = b.asset
      cross join lateral (select distinct days from unnest(coalesce(o.expiry_days, d.expiry_days, ${input.daysDefault as number[]}::int[]) || coalesce(n.expiry_days, '{}')) u(days)) t
      where b.remaining > 0 and b.expires_at > ${input.now} and b.expires_at <= ${input.now}::timestamptz + ${input.daysMax} * interval '1 day' and b.expires_at <= ${input.now}::timestamptz + t.days * interval '1 day'
        and not exists (select 1 from wallet_told w where w.customer_id = b.customer_id and w.asset = b.asset and w.kind = 'expiry' and w.threshold = t.days and w.block_id = b.id)
      order by b.expires_at, b.customer_id, b.id, t.days limit ${input.limit}
    ), told as (
      insert into wallet_told (customer_id, asset, kind, threshold, block_id) select customer_id, asset, 'expiry', days, id from ending on conflict do nothing returning customer_id, asset, threshold, block_id
    )
    select e.customer_id as customer, e.asset, e.id as block, e.days, trim_scale(e.remaining)::text as remaining, e.expires_at as "expiresAt"
    from ending e join told t on t.customer_id = e.customer_id and t.asset = e.asset and t.threshold = e.days and t.block_id = e.id order by e.expires_at, e.customer_id, e.id, e.days desc`
}

export async function forgetEnding(tx: Transaction, of: { readonly customer: string; readonly block: string }): Promise<void> {
  await tx`delete from wallet_told where customer_id = ${of.customer} and kind = 'expiry' and block_id = ${of.block}`
}
