// Routes on freezes: stopping by hand, with a look at what it hits first.

import * as z from 'zod'
import { choice, id, listOf, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

const kind = choice(['customer', 'entity', 'key', 'feature'], 'What is stopped: an entity with all below it; a feature without `customer` for all customers.')
const target = text('Id of what is stopped.', 'ent_research', 64)
const freezeFields = {
  id: text('Id of the freeze.', 'frz_01', 64),
  kind,
  target,
  customer: id('cus', 'Whose it is; null for a feature of all customers.').nullable(),
  reason: z.string().meta({ description: 'Why, for whoever meets it.', examples: ['runaway agent'] }),
  actor: z.string().meta({ description: 'Key that set it.', examples: ['key_ops'] }),
  owner: choice(['operator', 'tenant'], 'Who set it: a customer lifts its own only.'),
  created_at: time('When it was set.'),
}
const freeze = z.strictObject(freezeFields).meta({ id: 'Freeze', description: 'Something that was stopped by hand: its requests are refused with `frozen`.' })
const hits = z
  .strictObject({
    customers: z.int().meta({ description: 'Customers.', examples: [1] }),
    entities: z.int().meta({ description: 'Entities: the one named and all below it.', examples: [12] }),
    keys: z.int().meta({ description: 'Keys that work now.', examples: [3] }),
    events_last_hour: z.int().nullable().meta({ description: 'Usage events of the last hour, counted up to 10,000; null for a feature of all customers.', examples: [420] }),
  })
  .meta({ id: 'FreezeHits', description: 'What a freeze hits.' })

const body = { kind, target, customer: id('cus', 'Whose it is; left out with a customer’s key, for a customer itself, and for a feature of all customers.').nullable().default(null) }

export const freezeRoutes = {
  createFreeze: route({
    method: 'POST',
    path: '/v1/freezes',
    tag: 'entitlements',
    summary: 'Stop a customer, entity, key or feature',
    description: 'Refused with `frozen` on every reachable gateway when it answers, whoever observes; what is in flight ends as it was admitted. A customer’s key stops what is its own.',
    access: ['tenant_admin'],
    params: nothing,
    query: nothing,
    body: z.strictObject({ ...body, reason: text('Why, for whoever meets it.', 'runaway agent', 500).default('stopped by hand') }),
    status: 201,
    answer: z.strictObject({ freeze: freeze.nullable(), hits }),
    problems: ['not_found', 'required', 'unknown_feature', 'unknown_entity'],
  }),
  previewFreeze: route({
    method: 'POST',
    path: '/v1/freezes/preview',
    tag: 'entitlements',
    summary: 'Show what a freeze would hit',
    description: 'Stops nothing.',
    access: ['tenant_admin'],
    params: nothing,
    query: nothing,
    body: z.strictObject(body),
    status: 200,
    answer: hits,
    problems: ['not_found', 'required', 'unknown_feature', 'unknown_entity'],
  }),
  listFreezes: route({
    method: 'GET',
    path: '/v1/freezes',
    tag: 'entitlements',
    summary: 'List freezes',
    description: 'Oldest first.',
    access: ['customer'],
    params: nothing,
    query: z.strictObject({ customer: id('cus', 'Only what this customer meets; a customer’s key sees its own in any case.').optional() }),
    body: null,
    status: 200,
    answer: listOf(freeze),
    problems: ['not_found'],
  }),
  liftFreeze: route({
    method: 'DELETE',
    path: '/v1/freezes/{freeze}',
    tag: 'entitlements',
    summary: 'Lift a freeze',
    description: 'Its requests are decided as before on every reachable gateway when it answers.',
    access: ['tenant_admin'],
    params: z.strictObject({ freeze: text('Id of the freeze.', 'frz_01', 64) }),
    query: nothing,
    body: null,
    status: 200,
    answer: freeze,
    problems: ['not_found', 'freeze_of_operator'],
  }),
} as const
