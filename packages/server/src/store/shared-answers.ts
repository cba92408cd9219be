// Answers of the response cache that all gateways share, sealed, by owner and place. A cache and no record: the table survives no crash of the
// database, and nothing refers to it.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type SharedAnswerRow = { readonly owner: string; readonly place: string; readonly customer: string; readonly sealed: string; readonly bytes: number; readonly expiresAt: Instant }

/** The latest of a place stands. */
export async function upsertSharedAnswer(sql: Sql, row: SharedAnswerRow): Promise<void> {
  await sql`
    insert into shared_answer (owner, place, customer_id, sealed, bytes, kept_at, expires_at)
    select ${row.owner}, ${row.place}, c.id, ${row.sealed}, ${row.bytes}, now(), ${iso(row.expiresAt)}::timestamptz from customer c where c.id = ${row.customer}
    on conflict (owner, place) do update set customer_id = excluded.customer_id, sealed = excluded.sealed, bytes = excluded.bytes, kept_at = excluded.kept_at, expires_at = excluded.expires_at`
}

export async function findSharedAnswer(sql: Sql, owner: string, place: string, now: Instant): Promise<string | null> {
  const [row] = await sql<{ sealed: string }[]>`select sealed from shared_answer where owner = ${owner} and place = ${place} and expires_at > ${iso(now)}::timestamptz`
  return row?.sealed ?? null
}

export async function bytesByOwner(sql: Sql): Promise<{ readonly owner: string; readonly bytes: number }[]> {
  return sql<{ owner: string; bytes: number }[]>`select owner, sum(bytes)::float8 as bytes from shared_answer group by owner`
}

export async function deleteExpiredAnswers(sql: Sql, now: Instant): Promise<void> {
  await sql`delete from shared_answer where expires_at <= ${iso(now)}::timestamptz`
}

/** The oldest go until what is left is within both bounds. */
export async function deleteOldestAnswers(sql: Sql, { perOwner, total }: { readonly perOwner: number; readonly total: number }): Promise<void> {
  await sql`
    with summed as (
      select ctid as row, sum(bytes) over (partition by owner order by kept_at desc, place) as of_owner, sum(bytes) over (order by kept_at desc, owner, place) as of_all from shared_answer
    ) delete from shared_answer where ctid in (select row from summed where of_owner > ${perOwner} or of_all > ${total})`
}

export async function deleteSharedAnswersOf(tx: Transaction, customer: string): Promise<void> {
  await tx`delete from shared_answer where customer_id = ${customer}`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
