// What is done to a subscription as a whole: pause, resume, cancel, reactivate, convert or extend a trial, take a schedule back; and what
// happened around it: payments, disputes, holds. Each is a fact with its reason; what follows from it the fold says.

import { InputError, makeId, termsOf, type Fact, type FactBody, type Instant, type Segment } from '@tollgate/core'
import { billingPeriod } from '@tollgate/core/resolve'
import { insertAudit } from '../../store/audit.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import { Problem } from '../problems.ts'
import { checkAddOns, planIn, planNamed, startFact, type NewAgreement } from './agreement.ts'
import { assertOurs, runningSegment } from './change.ts'
import { recordFacts } from './record.ts'

export type Action =
  | { readonly action: 'pause'; readonly resumesAt: Instant | null }
  | { readonly action: 'resume' | 'reactivate' | 'convert_trial' | 'keep' }
  | { readonly action: 'cancel'; readonly when: 'now' | 'period_end' }
  | { readonly action: 'extend_trial'; readonly trialEndsAt: Instant }
  | { readonly action: 'unschedule'; readonly schedule: string }

/** States in which an action makes sense; elsewhere the caller is told. */
const POSSIBLE: Readonly<Record<Action['action'], readonly Segment['state'][]>> = {
  pause: ['active', 'trialing', 'grace', 'suspended'],
  resume: ['paused'],
  reactivate: ['cancelled', 'expired'],
  convert_trial: ['trialing'],
  keep: ['active', 'trialing', 'grace', 'suspended', 'paused', 'disputed', 'incomplete'],
  cancel: ['active', 'trialing', 'grace', 'suspended', 'paused', 'disputed', 'incomplete'],
  extend_trial: ['trialing'],
  unschedule: ['active', 'trialing', 'grace', 'suspended', 'paused', 'disputed', 'incomplete'],
}

export async function actOnSubscription(plane: ControlPlane, actor: Actor, customer: string, input: Action, reason: string | null): Promise<void> {
  const id = makeId('fact', plane.randomText())
  await changeCustomer(plane, customer, async (tx, before) => {
    const now = nowOf(plane, before)
    const current = runningSegment(before, now)
    assertOurs(current)
    if (!POSSIBLE[input.action].includes(current.state)) throw new Problem('subscription_state', `the subscription is ${current.state}; ${input.action} needs ${POSSIBLE[input.action].join(', ')}`, 'action')
    const periodEnd = billingPeriod({ anchorAt: current.anchorAt, timeZone: before.timeZone }, planNamed(plane, current.plan), now).end
    const body = bodyOf(input, { current, now, periodEnd })
    const why = reason ?? `${input.action.replace('_', ' ')} was ordered`
    await recordFacts(tx, { customer: before, actor, facts: [{ id, subscription: current.subscription, source: 'tollgate', at: now, reason: why, body }], now })
    await insertAudit(tx, { actor: actor.id, action: `subscription.${input.action}`, customer, target: current.subscription, before: { state: current.state }, after: body, reason: why })
  })
}

function bodyOf(input: Action, { current, now, periodEnd }: { readonly current: Segment; readonly now: Instant; readonly periodEnd: Instant }): FactBody {
  switch (input.action) {
    case 'pause':
      if (input.resumesAt !== null && input.resumesAt <= now) throw new InputError({ code: 'out_of_range', field: 'resumes_at', message: 'resumes_at must be in the future' })
      return { kind: 'paused', resumesAt: input.resumesAt }
    case 'resume':
      return { kind: 'resumed' }
    case 'reactivate':
      return { kind: 'reactivated' }
    case 'convert_trial':
      return { kind: 'trial_converted' }
    case 'keep':
      if (current.cancelAt === null) throw new Problem('subscription_state', 'no cancellation is scheduled', 'action')
      return { kind: 'cancellation_unscheduled' }
    case 'cancel':
      // A trial has no paid period to use up: it ends with itself.
      return input.when === 'now' ? { kind: 'cancelled' } : { kind: 'cancellation_scheduled', takesEffectAt: current.trialEndsAt ?? periodEnd }
    case 'extend_trial':
      if (input.trialEndsAt <= now) throw new InputError({ code: 'out_of_range', field: 'trial_ends_at', message: 'trial_ends_at must be in the future' })
      return { kind: 'trial_extended', trialEndsAt: input.trialEndsAt }
    case 'unschedule':
      if (!current.scheduled.some(({ id }) => id === input.schedule)) throw new Problem('not_found', `nothing is scheduled under ${input.schedule}`, 'schedule')
      return { kind: 'change_unscheduled', schedule: input.schedule }
  }
}

export type Happening = {
  readonly kind: 'payment_succeeded' | 'payment_failed' | 'collection_stopped' | 'dispute_opened' | 'dispute_won' | 'dispute_lost' | 'hold_placed' | 'hold_lifted'
  /** The dispute or hold that it is about. */
  readonly ref: string | null
  readonly invoice: string | null
  /** When it was; now unless stated. */
  readonly at: Instant | null
  readonly reason: string | null
}

/** Longest time that a fact may lie back: history of closed years does not move any more. */
const FACT_AGE_MS_MAX = 400 * 86_400_000

/** Records what happened outside: a payment that an accountant saw, a dispute that the bank told of. */
export async function recordHappening(plane: ControlPlane, actor: Actor, customer: string, input: Happening): Promise<void> {
  const id = makeId('fact', plane.randomText())
  await changeCustomer(plane, customer, async (tx, before) => {
    const now = nowOf(plane, before)
    const current = runningSegment(before, now)
    const at = input.at ?? now
    if (at > now || at < now - FACT_AGE_MS_MAX) throw new InputError({ code: 'out_of_range', field: 'at', message: `at must be in the past, at most ${FACT_AGE_MS_MAX / 86_400_000} days back` })
    const why = input.reason ?? `${input.kind.replace('_', ' ')} was recorded`
    const fact: Fact = { id, subscription: current.subscription, source: 'tollgate', at, reason: why, body: happened(input) }
    await recordFacts(tx, { customer: before, actor, facts: [fact], now })
    await insertAudit(tx, { actor: actor.id, action: `subscription.${input.kind}`, customer, target: current.subscription, before: { state: current.state }, after: { ...fact.body, at: new Date(at).toISOString() }, reason: why })
  })
}

function happened({ kind, ref, invoice }: Happening): FactBody {
  switch (kind) {
    case 'payment_failed':
    case 'payment_succeeded':
      return { kind, invoice }
    case 'collection_stopped':
      return { kind }
    default:
      if (ref === null) throw new InputError({ code: 'required', field: 'ref', message: `${kind} needs a ref: which dispute or hold it is about` })
      return { kind, ref }
  }
}

/** A new agreement with a customer whose last one is over. */
export async function startSubscription(plane: ControlPlane, actor: Actor, customer: string, input: NewAgreement & { readonly plan: string }): Promise<void> {
  const [factId, subscription] = [makeId('fact', plane.randomText()), makeId('subscription', plane.randomText())]
  await changeCustomer(plane, customer, async (tx, before) => {
    const now = nowOf(plane, before)
    const plan = planIn(plane, input.plan, before.currency ?? plane.catalogs.current().currency)
    const agreement = { ...input, addOns: checkAddOns(plane, plan, input.addOns ?? []) }
    const current = runningSegment(before, now)
    if (current.source === 'tollgate' && current.state !== 'cancelled' && current.state !== 'expired') {
      throw new Problem('subscription_state', `the subscription is ${current.state}: change it, or cancel it before a new one starts`, 'customer')
    }
    const fact = startFact({ id: factId, subscription, plan, startsAt: now, timeZone: before.timeZone, agreement })
    await recordFacts(tx, { customer: before, actor, facts: [fact], now })
    await insertAudit(tx, { actor: actor.id, action: 'subscription.created', customer, target: subscription, before: null, after: { plan: plan.id, terms: termsOf(plan) } })
  })
}
