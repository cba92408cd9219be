// Redemption codes as rows: batches, the hashes of their codes, redemptions, and failed tries by the hour.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type CodeGrants =
  | { readonly kind: 'credits'; readonly amount: string; readonly asset: string; readonly category: 'paid' | 'promotional'; readonly priority: number; /** Features that they pay for; none, or left out: all. */ readonly features?: readonly string[]; /** How long they last; null for ever. */ readonly days: number | null }
  | { readonly kind: 'plan'; readonly plan: string }
  | { readonly kind: 'add_on'; readonly addOn: string; readonly quantity: number }

export type BatchRow = {
  readonly id: string
  readonly name: string
  readonly grants: CodeGrants
  readonly codes: number
  readonly redemptionsMax: number | null
  readonly perCustomerMax: number
  readonly startsAt: Instant | null
  readonly expiresAt: Instant | null
  readonly endedAt: Instant | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly redemptions: number
}

/** Returns how many codes were new: fewer than given where one exists already. */
export async function insertBatch(tx: Transaction, row: Omit<BatchRow, 'redemptions' | 'endedAt' | 'createdAt'>, hashes: readonly Buffer[]): Promise<number> {
  await tx`
    insert into code_batch (id, name, grants, codes, redemptions_max, per_customer_max, starts_at, expires_at, created_by)
    values (${row.id}, ${row.name}, ${tx.json(row.grants as never)}, ${row.codes}, ${row.redemptionsMax}, ${row.perCustomerMax}, ${row.startsAt}, ${row.expiresAt}, ${row.createdBy})`
  const rows = await tx`insert into code (hash, batch_id) select decode(h, 'hex'), ${row.id} from unnest(${hashes.map((hash) => hash.toString('hex'))}::text[]) as u(h) on conflict do nothing returning 1`
  return rows.length
}

export async function findBatch(sql: Sql | Transaction, id: string): Promise<BatchRow | null> {
  const [row] = await sql<BatchText[]>`${selectBatch(sql)} where b.id = ${id}`
  return row === undefined ? null : batchOf(row)
}

/** By id, after `after`. */
export async function listBatches(sql: Sql, input: { readonly after: string | null; readonly limit: number }): Promise<BatchRow[]> {
  return (await sql<BatchText[]>`${selectBatch(sql)} where (${input.after}::text is null or b.id > ${input.after}) order by b.id limit ${input.limit}`).map(batchOf)
}

export async function endBatchRow(tx: Transaction, id: string, at: Instant): Promise<void> {
  await tx`update code_batch set ended_at = coalesce(ended_at, ${at}) where id = ${id}`
}

/** The batch of a code and how often the code was redeemed, its row locked; null for a code that is not ours. */
export async function lockCode(tx: Transaction, hash: Buffer): Promise<{ readonly batch: string; readonly redemptions: number } | null> {
  const [row] = await tx<{ batch: string; redemptions: number }[]>`select batch_id as batch, redemptions from code where hash = decode(${hash.toString('hex')}, 'hex') for update`
  return row ?? null
}

export type CodeRedemption = { readonly customer: string; readonly id: string; readonly batch: string; readonly name: string; readonly grants: CodeGrants; readonly given: Readonly<Record<string, unknown>>; readonly redeemedAt: Instant; readonly redeemedBy: string }

export async function insertCodeRedemption(tx: Transaction, row: Omit<CodeRedemption, 'name' | 'grants'>, hash: Buffer): Promise<void> {
  const text = hash.toString('hex')
  await tx`update code set redemptions = redemptions + 1 where hash = decode(${text}, 'hex')`
  await tx`
    insert into code_redemption (customer_id, id, batch_id, code_hash, given, redeemed_at, redeemed_by)
    values (${row.customer}, ${row.id}, ${row.batch}, decode(${text}, 'hex'), ${tx.json(row.given as never)}, ${row.redeemedAt}, ${row.redeemedBy})`
}

export async function countByCustomer(tx: Transaction, of: { readonly customer: string; readonly batch: string }): Promise<number> {
  const [row] = await tx<{ count: number }[]>`select count(*)::int as count from code_redemption where batch_id = ${of.batch} and customer_id = ${of.customer}`
  return row!.count
}

/** Of a customer or of a batch, newest first. */
export async function listCodeRedemptions(sql: Sql | Transaction, of: { readonly customer: string | null; readonly batch: string | null; readonly id?: string; readonly limit: number }): Promise<CodeRedemption[]> {
  return sql<CodeRedemption[]>`
    select r.customer_id as customer, r.id, r.batch_id as batch, b.name, b.grants, r.given, r.redeemed_at as "redeemedAt", r.redeemed_by as "redeemedBy" from code_redemption r join code_batch b on b.id = r.batch_id
    where (${of.customer}::text is null or r.customer_id = ${of.customer}) and (${of.batch}::text is null or r.batch_id = ${of.batch}) and (${of.id ?? null}::text is null or r.id = ${of.id ?? null})
    order by r.redeemed_at desc, r.id desc limit ${of.limit}`
}

/** Failed tries of a customer in the hour of `at`. */
export async function readFailures(sql: Sql, of: { readonly customer: string; readonly at: Instant }): Promise<number> {
  const [row] = await sql<{ failures: number }[]>`select failures from code_failure where customer_id = ${of.customer} and hour = date_trunc('hour', ${of.at}::timestamptz)`
  return row?.failures ?? 0
}

export async function countFailure(sql: Sql, of: { readonly customer: string; readonly at: Instant }): Promise<void> {
  await sql`
    insert into code_failure (customer_id, hour, failures) values (${of.customer}, date_trunc('hour', ${of.at}::timestamptz), 1)
    on conflict (customer_id, hour) do update set failures = code_failure.failures + 1`
}

export async function forgetFailures(sql: Sql, before: Instant): Promise<void> {
  await sql`delete from code_failure where hour < ${before}`
}

type BatchText = Omit<BatchRow, 'redemptions'> & { readonly redemptions: bigint }

function selectBatch(sql: Sql | Transaction) {
  return sql`
    select b.id, b.name, b.grants, b.codes, b.redemptions_max as "redemptionsMax", b.per_customer_max as "perCustomerMax", b.starts_at as "startsAt", b.expires_at as "expiresAt", b.ended_at as "endedAt",
      b.created_at as "createdAt", b.created_by as "createdBy", (select count(*) from code_redemption r where r.batch_id = b.id) as redemptions from code_batch b`
}

function batchOf(row: BatchText): BatchRow {
  return { ...row, redemptions: Number(row.redemptions) }
}
