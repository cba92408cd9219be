// Stored answers by idempotency key.

import type { Sql } from '../platform/postgres.ts'

export type StoredAnswer = { readonly hash: string; readonly status: number | null; readonly body: unknown }

/** A run that died without an answer blocks its key no longer than this. */
const ABANDONED_AFTER = '1 minute'

/** Null when the key is new and now claimed; else what is stored. */
export async function claimAnswer(sql: Sql, input: { readonly scope: string; readonly key: string; readonly hash: string }): Promise<StoredAnswer | null> {
  await sql`delete from idempotent_answer where scope = ${input.scope} and key = ${input.key} and status is null and created_at < now() - ${ABANDONED_AFTER}::interval`
  const claimed = await sql`
    insert into idempotent_answer (scope, key, request_hash) values (${input.scope}, ${input.key}, ${input.hash}) on conflict do nothing returning key`
  if (claimed.length > 0) return null
  const [row] = await sql<StoredAnswer[]>`select request_hash as hash, status, body from idempotent_answer where scope = ${input.scope} and key = ${input.key}`
  return row ?? null
}

export async function storeAnswer(sql: Sql, input: { readonly scope: string; readonly key: string; readonly status: number; readonly body: unknown }): Promise<void> {
  await sql`update idempotent_answer set status = ${input.status}, body = ${sql.json(input.body as never)} where scope = ${input.scope} and key = ${input.key}`
}

export async function dropAnswer(sql: Sql, input: { readonly scope: string; readonly key: string }): Promise<void> {
  await sql`delete from idempotent_answer where scope = ${input.scope} and key = ${input.key} and status is null`
}

export async function dropAnswersBefore(sql: Sql, epochMs: number): Promise<void> {
  await sql`delete from idempotent_answer where created_at < ${new Date(epochMs).toISOString()}`
}
