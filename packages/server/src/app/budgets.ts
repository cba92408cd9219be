// Use cases on budget rules beside those of the plan: set, change, remove, and give one member of a template its own limit. A
// customer's own key makes and changes its own rules only: every limit must hold, so one more can only tighten.

import {
  assetScale, formatDecimal, formatUnits, InputError, instanceId, overcommitted, parseDecimal, RATE_WINDOW_MS, ROLLING, ruleIdOf, RULES_PER_CUSTOMER_MAX, units,
  type BudgetRule, type RuleTerms,
} from '@tollgate/core'
import type { Transaction } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { findCustomer, loadFacts, type StoredFacts } from '../store/customers.ts'
import { countBudgetRules, deleteBudgetRule, findBudgetRule, readOverrides, setOverride, upsertBudgetRule, type StoredRule } from '../store/entities.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { changeCustomer } from './change-customer.ts'
import { Problem } from './problems.ts'

export type BudgetInput = Omit<BudgetRule, 'id' | 'unit' | 'owner'> & { readonly id: string; readonly meters: readonly string[] | null; readonly limit: string }

/** Sets or changes a budget beside those of the plan; in force on every reachable node when it answers. */
export async function putBudget(plane: ControlPlane, actor: Actor, customer: string, input: BudgetInput): Promise<void> {
  const unit: BudgetRule['unit'] = input.meters === null ? { kind: 'money', asset: await assetOf(plane, customer) } : { kind: 'meters', meters: input.meters, scale: scaleOf(plane, input.meters), name: input.meters.join(' + ') }
  const limit = amountText(input.limit, unit, 'limit')
  const terms = checkedTerms(input, unit)
  const rule: BudgetRule = { id: `cap:${input.id}`, name: input.name, unit, window: input.window, enforcement: input.enforcement, entity: input.entity, features: input.features, terms, owner: ownerOf(actor) }
  await changeCustomer(plane, customer, async (tx) => {
    const before = await upsertBudgetRule(tx, { ...rule, customer, limit })
    if (before === 'no_entity') throw new InputError({ code: 'unknown_entity', field: 'entity', message: `customer ${customer} has no entity ${input.entity}` })
    if (before === null && (await countBudgetRules(tx, customer)) > RULES_PER_CUSTOMER_MAX) {
      throw new InputError({ code: 'out_of_range', field: 'budget', message: `a customer has at most ${RULES_PER_CUSTOMER_MAX} budgets: use one with \`per\` for many users, models or tags` })
    }
    if (before !== null) assertMayChange(actor, before, rule)
    await assertNotOvercommitted(tx, customer)
    await insertAudit(tx, { actor: actor.id, action: 'budget.set', customer, target: rule.id, before, after: { ...rule, limit } })
  }, rule.id)
}

/** What the customer's plan is priced in. */
async function assetOf(plane: ControlPlane, customer: string): Promise<string> {
  const catalog = plane.catalogs.current()
  return catalog.plans.get((await findCustomer(plane.sql, customer))?.plan ?? '')?.asset ?? catalog.currency
}

/** What was settled stays on record; nothing is limited by it any more. */
export async function deleteBudget(plane: ControlPlane, actor: Actor, customer: string, id: string): Promise<void> {
  await changeCustomer(plane, customer, async (tx) => {
    const before = await existing(tx, customer, id)
    assertOwned(actor, id, before)
    await deleteBudgetRule(tx, customer, id)
    await insertAudit(tx, { actor: actor.id, action: 'budget.deleted', customer, target: id, before, after: null })
  }, id)
}

/** Gives one member of a template its own limit; null takes it away again. Returns the id of the member's budget. */
export async function setMemberLimit(plane: ControlPlane, actor: Actor, customer: string, input: { readonly rule: string; readonly values: readonly string[]; readonly limit: string | null }): Promise<string> {
  const budget = instanceId(input.rule, input.values)
  await changeCustomer(plane, customer, async (tx) => {
    const rule = await existing(tx, customer, input.rule)
    assertOwned(actor, input.rule, rule)
    const per = rule.terms?.per ?? []
    if (per.length === 0) throw new InputError({ code: 'no_members', field: 'budget', message: `budget ${input.rule} is one budget, not one of each value: change its limit itself` })
    if (per.length !== input.values.length) throw new InputError({ code: 'out_of_range', field: 'values', message: `name one value each of ${per.join(', ')}` })
    const before = (await readOverrides(tx, customer, input.rule)).get(budget) ?? null
    const limit = input.limit === null ? null : amountText(input.limit, rule.unit, 'limit')
    await setOverride(tx, { customer, rule: input.rule, budget, limit })
    await assertNotOvercommitted(tx, customer)
    await insertAudit(tx, { actor: actor.id, action: 'budget.member_set', customer, target: budget, before: { limit: before }, after: { limit } })
  }, input.rule)
  return budget
}

/** @throws {Problem} not_found. */
export async function existing(tx: Transaction, customer: string, id: string): Promise<StoredRule> {
  const rule = await findBudgetRule(tx, customer, id)
  if (rule === null) throw new Problem('not_found', `customer ${customer} has no budget ${id} of its own; those of the plan are changed in the catalog`, 'budget')
  return rule
}

function ownerOf(actor: Actor): 'operator' | 'tenant' {
  return actor.customer === null ? 'operator' : 'tenant'
}

/** A customer changes what is its own, never what the operator set. */
export function assertOwned(actor: Actor, id: string, rule: StoredRule): void {
  if (ownerOf(actor) === 'tenant' && rule.owner !== 'tenant') throw new Problem('budget_of_operator', `budget ${id} was set by the operator: ask there for a change, or set a tighter one of your own`, 'budget')
}

/** What a budget counts, over which window and of whom: fixed once it is set, because sums of different things would not add. */
function assertMayChange(actor: Actor, before: StoredRule, rule: BudgetRule): void {
  assertOwned(actor, rule.id, before)
  const fixed = (one: Omit<BudgetRule, 'id'>): Readonly<Record<string, string>> => ({
    window: `${one.window} ${one.terms?.rolling === true}`, entity: String(one.entity), meters: one.unit.kind === 'money' ? one.unit.asset : one.unit.meters.join(' '),
    where: JSON.stringify(Object.entries(one.terms?.where ?? {}).sort()), per: JSON.stringify(one.terms?.per ?? []),
  })
  const [was, is] = [fixed(before), fixed(rule)]
  const changed = Object.keys(is).find((field) => was[field] !== is[field])
  if (changed !== undefined) throw new InputError({ code: 'budget_fixed', field: changed, message: `budget ${rule.id} exists, and its ${changed} cannot change: set another budget` })
}

/** Conditions that mean nothing are left out, and what cannot be together is refused. */
function checkedTerms(input: BudgetInput, unit: BudgetRule['unit']): RuleTerms {
  const terms = input.terms ?? {}
  const wrong = (field: string, message: string) => new InputError({ code: 'out_of_range', field, message })
  const isRate = RATE_WINDOW_MS[input.window] !== undefined
  if (terms.rolling === true && !isRate && ROLLING[input.window] === undefined) throw wrong('rolling', `a window of ${input.window} cannot roll: use ${Object.keys(ROLLING).join(', ')}`)
  if (terms.rolloverMax !== undefined) {
    if (terms.rolling === true || isRate || input.window === 'lifetime' || input.window === 'hour') throw wrong('rollover_max', 'only a window of a day or longer that starts anew has something to roll over')
    amountText(terms.rolloverMax, unit, 'rollover_max')
  }
  if (terms.burst !== undefined && !isRate) throw wrong('burst', 'only windows of a second or minute are rates with a burst')
  if (isRate && input.enforcement === 'metered') throw wrong('enforcement', 'a rate is hard or soft: what is only counted needs a longer window')
  if (terms.failMode?.mode === 'open' && terms.failMode.amount !== null) amountText(terms.failMode.amount, unit, 'fail_mode.amount')
  if (terms.burst !== undefined) amountText(terms.burst, unit, 'burst')
  const thresholds = terms.thresholds === undefined ? undefined : [...new Set(terms.thresholds)].sort((a, b) => a - b)
  return { ...terms, ...(thresholds === undefined ? {} : { thresholds }) }
}

function amountText(text: string, unit: BudgetRule['unit'], field: string): string {
  const scale = unit.kind === 'money' ? assetScale(unit.asset) : unit.scale
  const exact = formatDecimal(parseDecimal(text, scale, field), scale)
  if (exact.startsWith('-')) throw new InputError({ code: 'out_of_range', field, message: `${field} must not be negative` })
  return exact
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

/** Refuses a state of rules, members and entities that allocates more than a budget that forbids it. */
export async function assertNotOvercommitted(tx: Transaction, customer: string): Promise<void> {
  const facts = (await loadFacts(tx, [customer])).get(customer)
  if (facts === undefined || !facts.budgets.some(({ terms }) => terms?.overcommit === false)) return
  const found = overcommitted({
    rules: facts.budgets.map((rule) => ({ rule, limit: facts.ruleLimits.get(rule.id) ?? 0n })),
    overrides: await exactOverrides(tx, facts), entityPaths: facts.entityPaths, entityKinds: facts.entityKinds ?? {},
  })
  if (found === null) return
  const text = (amount: bigint) => amountOf(facts, found.rule, amount)
  throw new InputError({ code: 'overcommitted', field: 'limit', message: `budget ${found.rule} is ${text(found.limit)} and forbids to allocate more, but ${text(found.allocated)} would be allocated below it: lower one of them, or raise it` })
}

async function exactOverrides(tx: Transaction, facts: StoredFacts): Promise<Map<string, bigint>> {
  const found = await readOverrides(tx, facts.customer, null)
  return new Map([...found].map(([budget, text]) => {
    const unit = facts.budgets.find(({ id }) => id === ruleIdOf(budget))?.unit
    return [budget, parseDecimal(text, unit === undefined || unit.kind === 'money' ? 12 : unit.scale, budget)]
  }))
}

function amountOf(facts: StoredFacts, rule: string, amount: bigint): string {
  const unit = facts.budgets.find(({ id }) => id === rule)?.unit
  return unit === undefined || unit.kind === 'money' ? formatUnits(units(amount), unit?.asset ?? '') : formatDecimal(amount, unit.scale)
}
