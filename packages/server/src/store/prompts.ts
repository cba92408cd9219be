// Kept prompts, sealed, by customer and request. Deleted when their time is over, one by one or all of a customer.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type PromptRow = { readonly customer: string; readonly id: string; readonly time: Instant; readonly expiresAt: Instant; readonly sealed: string }

/** Those of customers that are not there are left out: nobody could read or erase them. */
export async function insertPrompts(sql: Sql | Transaction, rows: readonly PromptRow[]): Promise<void> {
  await sql`
    insert into kept_prompt (customer_id, request_id, time, expires_at, sealed)
    select p.* from unnest(
      ${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ time }) => iso(time))}::timestamptz[],
      ${rows.map(({ expiresAt }) => iso(expiresAt))}::timestamptz[], ${rows.map(({ sealed }) => sealed)}::text[]
    ) as p(customer_id, request_id, time, expires_at, sealed) join customer c on c.id = p.customer_id
    on conflict (customer_id, request_id) do nothing`
}

/** Not those whose time is over, whether they are deleted already or not. */
export async function findPrompt(sql: Sql | Transaction, customer: string, id: string, now: Instant): Promise<PromptRow | null> {
  const [row] = await sql<PromptRow[]>`
    select customer_id as customer, request_id as id, time, expires_at as "expiresAt", sealed from kept_prompt
    where customer_id = ${customer} and request_id = ${id} and expires_at > ${iso(now)}::timestamptz`
  return row ?? null
}

/** Which of the requests have one, and until when. */
export async function promptTimes(sql: Sql, customer: string, ids: readonly string[], now: Instant): Promise<{ readonly id: string; readonly expiresAt: Instant }[]> {
  return sql<{ id: string; expiresAt: Instant }[]>`
    select request_id as id, expires_at as "expiresAt" from kept_prompt
    where customer_id = ${customer} and request_id = any(${[...ids]}::text[]) and expires_at > ${iso(now)}::timestamptz`
}

export async function deletePromptRow(tx: Transaction, customer: string, id: string): Promise<boolean> {
  return (await tx`delete from kept_prompt where customer_id = ${customer} and request_id = ${id}`).count > 0
}

export async function deletePromptsOf(tx: Transaction, customer: string): Promise<number> {
  return (await tx`delete from kept_prompt where customer_id = ${customer}`).count
}

/** Those of requests that were recorded under a person's pseudonym. */
export async function deletePromptsOfPerson(tx: Transaction, { customer, dimension, pseudonym }: { readonly customer: string; readonly dimension: string; readonly pseudonym: string }): Promise<number> {
  const { count } = await tx`
    delete from kept_prompt k using usage_event e
    where k.customer_id = ${customer} and e.customer_id = k.customer_id and e.id = k.request_id and e.dimensions ->> ${dimension} = ${pseudonym}
      and e.time between k.time - interval '1 minute' and k.time + interval '1 day'`
  return count
}

export async function deletePromptsBefore(sql: Sql, now: Instant, rowsMax: number): Promise<number> {
  return (await sql`delete from kept_prompt where ctid in (select ctid from kept_prompt where expires_at <= ${iso(now)}::timestamptz limit ${rowsMax})`).count
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
