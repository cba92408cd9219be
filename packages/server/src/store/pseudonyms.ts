// Which pseudonym stands for which person. Deleting a row erases the person from all records at once.

import type { Sql, Transaction } from '../platform/postgres.ts'

export type PersonKey = { readonly customer: string; readonly dimension: string; readonly hash: string }
export type PseudonymRow = PersonKey & { readonly pseudonym: string }

/** The pseudonyms of persons, made where there is none yet. */
export async function claimPseudonyms(tx: Transaction, rows: readonly PseudonymRow[]): Promise<PseudonymRow[]> {
  const columns = { customers: rows.map(({ customer }) => customer), dimensions: rows.map(({ dimension }) => dimension), hashes: rows.map(({ hash }) => hash) }
  await tx`
    insert into pseudonym (customer_id, dimension, value_hash, pseudonym)
    select * from unnest(${columns.customers}::text[], ${columns.dimensions}::text[], ${columns.hashes}::text[], ${rows.map(({ pseudonym }) => pseudonym)}::text[])
    on conflict (customer_id, dimension, value_hash) do nothing`
  return tx<PseudonymRow[]>`
    select p.customer_id as customer, p.dimension, p.value_hash as hash, p.pseudonym from pseudonym p
    join unnest(${columns.customers}::text[], ${columns.dimensions}::text[], ${columns.hashes}::text[]) as w(customer_id, dimension, value_hash) using (customer_id, dimension, value_hash)`
}

export async function findPseudonym(sql: Sql, key: PersonKey): Promise<string | null> {
  const [row] = await sql<{ pseudonym: string }[]>`select pseudonym from pseudonym where customer_id = ${key.customer} and dimension = ${key.dimension} and value_hash = ${key.hash}`
  return row?.pseudonym ?? null
}

/** The pseudonym that nothing leads back from any more; null where there was none. */
export async function deletePseudonym(tx: Transaction, key: PersonKey): Promise<string | null> {
  const [row] = await tx<{ pseudonym: string }[]>`delete from pseudonym where customer_id = ${key.customer} and dimension = ${key.dimension} and value_hash = ${key.hash} returning pseudonym`
  return row?.pseudonym ?? null
}
