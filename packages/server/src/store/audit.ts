// The audit log: who changed what, from what to what. Written in the transaction of the change itself.

import type { Transaction } from '../platform/postgres.ts'

export type AuditEntry = { readonly actor: string; readonly action: string; readonly customer: string | null; readonly target: string; readonly before: unknown; readonly after: unknown }

export async function insertAudit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx`
    insert into audit_entry (actor, action, customer_id, target, before, after)
    values (${entry.actor}, ${entry.action}, ${entry.customer}, ${entry.target}, ${json(tx, entry.before)}, ${json(tx, entry.after)})`
}

function json(tx: Transaction, value: unknown) {
  return value === null || value === undefined ? null : tx.json(value as never)
}
