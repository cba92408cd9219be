// What is granted or denied to customers beside their plans. A row is never changed but for its end.

import type { Grant, Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type GrantRow = Grant & { readonly customer: string; readonly promotion: string | null; readonly createdAt: Instant; readonly createdBy: string }

/** Those that may ever matter again, of many customers; past ones stay, because usage may still come for them. */
export async function readGrants(sql: Sql | Transaction, customers: readonly string[]): Promise<(Grant & { readonly customer: string })[]> {
  return sql<(Grant & { readonly customer: string })[]>`
    select customer_id as customer, id, kind, name, entitlements, allowances, limits, starts_at as "startsAt", ends_at as "endsAt", reason
    from entitlement_grant where customer_id = any(${customers as string[]}::text[]) and (ends_at is null or ends_at > starts_at) order by created_at, id`
}

export async function listGrants(sql: Sql, customer: string): Promise<GrantRow[]> {
  return sql<GrantRow[]>`
    select customer_id as customer, id, kind, name, promotion, entitlements, allowances, limits, starts_at as "startsAt", ends_at as "endsAt", reason, created_at as "createdAt", created_by as "createdBy"
    from entitlement_grant where customer_id = ${customer} order by created_at, id`
}

/** Null when the id is taken. */
export async function insertGrant(tx: Transaction, row: Omit<GrantRow, 'createdAt'>): Promise<boolean> {
  const rows = await tx`
    insert into entitlement_grant (customer_id, id, kind, name, promotion, entitlements, allowances, limits, starts_at, ends_at, reason, created_by)
    values (${row.customer}, ${row.id}, ${row.kind}, ${row.name}, ${row.promotion}, ${tx.json(row.entitlements as never)}, ${tx.json(row.allowances as never)}, ${tx.json(row.limits as never)},
      ${iso(row.startsAt)}, ${row.endsAt === null ? null : iso(row.endsAt)}, ${row.reason}, ${row.createdBy})
    on conflict do nothing returning id`
  return rows.length > 0
}

/** Ends a grant at `at`, if it would last longer. Null when there is none. */
export async function endGrant(tx: Transaction, input: { readonly customer: string; readonly id: string; readonly at: Instant }): Promise<Grant | null> {
  const [row] = await tx<Grant[]>`
    update entitlement_grant set ends_at = greatest(starts_at, least(coalesce(ends_at, 'infinity'), ${iso(input.at)}::timestamptz)) where customer_id = ${input.customer} and id = ${input.id}
    returning id, kind, name, entitlements, allowances, limits, starts_at as "startsAt", ends_at as "endsAt", reason`
  return row ?? null
}

export async function countGrants(tx: Transaction, customer: string): Promise<number> {
  const [row] = await tx<{ count: bigint }[]>`select count(*) as count from entitlement_grant where customer_id = ${customer}`
  return Number(row!.count)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
