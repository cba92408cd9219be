// What was stopped by hand, and what a stop would hit.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type FreezeKind = 'customer' | 'entity' | 'key' | 'feature'
export type FreezeRow = {
  readonly id: string
  /** Null: the feature is stopped for all customers. */
  readonly customer: string | null
  readonly kind: FreezeKind
  readonly target: string
  readonly reason: string
  readonly actor: string
  readonly owner: 'operator' | 'tenant'
  readonly createdAt: Instant
}

/** False when the same is stopped already. */
export async function insertFreeze(tx: Transaction, freeze: Omit<FreezeRow, 'createdAt'>): Promise<boolean> {
  const rows = await tx`
    insert into frozen_target (id, customer_id, kind, target, reason, actor, owner)
    values (${freeze.id}, ${freeze.customer}, ${freeze.kind}, ${freeze.target}, ${freeze.reason}, ${freeze.actor}, ${freeze.owner}) on conflict do nothing returning id`
  return rows.length > 0
}

export async function deleteFreeze(tx: Transaction, id: string): Promise<void> {
  await tx`delete from frozen_target where id = ${id}`
}

export async function findFreeze(sql: Sql | Transaction, id: string): Promise<FreezeRow | null> {
  const [row] = await sql<FreezeRow[]>`${selectFreeze(sql)} where id = ${id}`
  return row ?? null
}

/** Of one customer, those of all customers among them; or every one. */
export async function listFreezes(sql: Sql | Transaction, customer: string | null): Promise<FreezeRow[]> {
  return sql<FreezeRow[]>`${selectFreeze(sql)} where ${customer}::text is null or customer_id is null or customer_id = ${customer} order by created_at, id`
}

function selectFreeze(sql: Sql | Transaction) {
  return sql`select id, customer_id as customer, kind, target, reason, actor, owner, created_at as "createdAt" from frozen_target`
}

export type FreezeHits = {
  readonly customers: number
  readonly entities: number
  /** Keys that work now. */
  readonly keys: number
  /** Events of the last hour, at most {@link EVENTS_COUNTED_MAX}; null where all customers are meant. */
  readonly eventsLastHour: number | null
}

/** Beyond it a preview says that there are so many or more. */
export const EVENTS_COUNTED_MAX = 10_000

/** What a stop would hit: the entity counts with all below it. */
export async function countHits(sql: Sql, freeze: { readonly customer: string | null; readonly kind: FreezeKind; readonly target: string; readonly plans: readonly string[] }): Promise<FreezeHits> {
  const { customer, kind, target } = freeze
  if (customer === null) {
    const [row] = await sql<{ customers: number; keys: number }[]>`
      select count(distinct s.customer_id)::int as customers, count(k.id)::int as keys from subscription s
      left join api_key k on k.customer_id = s.customer_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) and (k.feature is null or k.feature = ${target}) and 'gateway' = any(k.scopes)
      where s.plan = any(${freeze.plans as string[]}::text[])`
    return { customers: row!.customers, entities: 0, keys: row!.keys, eventsLastHour: null }
  }
  const [row] = await sql<{ entities: number; keys: number; events: number }[]>`
    with recursive below as (
      select id from entity where customer_id = ${customer} and (${kind} = 'customer' or (${kind} = 'entity' and id = ${target}))
      union select e.id from entity e join below b on e.parent_id = b.id where e.customer_id = ${customer}
    ), hit_keys as (
      select id from api_key where customer_id = ${customer} and revoked_at is null and (expires_at is null or expires_at > now())
        and (${kind} = 'customer' or (${kind} = 'key' and id = ${target}) or (${kind} = 'entity' and entity_id in (select id from below)) or (${kind} = 'feature' and (feature is null or feature = ${target})))
    ), recent as (
      select 1 from usage_event where customer_id = ${customer} and time > now() - interval '1 hour'
        and (${kind} = 'customer' or (${kind} = 'key' and key_id = ${target}) or (${kind} = 'entity' and entity_id in (select id from below)) or (${kind} = 'feature' and feature = ${target}))
      limit ${EVENTS_COUNTED_MAX}
    )
    select (select count(*)::int from below) as entities, (select count(*)::int from hit_keys) as keys, (select count(*)::int from recent) as events`
  return { customers: 1, entities: row!.entities, keys: row!.keys, eventsLastHour: row!.events }
}
