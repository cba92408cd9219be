// Use cases on customers: create, change plan or standing, add entities and budgets. Each is one transaction with its
// audit entry and outbox message, and answers when the change is in force on every reachable node.

import {
  assetScale, formatDecimal, InputError, LIFETIME, makeId, parseDecimal, parseId, type BudgetRule, type CustomerId, type EntityId, type Instant, type Standing,
} from '@tollgate/core'
import { isTimeZone } from '@tollgate/core/period'
import { walletBudget } from '@tollgate/core/resolve'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { ensureBudgets, setLimits } from '../store/budgets.ts'
import { bumpVersion, findCustomer, insertCustomer, loadFacts, lockCustomers, setSubscription, type CustomerRow } from '../store/customers.ts'
import { insertEntity, upsertBudgetRule, type StoredRule } from '../store/entities.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { Problem } from './problems.ts'
import { budgetRows } from './open-budgets.ts'

export type NewCustomer = { readonly id: string | null; readonly name: string; readonly externalId: string | null; readonly plan: string; readonly timeZone: string; readonly metadata: Record<string, unknown>; readonly startsAt: Instant | null }

export async function createCustomer(plane: ControlPlane, actor: Actor, input: NewCustomer): Promise<CustomerRow> {
  assertPlan(plane, input.plan)
  if (!isTimeZone(input.timeZone)) throw new InputError({ code: 'unknown_time_zone', field: 'time_zone', message: `there is no time zone ${input.timeZone}; use an IANA name such as Europe/Berlin` })
  const id = input.id === null ? makeId('customer', plane.randomText()) : parseId('customer', input.id, 'id')
  const subscription = makeId('subscription', plane.randomText())
  await withRetry(plane.sql, async (tx) => {
    const created = await insertCustomer(tx, { ...input, id, subscription, anchorAt: input.startsAt ?? plane.clock.now() })
    if (!created) throw new Problem('already_exists', `a customer with id ${id}${input.externalId === null ? '' : ` or external id ${input.externalId}`} exists`, 'id')
    const { currency } = plane.catalogs.current()
    await ensureBudgets(tx, [{ customer: id, budget: walletBudget(currency).id, periodStart: LIFETIME.start, periodEnd: LIFETIME.end, scale: 12, limit: 0n }])
    await insertAudit(tx, { actor: actor.id, action: 'customer.created', customer: id, target: id, before: null, after: { name: input.name, plan: input.plan } })
    await insertOutbox(tx, [{ customer: id, type: 'customer.created', payload: { name: input.name, plan: input.plan } }])
  })
  return getCustomer(plane, id)
}

export async function getCustomer(plane: ControlPlane, id: string): Promise<CustomerRow> {
  const row = await findCustomer(plane.sql, id)
  if (row === null) throw new Problem('not_found', `there is no customer ${id}`, 'customer')
  return row
}

/** Plan and standing, at once. Allowances keep their position: the new plan's limit is compared with what was used. */
export async function changeSubscription(plane: ControlPlane, actor: Actor, id: string, change: { readonly plan: string | null; readonly standing: Standing | null }): Promise<CustomerRow> {
  if (change.plan !== null) assertPlan(plane, change.plan)
  await changeCustomer(plane, id, async (tx, before) => {
    const after = { plan: change.plan ?? before.plan, standing: change.standing ?? before.standing }
    await setSubscription(tx, id, after)
    await insertAudit(tx, { actor: actor.id, action: 'subscription.changed', customer: id, target: before.subscription, before: { plan: before.plan, standing: before.standing }, after })
    await insertOutbox(tx, [{ customer: id, type: 'subscription.changed', payload: { before: { plan: before.plan, standing: before.standing }, after } }])
  })
  return getCustomer(plane, id)
}

export async function createEntity(plane: ControlPlane, actor: Actor, id: string, input: { readonly id: string | null; readonly parent: string | null; readonly kind: 'department' | 'team' | 'user'; readonly name: string }): Promise<EntityId> {
  const entity = input.id === null ? makeId('entity', plane.randomText()) : parseId('entity', input.id, 'id')
  await changeCustomer(plane, id, async (tx) => {
    const outcome = await insertEntity(tx, { ...input, customer: id, id: entity })
    if (outcome === 'exists') throw new Problem('already_exists', `customer ${id} has an entity ${entity}`, 'id')
    if (outcome === 'no_parent') throw new InputError({ code: 'unknown_entity', field: 'parent', message: `customer ${id} has no entity ${input.parent}` })
    await insertAudit(tx, { actor: actor.id, action: 'entity.created', customer: id, target: entity, before: null, after: input })
  })
  return entity
}

export type BudgetInput = Omit<BudgetRule, 'id' | 'unit'> & { readonly id: string; readonly meters: readonly string[] | null; readonly limit: string }

/** Sets or changes a budget beside those of the plan; in force on every reachable node when it answers. */
export async function putBudget(plane: ControlPlane, actor: Actor, id: string, input: BudgetInput): Promise<void> {
  const catalog = plane.catalogs.current()
  const unit: BudgetRule['unit'] = input.meters === null ? { kind: 'money', asset: catalog.currency } : { kind: 'meters', meters: input.meters, scale: scaleOf(plane, input.meters), name: input.meters.join(' + ') }
  const scale = unit.kind === 'money' ? assetScale(unit.asset) : unit.scale
  const limit = formatDecimal(parseDecimal(input.limit, scale, 'limit'), scale)
  if (limit.startsWith('-')) throw new InputError({ code: 'out_of_range', field: 'limit', message: 'limit must not be negative' })
  const rule = { id: `cap:${input.id}`, name: input.name, unit, window: input.window, enforcement: input.enforcement, entity: input.entity, features: input.features }
  await changeCustomer(plane, id, async (tx) => {
    const before = await upsertBudgetRule(tx, { ...rule, customer: id, limit })
    if (before === 'no_entity') throw new InputError({ code: 'unknown_entity', field: 'entity', message: `customer ${id} has no entity ${input.entity}` })
    if (before !== null) assertSameCount(before, rule)
    await insertAudit(tx, { actor: actor.id, action: 'budget.set', customer: id, target: rule.id, before, after: { ...rule, limit } })
  })
}

/** What a budget counts, over which window and of whom: fixed once it is set, because sums of different things would not add. */
function assertSameCount(before: StoredRule, rule: BudgetRule): void {
  const changed = before.window !== rule.window ? 'window' : before.entity !== rule.entity ? 'entity' : countedText(before.unit) !== countedText(rule.unit) ? 'meters' : null
  if (changed !== null) throw new InputError({ code: 'budget_fixed', field: changed, message: `budget ${rule.id} exists, and its ${changed} cannot change: set another budget` })
}

function countedText(unit: BudgetRule['unit']): string {
  return unit.kind === 'money' ? unit.asset : unit.meters.join(' ')
}

function scaleOf(plane: ControlPlane, meters: readonly string[]): number {
  const scales = meters.map((id) => {
    const meter = plane.catalogs.current().meterById.get(id)
    if (meter === undefined) throw new InputError({ code: 'unknown_meter', field: 'meters', message: `the catalog has no meter ${id}` })
    return meter.scale
  })
  if (new Set(scales).size !== 1) throw new InputError({ code: 'mixed_scales', field: 'meters', message: 'name at least one meter; several must have the same scale' })
  return scales[0]!
}

/** Locks the customer, changes it, brings the limits of its running periods up to date, and tells every node. */
export async function changeCustomer(plane: ControlPlane, id: string, change: (tx: Transaction, before: CustomerRow) => Promise<void>): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [id])
    const before = await findCustomer(tx, id)
    if (before === null) throw new Problem('not_found', `there is no customer ${id}`, 'customer')
    await change(tx, before)
    await bumpVersion(tx, id)
    const facts = (await loadFacts(tx, [id])).get(id)!
    const context = plane.contexts.at(facts, plane.clock.now())
    await setLimits(tx, budgetRows(context).filter(({ budget }) => !budget.startsWith('wallet:')))
  })
  await tellNodes(plane, id)
}

/** Resolves when every reachable node decides with the change. */
export async function tellNodes(plane: ControlPlane, customer: string): Promise<void> {
  const late = await plane.hub.broadcast({ kind: 'customer', customer: customer as CustomerId })
  if (late.length > 0) plane.log.warn({ nodes: late, customer }, 'nodes did not confirm a change in time')
}

function assertPlan(plane: ControlPlane, plan: string): void {
  const { plans } = plane.catalogs.current()
  if (!plans.has(plan)) throw new InputError({ code: 'unknown_plan', field: 'plan', message: `the catalog in force has no plan ${plan}; it has ${[...plans.keys()].join(', ') || 'none: apply a catalog first'}` })
}
