// Routes on entitlements and budgets.

import { PAGE_SIZE_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, customerParam, decimal, id, listOf, nothing, period, text, time, word } from './fields.ts'
import { route } from './route.ts'

const window = choice(
  ['day', 'week', 'month', 'billing_period', 'lifetime'],
  '`day`, `week` and `month` follow the calendar in the customer’s time zone; `lifetime` never starts anew.',
)
const enforcement = choice(['hard', 'soft'], '`hard` refuses what does not fit, `soft` only reports it.')

export const budget = z
  .strictObject({
    id: text('Id of the budget, as in the scope of a refusal.', 'cap:research'),
    name: text('Shown to people.', 'Research, monthly'),
    kind: choice(['allowance', 'limit', 'cap', 'wallet'], '`allowance` and `wallet` pay; `limit` (of the plan) and `cap` (set beside it) limit.'),
    unit: text('A currency, or what its meters count.', 'USD'),
    meters: z.array(z.string()).nullable().meta({ description: 'Meters that count against it; null for one in money.' }),
    limit: decimal('All of the period.', '500'),
    used: decimal('Used.', '120.5'),
    remaining: decimal('Left; negative after usage that was never authorized.', '379.5'),
    leased: decimal('Of it held ready by gateways; it can be spent there.', '1'),
    window,
    enforcement,
    entity: id('ent', 'Only requests of this entity or below count; null for all.').nullable(),
    features: z.array(z.string()).nullable().meta({ description: 'Only requests of these features count; null for all.' }),
    period: period.nullable(),
    resets_at: time('When it starts anew; null for never.').nullable(),
  })
  .meta({ id: 'Budget', description: 'Anything that limits or pays, as it stands.' })

const entitlement = z
  .strictObject({
    feature: word('Feature of the catalog.', 'chat'),
    name: text('Shown to people.', 'Chat'),
    kind: choice(['boolean', 'value', 'metered'], 'On or off, a configured value, or counted usage.'),
    entitled: z.boolean().meta({ description: 'Whether some request, however small, would be admitted now. Whether a certain one fits: POST /v1/check.' }),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why not, from the list of denial reasons; null when entitled.', examples: ['credit_balance_exhausted'] }),
    message: z.string().nullable().meta({ description: 'The same for a person, with what to do.' }),
    value: z
      .string()
      .nullable()
      .meta({ description: 'Configured value of a `value` feature.', examples: ['10'] }),
    models: z.array(z.string()).meta({ description: 'Models that may be asked for, `*` for all.', examples: [['*']] }),
    source: z
      .strictObject({ kind: z.literal('plan'), plan: word('The plan.', 'prepaid'), catalog_version: z.int() })
      .nullable()
      .meta({ description: 'What gives it; null when nothing does.' }),
    budgets: z.array(z.string()).meta({ description: 'Ids of the budgets that its requests draw on or are limited by.' }),
    resets_at: time('When the budget that refuses starts anew.').nullable(),
    top_up_url: z.string().nullable(),
    upgrade_url: z.string().nullable(),
  })
  .meta({ id: 'Entitlement', description: 'What a customer may do with one feature, and why.' })

const header = {
  customer: id('cus', 'The customer.'),
  plan: word('Its plan.', 'prepaid'),
  standing: z.string().meta({ description: 'What its subscription permits.', examples: ['good'] }),
  catalog_version: z.int().meta({ description: 'Version of the catalog in force.', examples: [3] }),
}

export const entitlementRoutes = {
  listEntitlements: route({
    method: 'GET',
    path: '/v1/customers/{customer}/entitlements',
    tag: 'entitlements',
    summary: 'List entitlements',
    description: 'Every feature of the catalog: what the customer may do with it, where that comes from, and the budgets behind it.',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ ...header, features: z.array(entitlement), budgets: z.array(budget) }).meta({ id: 'Entitlements' }),
    problems: ['not_found'],
  }),
  getEntitlement: route({
    method: 'GET',
    path: '/v1/customers/{customer}/entitlements/{feature}',
    tag: 'entitlements',
    summary: 'Get one entitlement',
    description: '',
    access: ['customer'],
    params: customerParam.extend({ feature: word('Feature of the catalog.', 'chat') }),
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ ...header, entitlement, budgets: z.array(budget) }),
    problems: ['not_found'],
  }),
  listBudgets: route({
    method: 'GET',
    path: '/v1/customers/{customer}/budgets',
    tag: 'entitlements',
    summary: 'List budgets',
    description: 'Those of the plan and those set beside it, as they stand in their running periods.',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(budget),
    problems: ['not_found'],
  }),
  putBudget: route({
    method: 'PUT',
    path: '/v1/customers/{customer}/budgets/{budget}',
    tag: 'entitlements',
    summary: 'Set a budget',
    description:
      'Sets or changes a cap beside the plan’s own limits; its id becomes `cap:{budget}`. In force on every reachable gateway when it answers. What it counts, its window and its entity stay as they were first set.',
    access: [],
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
    }),
    status: 200,
    answer: budget,
    problems: ['not_found', 'unknown_meter', 'unknown_entity', 'unknown_feature', 'mixed_scales', 'out_of_range', 'budget_fixed'],
  }),
} as const
