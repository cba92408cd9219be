// Routes on customers, their entities and their subscription.

import { BURN_CRITERIA, BURN_ORDER_DEFAULT, ENTITY_KINDS } from '@tollgate/core'
import * as z from 'zod'
import { choice, cursor, customerParam, id, instantIn, limit, listOf, locale, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'
import { agreementFields } from './subscriptions.ts'

const METADATA_MAX = 50
const standing = choice(
  ['good', 'grace', 'suspended', 'paused', 'disputed', 'incomplete', 'cancelled', 'expired'],
  'What the subscription permits now. `good` may use all that the plan grants; what the others may is for the plan to say.',
)
const timeZone = z
  .string()
  .max(64)
  .meta({ description: 'IANA time zone in which days, months and billing periods begin.', examples: ['Europe/Berlin'] })
const metadata = z
  .record(text('Name.', 'crm_id', 64), z.union([text('Value.', '0031', 500), z.literal(''), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= METADATA_MAX, `must have at most ${METADATA_MAX} members`)
  .meta({ description: `Your own labels, at most ${METADATA_MAX}.`, examples: [{ crm_id: '0031' }] })

const burnOrder = z
  .array(z.enum(BURN_CRITERIA))
  .max(BURN_CRITERIA.length)
  .meta({ description: `How its credit burns, in place of what its plan says: the first of these that tells two blocks apart decides, and what is left out follows in the usual order (${BURN_ORDER_DEFAULT.join(', ')}). Null for that of the plan.`, examples: [['promotional', 'expiry']] })

export const customer = z
  .strictObject({
    id: id('cus', 'Id of the customer.'),
    name: text('Shown to people.', 'Acme Inc.'),
    external_id: text('Your own id of it.', 'acme-0031').nullable(),
    plan: word('Plan of the catalog.', 'prepaid'),
    standing,
    time_zone: timeZone,
    locale: locale.nullable(),
    observe: z.boolean().meta({ description: 'Everything is decided, recorded and shown, and nothing is refused.' }),
    burn_order: burnOrder.nullable(),
    test_clock: id('clk', 'The test clock that it lives on.').nullable(),
    currency: z.string().nullable().meta({ description: 'What it is billed in, ISO 4217; null for the currency of the catalog.', examples: ['EUR'] }),
    metadata,
    subscription_id: id('sub', 'Id of the subscription.'),
    starts_at: time('Start of the subscription: billing periods count from here.'),
    created_at: time('When it was created.'),
  })
  .meta({ id: 'Customer', description: 'The billed party.' })

const kind = choice(ENTITY_KINDS, 'What it is. The tree may be up to 16 deep, and kinds may nest as they like.')
export const entity = z
  .strictObject({
    id: id('ent', 'Id of the entity.'),
    kind,
    name: text('Shown to people.', 'Research'),
    parent: id('ent', 'The entity above it.').nullable(),
  })
  .meta({ id: 'Entity', description: 'A node of the tree under a customer: budgets can be set on it.' })

const runaway = z.strictObject({
  action: choice(['off', 'warn', 'throttle', 'halt'], '`warn`: a header and an event; `throttle`: 6 requests a minute; `halt`: the run is refused with `run_halted`.'),
  repeats: z.int().min(2).max(1_000).default(5).meta({ description: 'So many equal prompts of one run within the window.', examples: [5] }),
  window_seconds: z.int().min(1).max(3_600).default(60).meta({ description: 'Length of that window.', examples: [60] }),
  velocity_ratio: z.number().min(2).max(1_000).default(8).meta({ description: 'Requests of the last ten seconds against what is usual in the last hour.', examples: [8] }),
})

export const customerRoutes = {
  createCustomer: route({
    method: 'POST',
    path: '/v1/customers',
    tag: 'customers',
    summary: 'Create a customer',
    description: 'It may use what its plan grants from the moment of the answer.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      id: id('cus', 'An id of your choice; left out, one is made.').optional(),
      name: text('Shown to people.', 'Acme Inc.'),
      external_id: text('Your own id of it, unique among customers.', 'acme-0031').nullable().optional(),
      plan: word('Plan of the catalog in force.', 'prepaid'),
      time_zone: timeZone.default('UTC'),
      locale: locale.nullable().default(null),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters such as EUR').optional().meta({ description: 'What it is billed in: a currency that its plan has prices in. That of the catalog unless stated; it cannot change later.', examples: ['EUR'] }),
      metadata: metadata.default({}),
      starts_at: instantIn('Start of the subscription, now unless stated: billing periods count from here.').optional(),
      ...agreementFields,
      test_clock: id('clk', 'A test clock that it lives on.').nullable().default(null),
    }),
    status: 201,
    answer: customer,
    problems: ['unknown_plan', 'unknown_time_zone', 'already_exists', 'unknown_add_on', 'add_on_not_for_plan', 'unknown_test_clock', 'invalid_locale'],
  }),
  listCustomers: route({
    method: 'GET',
    path: '/v1/customers',
    tag: 'customers',
    summary: 'List customers',
    description: 'In the order of their ids.',
    access: [],
    params: nothing,
    query: z.strictObject({ search: text('Part of a name, id or external id.', 'acme').optional(), limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(customer),
    problems: ['invalid_cursor'],
  }),
  getCustomer: route({
    method: 'GET',
    path: '/v1/customers/{customer}',
    tag: 'customers',
    summary: 'Get a customer',
    description: '',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: customer,
    problems: ['not_found'],
  }),
  changeCustomer: route({
    method: 'PATCH',
    path: '/v1/customers/{customer}',
    tag: 'customers',
    summary: 'Change plan or standing',
    description: 'In force on every reachable gateway when it answers. What was used of an allowance stays used under the new plan.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z
      .strictObject({ plan: word('Plan of the catalog in force.', 'hybrid').optional(), standing: standing.optional(), observe: z.boolean().meta({ description: 'Decide and record, and refuse nothing.' }).optional(), locale: locale.nullable().optional(), burn_order: burnOrder.nullable().optional() })
      .refine(({ plan, standing: wanted, observe, locale: spoken, burn_order: order }) => plan !== undefined || wanted !== undefined || observe !== undefined || spoken !== undefined || order !== undefined, {
        message: 'names nothing to change: give plan, standing, observe, locale or burn_order',
        params: { code: 'required' },
      }),
    status: 200,
    answer: customer,
    problems: ['not_found', 'unknown_plan', 'invalid_locale', 'invalid_value'],
  }),
  putRunaway: route({
    method: 'PUT',
    path: '/v1/customers/{customer}/runaway',
    tag: 'customers',
    summary: 'Say what happens to runaway runs',
    description: 'A run (`x-tollgate-run`) that asks the same again and again, or makes its customer’s pace jump, is suspected of a loop. Unless set, it is warned of. In force on every reachable gateway when it answers.',
    access: ['tenant_admin'],
    params: customerParam,
    query: nothing,
    body: runaway,
    status: 200,
    answer: runaway,
    problems: ['not_found'],
  }),
  createEntity: route({
    method: 'POST',
    path: '/v1/customers/{customer}/entities',
    tag: 'customers',
    summary: 'Add an entity',
    description: 'A node of the tree under the customer, from an organisation to a user or agent: budgets can be set on it.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      id: id('ent', 'An id of your choice; left out, one is made.').optional(),
      kind,
      name: text('Shown to people.', 'Research'),
      parent: id('ent', 'The entity above it; none for one right under the customer.').nullable().optional(),
    }),
    status: 201,
    answer: entity,
    problems: ['not_found', 'unknown_entity', 'already_exists'],
  }),
  listEntities: route({
    method: 'GET',
    path: '/v1/customers/{customer}/entities',
    tag: 'customers',
    summary: 'List entities',
    description: 'In the order of their ids.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(entity),
    problems: ['not_found', 'invalid_cursor'],
  }),
} as const
