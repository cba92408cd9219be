// Routes on what is granted or denied to a customer beside its plan.

import * as z from 'zod'
import { choice, customerParam, decimal, id, instantIn, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const LIST_MAX = 100
const kind = choice(['promotion', 'grant', 'replace', 'denial'], '`promotion` and `grant` compete with the plan, the most generous wins; `replace` stands in place of everything, also when it is lower; `denial` takes the features away.')
const entitlements = z.array(
  z.strictObject({
    feature: word('A feature of the catalog.', 'export'),
    value: text('Configured value of a `value` feature.', '25').nullable().default(null),
    models: z.array(text('Model name, or `*`.', '*')).max(LIST_MAX).default(['*']).meta({ description: 'Models that may be asked for.' }),
  }),
)
const quantities = z.array(z.strictObject({ id: word('An allowance or limit of a plan.', 'tokens'), quantity: decimal('Units.', '500000') }))

const grant = z
  .strictObject({
    id: id('gnt', 'Id of the grant.'),
    kind,
    name: text('Shown to people.', 'Launch offer'),
    promotion: z.string().nullable().meta({ description: 'Promotion of the catalog that it came from.' }),
    entitlements: z.array(z.looseObject({ feature: z.string(), value: z.string().nullable(), models: z.array(z.string()) })).meta({ description: 'Features.' }),
    allowances: quantities.meta({ description: 'Quantities of allowances.' }),
    limits: quantities.meta({ description: 'Quantities of limits.' }),
    starts_at: time('Since when.'),
    ends_at: time('Until when; null until it is withdrawn.').nullable(),
    reason: z.string().meta({ description: 'Why.' }),
    created_at: time('When it was recorded.'),
    created_by: z.string().meta({ description: 'Who recorded it.' }),
  })
  .meta({ id: 'Grant', description: 'What a customer is granted or denied beside its plan, for a time.' })

export const grantRoutes = {
  listGrants: route({
    method: 'GET',
    path: '/v1/customers/{customer}/grants',
    tag: 'entitlements',
    summary: 'List grants',
    description: 'Promotions, contract overrides and denials, past ones too.',
    access: [],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(grant),
    problems: ['not_found'],
  }),
  createGrant: route({
    method: 'POST',
    path: '/v1/customers/{customer}/grants',
    tag: 'entitlements',
    summary: 'Grant or deny something',
    description: 'In force on every reachable gateway when it answers.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      kind,
      name: text('Shown to people; left out, that of the promotion or the kind.', 'Beta of exports').nullable().default(null),
      promotion: word('A promotion of the catalog.', 'launch').nullable().default(null),
      entitlements: entitlements.max(LIST_MAX).default([]).meta({ description: 'Features with their values.' }),
      allowances: quantities.max(LIST_MAX).default([]).meta({ description: 'Units of allowances.' }),
      limits: quantities.max(LIST_MAX).default([]).meta({ description: 'Units of limits.' }),
      starts_at: instantIn('Now unless stated.').nullable().default(null),
      ends_at: instantIn('Left out, after the days of the promotion, or never.').nullable().default(null),
      reason: text('Why, for the audit log.', 'agreed in the contract of 2026'),
    }),
    status: 201,
    answer: grant,
    problems: ['not_found', 'unknown_promotion', 'unknown_feature', 'unknown_allowance', 'unknown_limit', 'value_mismatch', 'out_of_range', 'required'],
  }),
  withdrawGrant: route({
    method: 'POST',
    path: '/v1/customers/{customer}/grants/{grant}/withdraw',
    tag: 'entitlements',
    summary: 'Withdraw a grant',
    description: 'It ends now and stays in the list.',
    access: [],
    params: customerParam.extend({ grant: id('gnt', 'Id of the grant.') }),
    query: nothing,
    body: z.strictObject({ reason: text('Why, for the audit log.', 'the beta is over') }),
    status: 200,
    answer: grant,
    problems: ['not_found'],
  }),
} as const
