// The audit log: who changed what, from what to what. Written in the transaction of the change itself.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type AuditEntry = { readonly actor: string; readonly action: string; readonly customer: string | null; readonly target: string; readonly before: unknown; readonly after: unknown; /** Why, in the words of who did it. */ readonly reason?: string | null }

export async function insertAudit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx`
    insert into audit_entry (actor, action, customer_id, target, before, after, reason)
    values (${entry.actor}, ${entry.action}, ${entry.customer}, ${entry.target}, ${json(tx, entry.before)}, ${json(tx, entry.after)}, ${entry.reason ?? null})`
}

function json(tx: Transaction, value: unknown) {
  return value === null || value === undefined ? null : tx.json(value as never)
}

export type AuditFilter = { readonly customer: string | null; readonly actor: string | null; /** An action, or its first word. */ readonly action: string | null; readonly target: string | null; readonly from: Instant | null; readonly to: Instant | null }
export type AuditRow = { readonly id: bigint; readonly at: Instant; readonly actor: string; readonly action: string; readonly customer: string | null; readonly target: string; readonly before: unknown; readonly after: unknown; readonly reason: string | null }

/** Newest first, below the entry `before`. */
export async function listAudit(sql: Sql, input: AuditFilter & { readonly before: bigint | null; readonly limit: number }): Promise<AuditRow[]> {
  const { customer, actor, action, target, from, to, before } = input
  return sql<AuditRow[]>`
    select id, at, actor, action, customer_id as customer, target, before, after, reason from audit_entry
    where (${before === null}::boolean or id < ${before === null ? null : String(before)}::bigint)
      and (${customer}::text is null or customer_id = ${customer}) and (${actor}::text is null or actor = ${actor}) and (${target}::text is null or target = ${target})
      and (${action}::text is null or action = ${action} or starts_with(action, ${action === null ? null : `${action}.`}))
      and (${from === null}::boolean or at >= ${from === null ? null : iso(from)}::timestamptz) and (${to === null}::boolean or at < ${to === null ? null : iso(to)}::timestamptz)
    order by id desc limit ${input.limit}`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
