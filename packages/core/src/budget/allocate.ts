// Allocation without over-commitment: where a budget says so, what is allocated under it, to entities below or to the members of
// a template, must together fit into it. Asked when a rule, a member's limit or the tree changes; the decision itself holds
// every budget on the path anyway, so this guards promises, not spending.

import type { EntityId } from '../id.ts'
import { ENTITY_KINDS, instanceId, type EntityKind } from './match.ts'
import type { BudgetRule } from './rule.ts'

export type Allocations = {
  readonly rules: readonly { readonly rule: BudgetRule; readonly limit: bigint }[]
  /** Limits of single members, by instance id. */
  readonly overrides: ReadonlyMap<string, bigint>
  readonly entityPaths: Readonly<Record<EntityId, readonly EntityId[]>>
  readonly entityKinds: Readonly<Record<EntityId, EntityKind>>
}

export type Overcommitment = { readonly rule: string; readonly limit: bigint; readonly allocated: bigint }

/** The first budget that forbids it and is over-committed; null for none. */
export function overcommitted(allocations: Allocations): Overcommitment | null {
  if (!allocations.rules.some(({ rule }) => rule.terms?.overcommit === false)) return null
  const sums = new Map<string, bigint>()
  for (const { entity, counts, amount } of allocatedIn(allocations)) {
    const parent = nearestAbove(allocations, entity, counts)
    if (parent !== null) sums.set(parent, (sums.get(parent) ?? 0n) + amount)
  }
  for (const { rule, limit } of allocations.rules) {
    const allocated = sums.get(rule.id) ?? 0n
    if (rule.terms?.overcommit === false && allocated > limit) return { rule: rule.id, limit, allocated }
  }
  return null
}

type Allocated = { readonly entity: EntityId; readonly counts: string; readonly amount: bigint }

function* allocatedIn(allocations: Allocations): Generator<Allocated> {
  for (const { rule, limit } of allocations.rules) {
    const counts = countedBy(rule)
    const kind = memberKind(rule)
    if (kind === null) {
      if (rule.entity !== null && rule.terms?.per === undefined) yield { entity: rule.entity, counts, amount: limit }
      continue
    }
    for (const [entity, ofKind] of Object.entries(allocations.entityKinds) as [EntityId, EntityKind][]) {
      const isInside = rule.entity === null || rule.entity === entity || (allocations.entityPaths[entity]?.includes(rule.entity) ?? false)
      if (ofKind !== kind || !isInside) continue
      // A member's own budget of the same kind would count twice: the allocation to it is this one.
      yield { entity, counts, amount: allocations.overrides.get(instanceId(rule.id, [entity])) ?? limit }
    }
  }
}

/** The budget of the same kind on the nearest entity above, or on the customer. */
function nearestAbove({ rules, entityPaths }: Allocations, entity: EntityId, counts: string): string | null {
  for (const above of [...(entityPaths[entity] ?? []), null]) {
    const found = rules.find(({ rule }) => rule.entity === above && rule.terms?.per === undefined && countedBy(rule) === counts)
    if (found !== undefined) return found.rule.id
  }
  return null
}

/** The kind of entity that a template makes a budget for; null for any other rule. */
function memberKind({ terms }: BudgetRule): EntityKind | null {
  const [attribute] = terms?.per?.length === 1 ? terms.per : []
  return ENTITY_KINDS.find((kind) => kind === attribute) ?? null
}

/** What is counted, as text: only budgets of the same can be parts of each other. */
function countedBy({ unit, window, features, terms }: BudgetRule): string {
  const { where, rolling } = terms ?? {}
  const conditions = Object.entries(where ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([unit.kind === 'money' ? unit.asset : unit.meters, window, rolling === true, features, conditions])
}
