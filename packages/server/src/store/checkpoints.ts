// Signing keys and the signed checkpoints of ledger chains. Neither is ever changed.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type SigningKeyRow = { readonly id: string; readonly publicKey: string; readonly secretSealed: string; readonly createdAt: Instant }

/** All keys, newest first: the first one signs. */
export async function listSigningKeys(sql: Sql | Transaction): Promise<SigningKeyRow[]> {
  return sql<SigningKeyRow[]>`select id, public_key as "publicKey", secret_sealed as "secretSealed", created_at as "createdAt" from signing_key order by created_at desc, id desc`
}

/** Adds a key unless there is one: of two processes that start, one makes it. */
export async function insertFirstSigningKey(sql: Sql, key: Pick<SigningKeyRow, 'id' | 'publicKey' | 'secretSealed'>): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`lock table signing_key in share row exclusive mode`
    await tx`
      insert into signing_key (id, public_key, secret_sealed) select ${key.id}, ${key.publicKey}, ${key.secretSealed}
      where not exists (select from signing_key)`
  })
}

export type HeadRow = { readonly customer: string; readonly position: bigint; readonly hash: string }

/** Heads that no checkpoint covers yet, in order of customer, after `after`. */
export async function headsWithoutCheckpoint(sql: Sql, after: string, limit: number): Promise<HeadRow[]> {
  return sql<HeadRow[]>`
    select h.customer_id as customer, h.position, encode(h.hash, 'hex') as hash from ledger_head h
    where h.customer_id > ${after} and not exists (select from ledger_checkpoint c where c.customer_id = h.customer_id and c.position = h.position)
    order by h.customer_id limit ${limit}`
}

export type CheckpointRow = { readonly customer: string; readonly position: bigint; readonly hash: string; readonly at: Instant; readonly key: string; readonly signature: string }

export async function insertCheckpoints(sql: Sql, rows: readonly CheckpointRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into ledger_checkpoint (customer_id, position, hash, at, key_id, signature)
    select c, p, decode(h, 'hex'), a, k, s from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ position }) => String(position))}::bigint[], ${rows.map(({ hash }) => hash)}::text[],
      ${rows.map(({ at }) => new Date(at).toISOString())}::timestamptz[], ${rows.map(({ key }) => key)}::text[], ${rows.map(({ signature }) => signature)}::text[]) as t(c, p, h, a, k, s)
    on conflict do nothing`
}

/** When anything was signed last; null for never. */
export async function lastSigned(sql: Sql): Promise<Instant | null> {
  const [row] = await sql<{ at: Instant | null }[]>`select max(at) as at from ledger_checkpoint`
  return row?.at ?? null
}

/** The last checkpoint of a customer with the sequence of the transfer that it covers last; null without one. */
export async function lastCheckpoint(sql: Sql, customer: string): Promise<{ readonly position: bigint; readonly hash: string; readonly sequence: bigint } | null> {
  const [row] = await sql<{ position: bigint; hash: string; sequence: bigint }[]>`
    select c.position, encode(c.hash, 'hex') as hash, t.sequence from ledger_checkpoint c join ledger_transfer t on t.customer_id = c.customer_id and t.position = c.position
    where c.customer_id = ${customer} order by c.position desc limit 1`
  return row ?? null
}

/** Customers whose chain moved after (`at`, `customer`), in that order. */
export async function changedHeads(sql: Sql, after: { readonly at: Instant; readonly customer: string; readonly limit: number }): Promise<{ readonly customer: string; readonly changedAt: Instant }[]> {
  return sql<{ customer: string; changedAt: Instant }[]>`
    select customer_id as customer, changed_at as "changedAt" from ledger_head
    where (changed_at, customer_id) > (${after.at}, ${after.customer}) order by changed_at, customer_id limit ${after.limit}`
}

/** A customer's checkpoints in order of position; `after` is exclusive. */
export async function listCheckpoints(sql: Sql, input: { readonly customer: string; readonly after: bigint | null; readonly limit: number }): Promise<CheckpointRow[]> {
  return sql<CheckpointRow[]>`
    select customer_id as customer, position, encode(hash, 'hex') as hash, at, key_id as key, signature from ledger_checkpoint
    where customer_id = ${input.customer} and (${input.after}::bigint is null or position > ${input.after}::bigint) order by position limit ${input.limit}`
}
