// Routes on entitlements.

import * as z from 'zod'
import { budget } from './budgets.ts'
import { choice, customerParam, id, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

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
} as const
