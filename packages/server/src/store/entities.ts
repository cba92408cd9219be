// Entities under a customer, and the budgets set on them or on the customer.

import type { BudgetRule } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export async function insertEntity(tx: Transaction, entity: { readonly customer: string; readonly id: string; readonly parent: string | null; readonly kind: string; readonly name: string }): Promise<'created' | 'exists' | 'no_parent'> {
  if (entity.parent !== null && !(await hasEntity(tx, entity.customer, entity.parent))) return 'no_parent'
  const rows = await tx`
    insert into entity (customer_id, id, parent_id, kind, name) values (${entity.customer}, ${entity.id}, ${entity.parent}, ${entity.kind}, ${entity.name})
    on conflict do nothing returning id`
  return rows.length === 0 ? 'exists' : 'created'
}

export async function hasEntity(sql: Sql | Transaction, customer: string, id: string): Promise<boolean> {
  const rows = await sql`select 1 from entity where customer_id = ${customer} and id = ${id}`
  return rows.length > 0
}

export type StoredRule = Omit<BudgetRule, 'id'> & { readonly limit: string }

/** Returns the rule as it was before, null when it is new. The unit of a rule never changes: its sums would not add. */
export async function upsertBudgetRule(tx: Transaction, rule: BudgetRule & { readonly customer: string; readonly limit: string }): Promise<StoredRule | 'no_entity' | null> {
  if (rule.entity !== null && !(await hasEntity(tx, rule.customer, rule.entity))) return 'no_entity'
  const [before] = await tx<StoredRule[]>`
    select name, unit, "window", enforcement, limit_amount as limit, entity_id as entity, features from budget_rule where customer_id = ${rule.customer} and id = ${rule.id}`
  await tx`
    insert into budget_rule (customer_id, id, name, unit, "window", enforcement, limit_amount, entity_id, features)
    values (${rule.customer}, ${rule.id}, ${rule.name}, ${tx.json(rule.unit as never)}, ${rule.window}, ${rule.enforcement}, ${rule.limit}, ${rule.entity}, ${rule.features as string[] | null})
    on conflict (customer_id, id) do update set name = excluded.name, enforcement = excluded.enforcement, limit_amount = excluded.limit_amount, features = excluded.features`
  return before ?? null
}
