// Routes on subscriptions: what is agreed, how it changes, what happened to it, and what was told.

import * as z from 'zod'
import { choice, cursor, customerParam, decimal, id, instantIn, limit, listOf, nothing, period, text, time, wholeNumber, word } from './fields.ts'
import { route } from './route.ts'

const SEATS_MAX = 1_000_000
const ADD_ONS_MAX = 50
const TRIAL_DAYS_MAX = 730
const SEQUENCE_MAX = 999_999_999

export const state = z.enum(['incomplete', 'trialing', 'active', 'grace', 'suspended', 'paused', 'disputed', 'cancelled', 'expired']).meta({ description: 'Where it stands; see [every state](subscription-states.md).', examples: ['active'] })
const addOns = z
  .array(z.strictObject({ id: word('An add-on of the catalog.', 'more_tokens'), quantity: z.int().min(0).max(SEATS_MAX).default(1).meta({ description: 'Units; 0 removes it.' }) }))
  .max(ADD_ONS_MAX)
const addOnsOut = z.array(z.strictObject({ id: word('The add-on.', 'more_tokens'), quantity: z.int() })).meta({ description: 'Add-ons with their units.' })
const seats = z.int().min(1).max(SEATS_MAX).meta({ description: 'Seats of the plan.', examples: [5] })
const reason = text('Why, for the audit log and for who answers the phone.', 'ordered by phone')

/** What a new agreement may say; `POST /v1/customers` takes the same. */
export const agreementFields = {
  seats: seats.default(1),
  add_ons: addOns.default([]).meta({ description: 'Add-ons of the catalog that fit the plan.' }),
  trial_days: z.int().min(0).max(TRIAL_DAYS_MAX).nullable().default(null).meta({ description: 'Days of trial; left out, as the plan says; 0 for none.' }),
  awaits_payment: z.boolean().default(false).meta({ description: 'Nothing may be used before the first payment is recorded; after a day it expires.' }),
  ends_at: instantIn('The agreement ends here; left out, it has no end.').nullable().default(null),
}

const stretch = z.strictObject({
  from: time('Since when, or from when on.'),
  state,
  plan: word('Its plan.', 'pro'),
  seats: z.int().meta({ description: 'Seats.' }),
  add_ons: addOnsOut,
  reason: z.string().meta({ description: 'Why it is so, for a person.', examples: ['the trial ended and the paid period began'] }),
})

export const subscription = z
  .strictObject({
    customer: id('cus', 'The customer.'),
    id: z.string().meta({ description: 'Id of the agreement, ours or the provider’s.', examples: ['sub_acme'] }),
    source: choice(['tollgate', 'stripe', 'chargebee', 'recurly'], 'Who bills it.'),
    state,
    standing: z.string().meta({ description: 'What it permits now.', examples: ['good'] }),
    reason: stretch.shape.reason,
    plan: word('Its plan.', 'pro'),
    plan_version: z.int().nullable().meta({ description: 'Catalog version of the plan, where the customer keeps an earlier one than that in force.' }),
    seats: z.int().meta({ description: 'Seats.' }),
    add_ons: addOnsOut,
    started_at: time('When it began.'),
    since: time('Since when it is as it is.'),
    period,
    trial_ends_at: time('End of the trial that runs.').nullable(),
    grace_ends_at: time('End of grace, unless something is paid.').nullable(),
    cancels_at: time('When it will end.').nullable(),
    resumes_at: time('When the pause will end.').nullable(),
    blocks: z.array(z.strictObject({ kind: choice(['dispute', 'hold'], 'What blocks.'), ref: z.string().meta({ description: 'Which one.' }) })).meta({ description: 'Disputes and holds that are open.' }),
    scheduled: z
      .array(z.strictObject({ id: z.string().meta({ description: 'To take it back with.' }), takes_effect_at: time('When.'), plan: z.string().nullable(), seats: z.int().nullable(), add_ons: addOnsOut.nullable() }))
      .meta({ description: 'Changes that were ordered and are not in force yet.' }),
    ahead: z.array(stretch).meta({ description: 'What comes by itself unless something happens before.' }),
    notice: z
      .strictObject({ level: choice(['info', 'warning', 'blocked'], 'How bad it is.'), message: z.string().meta({ description: 'For the tenant: what is, until when, what to do.' }), until: time('When it changes by itself.').nullable() })
      .nullable()
      .meta({ description: 'What a portal should show; null when all is well.' }),
    as_of: time('The customer’s time of this answer.'),
  })
  .meta({ id: 'Subscription', description: 'What is agreed with a customer, as it stands and as it is known to go on.' })

const changeBody = z
  .strictObject({
    plan: word('Another plan.', 'team').optional(),
    seats: seats.optional(),
    add_ons: addOns.optional().meta({ description: 'All add-ons that it shall have; left out, they stay.' }),
    when: choice(['auto', 'now', 'period_end'], '`auto`: what costs more takes effect at once, what costs less at the end of the period.').default('auto'),
    reason: reason.optional(),
  })
  .refine(({ plan, seats: wanted, add_ons: list }) => plan !== undefined || wanted !== undefined || list !== undefined, { message: 'names nothing to change: give plan, seats or add_ons', params: { code: 'required' } })

const plannedChange = z
  .strictObject({
    before: z.strictObject({ plan: z.string(), seats: z.int(), add_ons: addOnsOut }),
    after: z.strictObject({ plan: z.string(), seats: z.int(), add_ons: addOnsOut }),
    upgrade: z.boolean().meta({ description: 'Whether it costs more.' }),
    takes_effect_at: time('When.'),
    period,
    lines: z
      .array(
        z.strictObject({
          kind: choice(['unused_time', 'used_time', 'remaining_time'], 'Given back, charged for what was used, or charged for what remains.'),
          id: z.string().meta({ description: 'The recurring amount.' }),
          name: z.string().meta({ description: 'Text of the line.' }),
          seconds: z.int().meta({ description: 'Seconds of the period that it is for.' }),
          period_seconds: z.int().meta({ description: 'Seconds of the whole period.' }),
          whole: decimal('Amount of a whole period.', '49'),
          amount: decimal('Amount of the line.', '24.5'),
        }),
      )
      .meta({ description: 'What it costs in the running period, by the second. Empty where it waits for the end of the period.' }),
    amount: decimal('Sum of the lines.', '24.5'),
    currency: z.string().meta({ description: 'ISO 4217.', examples: ['USD'] }),
  })
  .meta({ id: 'SubscriptionChange', description: 'A change and what it costs.' })

const told = z
  .strictObject({
    sequence: z.int().meta({ description: 'Number per customer, without gaps.' }),
    type: z.string().meta({ description: 'Name of the event.', examples: ['subscription.grace_entered'] }),
    subscription: z.string().meta({ description: 'The agreement.' }),
    effective_at: time('When it took effect.'),
    told_at: time('When it was told.'),
    state,
    plan: z.string(),
    reason: z.string().meta({ description: 'Why, for a person.' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'What belongs to the event.' }),
    voids: z.int().nullable().meta({ description: 'The event that this one takes back.' }),
    voided_by: z.int().nullable().meta({ description: 'The event that takes this one back.' }),
  })
  .meta({ id: 'SubscriptionEvent', description: 'Something that was told of a subscription.' })

const fact = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the fact.' }),
    subscription: z.string().meta({ description: 'The agreement.' }),
    source: choice(['tollgate', 'stripe', 'chargebee', 'recurly'], 'Who told it.'),
    kind: z.string().meta({ description: 'What it says.', examples: ['payment_failed'] }),
    at: time('When it was so.'),
    recorded_at: time('When we heard of it.'),
    actor: z.string().meta({ description: 'Who recorded it.' }),
    reason: z.string().meta({ description: 'Why, for a person.' }),
    body: z.record(z.string(), z.unknown()).meta({ description: 'All that it says.' }),
  })
  .meta({ id: 'SubscriptionFact', description: 'A dated fact: what everything about a subscription is folded from.' })

const problems = ['not_found', 'unknown_plan', 'unknown_add_on', 'add_on_not_for_plan', 'billed_by_provider', 'subscription_over', 'plan_changes_off', 'out_of_range'] as const

export const subscriptionRoutes = {
  getSubscription: route({
    method: 'GET',
    path: '/v1/customers/{customer}/subscription',
    tag: 'subscriptions',
    summary: 'Get a subscription',
    description: 'As it stands, what is known to come, and what the tenant should be told.',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: subscription,
    problems: ['not_found'],
  }),
  startSubscription: route({
    method: 'POST',
    path: '/v1/customers/{customer}/subscription',
    tag: 'subscriptions',
    summary: 'Start a new subscription',
    description: 'For a customer whose last one is over, or is billed by a provider. A customer is created with its first.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({ plan: word('Plan of the catalog in force.', 'pro'), ...agreementFields }),
    status: 201,
    answer: subscription,
    problems: [...problems, 'subscription_state'],
  }),
  previewSubscriptionChange: route({
    method: 'POST',
    path: '/v1/customers/{customer}/subscription/preview',
    tag: 'subscriptions',
    summary: 'Preview a change',
    description: 'What a change would cost and when it would take effect. Writes nothing. For a tenant as far as the portal session lets it.',
    access: ['tenant_admin'],
    params: customerParam,
    query: nothing,
    body: changeBody,
    status: 200,
    answer: plannedChange,
    problems,
  }),
  changeSubscription: route({
    method: 'POST',
    path: '/v1/customers/{customer}/subscription/change',
    tag: 'subscriptions',
    summary: 'Change plan, seats or add-ons',
    description: 'In force on every reachable gateway when it answers, where it takes effect at once. What was used of an allowance stays used under the new plan. A tenant changes by a portal session with `plan_changes`: plan and seats, among the public plans, when `auto` says.',
    access: ['tenant_admin'],
    params: customerParam,
    query: nothing,
    body: changeBody,
    status: 200,
    answer: plannedChange,
    problems,
  }),
  actOnSubscription: route({
    method: 'POST',
    path: '/v1/customers/{customer}/subscription/actions',
    tag: 'subscriptions',
    summary: 'Pause, resume, cancel, reactivate',
    description: '`pause`, `resume`, `cancel` (now or at the end of the period), `keep` (takes a scheduled cancellation back), `reactivate`, `convert_trial`, `extend_trial`, `unschedule` (takes a scheduled change back).',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('pause'), resumes_at: instantIn('Resume by itself at this time.').nullable().default(null), reason: reason.optional() }),
      z.strictObject({ action: z.enum(['resume', 'reactivate', 'convert_trial', 'keep']).meta({ description: 'What to do.' }), reason: reason.optional() }),
      z.strictObject({ action: z.literal('cancel'), when: choice(['period_end', 'now'], 'When it ends; in a trial `period_end` is the end of the trial.').default('period_end'), reason: reason.optional() }),
      z.strictObject({ action: z.literal('extend_trial'), trial_ends_at: instantIn('New end of the trial.'), reason: reason.optional() }),
      z.strictObject({ action: z.literal('unschedule'), schedule: text('Id of the scheduled change.', 'sch_1'), reason: reason.optional() }),
    ]),
    status: 200,
    answer: subscription,
    problems: ['not_found', 'subscription_state', 'billed_by_provider', 'out_of_range'],
  }),
  recordSubscriptionFact: route({
    method: 'POST',
    path: '/v1/customers/{customer}/subscription/facts',
    tag: 'subscriptions',
    summary: 'Record a payment, dispute or hold',
    description: 'What happened outside, with the time when it was so: what follows is folded as if it had been known then. Works without any billing provider.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      kind: choice(['payment_succeeded', 'payment_failed', 'collection_stopped', 'dispute_opened', 'dispute_won', 'dispute_lost', 'hold_placed', 'hold_lifted'], 'What happened.'),
      ref: text('The dispute or hold that it is about.', 'dp_31').nullable().default(null),
      invoice: text('The invoice that it is about.', 'inv_31').nullable().default(null),
      at: instantIn('When it was so; now unless stated.').nullable().default(null),
      reason: reason.nullable().default(null),
    }),
    status: 200,
    answer: subscription,
    problems: ['not_found', 'out_of_range', 'required'],
  }),
  listSubscriptionFacts: route({
    method: 'GET',
    path: '/v1/customers/{customer}/subscription/facts',
    tag: 'subscriptions',
    summary: 'List facts',
    description: 'All that its subscriptions are folded from, newest first.',
    access: [],
    params: customerParam,
    query: z.strictObject({ limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(fact),
    problems: ['not_found', 'invalid_cursor'],
  }),
  listSubscriptionEvents: route({
    method: 'GET',
    path: '/v1/customers/{customer}/subscription/events',
    tag: 'subscriptions',
    summary: 'Replay events',
    description: 'What was told of its subscriptions, in the order of telling, from any number on. Kept for ever.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ after: wholeNumber('Begin after this number.', { min: 0, max: SEQUENCE_MAX, absent: 0 }), limit }),
    body: null,
    status: 200,
    answer: z.strictObject({ data: z.array(told), next_after: z.int().nullable().meta({ description: 'Ask for the next page with it as `after`; null on the last.' }) }),
    problems: ['not_found'],
  }),
} as const
