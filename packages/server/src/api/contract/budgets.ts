// Routes on budgets: what limits and what pays, as written and as it stands.

import { CONDITION_VALUES_MAX, ENTITY_KINDS, PAGE_SIZE_MAX, PER_ATTRIBUTES_MAX, RULE_ATTRIBUTES_MAX, THRESHOLDS_MAX, WINDOWS } from '@tollgate/core'
import * as z from 'zod'
import { choice, cursor, customerParam, decimal, id, limit as pageLimit, listOf, nothing, period, text, time, word } from './fields.ts'
import { route } from './route.ts'

const window = choice(
  WINDOWS,
  '`hour` to `year` follow the calendar in the customer’s time zone; `billing_period` the subscription; `lifetime` never starts anew. `second` and `minute` are rates, shared among gateways and answered with 429.',
)
const enforcement = choice(
  ['hard', 'soft', 'metered'],
  '`hard` refuses what does not fit; `soft` lets it through with a warning, after its action; `metered` only counts.',
)
const attribute = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'must be feature, model, key, run, a kind of entity, or the name of a dimension')
  .meta({ description: `\`feature\`, \`model\`, \`key\`, \`run\`, a kind of entity (${ENTITY_KINDS.join(', ')}), or the name of a dimension.`, examples: ['user'] })
const instruction = text('Added to the instructions of the request, so that the model knows.', 'Answer as briefly as you can.', 500)
const exhausted = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.literal('deny') }),
    z.strictObject({ action: z.literal('fallback'), model: text('Model that is used instead.', 'gpt-5-mini', 100), instruction: instruction.optional() }),
    z.strictObject({ action: z.literal('clamp'), instruction: instruction.optional() }),
    z.strictObject({ action: z.literal('brief'), instruction }),
    z.strictObject({ action: z.literal('queue'), wait_seconds: z.int().min(1).max(60).meta({ description: 'How long a request waits for its turn at most.' }) }),
    z.strictObject({ action: z.literal('overage') }),
    z.strictObject({ action: z.literal('throttle'), per_minute: z.int().min(1).max(1_000_000).meta({ description: 'Requests that still pass in a minute.' }) }),
  ])
  .meta({
    description:
      'What happens to a request that does not fit: `deny`; `fallback` to another model; `clamp` the output to what fits; `overage`: go on and pay; `throttle` to a few a minute; of a soft budget `brief`: tell the model so and go on; of a rate `queue`: wait for its turn.',
    examples: [{ action: 'fallback', model: 'gpt-5-mini' }],
  })
const failMode = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('closed') }),
    z.strictObject({
      mode: z.literal('open'),
      amount: decimal('What one gateway lets through in a period without asking; left out for any amount.', '5').nullable().default(null),
    }),
  ])
  .meta({ description: 'What a gateway does that cannot ask for more of this budget: refuse (`closed`, 503), or go on.', examples: [{ mode: 'open', amount: '5' }] })

const terms = {
  rolling: z.boolean().meta({ description: 'The window moves with the clock: no stretch of its length holds more than the limit.' }),
  rollover_max: decimal('What was not used of a period is added to the next one, up to this.', '100').nullable(),
  where: z
    .record(attribute, z.array(text('An accepted value.', 'gpt-5', 256)).min(1).max(CONDITION_VALUES_MAX))
    .refine((value) => Object.keys(value).length <= RULE_ATTRIBUTES_MAX, `must have at most ${RULE_ATTRIBUTES_MAX} members`)
    .meta({ description: 'Only requests with one of these values count; all conditions must hold.', examples: [{ model: ['gpt-5'] }] }),
  per: z
    .array(attribute)
    .max(PER_ATTRIBUTES_MAX)
    .meta({ description: 'One budget for each value of these: `["user"]` gives every user the limit. A request without a value is not counted by it.', examples: [['user']] }),
  at_exhaustion: exhausted,
  fail_mode: failMode,
  observe: z.boolean().meta({ description: 'Decided, recorded and shown, but nothing is refused.' }),
  thresholds: z
    .array(z.int().min(1).max(1_000))
    .max(THRESHOLDS_MAX)
    .meta({ description: 'Percent of the limit at which `budget.threshold` is written to the event stream, once a period.', examples: [[50, 80, 100]] }),
  overcommit: z.boolean().meta({ description: 'Whether budgets of entities below may together exceed this one. False: refused when they are written.' }),
  burst: decimal('Of a rate: how much may pass at once; the limit unless stated.', '20').nullable(),
}

export const budget = z
  .strictObject({
    id: text('Id of the budget, as in the scope of a refusal.', 'cap:research', 400),
    name: text('Shown to people.', 'Research, monthly', 400),
    kind: choice(['allowance', 'limit', 'cap', 'wallet'], '`allowance` and `wallet` pay; `limit` (of the plan) and `cap` (set beside it) limit.'),
    unit: text('A currency, or what its meters count.', 'USD'),
    meters: z.array(z.string()).nullable().meta({ description: 'Meters that count against it; null for one in money.' }),
    limit: decimal('All of the period; of a template, that of a member without its own.', '500'),
    used: decimal('Settled: what its window holds now.', '120.5'),
    remaining: decimal('Left; negative after usage that was never authorized.', '379.5'),
    leased: decimal('Of it held ready by gateways; it can be spent there.', '1'),
    headroom: decimal('Of it not held by any gateway.', '378.5'),
    rolled_over: decimal('Part of the limit that came over from the period before.', '0'),
    window,
    enforcement,
    entity: id('ent', 'Only requests of this entity or below count; null for all.').nullable(),
    features: z.array(z.string()).nullable().meta({ description: 'Only requests of these features count; null for all.' }),
    ...terms,
    owner: choice(['operator', 'tenant'], 'Who set it: a customer changes its own only.'),
    period: period.nullable(),
    resets_at: time('When it starts anew; null for never, and for a window that rolls.').nullable(),
    forecast: z
      .strictObject({
        per_hour: z.number().meta({ description: 'Units an hour, as of the last ten minutes: a forecast, no amount.' }),
        exhausted_at: time('When it is used up at that pace; null when it lasts its period.').nullable(),
      })
      .meta({ description: 'Where its use is heading.' }),
    worst_case: z
      .strictObject({
        overspend: decimal('The most that requests let through by gateways can exceed the limit; null without a bound.', '0').nullable(),
        formula: text('How it comes about.', 'Σ of what each request uses above its estimate: 0 with upper bounds.', 2_000),
      })
      .meta({ description: 'What the configuration allows in the worst case; see the page on enforcement.' }),
  })
  .meta({ id: 'Budget', description: 'Anything that limits or pays, as it stands.' })

const budgetParam = customerParam.extend({ budget: word('The word after `cap:`.', 'research') })
const optional = { ...terms, rollover_max: terms.rollover_max.default(null), burst: terms.burst.default(null) }

export const budgetRoutes = {
  listBudgets: route({
    method: 'GET',
    path: '/v1/customers/{customer}/budgets',
    tag: 'entitlements',
    summary: 'List budgets',
    description: 'Those of the plan and those set beside it, as they stand in their running periods. A template stands once, for all its members: ask for them with `members_of`.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ members_of: text('Id of a template, such as cap:per-user: the budgets of its members that were used, or have a limit of their own.', 'cap:per-user').optional(), limit: pageLimit, cursor }),
    body: null,
    status: 200,
    answer: listOf(budget),
    problems: ['not_found', 'invalid_cursor'],
  }),
  getBudget: route({
    method: 'GET',
    path: '/v1/budgets/{budget}',
    tag: 'entitlements',
    summary: 'Get one budget',
    description: 'As it stands, with where its use is heading and the worst case that its configuration allows. A customer’s key leaves `customer` out.',
    access: ['customer'],
    params: z.strictObject({ budget: text('Id of the budget, as in the scope of a refusal.', 'cap:research', 400) }),
    query: z.strictObject({ customer: id('cus', 'Whose budget; needed with an operator’s key.').optional() }),
    body: null,
    status: 200,
    answer: budget,
    problems: ['not_found', 'required', 'wrong_customer'],
  }),
  putBudget: route({
    method: 'PUT',
    path: '/v1/customers/{customer}/budgets/{budget}',
    tag: 'entitlements',
    summary: 'Set a budget',
    description:
      'Sets or changes a cap beside the plan’s own limits; its id becomes `cap:{budget}`. In force on every reachable gateway when it answers. What it counts, its window, conditions and entity stay as they were first set. With a customer’s key: a cap of its own, which can only tighten.',
    access: ['tenant_admin'],
    params: customerParam.extend({ budget: word('A word of your choice.', 'research') }),
    query: nothing,
    body: z.strictObject({
      name: text('Shown to people.', 'Research, monthly'),
      limit: decimal('All of a window: an amount in the currency of the catalog, or units of the meters.', '500'),
      meters: z
        .array(word('A meter of the catalog.', 'input_tokens'))
        .min(1)
        .max(PAGE_SIZE_MAX)
        .nullable()
        .default(null)
        .meta({ description: 'Meters that count against it; left out, it counts money.' }),
      window,
      enforcement: enforcement.default('hard'),
      entity: id('ent', 'Only requests of this entity or below count.').nullable().default(null),
      features: z
        .array(word('A feature of the catalog.', 'chat'))
        .min(1)
        .max(PAGE_SIZE_MAX)
        .nullable()
        .default(null)
        .meta({ description: 'Only requests of these features count.' }),
      rolling: optional.rolling.default(false),
      rollover_max: optional.rollover_max,
      where: optional.where.default({}),
      per: optional.per.default([]),
      at_exhaustion: optional.at_exhaustion.default({ action: 'deny' }),
      fail_mode: optional.fail_mode.default({ mode: 'closed' }),
      observe: optional.observe.default(false),
      thresholds: optional.thresholds.default([50, 80, 100]),
      overcommit: optional.overcommit.default(true),
      burst: optional.burst,
    }),
    status: 200,
    answer: budget,
    problems: ['not_found', 'unknown_meter', 'unknown_entity', 'unknown_feature', 'mixed_scales', 'out_of_range', 'budget_fixed', 'budget_of_operator', 'overcommitted'],
  }),
  deleteBudget: route({
    method: 'DELETE',
    path: '/v1/customers/{customer}/budgets/{budget}',
    tag: 'entitlements',
    summary: 'Remove a budget',
    description: 'Nothing is limited by it any more, on any reachable gateway, when it answers. What was settled on it stays on record; set again, it goes on from there.',
    access: ['tenant_admin'],
    params: budgetParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ id: text('Id of the budget that was removed.', 'cap:research') }),
    problems: ['not_found', 'budget_of_operator'],
  }),
  putBudgetMember: route({
    method: 'PUT',
    path: '/v1/customers/{customer}/budgets/{budget}/members',
    tag: 'entitlements',
    summary: 'Give a member its own limit',
    description: 'Of a budget with `per`: one value, or one of each attribute, gets another limit than the rest; null gives it the common one again.',
    access: ['tenant_admin'],
    params: budgetParam,
    query: nothing,
    body: z.strictObject({
      values: z.array(text('A value, in the order of `per`.', 'ent_alice', 256)).min(1).max(PER_ATTRIBUTES_MAX).meta({ description: 'The member: one value of each attribute that the budget is `per`.', examples: [['ent_alice']] }),
      limit: decimal('Its limit; null for the common one.', '50').nullable(),
    }),
    status: 200,
    answer: budget,
    problems: ['not_found', 'no_members', 'out_of_range', 'budget_of_operator', 'overcommitted'],
  }),
  moveBudget: route({
    method: 'POST',
    path: '/v1/customers/{customer}/budgets/{budget}/move',
    tag: 'entitlements',
    summary: 'Move an amount to another budget',
    description: 'Allocation between departments, teams and users: the limit of one budget falls, that of the other rises, at once. What was spent or is lent to gateways stays. Back by the same call the other way. Send an Idempotency-Key, so that a repeated call moves once.',
    access: ['tenant_admin'],
    params: budgetParam,
    query: nothing,
    body: z.strictObject({ to: word('The other budget.', 'research'), amount: decimal('What is moved, in what both count.', '50'), reason: text('Why, for the audit log.', 'the trial is over') }),
    status: 201,
    answer: z.strictObject({ id: id('bmv', 'Id of the move.'), from: budget, to: budget }),
    problems: ['not_found', 'out_of_range', 'budgets_differ', 'budget_of_operator', 'overcommitted', 'credits_in_use'],
  }),
} as const
