// Read models: usage from the rollups, the ledger, and what an invoice preview needs. Every query is bound to one customer.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type UsageGroup = 'model' | 'feature' | 'entity'
export type UsageRow = { readonly start: Instant | null; readonly meter: string; readonly model: string | null; readonly feature: string | null; readonly entity: string | null; readonly asset: string; readonly quantity: string; readonly amount: string; readonly events: bigint }

export type UsageQuery = {
  readonly customer: string
  readonly from: Instant
  readonly to: Instant
  readonly granularity: 'hour' | 'day' | 'month' | 'total'
  readonly timeZone: string
  readonly meter: string | null
  readonly groupBy: readonly UsageGroup[]
}

/** Sums of the hourly rollups. Days and months are those of the zone; zones off the full hour split at the hour before. */
export async function queryUsage(sql: Sql, query: UsageQuery): Promise<UsageRow[]> {
  const has = (group: UsageGroup) => query.groupBy.includes(group)
  const bucket = query.granularity === 'total' ? sql`null::timestamptz` : sql`date_trunc(${query.granularity}, hour, ${query.timeZone})`
  return sql<UsageRow[]>`
    select ${bucket} as start, meter, ${has('model') ? sql`model` : sql`null::text`} as model, ${has('feature') ? sql`feature` : sql`null::text`} as feature,
      ${has('entity') ? sql`entity_id` : sql`null::text`} as entity, asset, sum(quantity) as quantity, sum(amount) as amount, sum(events)::bigint as events
    from rollup_hour
    where customer_id = ${query.customer} and hour >= ${query.from} and hour < ${query.to} and (${query.meter}::text is null or meter = ${query.meter})
    group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6 limit 100000`
}

export type UsagePayment = { readonly asset: string; readonly drawn: string; readonly accrued: string; readonly debt: string }

/** What wallets, accrual and debt paid for the usage of one period, by asset. */
export async function usagePayments(sql: Sql | Transaction, customer: string, periodStart: Instant): Promise<UsagePayment[]> {
  return sql<UsagePayment[]>`
    select asset, coalesce(sum(signed) filter (where account like 'wallet:%'), 0)::text as drawn, coalesce(sum(signed) filter (where account = 'accrued_usage'), 0)::text as accrued,
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
  readonly walletLedger: string
  readonly debt: string
  readonly walletLimit: string
  readonly walletSettled: string
}

/** Every figure of a customer that must agree, computed from its own table. */
export async function readSums(sql: Sql, customer: string, asset: string): Promise<Sums> {
  const [row] = await sql<Sums[]>`
    select
      (select count(*) from usage_event where customer_id = ${customer}) as events,
      (select trim_scale(coalesce(sum(amount), 0))::text from usage_event where customer_id = ${customer} and asset = ${asset}) as "eventCharges",
      (select trim_scale(coalesce(sum(amount), 0))::text from accumulator where customer_id = ${customer} and asset = ${asset}) as accumulated,
      (select trim_scale(coalesce(sum(amount), 0))::text from rollup_hour where customer_id = ${customer} and asset = ${asset}) as "rolledUp",
      (select trim_scale(coalesce(sum(case when credit = 'usage_revenue' then amount else -amount end), 0))::text from ledger_transfer where customer_id = ${customer} and asset = ${asset} and 'usage_revenue' in (debit, credit)) as "ledgerUsage",
      (select trim_scale(coalesce(sum(remaining), 0))::text from credit_block where customer_id = ${customer} and asset = ${asset}) as "blocksRemaining",
      (select trim_scale(coalesce(sum(case when credit like 'wallet:%' then amount else 0 end - case when debit like 'wallet:%' then amount else 0 end), 0))::text from ledger_transfer where customer_id = ${customer} and asset = ${asset}) as "walletLedger",
      (select trim_scale(coalesce(sum(amount), 0))::text from wallet_debt where customer_id = ${customer} and asset = ${asset}) as debt,
      (select trim_scale(coalesce(sum(limit_amount), 0))::text from budget_state where customer_id = ${customer} and budget_id = ${`wallet:${asset}`}) as "walletLimit",
      (select trim_scale(coalesce(sum(settled), 0))::text from budget_state where customer_id = ${customer} and budget_id = ${`wallet:${asset}`}) as "walletSettled"`
  return row!
}
