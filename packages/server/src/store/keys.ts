// API keys by hash, and upstreams with their sealed secrets.

import type { Instant, KeyRecord, KeyScope, UpstreamConfig, UpstreamKey } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type KeyRow = KeyRecord & { readonly name: string; readonly createdAt: Instant; readonly revokedAt: Instant | null }

export async function insertKey(tx: Sql | Transaction, key: KeyRecord & { readonly name: string; readonly hash: string }): Promise<void> {
  await tx`
    insert into api_key (id, hash, hint, name, scopes, customer_id, entity_id, feature, models, shows_cost, expires_at, observe, clamps_output, tags, refusal_status)
    values (${key.id}, ${key.hash}, ${key.hint}, ${key.name}, ${key.scopes as KeyScope[]}, ${key.customer}, ${key.entity}, ${key.feature}, ${key.models as string[] | null}, ${key.showsCost}, ${key.expiresAt}, ${key.observe ?? false},
      ${key.clampsOutput ?? false}, ${key.tags === undefined || key.tags === null ? null : JSON.stringify(key.tags)}::text::jsonb, ${key.refusalStatus ?? null})`
}

/** A key that may be used now: neither revoked nor expired. */
export async function keyByHash(sql: Sql | Transaction, hash: string): Promise<KeyRecord | null> {
  const [row] = await sql<KeyRow[]>`${selectKey(sql)} where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > now())`
  return row ?? null
}

/** In the order of the hashes. */
export async function keysByHash(sql: Sql | Transaction, hashes: readonly string[]): Promise<(KeyRecord | null)[]> {
  const rows = await sql<(KeyRow & { readonly hash: string })[]>`select hash, ${keyColumns(sql)} from api_key where hash = any(${[...hashes]}::text[]) and revoked_at is null and (expires_at is null or expires_at > now())`
  const found = new Map(rows.map(({ hash, ...record }) => [hash, record]))
  return hashes.map((hash) => found.get(hash) ?? null)
}

export async function keyById(sql: Sql | Transaction, id: string): Promise<KeyRow | null> {
  const [row] = await sql<KeyRow[]>`${selectKey(sql)} where id = ${id}`
  return row ?? null
}

/** Null when there is no such key. Revoking twice keeps the first time. */
export async function revokeKey(tx: Sql | Transaction, id: string): Promise<KeyRow | null> {
  await tx`update api_key set revoked_at = coalesce(revoked_at, now()) where id = ${id}`
  const [row] = await tx<KeyRow[]>`${selectKey(tx)} where id = ${id}`
  return row ?? null
}

/** Null when there is no such key, or it is revoked. It stops working at `expiresAt`, or earlier where it would have anyway. */
export async function expireKey(tx: Transaction, id: string, expiresAt: Instant): Promise<KeyRow | null> {
  const [row] = await tx<KeyRow[]>`
    update api_key set expires_at = least(coalesce(expires_at, 'infinity'), ${new Date(expiresAt).toISOString()}::timestamptz) where id = ${id} and revoked_at is null returning ${keyColumns(tx)}`
  return row ?? null
}

function selectKey(sql: Sql | Transaction) {
  return sql`select ${keyColumns(sql)} from api_key`
}

export function keyColumns(sql: Sql | Transaction) {
  return sql`
    id, hint, name, scopes, customer_id as customer, entity_id as entity, feature, models, shows_cost as "showsCost", observe, clamps_output as "clampsOutput", tags, refusal_status as "refusalStatus",
      expires_at as "expiresAt", created_at as "createdAt", revoked_at as "revokedAt"`
}

/** Null keys: as they are stored. */
export type UpstreamRow = Omit<UpstreamConfig, 'secret' | 'keys'> & { readonly secretSealed: string | null; readonly keys: readonly SealedKey[] | null }
export type SealedKey = Omit<UpstreamKey, 'secret'> & { readonly sealed: string }

export async function listUpstreams(sql: Sql): Promise<UpstreamRow[]> {
  return sql<UpstreamRow[]>`
    select id, name, kind, base_url as "baseUrl", secret_sealed as "secretSealed", provider, models, allow_private as "allowPrivate", keys, routing from upstream order by created_at, id`
}

export async function upsertUpstream(tx: Sql | Transaction, row: UpstreamRow): Promise<void> {
  const routing = row.routing === undefined || row.routing === null ? null : JSON.stringify(row.routing)
  await tx`
    insert into upstream (id, name, kind, base_url, secret_sealed, provider, models, allow_private, keys, routing)
    values (${row.id}, ${row.name}, ${row.kind}, ${row.baseUrl}, ${row.secretSealed}, ${row.provider}, ${row.models as string[]}, ${row.allowPrivate}, ${row.keys === null ? null : JSON.stringify(row.keys)}::text::jsonb, ${routing}::text::jsonb)
    on conflict (id) do update set name = excluded.name, kind = excluded.kind, base_url = excluded.base_url, secret_sealed = excluded.secret_sealed,
      provider = excluded.provider, models = excluded.models, allow_private = excluded.allow_private, keys = excluded.keys, routing = excluded.routing`
}

/** Locked until the transaction ends, so that what is kept of it is what was there. */
export async function upstreamById(tx: Sql | Transaction, id: string): Promise<Pick<UpstreamRow, 'secretSealed' | 'keys'> | null> {
  const [row] = await tx<Pick<UpstreamRow, 'secretSealed' | 'keys'>[]>`select secret_sealed as "secretSealed", keys from upstream where id = ${id} for update`
  return row ?? null
}

export async function deleteUpstream(tx: Sql | Transaction, id: string): Promise<boolean> {
  const rows = await tx`delete from upstream where id = ${id} returning id`
  return rows.length > 0
}
