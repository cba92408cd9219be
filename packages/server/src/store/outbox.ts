// The outbox: what happened, in the order of commits. A reader stays below the oldest transaction that still runs, so a
// row that commits late is never skipped; its cursor is (transaction, id).

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type OutboxMessage = { readonly tx: bigint; readonly id: bigint; readonly customer: string | null; readonly type: string; readonly payload: unknown; readonly createdAt: Instant }
export type OutboxCursor = { readonly tx: bigint; readonly id: bigint }

/** Messages after `cursor`, of one customer or of all. */
export async function readOutbox(sql: Sql | Transaction, input: { readonly after: OutboxCursor; readonly customer: string | null; readonly limit: number }): Promise<OutboxMessage[]> {
  return sql<OutboxMessage[]>`
    select tx::text::bigint as tx, id, customer_id as customer, type, payload, created_at as "createdAt" from outbox
    where (tx, id) > (${input.after.tx.toString()}::xid8, ${input.after.id}::bigint) and tx < pg_snapshot_xmin(pg_current_snapshot())
      and (${input.customer}::text is null or customer_id = ${input.customer})
    order by tx, id limit ${input.limit}`
}

/** Messages of some types after `cursor`; those that are told by the thousand are not for this. */
export async function readOutboxOf(tx: Transaction, input: { readonly after: OutboxCursor; readonly types: readonly string[]; readonly limit: number }): Promise<OutboxMessage[]> {
  return tx<OutboxMessage[]>`
    select tx::text::bigint as tx, id, customer_id as customer, type, payload, created_at as "createdAt" from outbox
    where (tx, id) > (${input.after.tx.toString()}::xid8, ${input.after.id}::bigint) and tx < pg_snapshot_xmin(pg_current_snapshot()) and type = any(${[...input.types]}::text[])
    order by tx, id limit ${input.limit}`
}

/** Messages since an instant, oldest first, of one customer or of all. */
export async function readOutboxSince(sql: Sql | Transaction, input: { readonly since: Instant; readonly customer: string | null; readonly limit: number }): Promise<OutboxMessage[]> {
  return sql<OutboxMessage[]>`
    select tx::text::bigint as tx, id, customer_id as customer, type, payload, created_at as "createdAt" from outbox
    where created_at >= ${input.since} and tx < pg_snapshot_xmin(pg_current_snapshot()) and (${input.customer}::text is null or customer_id = ${input.customer})
    order by tx, id limit ${input.limit}`
}

/** Messages of types that are told seldom (the index `outbox_rare`), newest first. */
export async function pageTold(sql: Sql, input: { readonly types: readonly string[]; readonly customer: string | null; readonly before: bigint | null; readonly limit: number }): Promise<OutboxMessage[]> {
  return sql<OutboxMessage[]>`
    select tx::text::bigint as tx, id, customer_id as customer, type, payload, created_at as "createdAt" from outbox
    where type not in ('usage.settled', 'request.denied', 'request.observed') and type = any(${[...input.types]}::text[])
      and (${input.before}::bigint is null or id < ${input.before}) and (${input.customer}::text is null or customer_id = ${input.customer})
    order by id desc limit ${input.limit}`
}

/** The cursor of now: only what commits later comes after it. */
export async function outboxHead(sql: Sql | Transaction): Promise<OutboxCursor> {
  const [row] = await sql<{ tx: bigint }[]>`select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as tx`
  return { tx: row!.tx, id: 0n }
}

/** How far a reader is, locked; it begins at `head`. */
export async function lockReader(tx: Transaction, name: string, head: OutboxCursor): Promise<OutboxCursor> {
  await tx`insert into outbox_reader (name, tx, id) values (${name}, ${head.tx.toString()}::xid8, ${head.id}) on conflict do nothing`
  const [row] = await tx<OutboxCursor[]>`select tx::text::bigint as tx, id from outbox_reader where name = ${name} for update`
  return row!
}

export async function moveReader(tx: Transaction, name: string, to: OutboxCursor): Promise<void> {
  await tx`update outbox_reader set tx = ${to.tx.toString()}::xid8, id = ${to.id} where name = ${name}`
}

/** Forgets messages that nobody can want any more; a reader with an older cursor starts at the oldest that is left. */
export async function deleteOutboxBefore(sql: Sql, before: Instant, limit: number): Promise<number> {
  const rows = await sql`delete from outbox where id in (select id from outbox where created_at < ${before} order by tx, id limit ${limit})`
  return rows.count
}

export function formatCursor(cursor: OutboxCursor): string {
  return `${cursor.tx}-${cursor.id}`
}

/** Null when the text is no cursor of ours. */
export function parseCursor(text: string): OutboxCursor | null {
  const match = /^(\d{1,20})-(\d{1,19})$/.exec(text)
  return match === null ? null : { tx: BigInt(match[1]!), id: BigInt(match[2]!) }
}
