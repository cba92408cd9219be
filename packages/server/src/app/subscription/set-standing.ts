// Plan and standing set by an operator at once: written as the facts that bring the subscription there, so that history tells who did it.

import { burnOrderProblem, InputError, makeId, segmentAt, termsOf, type BurnOrder, type Fact, type FactBody, type Segment, type Standing } from '@tollgate/core'
import { insertAudit } from '../../store/audit.ts'
import type { Transaction } from '../../platform/postgres.ts'
import { setBurnOrder, setObserve, type CustomerRow } from '../../store/customers.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import { getCustomer } from '../customers.ts'
import { planNamed } from './agreement.ts'
import { recordFacts } from './record.ts'

/** The hold that an operator places by setting a standing; there is one, however often it is set. */
const OPERATOR = 'operator'

/** Plan and standing, at once. Allowances keep their position: the new plan's limit is compared with what was used. */
export async function changeSubscription(plane: ControlPlane, actor: Actor, id: string, change: { readonly plan: string | null; readonly standing: Standing | null; readonly observe?: boolean | null; /** Null: that of the plan again; left out, as it is. */ readonly burnOrder?: BurnOrder | null | undefined; readonly reason?: string }): Promise<CustomerRow> {
  const problem = burnOrderProblem(change.burnOrder ?? [])
  if (problem !== null) throw new InputError({ code: 'invalid_value', field: 'burn_order', message: `burn_order: ${problem}` })
  const plan = change.plan === null ? null : planNamed(plane, change.plan)
  await changeCustomer(plane, id, async (tx, before) => {
    if (change.observe !== undefined && change.observe !== null && change.observe !== before.observe) await observe(tx, actor, id, change.observe)
    if (change.burnOrder !== undefined) await orderBurning(tx, actor, before, change.burnOrder)
    if (plan === null && change.standing === null) return
    const now = nowOf(plane, before)
    const current = segmentAt(before.timeline, now)
    const bodies: FactBody[] = [
      ...(plan === null || plan.id === (current?.plan ?? before.plan) ? [] : [{ kind: 'plan_changed' as const, change: { plan: plan.id, terms: termsOf(plan) } }]),
      ...(change.standing === null ? [] : standingFacts(change.standing, current)),
    ]
    const facts = bodies.map((body): Fact => ({ id: makeId('fact', plane.randomText()), subscription: current?.subscription ?? before.subscription, source: 'tollgate', at: now, reason: change.reason ?? 'an operator decided', body }))
    await recordFacts(tx, { customer: before, actor, facts, now })
    const after = { plan: change.plan ?? before.plan, standing: change.standing ?? before.standing }
    await insertAudit(tx, { actor: actor.id, action: 'subscription.changed', customer: id, target: before.subscription, before: { plan: before.plan, standing: before.standing }, after, reason: change.reason ?? null })
  })
  return getCustomer(plane, id)
}

/** In observe mode everything is decided and recorded, and nothing is refused. */
async function observe(tx: Transaction, actor: Actor, customer: string, isOn: boolean): Promise<void> {
  await setObserve(tx, customer, isOn)
  await insertAudit(tx, { actor: actor.id, action: 'customer.observe', customer, target: customer, before: { observe: !isOn }, after: { observe: isOn } })
}

async function orderBurning(tx: Transaction, actor: Actor, { id, burnOrder: before }: CustomerRow, order: BurnOrder | null): Promise<void> {
  const after = order === null || order.length === 0 ? null : order
  await setBurnOrder(tx, id, after)
  await insertAudit(tx, { actor: actor.id, action: 'customer.burn_order', customer: id, target: id, before: { burn_order: before }, after: { burn_order: after } })
}

/** Facts that lead from what is to a standing; none where it is so already. */
function standingFacts(standing: Standing, current: Segment | null): FactBody[] {
  const lifted: FactBody[] = current?.blocks.some(({ kind, ref }) => kind === 'hold' && ref === OPERATOR) === true ? [{ kind: 'hold_lifted', ref: OPERATOR }] : []
  switch (standing) {
    case 'good':
      return current?.state === 'active' || current?.state === 'trialing' ? [] : [...lifted, { kind: 'activated' }]
    case 'grace':
      return [...lifted, ...(current?.state === 'grace' ? [] : current?.state === 'active' || current?.state === 'trialing' ? [] : [{ kind: 'activated' as const }]), { kind: 'payment_failed', invoice: null }]
    case 'suspended':
      return [{ kind: 'hold_placed', ref: OPERATOR }]
    case 'paused':
      return [...lifted, { kind: 'paused', resumesAt: null }]
    case 'cancelled':
      return [{ kind: 'cancelled' }]
    default:
      throw new InputError({ code: 'invalid_value', field: 'standing', message: `standing ${standing} follows from facts and cannot be set: set good, grace, suspended, paused or cancelled` })
  }
}
