// Routes on billing providers: how we reach them, their messages, what differs, links and pages. Their webhooks come in beside the contract,
// at /v1/providers/{provider}/webhook: what they send is theirs to define.

import * as z from 'zod'
import { choice, cursor, customerParam, id, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const SECRET_LENGTH_MAX = 500
const URL_LENGTH_MAX = 2_000
const ADDRESSES_MAX = 50
const ADD_ONS_MAX = 50
const provider = choice(['stripe', 'chargebee', 'recurly'], 'A billing provider.')
const providerParam = z.strictObject({ provider })
const url = (description: string, example: string) => text(description, example, URL_LENGTH_MAX).regex(/^https?:\/\//, 'must be an address that begins with https://')
const messageState = choice(['pending', 'done', 'ignored', 'stopped', 'failed'], '`stopped`: somebody must say what it means; `failed`: it is tried again.')

const account = z
  .strictObject({
    provider,
    webhook_url: z.string().meta({ description: 'Where the provider shall send its webhooks, from the root of this server.' }),
    has_webhook_secret: z.boolean().meta({ description: 'Whether messages can be verified.' }),
    has_api_key: z.boolean().meta({ description: 'Whether the provider can be asked.' }),
    api_url: z.string().nullable().meta({ description: 'Where its API is, if not at the usual place.' }),
    webhook_user: z.string().nullable().meta({ description: 'User of the basic auth of its webhooks.' }),
    addresses: z.array(z.string()).meta({ description: 'Addresses that its webhooks may come from; empty for any.' }),
    updated_at: time('When it was last set; null for never.').nullable(),
  })
  .meta({ id: 'ProviderAccount', description: 'How a billing provider is reached. Secrets are sealed and never answered.' })

const message = z
  .strictObject({
    provider,
    id: z.string().meta({ description: 'The provider’s id of the message.', examples: ['evt_1'] }),
    kind: z.string().meta({ description: 'The provider’s word for it.', examples: ['customer.subscription.updated'] }),
    at: time('The provider’s time of it.'),
    state: messageState,
    code: z.string().nullable().meta({ description: 'Why it stopped, for a program.', examples: ['unmapped_price'] }),
    reason: z.string().nullable().meta({ description: 'What became of it, for a person.' }),
    customer: z.string().nullable().meta({ description: 'The customer that it was found to be about.' }),
    attempts: z.int().meta({ description: 'How often it was processed.' }),
    received_at: time('When it came.'),
    processed_at: time('When it was last processed.').nullable(),
  })
  .meta({ id: 'ProviderMessage', description: 'A message of a billing provider, kept as it came.' })

const side = z.record(z.string(), z.unknown()).nullable()
const report = z
  .strictObject({
    provider,
    read: z.int().meta({ description: 'Subscriptions that the provider has.' }),
    drifts: z
      .array(
        z.strictObject({
          subscription: z.string().meta({ description: 'The agreement.' }),
          customer: z.string().nullable().meta({ description: 'Whose it is.' }),
          kind: choice(['differs', 'unknown_here', 'unmapped'], 'What is wrong.'),
          here: side.meta({ description: 'As it is here.' }),
          there: side.meta({ description: 'As it is there.' }),
          detail: z.string().meta({ description: 'The difference, for a person.' }),
        }),
      )
      .meta({ description: 'What differs, the first thousand.' }),
    drift_count: z.int().meta({ description: 'How many differ.' }),
    applied: z.int().meta({ description: 'How many were brought in line.' }),
    finished_at: time('When it was done.'),
  })
  .meta({ id: 'ResyncReport', description: 'What differs between a provider and here.' })
const page = z.strictObject({ id: z.string().meta({ description: 'The provider’s id of the session.' }), url: z.string().meta({ description: 'Where to send the customer.' }) })

export const providerRoutes = {
  getProvider: route({
    method: 'GET', path: '/v1/providers/{provider}', tag: 'providers', summary: 'Get a provider', description: '', access: [], params: providerParam, query: nothing, body: null, status: 200, answer: account, problems: ['not_found'],
  }),
  setProvider: route({
    method: 'PUT',
    path: '/v1/providers/{provider}',
    tag: 'providers',
    summary: 'Set up a provider',
    description: 'What is left out stays. After a new `webhook_secret` the one before it still verifies, so that a rotation loses nothing.',
    access: [],
    params: providerParam,
    query: nothing,
    body: z.strictObject({
      webhook_secret: text('Stripe: the signing secret of the endpoint. Chargebee: the password of the basic auth. Recurly: the key of the signature.', 'whsec_…', SECRET_LENGTH_MAX).nullable().default(null),
      api_key: text('Key of its API: for re-syncs, and for the pages of Stripe.', 'sk_live_…', SECRET_LENGTH_MAX).nullable().default(null),
      api_url: url('Where its API is: needed for Chargebee.', 'https://acme.chargebee.com/api/v2').nullable().default(null),
      webhook_user: text('User of the basic auth of its webhooks; `tollgate` unless stated.', 'tollgate').nullable().default(null),
      addresses: z.array(text('An address.', '3.209.65.25', 64)).max(ADDRESSES_MAX).nullable().default(null).meta({ description: 'Addresses that its webhooks may come from.' }),
      allow_private: z.boolean().default(false).meta({ description: 'Its API may be at a private address.' }),
    }),
    status: 200,
    answer: account,
    problems: ['not_found', 'invalid_upstream_url', 'private_upstream'],
  }),
  listProviderMessages: route({
    method: 'GET',
    path: '/v1/provider-messages',
    tag: 'providers',
    summary: 'List messages',
    description: 'The inbox, newest first: what came and what became of it. Unknown kinds are kept and shown too.',
    access: [],
    params: nothing,
    query: z.strictObject({ provider: provider.optional(), state: messageState.optional(), customer: id('cus', 'Only about this customer.').optional(), limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(message),
    problems: ['invalid_cursor'],
  }),
  getProviderMessage: route({
    method: 'GET',
    path: '/v1/providers/{provider}/messages/{message}',
    tag: 'providers',
    summary: 'Get a message with its body',
    description: '',
    access: [],
    params: providerParam.extend({ message: text('The provider’s id.', 'evt_1') }),
    query: nothing,
    body: null,
    status: 200,
    answer: message.extend({ body: z.string().meta({ description: 'As it came.' }) }),
    problems: ['not_found'],
  }),
  replayProviderMessages: route({
    method: 'POST',
    path: '/v1/provider-messages/replay',
    tag: 'providers',
    summary: 'Process messages again',
    description: 'One message, or all that stopped. What is known already changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      provider: provider.nullable().default(null),
      message: text('One message, with its provider.', 'evt_1').nullable().default(null),
      code: word('All that stopped with this code.', 'unmapped_price').nullable().default(null),
    }),
    status: 200,
    answer: z.strictObject({ queued: z.int().meta({ description: 'Messages that were processed again.' }) }),
    problems: ['not_found'],
  }),
  resyncProvider: route({
    method: 'POST',
    path: '/v1/providers/{provider}/resync',
    tag: 'providers',
    summary: 'Compare with the provider',
    description: 'Reads all subscriptions from the provider and tells what differs here. With `apply` what was read is recorded as facts. Runs by itself once a night, as a report.',
    access: [],
    params: providerParam,
    query: nothing,
    body: z.strictObject({ apply: z.boolean().default(false).meta({ description: 'Bring what differs in line.' }) }),
    status: 200,
    answer: report,
    problems: ['not_found', 'provider_not_set', 'provider_failed'],
  }),
  linkProviderCustomer: route({
    method: 'POST',
    path: '/v1/customers/{customer}/provider-links',
    tag: 'providers',
    summary: 'Link a customer',
    description: 'Says that a provider’s customer is ours. Messages that waited for it are processed before it answers.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({ provider, external_id: text('The provider’s id of the customer.', 'cus_Nff') }),
    status: 200,
    answer: listOf(z.strictObject({ provider, kind: z.string().meta({ description: 'Kind of record.' }), id: z.string().meta({ description: 'The provider’s id.' }) })),
    problems: ['not_found', 'already_exists'],
  }),
  openCheckout: route({
    method: 'POST',
    path: '/v1/customers/{customer}/checkout',
    tag: 'providers',
    summary: 'Open a checkout',
    description: 'A page of Stripe on which the customer subscribes. The subscription appears here by Stripe’s messages.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      provider: provider.default('stripe'),
      plan: word('Plan of the catalog, with a price of the provider.', 'pro'),
      seats: z.int().min(1).max(1_000_000).default(1).meta({ description: 'Seats.' }),
      add_ons: z.array(z.strictObject({ id: word('An add-on.', 'more_tokens'), quantity: z.int().min(1).max(1_000_000).default(1).meta({ description: 'Units.' }) })).max(ADD_ONS_MAX).default([]).meta({ description: 'Add-ons.' }),
      success_url: url('Where the customer goes after it.', 'https://example.com/thanks'),
      cancel_url: url('Where the customer goes without it.', 'https://example.com/plans'),
    }),
    status: 201,
    answer: page,
    problems: ['not_found', 'unknown_plan', 'unknown_add_on', 'add_on_not_for_plan', 'unmapped_price', 'provider_not_set', 'provider_failed'],
  }),
  openPortal: route({
    method: 'POST',
    path: '/v1/customers/{customer}/portal',
    tag: 'providers',
    summary: 'Open the provider’s portal',
    description: 'A page of Stripe for cards and invoices.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({ provider: provider.default('stripe'), return_url: url('Where the customer comes back to.', 'https://example.com/account') }),
    status: 201,
    answer: page,
    problems: ['not_found', 'provider_not_set', 'provider_failed'],
  }),
} as const
