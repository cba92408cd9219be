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
    sources: z
      .array(
        z.strictObject({
          kind: choice(['plan', 'parent', 'add_on', 'trial', 'promotion', 'grant', 'replace', 'denial'], 'What gives or takes it.'),
          id: z.string().meta({ description: 'Id of the plan, add-on or grant.', examples: ['pro'] }),
          value: z.string().nullable().meta({ description: 'The value that it gives.' }),
          models: z.array(z.string()).meta({ description: 'The models that it gives.' }),
          quantity: z.int().meta({ description: 'Units of an add-on.' }),
          until: time('When it ends by itself.').nullable(),
          reason: z.string().nullable().meta({ description: 'Why it was granted or denied.' }),
          won: z.boolean().meta({ description: 'The answer rests on it; a plan and its add-ons win together.' }),
        }),
      )
      .meta({ description: 'Everything that says something about it, and which of it won.' }),
    upgrade_plans: z.array(z.string()).meta({ description: 'Public plans that contain it, where this one does not.' }),
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
  notice: z
    .strictObject({ level: choice(['info', 'warning', 'blocked'], 'How bad it is.'), message: z.string().meta({ description: 'For the tenant.' }), until: time('When it changes by itself.').nullable() })
    .nullable()
    .meta({ description: 'What the tenant should be told of its subscription; null when all is well.' }),
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
