// What a tax service said, by customer, and who is to be asked about next.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type DeterminationRow = {
  readonly customer: string
  readonly questionHash: Uint8Array
  /** As its answer had it; null before the first. */
  readonly treatment: unknown
  readonly reference: string | null
  readonly validUntil: Instant | null
  readonly failures: number
  readonly failure: string | null
  readonly nextAskAt: Instant
}

export async function readDeterminations(sql: Sql | Transaction, customers: readonly string[]): Promise<DeterminationRow[]> {
  return sql<DeterminationRow[]>`
    select customer_id as customer, question_hash as "questionHash", treatment, reference, valid_until as "validUntil", failures, failure, next_ask_at as "nextAskAt"
    from tax_determination where customer_id = any(${customers as string[]}::text[])`
}

/** Customers whose tax a service says and that it is to be asked about, the longest waiting first. */
export async function dueDeterminations(sql: Sql, input: { readonly now: Instant; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select p.customer_id as customer from billing_profile p left join tax_determination d on d.customer_id = p.customer_id
    where p.document -> 'tax' ->> 'kind' = 'service' and (d.customer_id is null or d.next_ask_at <= ${input.now}) order by d.next_ask_at nulls first, p.customer_id limit ${input.limit}`
  return rows.map(({ customer }) => customer)
}

export async function writeDetermination(tx: Sql | Transaction, row: { readonly customer: string; readonly questionHash: Uint8Array; readonly treatment: unknown; readonly reference: string | null; readonly at: Instant; readonly validUntil: Instant; readonly nextAskAt: Instant }): Promise<void> {
  await tx`
    insert into tax_determination (customer_id, question_hash, treatment, reference, determined_at, valid_until, failures, failure, next_ask_at)
    values (${row.customer}, ${Buffer.from(row.questionHash)}, ${JSON.stringify(row.treatment)}::text::jsonb, ${row.reference}, ${row.at}, ${row.validUntil}, 0, null, ${row.nextAskAt})
    on conflict (customer_id) do update set question_hash = excluded.question_hash, treatment = excluded.treatment, reference = excluded.reference, determined_at = excluded.determined_at,
      valid_until = excluded.valid_until, failures = 0, failure = null, next_ask_at = excluded.next_ask_at`
}

/** What was said before stays, for as long as it holds. Returns how often it has failed in a row. */
export async function noteTaxFailure(tx: Sql | Transaction, row: { readonly customer: string; readonly questionHash: Uint8Array; readonly failure: string; readonly nextAskAt: Instant }): Promise<void> {
  await tx`
    insert into tax_determination (customer_id, question_hash, failures, failure, next_ask_at) values (${row.customer}, ${Buffer.from(row.questionHash)}, 1, ${row.failure}, ${row.nextAskAt})
    on conflict (customer_id) do update set failures = tax_determination.failures + 1, failure = excluded.failure, next_ask_at = excluded.next_ask_at`
}

/** The next turn asks anew: of one customer, or of all. */
export async function askAnew(tx: Sql | Transaction, customer: string | null, at: Instant): Promise<void> {
  await tx`update tax_determination set next_ask_at = ${at} where ${customer}::text is null or customer_id = ${customer}`
}
