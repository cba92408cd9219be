// Changes of what was agreed: plan, seats, add-ons. More takes effect at once, less at the end of the period, unless the caller says
// otherwise. A preview computes the same change and writes nothing.

import { changeLines, InputError, isUpgrade, makeId, planOf, segmentAt, termsOf, type AddOnQuantity, type Agreed, type ChangeLine, type Fact, type Instant, type Plan, type PlanChange, type Segment, type Span } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import type { CustomerRow } from '../../store/customers.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import { contextOf } from '../customers.ts'
import { Problem } from '../problems.ts'
import { checkAddOns, planIn } from './agreement.ts'
import { recordFacts } from './record.ts'

export type ChangeInput = {
  readonly plan: string | null
  readonly seats: number | null
  readonly addOns: readonly AddOnQuantity[] | null
  /** `auto`: more at once, less at the end of the period. */
  readonly when: 'auto' | 'now' | 'period_end'
  readonly reason: string | null
}

export type PlannedChange = {
  readonly subscription: string
  readonly before: Segment
  readonly after: { readonly plan: string; readonly seats: number; readonly addOns: readonly AddOnQuantity[] }
  readonly upgrade: boolean
  readonly takesEffectAt: Instant
  readonly isNow: boolean
  readonly period: Span
  /** What the change costs in the running period; nothing where it waits for its end. */
  readonly lines: readonly ChangeLine[]
  readonly currency: string
  readonly change: PlanChange
}

export async function previewChange(plane: ControlPlane, customer: string, input: ChangeInput): Promise<PlannedChange> {
  return planChange(plane, await contextOf(plane, customer), input)
}

export async function applyChange(plane: ControlPlane, actor: Actor, customer: string, input: ChangeInput): Promise<PlannedChange> {
  let planned: PlannedChange | null = null
  const id = makeId('fact', plane.randomText())
  await changeCustomer(plane, customer, async (tx, before) => {
    planned = await changeIn(tx, plane, actor, before, input, id)
  })
  return planned!
}

/** The change as a part of another one of the customer, whose frame it runs in. */
export async function changeIn(tx: Transaction, plane: ControlPlane, actor: Actor, before: CustomerRow, input: ChangeInput, id: string): Promise<PlannedChange> {
  const now = nowOf(plane, before)
  const facts = (await plane.contexts.facts(tx, new Map([[before.id, before.version]]))).get(before.id)!
  const planned = planChange(plane, plane.contexts.at(facts, now), input)
  const { subscription, isNow, takesEffectAt, change } = planned
  const body: Fact['body'] = isNow ? { kind: 'plan_changed', change } : { kind: 'change_scheduled', schedule: id.replace('fct_', 'sch_'), takesEffectAt, change }
  const reason = input.reason ?? (planned.upgrade ? 'an upgrade was ordered' : 'a change was ordered')
  await recordFacts(tx, { customer: before, actor, facts: [{ id, subscription, source: 'tollgate', at: now, reason, body }], now })
  const was = planned.before
  await insertAudit(tx, {
    actor: actor.id, action: isNow ? 'subscription.changed' : 'subscription.change_scheduled', customer: before.id, target: subscription,
    before: { plan: was.plan, seats: was.seats, add_ons: was.addOns }, after: { ...planned.after, takes_effect_at: new Date(takesEffectAt).toISOString() }, reason,
  })
  return planned
}

/** The agreement that runs. @throws {Problem} not_found where nothing is agreed, subscription_over where it has ended. */
export function runningSegment(row: Pick<CustomerRow, 'id' | 'timeline'>, now: Instant): Segment {
  const current = segmentAt(row.timeline, now)
  if (current === null) throw new Problem('not_found', `customer ${row.id} has no subscription`, 'customer')
  return current
}

function planChange(plane: ControlPlane, context: CustomerContext, input: ChangeInput): PlannedChange {
  const { facts, snapshot: { customer, period } } = context
  const now = nowOf(plane, facts)
  const current = runningSegment({ id: customer, timeline: facts.timeline }, now)
  assertOurs(current)
  if (current.state === 'cancelled' || current.state === 'expired') throw new Problem('subscription_over', `the subscription is ${current.state}: reactivate it, or start a new one`, 'customer')
  // Who stays on a plan keeps it as it is: an earlier version of it, with what the contract says.
  const plan = input.plan === null || input.plan === current.plan ? context.plan : comingPlan(plane, context, input.plan)
  const seats = input.seats ?? current.seats
  const addOns = checkAddOns(plane, plan, input.addOns ?? current.addOns)
  const before: Agreed = { plan: context.plan, seats: current.seats, addOns: withAddOns(plane, current.addOns) }
  const after: Agreed = { plan, seats, addOns: withAddOns(plane, addOns) }
  const upgrade = isUpgrade(before, after)
  const isNow = input.when === 'now' || (input.when === 'auto' && (upgrade || current.state === 'trialing' || current.state === 'incomplete'))
  const isPaid = current.state !== 'trialing' && current.state !== 'incomplete'
  return {
    subscription: current.subscription,
    before: current,
    after: { plan: plan.id, seats, addOns },
    upgrade,
    isNow,
    takesEffectAt: isNow ? now : period.end,
    period,
    lines: isNow && isPaid ? changeLines({ before, after, period, at: now }) : [],
    currency: context.plan.currency,
    change: { plan: plan.id, seats, addOns, ...(plan.id === current.plan ? {} : { terms: termsOf(plan) }) },
  }
}

/** What a provider bills is changed there: its messages would undo what is changed here. */
export function assertOurs(segment: Segment): void {
  if (segment.source !== 'tollgate') throw new InputError({ code: 'billed_by_provider', field: 'customer', message: `this subscription is billed by ${segment.source}: change it there, and it changes here within moments` })
}

/** Another plan as the customer would have it: in its currency, with what its contract says. */
function comingPlan(plane: ControlPlane, { plan, snapshot: { terms } }: CustomerContext, id: string): Plan {
  planIn(plane, id, plan.currency)
  return planOf(plane.catalogs.current(), { plan: id, money: plan.currency, ...(terms === undefined ? {} : { terms }) })!
}

function withAddOns(plane: ControlPlane, addOns: readonly AddOnQuantity[]): Agreed['addOns'] {
  const known = plane.catalogs.current().addOns
  return addOns.flatMap(({ id, quantity }) => (known.has(id) ? [{ addOn: known.get(id)!, quantity }] : []))
}
