// Read models: what an invoice preview needs, and the check of sums. Every query is bound to one customer.

import { walletId, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type UsagePayment = { readonly asset: string; readonly drawn: string; readonly included: string; readonly accrued: string; readonly debt: string }

/** What wallets, accrual and debt paid for the usage of one period, by asset. */
export async function usagePayments(sql: Sql | Transaction, customer: string, periodStart: Instant): Promise<UsagePayment[]> {
  return sql<UsagePayment[]>`
    select asset, coalesce(sum(signed) filter (where account like 'wallet:%'), 0)::text as drawn, coalesce(sum(signed) filter (where account = 'included_usage'), 0)::text as included, coalesce(sum(signed) filter (where account = 'accrued_usage'), 0)::text as accrued,
      coalesce(sum(signed) filter (where account = 'wallet_debt'), 0)::text as debt
    from (
      select asset, debit as account, amount as signed from ledger_transfer where customer_id = ${customer} and period_start = ${periodStart} and cause = 'usage' and credit = 'usage_revenue'
      union all
      select asset, credit, -amount from ledger_transfer where customer_id = ${customer} and period_start = ${periodStart} and cause = 'usage' and debit = 'usage_revenue') moves
    group by asset order by asset`
}

/** Assets that a customer has used, holds or owes. */
export async function assetsOf(sql: Sql, customer: string): Promise<string[]> {
  const rows = await sql<{ asset: string }[]>`
    select distinct asset from ledger_transfer where customer_id = ${customer} union select distinct asset from accumulator where customer_id = ${customer}`
  return rows.map(({ asset }) => asset)
}

export type Sums = {
  readonly events: bigint
  readonly eventCharges: string
  readonly accumulated: string
  readonly rolledUp: string
  readonly ledgerUsage: string
  readonly blocksRemaining: string
  /** Of them in blocks that begin later, or that have ended and go on to pay for what was admitted before: not in the wallet. */
  readonly blocksOffWallet: string
  readonly walletLedger: string
  readonly debt: string
  readonly walletLimit: string
  readonly walletSettled: string
}

/** Every figure of a customer that must agree, computed from its own table. */
export async function readSums(sql: Sql, customer: string, asset: string): Promise<Sums> {
  const wallet = walletId({ asset, features: [] })
  const [row] = await sql<Sums[]>`
    select
      (select count(*) from usage_event where customer_id = ${customer}) as events,
      (select trim_scale(coalesce((select sum(amount) from usage_event where customer_id = ${customer} and asset = ${asset}), 0) + coalesce((select sum(amount) from retired_usage where customer_id = ${customer} and asset = ${asset}), 0))::text) as "eventCharges",
      (select trim_scale(coalesce(sum(amount), 0))::text from accumulator where customer_id = ${customer} and asset = ${asset}) as accumulated,
      (select trim_scale(coalesce(sum(amount), 0))::text from rollup_hour where customer_id = ${customer} and asset = ${asset}) as "rolledUp",
      (select trim_scale(coalesce(sum(case when credit = 'usage_revenue' then amount else -amount end), 0))::text from ledger_transfer where customer_id = ${customer} and asset = ${asset} and 'usage_revenue' in (debit, credit)) as "ledgerUsage",
      (select trim_scale(coalesce(sum(remaining), 0))::text from credit_block where customer_id = ${customer} and asset = ${asset}) as "blocksRemaining",
      (select trim_scale(coalesce(sum(remaining), 0))::text from credit_block where customer_id = ${customer} and asset = ${asset} and (not begun or pays_until is not null)) as "blocksOffWallet",
      (select trim_scale(coalesce(sum(case when credit like 'wallet:%' then amount else 0 end - case when debit like 'wallet:%' then amount else 0 end), 0))::text from ledger_transfer where customer_id = ${customer} and asset = ${asset}) as "walletLedger",
      (select trim_scale(coalesce(sum(amount), 0))::text from wallet_debt where customer_id = ${customer} and asset = ${asset}) as debt,
      (select trim_scale(coalesce(sum(limit_amount), 0))::text from budget_state where customer_id = ${customer} and (budget_id = ${wallet} or starts_with(budget_id, ${`${wallet}/`}))) as "walletLimit",
      (select trim_scale(coalesce(sum(settled), 0))::text from budget_state where customer_id = ${customer} and (budget_id = ${wallet} or starts_with(budget_id, ${`${wallet}/`}))) as "walletSettled"`
  return row!
}

export type FeatureWalletSums = { readonly features: readonly string[]; /** In blocks that have begun. */ readonly blocks: string; /** Limit less settled of the wallet's budget. */ readonly left: string }

/** Of each wallet for some features: its blocks, and its budget. */
export async function readFeatureWallets(sql: Sql, customer: string, asset: string): Promise<FeatureWalletSums[]> {
  const rows = await sql<{ features: string[]; blocks: string }[]>`select features, coalesce(sum(remaining) filter (where begun and pays_until is null), 0)::text as blocks from credit_block where customer_id = ${customer} and asset = ${asset} and features <> '{}' group by 1`
  const budgets = await sql<{ id: string; left: string }[]>`select budget_id as id, (limit_amount - settled)::text as left from budget_state where customer_id = ${customer} and starts_with(budget_id, ${`${walletId({ asset, features: [] })}/`})`
  return rows.map((row) => ({ ...row, left: budgets.find(({ id }) => id === walletId({ asset, features: row.features }))?.left ?? '0' }))
}
