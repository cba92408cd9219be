// Credit blocks as rows.

import { formatUnits, parseUnits, walletId, type Instant, type Units, type WalletKind } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import type { BlockRow } from './settlement.ts'

export async function insertBlock(tx: Transaction, block: {
  readonly customer: string; readonly id: string; readonly asset: string; readonly category: string; readonly priority: number
  readonly granted: Units; readonly remaining: Units; readonly effectiveAt: Instant; readonly expiresAt: Instant | null; readonly reference: string | null
  readonly cost: { readonly amount: Units; readonly currency: string } | null
  readonly features: readonly string[]
  readonly begun: boolean
}): Promise<void> {
  await tx`
    insert into credit_block (customer_id, id, asset, category, priority, granted, remaining, effective_at, expires_at, reference, cost, cost_currency, features, begun)
    values (${block.customer}, ${block.id}, ${block.asset}, ${block.category}, ${block.priority}, ${formatUnits(block.granted, block.asset)}, ${formatUnits(block.remaining, block.asset)},
      ${block.effectiveAt}, ${block.expiresAt}, ${block.reference}, ${block.cost === null ? null : formatUnits(block.cost.amount, block.cost.currency)}, ${block.cost?.currency ?? null}, ${block.features as string[]}, ${block.begun})`
}

/** What a top-up did when it was made; null when there is no such block. */
export async function findTopUp(tx: Transaction, input: { readonly customer: string; readonly block: string }): Promise<{ readonly granted: Units; readonly repaid: Units } | null> {
  const [row] = await tx<{ asset: string; granted: string; repaid: string }[]>`
    select b.asset, b.granted, (
      select coalesce(sum(t.amount), 0)::text from ledger_transfer t
      where t.customer_id = b.customer_id and t.cause = 'top_up' and t.cause_id = b.id and t.credit = 'wallet_debt') as repaid
    from credit_block b where b.customer_id = ${input.customer} and b.id = ${input.block}`
  return row === undefined ? null : { granted: parseUnits(row.granted, row.asset), repaid: parseUnits(row.repaid, row.asset) }
}

type ExpiredText = Omit<BlockRow, 'granted' | 'remaining' | 'changed'> & { readonly granted: string; readonly remaining: string }

export type Expired = { /** `closing`: their time is over. `closed`: they pay for nothing any more. */ readonly what: 'closing' | 'closed'; readonly at: Instant; readonly limit: number; readonly customer?: string }

/** Blocks whose time is over and that still hold something, of one customer or of all. */
export async function expiredBlocks(sql: Sql | Transaction, { what, at, limit, customer }: Expired): Promise<BlockRow[]> {
  const rows = await sql<ExpiredText[]>`
    select customer_id as customer, id, asset, category, priority, granted, remaining, effective_at as "effectiveAt", expires_at as "expiresAt", created_at as "createdAt", features, pays_until as "paysUntil"
    from credit_block where begun and remaining > 0 and ${what === 'closing' ? sql`expires_at <= ${at} and pays_until is null` : sql`pays_until <= ${at}`} and (${customer ?? null}::text is null or customer_id = ${customer ?? null}) order by customer_id, id limit ${limit}`
  return rows.map((row) => ({ ...row, granted: parseUnits(row.granted, row.asset), remaining: parseUnits(row.remaining, row.asset), changed: false }))
}

/** Its time is over: what was admitted before `paysUntil` it still pays. */
export async function closeBlock(tx: Transaction, of: { readonly customer: string; readonly id: string; readonly paysUntil: Instant }): Promise<void> {
  await tx`update credit_block set pays_until = ${of.paysUntil} where customer_id = ${of.customer} and id = ${of.id}`
}

/** What usage has drawn, less what was given back, from blocks whose time is over: what they held, less what expired with them. */
export async function drawnFromExpired(tx: Transaction, customers: readonly string[], at: Instant): Promise<{ readonly block: string; readonly asset: string; readonly amount: string }[]> {
  return tx<{ block: string; asset: string; amount: string }[]>`
    select b.id as block, b.asset, (b.granted - b.taken - b.remaining - coalesce((
      select sum(case when t.credit = 'breakage' then t.amount else -t.amount end) from ledger_transfer t
      where t.customer_id = b.customer_id and ((t.debit = 'wallet:' || b.id and t.credit = 'breakage') or (t.debit = 'breakage' and t.credit = 'wallet:' || b.id))), 0))::text as amount
    from credit_block b where b.customer_id = any(${customers as string[]}::text[]) and b.expires_at <= ${new Date(at).toISOString()}::timestamptz`
}

/** What the wallet that pays for everything has, as the authority has it: its blocks less what is owed. Zero where there is no wallet. */
export async function walletBalance(sql: Sql | Transaction, of: { readonly customer: string; readonly asset: string }): Promise<Units> {
  const [row] = await sql<{ balance: string }[]>`select limit_amount - settled as balance from budget_state where customer_id = ${of.customer} and budget_id = ${walletId({ asset: of.asset, features: [] })}`
  return parseUnits(row?.balance ?? '0', of.asset)
}

export type ListedBlock = {
  readonly id: string; readonly asset: string; readonly category: 'paid' | 'promotional'; readonly priority: number; readonly granted: Units; readonly remaining: Units
  readonly effectiveAt: Instant; readonly expiresAt: Instant | null; readonly createdAt: Instant; readonly reference: string | null
  /** Features that it pays for, sorted; none: all. */
  readonly features: readonly string[]
  /** What it was bought for, decimal text. */
  readonly cost: { readonly amount: string; readonly currency: string } | null
  /** Of what it began with, refunded or moved away. */
  readonly taken: Units
  /** It has begun, and its time is not over. */
  readonly isOnWallet: boolean
  readonly voidedAt: Instant | null
}

/** Blocks that a page lists: those that hold something, and the newest of those that do not. */
const SPENT_LISTED_MAX = 500

/** A customer's blocks in the order in which they came. */
export async function listBlocks(sql: Sql | Transaction, customer: string): Promise<ListedBlock[]> {
  const rows = await sql<ListedText[]>`
    with spent as (select * from credit_block where customer_id = ${customer} and remaining = 0 order by created_at desc, id desc limit ${SPENT_LISTED_MAX}),
    listed as (select * from spent union all select * from credit_block where customer_id = ${customer} and remaining > 0)
    ${listedColumns(sql)} from listed order by created_at, id`
  return rows.map(listedOf)
}

export async function findBlock(sql: Sql | Transaction, of: { readonly customer: string; readonly block: string }): Promise<ListedBlock | null> {
  const [row] = await sql<ListedText[]>`${listedColumns(sql)} from credit_block where customer_id = ${of.customer} and id = ${of.block}`
  return row === undefined ? null : listedOf(row)
}

type ListedText = Omit<ListedBlock, 'granted' | 'remaining' | 'taken' | 'cost'> & { readonly granted: string; readonly remaining: string; readonly taken: string; readonly cost: string | null; readonly costCurrency: string | null }

function listedColumns(sql: Sql | Transaction) {
  return sql`
    select id, asset, category, priority, granted, remaining, taken, begun and pays_until is null as "isOnWallet", effective_at as "effectiveAt", expires_at as "expiresAt", created_at as "createdAt", voided_at as "voidedAt", reference, features,
      trim_scale(cost)::text as cost, cost_currency as "costCurrency"`
}

function listedOf({ cost, costCurrency, ...row }: ListedText): ListedBlock {
  const amount = (text: string) => parseUnits(text, row.asset)
  return { ...row, granted: amount(row.granted), remaining: amount(row.remaining), taken: amount(row.taken), cost: cost === null ? null : { amount: cost, currency: costCurrency! } }
}

/** Blocks whose first instant has come and that are not in their wallet yet, with what they still hold: part may have been refunded before. */
export async function waitingBlocks(sql: Sql | Transaction, at: Instant, limit: number, customer: string | null = null): Promise<{ readonly customer: string; readonly id: string; readonly asset: string; readonly features: readonly string[]; readonly remaining: Units }[]> {
  const rows = await sql<{ customer: string; id: string; asset: string; features: string[]; remaining: string }[]>`
    select customer_id as customer, id, asset, features, remaining from credit_block where not begun and effective_at <= ${at} and (${customer}::text is null or customer_id = ${customer}) order by customer_id, effective_at, id limit ${limit}`
  return rows.map((row) => ({ ...row, remaining: parseUnits(row.remaining, row.asset) }))
}

export async function beginBlock(tx: Transaction, of: { readonly customer: string; readonly id: string; readonly asset: string; readonly remaining: Units }): Promise<void> {
  await tx`update credit_block set begun = true, remaining = ${formatUnits(of.remaining, of.asset)} where customer_id = ${of.customer} and id = ${of.id}`
}

/** Takes `amount` out of what a block holds. `counts`: as taken away, not as drawn. */
export async function takeFromBlock(tx: Transaction, of: { readonly customer: string; readonly id: string; readonly asset: string; readonly amount: Units; readonly counts: boolean }): Promise<void> {
  const amount = formatUnits(of.amount, of.asset)
  await tx`update credit_block set remaining = remaining - ${amount}::numeric, taken = taken + case when ${of.counts} then ${amount}::numeric else 0 end where customer_id = ${of.customer} and id = ${of.id}`
}

/** What comes back to it from corrections has expired. */
export async function markVoided(tx: Transaction, of: { readonly customer: string; readonly id: string; readonly at: Instant; readonly reason: string }): Promise<void> {
  await tx`
    update credit_block set voided_at = ${of.at}, void_reason = ${of.reason}, begun = true, effective_at = least(effective_at, ${of.at}), expires_at = least(coalesce(expires_at, ${of.at}), ${of.at}) where customer_id = ${of.customer} and id = ${of.id}`
}

/** Of a wallet, its row locked: what neither usage nor a lease has, below zero after an overrun; and what gateways hold. */
export async function lockHeadroom(tx: Transaction, of: WalletKind & { readonly customer: string }): Promise<{ readonly free: Units; readonly leased: Units }> {
  const [row] = await tx<{ free: string; escrow: string }[]>`select limit_amount - settled - escrow as free, escrow from budget_state where customer_id = ${of.customer} and budget_id = ${walletId(of)} for update`
  return { free: parseUnits(row?.free ?? '0', of.asset), leased: parseUnits(row?.escrow ?? '0', of.asset) }
}
