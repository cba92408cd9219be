// Refunds of credit as rows. Amounts of credit and money are decimal text.

import { formatUnits, parseUnits, type Instant, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type RefundRow = {
  readonly customer: string
  readonly id: string
  readonly block: string
  readonly asset: string
  readonly amount: string
  readonly owed: string
  readonly currency: string | null
  readonly net: string | null
  readonly tax: string | null
  /** A provider, or `operator`. */
  readonly method: string
  readonly state: 'pending' | 'done' | 'failed'
  readonly payment: string | null
  readonly providerId: string | null
  readonly reason: string
  readonly failure: string | null
  readonly attempts: number
  readonly createdAt: Instant
}

/** False where it is known. */
export async function insertRefund(tx: Transaction, row: RefundRow): Promise<boolean> {
  const rows = await tx`
    insert into credit_refund (customer_id, id, block_id, asset, amount, owed, currency, net, tax, method, state, payment_id, reason, next_try_at, created_at)
    values (${row.customer}, ${row.id}, ${row.block}, ${row.asset}, ${row.amount}, ${row.owed}, ${row.currency}, ${row.net}, ${row.tax}, ${row.method}, ${row.state}, ${row.payment}, ${row.reason}, ${row.state === 'pending' ? row.createdAt : null}, ${row.createdAt})
    on conflict do nothing returning id`
  return rows.length > 0
}

/** Of a customer, newest first. */
export async function listRefunds(sql: Sql, customer: string, limit: number): Promise<RefundRow[]> {
  return sql<RefundRow[]>`${selectRefund(sql)} where customer_id = ${customer} order by created_at desc, id desc limit ${limit}`
}

export async function findRefund(sql: Sql | Transaction, id: string): Promise<RefundRow | null> {
  const [row] = await sql<RefundRow[]>`${selectRefund(sql)} where id = ${id}`
  return row ?? null
}

export async function dueRefunds(sql: Sql, input: { readonly now: Instant; readonly limit: number }): Promise<RefundRow[]> {
  return sql<RefundRow[]>`${selectRefund(sql)} where state = 'pending' and next_try_at <= ${input.now} order by next_try_at limit ${input.limit}`
}

export async function updateRefund(tx: Sql | Transaction, row: Pick<RefundRow, 'id' | 'state' | 'providerId' | 'failure'> & { readonly nextTryAt: Instant | null }): Promise<void> {
  await tx`update credit_refund set state = ${row.state}, provider_id = ${row.providerId}, failure = ${row.failure}, attempts = attempts + 1, next_try_at = ${row.nextTryAt} where id = ${row.id} and state = 'pending'`
}

/** What was given back of a payment so far, tax included. */
export async function refundedOf(tx: Sql | Transaction, of: { readonly payment: string; readonly currency: string }): Promise<Units> {
  const [row] = await tx<{ gross: string }[]>`select coalesce(sum(net + tax), 0)::text as gross from credit_refund where payment_id = ${of.payment}`
  return parseUnits(row!.gross, of.currency)
}

export async function noteRefunded(tx: Transaction, of: { readonly payment: string; readonly net: string; readonly currency: string }): Promise<void> {
  await tx`update credit_payment set refunded = refunded + ${formatUnits(parseUnits(of.net, of.currency), of.currency)}::numeric where id = ${of.payment}`
}

function selectRefund(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, id, block_id as block, asset, trim_scale(amount)::text as amount, trim_scale(owed)::text as owed, currency, trim_scale(net)::text as net, trim_scale(tax)::text as tax,
      method, state, payment_id as payment, provider_id as "providerId", reason, failure, attempts, created_at as "createdAt" from credit_refund`
}
