// Use cases on customers: create, add entities. Each is one transaction with its
// audit entry and outbox message, and answers when the change is in force on every reachable node.

import { ENTITY_DEPTH_MAX, InputError, instant, isLocale, LIFETIME, makeId, parseId, type EntityId, type EntityKind, type Instant, type RunawayRule } from '@tollgate/core'
import { isTimeZone } from '@tollgate/core/period'
import { walletBudget } from '@tollgate/core/resolve'
import { withRetry } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { ensureBudgets } from '../store/budgets.ts'
import { customerAt, findCustomer, insertCustomer, setLocale, setRunaway, type CustomerRow } from '../store/customers.ts'
import { entityDepth, insertEntity } from '../store/entities.ts'
import { insertOutbox } from '../store/settlement.ts'
import { clockOffset } from '../store/test-clocks.ts'
import type { Actor } from './actor.ts'
import { assertNotOvercommitted } from './budgets.ts'
import { changeCustomer } from './change-customer.ts'
import type { ControlPlane } from './control-plane.ts'
import type { CustomerContext } from './customer-contexts.ts'
import { Problem } from './problems.ts'
import { nowOf } from './customer-time.ts'
import { checkAddOns, planNamed, startFact, type NewAgreement } from './subscription/agreement.ts'
import { recordFacts } from './subscription/record.ts'

export type NewCustomer = { readonly id: string | null; readonly name: string; readonly externalId: string | null; readonly plan: string; readonly timeZone: string; readonly locale?: string | null; /** What it is billed in; that of the catalog unless stated. */ readonly currency?: string | null; readonly metadata: Record<string, unknown>; readonly startsAt: Instant | null; readonly agreement?: NewAgreement; readonly testClock?: string | null }

export async function createCustomer(plane: ControlPlane, actor: Actor, input: NewCustomer): Promise<CustomerRow> {
  const base = planNamed(plane, input.plan)
  if (!isTimeZone(input.timeZone)) throw new InputError({ code: 'unknown_time_zone', field: 'time_zone', message: `there is no time zone ${input.timeZone}; use an IANA name such as Europe/Berlin` })
  const money = currencyOf(plane, input)
  const plan = base.inCurrency.get(money) ?? base
  const id = input.id === null ? makeId('customer', plane.randomText()) : parseId('customer', input.id, 'id')
  const agreement = { ...input.agreement, addOns: checkAddOns(plane, plan, input.agreement?.addOns ?? []) }
  const subscription = makeId('subscription', plane.randomText())
  const factId = makeId('fact', plane.randomText())
  await withRetry(plane.sql, async (tx) => {
    const now = instant(plane.clock.now() + (input.testClock === undefined || input.testClock === null ? 0 : await clockOffset(tx, input.testClock)))
    const startsAt = input.startsAt ?? now
    const created = await insertCustomer(tx, { ...input, id, locale: localeOf(input.locale ?? null), currency: input.currency ?? null, subscription, anchorAt: startsAt, testClock: input.testClock ?? null })
    if (!created) throw new Problem('already_exists', `a customer with id ${id}${input.externalId === null ? '' : ` or external id ${input.externalId}`} exists`, 'id')
    await ensureBudgets(tx, [{ customer: id, budget: walletBudget(money).id, periodStart: LIFETIME.start, periodEnd: LIFETIME.end, scale: 12, limit: 0n }])
    await insertAudit(tx, { actor: actor.id, action: 'customer.created', customer: id, target: id, before: null, after: { name: input.name, plan: input.plan } })
    await insertOutbox(tx, [{ customer: id, type: 'customer.created', payload: { name: input.name, plan: input.plan } }])
    const fact = startFact({ id: factId, subscription, plan, startsAt, timeZone: input.timeZone, agreement })
    await recordFacts(tx, { customer: { id, timeZone: input.timeZone }, actor, facts: [fact], now })
  })
  return getCustomer(plane, id)
}

export async function getCustomer(plane: ControlPlane, id: string): Promise<CustomerRow> {
  const row = await findCustomer(plane.sql, id)
  if (row === null) throw new Problem('not_found', `there is no customer ${id}`, 'customer')
  return customerAt(row, nowOf(plane, row))
}

/** A customer as it is now, by its own clock. */
export async function contextOf(plane: ControlPlane, customer: string): Promise<CustomerContext> {
  const row = await getCustomer(plane, customer)
  const facts = (await plane.contexts.facts(plane.sql, new Map([[row.id, row.version]]))).get(row.id)!
  return plane.contexts.at(facts, nowOf(plane, row))
}

/** The language and the forms of numbers and dates of its pages, mails and invoices. No request is decided by it. */
export async function putLocale(plane: ControlPlane, actor: Actor, id: string, locale: string | null): Promise<void> {
  const wanted = localeOf(locale)
  await withRetry(plane.sql, async (tx) => {
    const before = await findCustomer(tx, id)
    if (before === null) throw new Problem('not_found', `there is no customer ${id}`, 'customer')
    await setLocale(tx, id, wanted)
    await insertAudit(tx, { actor: actor.id, action: 'customer.locale', customer: id, target: id, before: before.locale, after: wanted })
  })
}

/** @throws InputError where it is none. */
export function localeOf(locale: string | null): string | null {
  if (locale !== null && !isLocale(locale)) throw new InputError({ code: 'invalid_locale', field: 'locale', message: `${JSON.stringify(locale.slice(0, 40))} is no locale such as de or pt-BR` })
  return locale
}

/** What happens to the customer's runs that seem to be in a loop. In force on every reachable node when it answers. */
export async function putRunaway(plane: ControlPlane, actor: Actor, id: string, rule: RunawayRule): Promise<void> {
  await changeCustomer(plane, id, async (tx, before) => {
    await setRunaway(tx, id, rule)
    await insertAudit(tx, { actor: actor.id, action: 'customer.runaway', customer: id, target: id, before: before.runaway, after: rule })
  }, NO_RULE)
}

/** Limits stay as they are: none has this id. */
const NO_RULE = ''

export async function createEntity(plane: ControlPlane, actor: Actor, id: string, input: { readonly id: string | null; readonly parent: string | null; readonly kind: EntityKind; readonly name: string }): Promise<EntityId> {
  const entity = input.id === null ? makeId('entity', plane.randomText()) : parseId('entity', input.id, 'id')
  await changeCustomer(plane, id, async (tx) => {
    const outcome = await insertEntity(tx, { ...input, customer: id, id: entity })
    if (outcome === 'exists') throw new Problem('already_exists', `customer ${id} has an entity ${entity}`, 'id')
    if (outcome === 'no_parent') throw new InputError({ code: 'unknown_entity', field: 'parent', message: `customer ${id} has no entity ${input.parent}` })
    if ((await entityDepth(tx, id, entity)) > ENTITY_DEPTH_MAX) throw new InputError({ code: 'out_of_range', field: 'parent', message: `the tree is at most ${ENTITY_DEPTH_MAX} deep` })
    await assertNotOvercommitted(tx, id)
    await insertAudit(tx, { actor: actor.id, action: 'entity.created', customer: id, target: entity, before: null, after: input })
  })
  return entity
}

/** @throws InputError where the plan has no prices in it. */
function currencyOf(plane: ControlPlane, input: Pick<NewCustomer, 'plan' | 'currency'>): string {
  const catalog = plane.catalogs.current()
  const { currency } = input
  if (currency === undefined || currency === null || currency === catalog.currency) return catalog.currency
  const plan = catalog.plans.get(input.plan)!
  if (!plan.inCurrency.has(currency)) throw new InputError({ code: 'invalid_currency', field: 'currency', message: `plan ${plan.id} has no prices in ${currency}; it has ${[catalog.currency, ...plan.inCurrency.keys()].join(', ')}` })
  return currency
}
