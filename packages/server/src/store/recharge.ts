// Rules by which wallets fill themselves, and purchases of credits. A purchase changes under its customer's lock.

import { formatUnits, parseUnits, type Instant, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type WalletKey = { readonly customer: string; readonly asset: string }

export type RuleRow = {
  readonly customer: string
  readonly asset: string
  readonly threshold: Units
  readonly amount: Units | null
  readonly target: Units | null
  /** In the currency of the price, decimal text. */
  readonly monthMax: string | null
  readonly cooldownMs: number
  readonly method: string
  readonly failures: number
  readonly stoppedAt: Instant | null
  readonly stoppedReason: string | null
  readonly boundedMonth: Instant | null
  /** It is not decided again before; null for at once. */
  readonly lookAgainAt: Instant | null
}

type RuleText = Omit<RuleRow, 'threshold' | 'amount' | 'target' | 'cooldownMs'> & { readonly threshold: string; readonly amount: string | null; readonly target: string | null; readonly cooldownMs: bigint }

export async function findRule(sql: Sql | Transaction, of: WalletKey): Promise<RuleRow | null> {
  const [row] = await sql<RuleText[]>`${selectRule(sql)} where customer_id = ${of.customer} and asset = ${of.asset}`
  return row === undefined ? null : ruleOf(row)
}

export async function listRules(sql: Sql, customer: string): Promise<RuleRow[]> {
  return (await sql<RuleText[]>`${selectRule(sql)} where customer_id = ${customer} order by asset`).map(ruleOf)
}

export async function writeRule(tx: Transaction, row: RuleRow): Promise<void> {
  const amount = (value: Units | null) => (value === null ? null : formatUnits(value, row.asset))
  await tx`
    insert into recharge_rule (customer_id, asset, threshold, amount, target, month_max, cooldown_ms, method, failures, stopped_at, stopped_reason, bounded_month, look_again_at)
    values (${row.customer}, ${row.asset}, ${amount(row.threshold)}, ${amount(row.amount)}, ${amount(row.target)}, ${row.monthMax}, ${row.cooldownMs}, ${row.method}, ${row.failures}, ${row.stoppedAt}, ${row.stoppedReason}, ${row.boundedMonth}, ${row.lookAgainAt})
    on conflict (customer_id, asset) do update set threshold = excluded.threshold, amount = excluded.amount, target = excluded.target, month_max = excluded.month_max, cooldown_ms = excluded.cooldown_ms,
      method = excluded.method, failures = excluded.failures, stopped_at = excluded.stopped_at, stopped_reason = excluded.stopped_reason, bounded_month = excluded.bounded_month, look_again_at = excluded.look_again_at, changed_at = now()`
}

export async function deleteRule(tx: Transaction, of: WalletKey): Promise<boolean> {
  const rows = await tx`delete from recharge_rule where customer_id = ${of.customer} and asset = ${of.asset} returning asset`
  return rows.length > 0
}

/** Wallets of a page of rules whose balance is at or below their threshold and for which nothing is under way; `last` is where the page ended. */
export async function crossedRules(sql: Sql, input: { readonly now: Instant; readonly after: WalletKey; readonly limit: number }): Promise<{ readonly crossed: readonly WalletKey[]; readonly last: WalletKey | null }> {
  const [row] = await sql<{ crossed: WalletKey[]; last: WalletKey | null }[]>`
    with page as (select * from recharge_rule where (customer_id, asset) > (${input.after.customer}, ${input.after.asset}) order by customer_id, asset limit ${input.limit}), below as (
      select r.customer_id as customer, r.asset from page r
      join budget_state b on b.customer_id = r.customer_id and b.budget_id = 'wallet:' || r.asset
      where r.stopped_at is null and (r.look_again_at is null or r.look_again_at <= ${input.now}) and b.limit_amount - b.settled <= r.threshold
        and not exists (select 1 from credit_payment p where p.customer_id = r.customer_id and p.asset = r.asset and p.cause = 'recharge' and p.state in ('pending', 'asked')))
    select (select coalesce(jsonb_agg(to_jsonb(below) order by customer, asset), '[]') from below) as crossed,
      (select case when (select count(*) from page) = ${input.limit}::int then (select jsonb_build_object('customer', customer_id, 'asset', asset) from page order by customer_id desc, asset desc limit 1) end) as last`
  return row!
}

export type PaymentState = 'pending' | 'asked' | 'succeeded' | 'failed'
export type PaymentTax = { readonly name: string; readonly percent: string; readonly amount: string }
export type PaymentRow = {
  readonly customer: string
  readonly id: string
  readonly cause: 'recharge' | 'top_up'
  readonly method: string
  readonly state: PaymentState
  readonly asset: string
  readonly credits: Units
  readonly bonus: Units
  readonly currency: string
  readonly net: Units
  readonly tax: Units
  readonly taxes: readonly PaymentTax[]
  /** Why there is none, as its invoice prints it. */
  readonly taxNotes: readonly string[]
  readonly days: number | null
  readonly bonusDays: number | null
  /** Features that the credits pay for; none: all. */
  readonly features: readonly string[]
  readonly providerId: string | null
  readonly providerSource: string | null
  readonly reason: string | null
  readonly attempts: number
  /** Of the net, given back. */
  readonly refunded: Units
  readonly createdAt: Instant
  readonly endedAt: Instant | null
}

type PaymentText = Omit<PaymentRow, 'credits' | 'bonus' | 'net' | 'tax' | 'refunded'> & { readonly credits: string; readonly bonus: string; readonly net: string; readonly tax: string; readonly refunded: string }

/** False where another payment of the wallet's rule is under way. */
export async function insertPayment(tx: Transaction, row: PaymentRow & { readonly nextLookAt: Instant }): Promise<boolean> {
  const rows = await tx`
    insert into credit_payment (customer_id, id, cause, method, state, asset, credits, bonus, currency, net, tax, taxes, tax_notes, days, bonus_days, features, provider_id, next_look_at, created_at)
    values (${row.customer}, ${row.id}, ${row.cause}, ${row.method}, ${row.state}, ${row.asset}, ${formatUnits(row.credits, row.asset)}, ${formatUnits(row.bonus, row.asset)}, ${row.currency}, ${formatUnits(row.net, row.currency)},
      ${formatUnits(row.tax, row.currency)}, ${tx.json(row.taxes as never)}, ${row.taxNotes as string[]}, ${row.days}, ${row.bonusDays}, ${row.features as string[]}, ${row.providerId}, ${row.nextLookAt}, ${row.createdAt})
    on conflict do nothing returning id`
  return rows.length > 0
}

export async function findPayment(sql: Sql | Transaction, id: string): Promise<PaymentRow | null> {
  const [row] = await sql<PaymentText[]>`${selectPayment(sql)} where id = ${id}`
  return row === undefined ? null : paymentOf(row)
}

/** The purchase that a provider's record, or your own payment code's, is already the payment of; null for none. */
export async function paymentOfReference(tx: Transaction, of: { readonly method: string; readonly providerId: string }): Promise<string | null> {
  const [row] = await tx<{ id: string }[]>`select id from credit_payment where method = ${of.method} and provider_id = ${of.providerId}`
  return row?.id ?? null
}

export async function updatePayment(tx: Sql | Transaction, row: Pick<PaymentRow, 'customer' | 'id' | 'state' | 'providerId' | 'providerSource' | 'reason' | 'attempts' | 'endedAt'> & { readonly nextLookAt: Instant | null }): Promise<void> {
  await tx`
    update credit_payment set state = ${row.state}, provider_id = coalesce(provider_id, ${row.providerId}), provider_source = coalesce(${row.providerSource}, provider_source), reason = ${row.reason},
      attempts = ${row.attempts}, ended_at = ${row.endedAt}, next_look_at = ${row.nextLookAt} where customer_id = ${row.customer} and id = ${row.id}`
}

/** Names the page of a purchase that waits for one. */
export async function setPaymentPage(sql: Sql, of: { readonly customer: string; readonly id: string; readonly page: string }): Promise<void> {
  await sql`update credit_payment set provider_id = ${of.page} where customer_id = ${of.customer} and id = ${of.id} and state = 'asked' and provider_id is null`
}

/** Payments to be asked for or looked after now, the longest waiting first. */
export async function duePayments(sql: Sql, input: { readonly now: Instant; readonly limit: number }): Promise<PaymentRow[]> {
  return (await sql<PaymentText[]>`${selectPayment(sql)} where state in ('pending', 'asked') and next_look_at <= ${input.now} order by next_look_at limit ${input.limit}`).map(paymentOf)
}

/** Newest first, older than `before`. */
export async function listPayments(sql: Sql, input: { readonly customer: string; readonly before: { readonly at: Instant; readonly id: string } | null; readonly limit: number }): Promise<PaymentRow[]> {
  const { before } = input
  return (await sql<PaymentText[]>`
    ${selectPayment(sql)} where customer_id = ${input.customer} and (${before === null}::boolean or (created_at, id) < (${before === null ? null : new Date(before.at).toISOString()}::timestamptz, ${before?.id ?? null}::text))
    order by created_at desc, id desc limit ${input.limit}`).map(paymentOf)
}

/** What is known of a wallet's purchases by its rule: is one under way, when was the last, what was paid since `since` and did not fail. */
export async function rechargeHistory(tx: Transaction, of: { readonly customer: string; readonly asset: string; readonly currency: string; readonly since: Instant }): Promise<{ readonly isOpen: boolean; readonly lastAt: Instant | null; readonly paid: Units }> {
  const [row] = await tx<{ open: boolean; last: Instant | null; paid: string }[]>`
    select coalesce(bool_or(state in ('pending', 'asked')), false) as open, max(created_at) as last,
      coalesce(sum(net - refunded) filter (where state <> 'failed' and created_at >= ${of.since} and currency = ${of.currency}), 0)::text as paid
    from credit_payment where customer_id = ${of.customer} and asset = ${of.asset} and cause = 'recharge'`
  return { isOpen: row!.open, lastAt: row!.last, paid: parseUnits(row!.paid, of.currency) }
}

function selectRule(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, asset, threshold, amount, target, trim_scale(month_max)::text as "monthMax", cooldown_ms as "cooldownMs", method, failures, stopped_at as "stoppedAt", stopped_reason as "stoppedReason", bounded_month as "boundedMonth", look_again_at as "lookAgainAt"
    from recharge_rule`
}

function ruleOf(row: RuleText): RuleRow {
  const amount = (text: string | null) => (text === null ? null : parseUnits(text, row.asset))
  return { ...row, threshold: parseUnits(row.threshold, row.asset), amount: amount(row.amount), target: amount(row.target), cooldownMs: Number(row.cooldownMs) }
}

function selectPayment(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, id, cause, method, state, asset, credits, bonus, currency, net, tax, taxes, tax_notes as "taxNotes", days, bonus_days as "bonusDays", features, provider_id as "providerId", provider_source as "providerSource", reason, attempts, refunded,
      created_at as "createdAt", ended_at as "endedAt" from credit_payment`
}

function paymentOf(row: PaymentText): PaymentRow {
  return {
    ...row, credits: parseUnits(row.credits, row.asset), bonus: parseUnits(row.bonus, row.asset), net: parseUnits(row.net, row.currency), tax: parseUnits(row.tax, row.currency), refunded: parseUnits(row.refunded, row.currency),
  }
}
