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

/** How many entities lie on the way from the customer down to this one, itself included. */
export async function entityDepth(sql: Sql | Transaction, customer: string, id: string): Promise<number> {
  const [row] = await sql<{ depth: number }[]>`
    with recursive path as (
      select id, parent_id, 1 as depth from entity where customer_id = ${customer} and id = ${id}
      union all select e.id, e.parent_id, p.depth + 1 from entity e join path p on e.id = p.parent_id where e.customer_id = ${customer} and p.depth < 64
    ) select max(depth)::int as depth from path`
  return row?.depth ?? 0
}

export type StoredRule = Omit<BudgetRule, 'id'> & { readonly limit: string }

/** Returns the rule as it was before, null when it is new. The unit of a rule never changes: its sums would not add. */
export async function upsertBudgetRule(tx: Transaction, rule: BudgetRule & { readonly customer: string; readonly limit: string }): Promise<StoredRule | 'no_entity' | null> {
  if (rule.entity !== null && !(await hasEntity(tx, rule.customer, rule.entity))) return 'no_entity'
  const before = await findBudgetRule(tx, rule.customer, rule.id)
  await tx`
    insert into budget_rule (customer_id, id, name, unit, "window", enforcement, limit_amount, entity_id, features, terms, owner)
    values (${rule.customer}, ${rule.id}, ${rule.name}, ${tx.json(rule.unit as never)}, ${rule.window}, ${rule.enforcement}, ${rule.limit}, ${rule.entity},
      ${rule.features as string[] | null}, ${tx.json((rule.terms ?? {}) as never)}, ${rule.owner ?? 'operator'})
    on conflict (customer_id, id) do update set name = excluded.name, enforcement = excluded.enforcement, limit_amount = excluded.limit_amount, features = excluded.features, terms = excluded.terms`
  return before
}

export async function findBudgetRule(sql: Sql | Transaction, customer: string, id: string): Promise<StoredRule | null> {
  const [row] = await sql<StoredRule[]>`
    select name, unit, "window", enforcement, limit_amount as limit, entity_id as entity, features, terms, owner from budget_rule where customer_id = ${customer} and id = ${id}`
  return row ?? null
}

export async function countBudgetRules(sql: Sql | Transaction, customer: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from budget_rule where customer_id = ${customer}`
  return row!.count
}

/** Its budgets' rows stay: what was settled on them is a record. */
export async function deleteBudgetRule(tx: Transaction, customer: string, id: string): Promise<void> {
  await tx`delete from budget_override where customer_id = ${customer} and rule_id = ${id}`
  await tx`delete from budget_rule where customer_id = ${customer} and id = ${id}`
}

/** Sets the limit of one member of a template, or with null gives it the template's again. */
export async function setOverride(tx: Transaction, override: { readonly customer: string; readonly rule: string; readonly budget: string; readonly limit: string | null }): Promise<void> {
  if (override.limit === null) {
    await tx`delete from budget_override where customer_id = ${override.customer} and budget_id = ${override.budget}`
    return
  }
  await tx`
    insert into budget_override (customer_id, rule_id, budget_id, limit_amount) values (${override.customer}, ${override.rule}, ${override.budget}, ${override.limit})
    on conflict (customer_id, budget_id) do update set limit_amount = excluded.limit_amount`
}

/** Limits of members that differ from their template's, by budget id, as decimal text. */
export async function readOverrides(sql: Sql | Transaction, customer: string, rule: string | null): Promise<Map<string, string>> {
  const rows = await sql<{ budget: string; limit: string }[]>`
    select budget_id as budget, limit_amount as limit from budget_override where customer_id = ${customer} and (${rule}::text is null or rule_id = ${rule})`
  return new Map(rows.map(({ budget, limit }) => [budget, limit]))
}
