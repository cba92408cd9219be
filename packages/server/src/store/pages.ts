// Pages of what only grows long with time: keys and entities, in the order of their ids, which is the order of time.

import type { EntityKind } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'
import { keyColumns, type KeyRow } from './keys.ts'

/** Keys of one customer or of all, newest first, before `after`. Revoked ones too. */
export async function pageKeys(
  sql: Sql,
  input: { readonly customer: string | null; readonly after: string | null; readonly limit: number },
): Promise<KeyRow[]> {
  return sql<KeyRow[]>`
    select ${keyColumns(sql)} from api_key
    where (${input.customer}::text is null or customer_id = ${input.customer}) and (${input.after}::text is null or id < ${input.after})
    order by id desc limit ${input.limit}`
}

export type EntityRow = { readonly id: string; readonly parent: string | null; readonly kind: EntityKind; readonly name: string }

export async function pageEntities(
  sql: Sql,
  input: { readonly customer: string; readonly after: string | null; readonly limit: number },
): Promise<EntityRow[]> {
  return sql<EntityRow[]>`
    select id, parent_id as parent, kind, name from entity
    where customer_id = ${input.customer} and (${input.after}::text is null or id > ${input.after}) order by id limit ${input.limit}`
}

export async function findEntity(sql: Sql, customer: string, id: string): Promise<EntityRow | null> {
  const [row] = await sql<EntityRow[]>`select id, parent_id as parent, kind, name from entity where customer_id = ${customer} and id = ${id}`
  return row ?? null
}
