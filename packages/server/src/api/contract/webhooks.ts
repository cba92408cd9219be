// Routes on webhook endpoints and their deliveries. A secret is answered once, when it is made.

import * as z from 'zod'
import { choice, cursor, id, instantIn, limit, listOf, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

const TYPES_MAX = 100
const webhookParam = z.strictObject({ webhook: id('whk', 'Id of the endpoint.') })
const messageType = z
  .string()
  .regex(/^[a-z_]+(\.[a-z_]+)+$/, 'must be a type such as usage.settled')
  .max(100)
  .meta({ examples: ['usage.settled'] })

const fields = {
  id: id('whk', 'Id of the endpoint.'),
  url: z.string().meta({ description: 'Where messages are sent.', examples: ['https://example.com/hooks/tollgate'] }),
  description: z.string().meta({ description: 'Shown to people; may be empty.' }),
  customer: id('cus', 'Customer whose messages it gets, as its portal shows them; null for the operator’s, which gets all.').nullable(),
  types: z.array(messageType).nullable().meta({ description: 'Types that it gets; null for all.' }),
  allow_private: z.boolean().meta({ description: 'Whether the address may be a private one.' }),
  disabled_at: time('When it was disabled; null while it is sent to.').nullable(),
  disabled_reason: z.string().nullable().meta({ description: 'Why it was disabled.' }),
  created_at: time('When it was made.'),
}
const endpoint = z.strictObject(fields).meta({ id: 'WebhookEndpoint', description: 'Where messages are sent.' })
const withSecret = z.strictObject({ ...fields, secret: z.string().meta({ description: 'Signs what is sent. Shown once.', examples: ['whsec_…'] }) })

const delivery = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the delivery.', examples: ['12'] }),
    message: z.string().meta({ description: '`webhook-id` of every attempt.', examples: ['msg_981'] }),
    type: z.string().meta({ examples: ['usage.settled'] }),
    customer: z.string().nullable(),
    status: choice(['pending', 'delivered', 'failed'], '`pending`: waits for its next attempt. `failed`: was given up.'),
    attempts: z.int().meta({ description: 'Attempts so far, of ten.' }),
    next_attempt_at: time('When it is tried again; null unless pending.').nullable(),
    last_attempt_at: time('When it was tried last.').nullable(),
    last_status: z.int().nullable().meta({ description: 'HTTP status of the last answer; null where there was none.' }),
    last_error: z.string().nullable().meta({ description: 'Why the last attempt did not count.' }),
    created_at: time('When it was queued.'),
  })
  .meta({ id: 'WebhookDelivery', description: 'One message on its way to one endpoint.' })

export const webhookRoutes = {
  createWebhook: route({
    method: 'POST',
    path: '/v1/webhooks',
    tag: 'live',
    summary: 'Add a webhook endpoint',
    description:
      'From now on every message of the live stream is sent there too, signed as Standard Webhooks say (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Answer 2xx within 15 seconds. Anything else is tried again for three days; 410 disables the endpoint. A message may come twice and out of order: `webhook-id` is the same each time. The only answer that holds the secret.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      url: z.string().min(1).max(1_000).meta({ description: 'Public addresses must use https.', examples: ['https://example.com/hooks/tollgate'] }),
      description: text('Shown to people.', 'billing events').optional(),
      customer: fields.customer.optional(),
      types: z.array(messageType).min(1).max(TYPES_MAX).nullable().optional().meta({ description: 'Types that it gets; all unless stated.' }),
      allow_private: fields.allow_private.optional(),
    }),
    status: 201,
    answer: withSecret,
    problems: ['invalid_webhook_url', 'private_webhook', 'not_found', 'out_of_range', 'invalid_choice'],
  }),
  listWebhooks: route({
    method: 'GET',
    path: '/v1/webhooks',
    tag: 'live',
    summary: 'List webhook endpoints',
    description: '',
    access: [],
    params: nothing,
    query: z.strictObject({ customer: id('cus', 'Only endpoints of this customer.').optional() }),
    body: null,
    status: 200,
    answer: listOf(endpoint),
    problems: [],
  }),
  getWebhook: route({ method: 'GET', path: '/v1/webhooks/{webhook}', tag: 'live', summary: 'Get a webhook endpoint', description: '', access: [], params: webhookParam, query: nothing, body: null, status: 200, answer: endpoint, problems: ['not_found'] }),
  deleteWebhook: route({
    method: 'DELETE',
    path: '/v1/webhooks/{webhook}',
    tag: 'live',
    summary: 'Remove a webhook endpoint',
    description: 'With its delivery log. Nothing is sent there any more.',
    access: [],
    params: webhookParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ id: fields.id, deleted: z.literal(true) }),
    problems: ['not_found'],
  }),
  rotateWebhook: route({
    method: 'POST',
    path: '/v1/webhooks/{webhook}/rotate',
    tag: 'live',
    summary: 'Rotate the secret',
    description: 'The old secret signs beside the new one for a day.',
    access: [],
    params: webhookParam,
    query: nothing,
    body: null,
    status: 200,
    answer: withSecret,
    problems: ['not_found'],
  }),
  enableWebhook: route({
    method: 'POST',
    path: '/v1/webhooks/{webhook}/enable',
    tag: 'live',
    summary: 'Enable a webhook endpoint again',
    description: 'What waited while it was disabled is sent.',
    access: [],
    params: webhookParam,
    query: nothing,
    body: null,
    status: 200,
    answer: endpoint,
    problems: ['not_found'],
  }),
  listDeliveries: route({
    method: 'GET',
    path: '/v1/webhooks/{webhook}/deliveries',
    tag: 'live',
    summary: 'List deliveries',
    description: 'Newest first. Kept for a month.',
    access: [],
    params: webhookParam,
    query: z.strictObject({ status: choice(['pending', 'delivered', 'failed'], 'Only these.').optional(), limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(delivery),
    problems: ['not_found', 'invalid_cursor'],
  }),
  replayWebhook: route({
    method: 'POST',
    path: '/v1/webhooks/{webhook}/replay',
    tag: 'live',
    summary: 'Send messages again',
    description: 'Messages since a time that failed or were never sent there, or all of them. At most 10,000 a call; the outbox is kept for a month.',
    access: [],
    params: webhookParam,
    query: nothing,
    body: z.strictObject({
      since: instantIn('Messages of this time or later.'),
      all: z.boolean().default(false).meta({ description: 'Those that were delivered too.' }),
    }),
    status: 200,
    answer: z.strictObject({ queued: z.int().meta({ description: 'Deliveries that will be sent.', examples: [12] }) }),
    problems: ['not_found', 'invalid_time'],
  }),
} as const
