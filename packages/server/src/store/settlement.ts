// What one settlement writes besides the events: running totals, wallet blocks, transfers, outbox. All of it is
// set-based: one statement a table, whatever the size of the batch.

import {
  formatDecimal, formatUnits, parseDecimal, parseUnits, type CreditBlock, type Instant, type Units,
} from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export async function openBatch(tx: Transaction, batch: { readonly origin: string; readonly events: number; readonly catalogVersion: number }): Promise<bigint> {
  const [row] = await tx<{ id: bigint }[]>`insert into settlement_batch (origin, events, catalog_version) values (${batch.origin}, ${batch.events}, ${batch.catalogVersion}) returning id`
  return row!.id
}

export type AccumulatorRow = {
  readonly customer: string
  readonly periodStart: Instant
  readonly price: string
  readonly entry: string
  readonly scale: number
  readonly asset: string
  quantity: bigint
  included: bigint
  billable: bigint
  amount: bigint
  events: number
}

export type AccumulatorText = { readonly customer: string; readonly periodStart: Instant; readonly price: string; readonly entry: string; readonly asset: string; readonly quantity: string; readonly included: string; readonly billable: string; readonly amount: string; readonly events: bigint }

/** Running totals as stored, decimal text: the caller knows the scale of each price. */
export async function readAccumulators(sql: Sql | Transaction, customers: readonly string[], periods: readonly Instant[]): Promise<AccumulatorText[]> {
  return sql<AccumulatorText[]>`
    select customer_id as customer, period_start as "periodStart", price_id as price, entry, asset, quantity, included, billable, amount, events from accumulator
    where customer_id = any(${customers as string[]}::text[]) and period_start = any(${periods.map(iso)}::timestamptz[])`
}

/** Running totals of the periods from `since` on. */
export async function readAccumulatorsSince(sql: Sql | Transaction, of: { readonly customers: readonly string[]; readonly since: Instant }): Promise<AccumulatorText[]> {
  return sql<AccumulatorText[]>`
    select customer_id as customer, period_start as "periodStart", price_id as price, entry, asset, quantity, included, billable, amount, events from accumulator
    where customer_id = any(${of.customers as string[]}::text[]) and period_start >= ${of.since} order by 1, 2, 3, 4`
}

export function accumulatorOf(row: AccumulatorText, scale: number): AccumulatorRow {
  const exact = (text: string) => parseDecimal(text, scale, 'accumulator')
  return {
    customer: row.customer, periodStart: row.periodStart, price: row.price, entry: row.entry, scale, asset: row.asset,
    quantity: exact(row.quantity), included: exact(row.included), billable: exact(row.billable), amount: parseUnits(row.amount, row.asset), events: Number(row.events),
  }
}

export async function writeAccumulators(tx: Transaction, rows: readonly AccumulatorRow[]): Promise<void> {
  if (rows.length === 0) return
  const decimals = (pick: (row: AccumulatorRow) => bigint) => rows.map((row) => formatDecimal(pick(row), row.scale))
  await tx`
    insert into accumulator (customer_id, period_start, price_id, entry, asset, quantity, included, billable, amount, events)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ periodStart }) => iso(periodStart))}::timestamptz[], ${rows.map(({ price }) => price)}::text[],
      ${rows.map(({ entry }) => entry)}::text[], ${rows.map(({ asset }) => asset)}::text[], ${decimals(({ quantity }) => quantity)}::numeric[], ${decimals(({ included }) => included)}::numeric[], ${decimals(({ billable }) => billable)}::numeric[],
      ${rows.map((row) => formatUnits(row.amount as Units, row.asset))}::numeric[], ${rows.map(({ events }) => events)}::bigint[])
    on conflict (customer_id, period_start, price_id, entry) do update
    set quantity = excluded.quantity, included = excluded.included, billable = excluded.billable, amount = excluded.amount, events = excluded.events`
}

export type BlockRow = Omit<CreditBlock, 'remaining'> & { readonly customer: string; readonly asset: string; remaining: Units; changed: boolean; /** When its time was over and it was taken off its wallet: it goes on to pay for what was admitted before this instant. */ readonly paysUntil: Instant | null }

type BlockText = { readonly customer: string; readonly id: string; readonly asset: string; readonly category: 'paid' | 'promotional'; readonly priority: number; readonly granted: string; readonly remaining: string; readonly effectiveAt: Instant; readonly expiresAt: Instant | null; readonly createdAt: Instant; readonly features: readonly string[]; readonly paysUntil: Instant | null }

export async function readBlocks(sql: Sql | Transaction, customers: readonly string[], options: { readonly spentToo: boolean }): Promise<BlockRow[]> {
  const rows = await sql<BlockText[]>`
    select customer_id as customer, id, asset, category, priority, granted - taken as granted, remaining, effective_at as "effectiveAt", expires_at as "expiresAt", created_at as "createdAt", features, pays_until as "paysUntil"
    from credit_block where begun and customer_id = any(${customers as string[]}::text[]) and (${options.spentToo} or remaining > 0) order by created_at, id`
  return rows.map((row) => ({ ...row, granted: parseUnits(row.granted, row.asset), remaining: parseUnits(row.remaining, row.asset), changed: false }))
}

export async function writeBlocks(tx: Transaction, blocks: readonly BlockRow[]): Promise<void> {
  if (blocks.length === 0) return
  await tx`
    update credit_block b set remaining = d.remaining
    from unnest(${blocks.map(({ customer }) => customer)}::text[], ${blocks.map(({ id }) => id)}::text[], ${blocks.map((block) => formatUnits(block.remaining, block.asset))}::numeric[]) as d(customer_id, id, remaining)
    where b.customer_id = d.customer_id and b.id = d.id`
}

export type DebtRow = { readonly customer: string; readonly asset: string; readonly amount: Units }

export async function readDebts(sql: Sql | Transaction, customers: readonly string[]): Promise<DebtRow[]> {
  const rows = await sql<{ customer: string; asset: string; amount: string }[]>`
    select customer_id as customer, asset, amount from wallet_debt where customer_id = any(${customers as string[]}::text[])`
  return rows.map(({ customer, asset, amount }) => ({ customer, asset, amount: parseUnits(amount, asset) }))
}

/** What one customer owes in one asset. */
export async function readDebt(sql: Sql | Transaction, customer: string, asset: string): Promise<Units> {
  return (await readDebts(sql, [customer])).find((debt) => debt.asset === asset)?.amount ?? (0n as Units)
}

export async function writeDebts(tx: Transaction, debts: readonly DebtRow[]): Promise<void> {
  if (debts.length === 0) return
  await tx`
    insert into wallet_debt (customer_id, asset, amount)
    select * from unnest(${debts.map(({ customer }) => customer)}::text[], ${debts.map(({ asset }) => asset)}::text[], ${debts.map(({ amount, asset }) => formatUnits(amount, asset))}::numeric[])
    on conflict (customer_id, asset) do update set amount = excluded.amount`
}

export type LostUsageRow = { readonly customer: string; readonly event: string; readonly node: string; readonly incarnation: number; readonly amount: string; readonly currency: string; readonly record: unknown }

export async function insertLostUsage(tx: Transaction, rows: readonly LostUsageRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into lost_usage (customer_id, event_id, node_id, incarnation, amount, currency, record)
    select c, e, n, i, a, u, r::jsonb from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ event }) => event)}::text[], ${rows.map(({ node }) => node)}::text[],
      ${rows.map(({ incarnation }) => incarnation)}::int[], ${rows.map(({ amount }) => amount)}::numeric[], ${rows.map(({ currency }) => currency)}::text[], ${rows.map(({ record }) => JSON.stringify(record))}::text[]) as l(c, e, n, i, a, u, r)`
}

export type OutboxRow = { readonly customer: string | null; readonly type: string; readonly payload: unknown }

export async function insertOutbox(tx: Transaction, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into outbox (customer_id, type, payload)
    select c, t, p::jsonb from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ type }) => type)}::text[], ${rows.map(({ payload }) => JSON.stringify(payload))}::text[]) as o(c, t, p)`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
