// Routes on redemption codes: batches of the operator, redemptions of tenants.

import * as z from 'zod'
import { CODES_PER_BATCH_MAX } from '@tollgate/core'
import { choice, creditFeatures, cursor, customerParam, decimal, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const CODE_LENGTH_MAX = 60
const COUNT_MAX = 1_000_000_000
const DAYS_MAX = 36_525
const QUANTITY_MAX = 1_000_000

const typed = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9 -]*[A-Za-z0-9])?$/, 'must be letters, digits, dashes and spaces')
  .min(4)
  .max(CODE_LENGTH_MAX)
  .meta({ description: 'As people type it: capitals, dashes and spaces do not matter.', examples: ['7KQ4-M2ZD-0XWB-R9TA'] })

const grants = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('credits'),
      amount: decimal('Credits.', '10'),
      asset: text('A currency, or a credit asset.', 'USD', 64),
      category: choice(['promotional', 'paid'], '`paid` where the code was sold.').default('promotional'),
      priority: z.int().min(0).max(1_000).default(50).meta({ description: 'Blocks of a lower number are used first.', examples: [50] }),
      days: z.int().min(1).max(DAYS_MAX).nullable().default(null).meta({ description: 'Days that they last; null for ever.', examples: [90] }),
      features: creditFeatures.default([]),
    }),
    z.strictObject({ kind: z.literal('plan'), plan: word('Plan that the customer gets at once.', 'pro') }),
    z.strictObject({ kind: z.literal('add_on'), add_on: word('Add-on that it gets at once, beside what it has.', 'more_tokens'), quantity: z.int().min(1).max(QUANTITY_MAX).default(1).meta({ description: 'Units.' }) }),
  ])
  .meta({ description: 'What one redemption gives.' })

const batchFields = {
  name: text('Shown to people.', 'Launch vouchers'),
  redemptions_max: z.int().min(1).max(COUNT_MAX).nullable().meta({ description: 'Redemptions of each code by all customers together; null for no limit.', examples: [1] }),
  per_customer_max: z.int().min(1).max(COUNT_MAX).meta({ description: 'Redemptions of the batch by one customer.', examples: [1] }),
}
const batch = z
  .strictObject({
    id: id('cbt', 'Id of the batch.'),
    ...batchFields,
    grants,
    codes: z.int().meta({ description: 'How many codes it has.', examples: [100] }),
    redemptions: z.int().meta({ description: 'How often its codes were redeemed.' }),
    starts_at: time('From when they can be redeemed.').nullable(),
    expires_at: time('Before when.').nullable(),
    ended_at: time('Since when nobody can redeem them; null while they can be.').nullable(),
    created_at: time('When it was made.'),
  })
  .meta({ id: 'CodeBatch', description: 'Codes of one kind.' })
const redemption = z
  .strictObject({
    id: id('rdm', 'Id of the redemption.'),
    customer: id('cus', 'Who redeemed.'),
    batch: id('cbt', 'Batch of the code.'),
    name: batchFields.name,
    given: z.record(z.string(), z.unknown()).meta({ description: 'What it gave: the credit block with its amount, or the plan, or the add-on.' }),
    redeemed_at: time('When.'),
  })
  .meta({ id: 'CodeRedemption', description: 'A code that was redeemed.' })
const batchParam = z.strictObject({ batch: id('cbt', 'Id of the batch.') })

export const codeRoutes = {
  createCodes: route({
    method: 'POST', path: '/v1/code-batches', tag: 'money', summary: 'Make redemption codes', description: 'The codes are answered once and kept as hashes: store them. `tollgate codes create` writes them to a file.',
    access: [], params: nothing, query: nothing,
    body: z.strictObject({
      name: batchFields.name, grants,
      count: z.int().min(1).max(CODES_PER_BATCH_MAX).nullable().default(null).meta({ description: 'How many codes are made; one unless stated.', examples: [100] }),
      codes: z.array(typed).min(1).max(CODES_PER_BATCH_MAX).nullable().default(null).meta({ description: 'Words of your own instead, such as `LAUNCH-2027`.' }),
      redemptions_max: batchFields.redemptions_max.default(1), per_customer_max: batchFields.per_customer_max.default(1),
      starts_at: instantIn('From when they can be redeemed; now unless stated.').nullable().default(null),
      expires_at: instantIn('Before when; for ever unless stated.', '2027-12-31T00:00:00Z').nullable().default(null),
    }),
    status: 201, answer: z.strictObject({ batch, codes: z.array(z.string()).meta({ description: 'Each once, here only.' }) }), problems: ['already_exists', 'unknown_plan', 'unknown_add_on', 'unknown_asset', 'out_of_range'],
  }),
  listCodeBatches: route({
    method: 'GET', path: '/v1/code-batches', tag: 'money', summary: 'List batches of codes', description: 'Without the codes, which nobody can read any more.',
    access: [], params: nothing, query: z.strictObject({ limit, cursor }), body: null, status: 200, answer: listOf(batch), problems: ['invalid_cursor'],
  }),
  endCodes: route({
    method: 'DELETE', path: '/v1/code-batches/{batch}', tag: 'money', summary: 'End a batch of codes', description: 'Nobody can redeem its codes any more. What they gave stays.',
    access: [], params: batchParam, query: nothing, body: null, status: 200, answer: batch, problems: ['not_found'],
  }),
  listBatchRedemptions: route({
    method: 'GET', path: '/v1/code-batches/{batch}/redemptions', tag: 'money', summary: 'List redemptions of a batch', description: 'Newest first, the last thousand.',
    access: [], params: batchParam, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(redemption) }), problems: ['not_found'],
  }),
  redeemCode: route({
    method: 'POST', path: '/v1/customers/{customer}/redemptions', tag: 'money', summary: 'Redeem a code', description: 'In force on every reachable gateway when it answers. Send an Idempotency-Key, so that a repeated call redeems once.',
    access: ['tenant_admin'], params: customerParam, query: nothing, body: z.strictObject({ code: typed }), status: 201, answer: redemption,
    problems: ['not_found', 'unknown_code', 'code_refused', 'too_many_codes', 'billed_by_provider', 'subscription_over', 'add_on_not_for_plan'],
  }),
  listCodeRedemptions: route({
    method: 'GET', path: '/v1/customers/{customer}/redemptions', tag: 'money', summary: 'List redeemed codes', description: 'Newest first.',
    access: ['customer'], params: customerParam, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(redemption) }), problems: ['not_found'],
  }),
} as const
