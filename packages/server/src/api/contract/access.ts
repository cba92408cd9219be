// Routes on API keys and upstreams. A raw key is answered once, when it is made; a provider's secret never.

import { UPSTREAM_KEYS_MAX, UPSTREAM_KINDS, UPSTREAM_PRESETS, UPSTREAM_RETRIES_MAX, UPSTREAM_WEIGHT_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, cursor, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const LIST_MAX = 200
const TAGS_MAX = 16
/** A week to change over. */
const OVERLAP_SECONDS_MAX = 7 * 86_400
const scope = choice(
  ['gateway', 'ingest', 'customer', 'tenant_admin', 'viewer', 'support', 'finance', 'admin'],
  '`gateway`: AI requests, authorize and settle. `ingest`: usage events. `customer`: reads what its customer may see; `tenant_admin` sets its caps, too. For the operator’s people: `viewer` reads all, `support` and `finance` change what their work is, `admin` everything.',
)
const modelName = text('A model name.', 'gpt-5-mini', 100)

const key = {
  id: id('key', 'Id of the key.'),
  hint: z.string().meta({ description: 'Its first letters, to tell keys apart.', examples: ['tg_gateway_Ab3x…'] }),
  name: z.string().meta({ description: 'Shown to people; may be empty.', examples: ['production'] }),
  scopes: z.array(scope).meta({ description: 'What it may do.' }),
  customer: id('cus', 'Customer that it belongs to; null for the operator’s.').nullable(),
  entity: id('ent', 'Entity that its requests count for.').nullable(),
  feature: z
    .string()
    .nullable()
    .meta({ description: 'Feature that its requests use; null for any of the plan.', examples: ['chat'] }),
  models: z.array(z.string()).nullable().meta({ description: 'Models that it may ask for; null for all of the plan.' }),
  shows_cost: z.boolean().meta({ description: 'Whether answers tell provider cost: for the operator’s own people only.' }),
  observe: z.boolean().meta({ description: 'Its requests are decided and recorded, and nothing is refused.' }),
  clamp_output: z.boolean().meta({ description: 'Its output may be lowered to what the budgets afford, instead of refusing.' }),
  expires_at: time('When it stops working; null for never.').nullable(),
  tags: z.record(z.string(), z.string()).meta({ description: 'Tags that its requests have, whatever their headers say.', examples: [{ team: 'research' }] }),
  refusal_status: z.union([z.literal(402), z.literal(429)]).meta({ description: 'Status of a refusal for money or quota. Some clients know 429 alone.' }),
}
const tagsIn = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a word of lower-case letters, digits and dashes'), z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be one word of printable ASCII'))
  .refine((tags) => Object.keys(tags).length <= TAGS_MAX, `must have at most ${TAGS_MAX} members`)
  .meta({ description: 'Tags that its requests have, whatever their headers say.', examples: [{ team: 'research' }] })
const keyRow = z
  .strictObject({ ...key, created_at: time('When it was made.'), revoked_at: time('When it was revoked; null while it works.').nullable() })
  .meta({ id: 'Key', description: 'An API key, known by its hash alone.' })

const upstreamFields = {
  name: word('Name, unique among upstreams.', 'openai'),
  kind: choice(UPSTREAM_KINDS, 'Format that it speaks: `openai` for anything compatible with OpenAI, `azure` for OpenAI on Azure, `anthropic`, `gemini`.'),
  base_url: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: 'Up to and including the version path. Public ones must use https. Azure’s older paths end in `?api-version=…`.', examples: ['https://api.openai.com/v1'] }),
  provider: word('Provider of the rate card whose prices apply.', 'openai'),
  models: z
    .array(modelName)
    .min(1)
    .max(LIST_MAX)
    .meta({ description: 'Models that are sent here; `*` for all that no other upstream names.', examples: [['*']] }),
  allow_private: z.boolean().meta({ description: 'Whether the address may be a private one.' }),
}
const keyName = word('Name of the key: told on the records of requests.', 'account-2')
const share = z.int().min(1).max(UPSTREAM_WEIGHT_MAX)
const keyWeight = share.default(1).meta({ description: 'Its share of the requests.', examples: [3] })
const timeout = (description: string, example: number) => z.int().min(50).max(3_600_000).nullable().default(null).meta({ description: `${description} Null: the gateway’s own.`, examples: [example] })
const routing = {
  priority: z.int().min(1).max(100).meta({ description: 'Among upstreams that list the same model by name: lower is asked first, higher where no lower one can answer.', examples: [1] }),
  weight: share.meta({ description: 'Share of the requests among upstreams of one priority.', examples: [3] }),
  retries: z.int().min(0).max(UPSTREAM_RETRIES_MAX).nullable().meta({ description: 'Further attempts of one request before the first byte of its answer. Null: as many as there are other keys and upstreams, two at most; a number also asks the same key again, after a while.', examples: [2] }),
  timeouts: z
    .strictObject({
      connect_ms: timeout('Until a connection stands.', 2_000), first_byte_ms: timeout('Until a stream begins.', 30_000),
      answer_ms: timeout('Until an answer in one piece begins, which is its whole generation.', 120_000), idle_ms: timeout('Silence within an answer.', 60_000),
    })
    .meta({ description: 'How long requests wait.' }),
}
const NO_TIMEOUTS = { connect_ms: null, first_byte_ms: null, answer_ms: null, idle_ms: null }
const upstream = z
  .strictObject({
    id: text('Id of the upstream.', 'ups_openai', 64),
    ...upstreamFields,
    has_secret: z.boolean().meta({ description: 'Whether a secret is stored. The secret itself is never answered.' }),
    keys: z.array(z.strictObject({ name: keyName, weight: share.meta({ description: 'Its share of the requests.', examples: [3] }) })).meta({ description: 'Several keys in the place of one secret; their secrets are never answered.' }),
    ...routing,
  })
  .meta({ id: 'Upstream', description: 'Where AI requests are sent.' })
const restingUpstream = z
  .strictObject({
    upstream: text('Name of the upstream.', 'openai', 200),
    key: z.string().nullable().meta({ description: 'The key that rests; null for the upstream as a whole.', examples: ['account-2'] }),
    node: z.string().meta({ description: 'Gateway process that does not ask it: each finds out for itself.', examples: ['local-1'] }),
    why: z.string().meta({ description: 'What it failed with last: a status, or `unreachable`, `cut`, `silent`.', examples: ['503'] }),
    failures: z.int().meta({ description: 'Failures in a row.', examples: [5] }),
    until: time('When it is asked again.'),
    trying: z.boolean().meta({ description: 'One request tries it right now.' }),
  })
  .meta({ id: 'RestingUpstream', description: 'An upstream, or one of its keys, that a gateway does not ask for a moment.' })
const secret = z.string().min(1).max(2_000).regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
const upstreamBody = z.strictObject({
  name: upstreamFields.name,
  preset: choice(Object.keys(UPSTREAM_PRESETS) as [string, ...string[]], 'A provider known by name: fills in `kind`, `base_url` and `provider` where they are left out.').optional(),
  kind: upstreamFields.kind.optional(),
  base_url: upstreamFields.base_url.optional(),
  provider: upstreamFields.provider.optional(),
  models: upstreamFields.models.default(['*']),
  allow_private: upstreamFields.allow_private.optional(),
  secret: secret.nullable().optional().meta({ description: 'The provider’s key. Kept sealed, never answered; left out, the stored one stays.', writeOnly: true }),
  keys: z
    .array(z.strictObject({ name: keyName, weight: keyWeight, secret: secret.optional().meta({ description: 'Left out, the stored one of that name stays.', writeOnly: true }) }))
    .max(UPSTREAM_KEYS_MAX)
    .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, 'must have different names')
    .optional()
    .meta({ description: 'Several keys in the place of one `secret`: requests are shared among them, and one that is refused or limited rests for a while. Left out, the stored ones stay; an empty list removes them.' }),
  priority: routing.priority.default(1),
  weight: routing.weight.default(1),
  retries: routing.retries.default(null),
  timeouts: routing.timeouts.default(NO_TIMEOUTS),
})

const keyParam = z.strictObject({ key: id('key', 'Id of the key.') })
const upstreamParam = z.strictObject({ upstream: id('ups', 'Id of the upstream.') })

export const accessRoutes = {
  createKey: route({
    method: 'POST',
    path: '/v1/keys',
    tag: 'access',
    summary: 'Create a key',
    description: 'The only answer that ever holds the raw key: keep it now. It works at every gateway when it answers.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      name: text('Shown to people.', 'production').optional(),
      scopes: z.array(scope).min(1).max(8).meta({ description: 'What it may do.' }),
      customer: id('cus', 'Customer that it belongs to; needed for `gateway` and `customer`.').nullable().optional(),
      entity: id('ent', 'Entity of that customer that its requests count for.').nullable().optional(),
      feature: word('Feature that its requests use, whatever they say.', 'chat').nullable().optional(),
      models: z.array(modelName).min(1).max(LIST_MAX).nullable().optional().meta({ description: 'Models that it may ask for; all of the plan unless stated.' }),
      shows_cost: key.shows_cost.optional(),
      observe: key.observe.optional(),
      clamp_output: key.clamp_output.optional(),
      expires_at: instantIn('When it stops working; never unless stated.', '2027-01-01T00:00:00Z').nullable().optional(),
      tags: tagsIn.optional(),
      refusal_status: key.refusal_status.optional(),
    }),
    status: 201,
    answer: z.strictObject({ ...key, key: z.string().meta({ description: 'The raw key. Shown once.', examples: ['tg_gateway_…'] }) }),
    problems: ['required', 'invalid_scope', 'not_found', 'unknown_entity', 'unknown_feature', 'out_of_range'],
  }),
  listKeys: route({
    method: 'GET',
    path: '/v1/keys',
    tag: 'access',
    summary: 'List keys',
    description: 'Newest first, revoked ones too.',
    access: [],
    params: nothing,
    query: z.strictObject({ customer: id('cus', 'Only keys of this customer.').optional(), limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(keyRow),
    problems: ['not_found', 'invalid_cursor'],
  }),
  rotateKey: route({
    method: 'POST',
    path: '/v1/keys/{key}/rotate',
    tag: 'access',
    summary: 'Rotate a key',
    description: 'Makes a key with the same settings; the old one works on for the overlap, so that nobody meets a gap. The only answer that holds the new raw key.',
    access: [],
    params: z.strictObject({ key: id('key', 'Id of the key.') }),
    query: nothing,
    body: z.strictObject({ overlap_seconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).default(86_400).meta({ description: 'How long the old key works on.', examples: [3_600] }) }),
    status: 201,
    answer: z.strictObject({ ...key, key: z.string().meta({ description: 'The raw key. Shown once.', examples: ['tg_gateway_…'] }), replaces: z.strictObject({ id: id('key', 'The old key.'), expires_at: time('When it stops working.').nullable() }) }),
    problems: ['not_found'],
  }),
  revokeKey: route({
    method: 'DELETE',
    path: '/v1/keys/{key}',
    tag: 'access',
    summary: 'Revoke a key',
    description: 'It is refused everywhere when this answers. Revoking twice keeps the first time.',
    access: [],
    params: keyParam,
    query: nothing,
    body: null,
    status: 200,
    answer: keyRow,
    problems: ['not_found'],
  }),
  listUpstreams: route({
    method: 'GET',
    path: '/v1/upstreams',
    tag: 'access',
    summary: 'List upstreams',
    description: 'Those that are stored; what the environment adds is not among them.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(upstream),
    problems: [],
  }),
  listRestingUpstreams: route({
    method: 'GET',
    path: '/v1/upstreams/resting',
    tag: 'access',
    summary: 'List upstreams that rest',
    description: 'Those that gateways do not ask right now, and single keys of them: stored ones, those of the environment, the sandbox. Empty while all is well; a gateway tells of a change within a second.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(restingUpstream),
    problems: [],
  }),
  createUpstream: route({
    method: 'POST',
    path: '/v1/upstreams',
    tag: 'access',
    summary: 'Add an upstream',
    description: 'With a `preset` a name and a secret are enough. Without one, `base_url` and `provider` are needed, and `kind` is `openai` unless stated.',
    access: [],
    params: nothing,
    query: nothing,
    body: upstreamBody,
    status: 201,
    answer: upstream,
    problems: ['required', 'already_exists', 'invalid_upstream_url', 'private_upstream'],
  }),
  putUpstream: route({
    method: 'PUT',
    path: '/v1/upstreams/{upstream}',
    tag: 'access',
    summary: 'Set an upstream',
    description: 'Creates it, or replaces all of it but a secret that is left out.',
    access: [],
    params: upstreamParam,
    query: nothing,
    body: upstreamBody,
    status: 200,
    answer: upstream,
    problems: ['required', 'already_exists', 'invalid_upstream_url', 'private_upstream'],
  }),
  deleteUpstream: route({
    method: 'DELETE',
    path: '/v1/upstreams/{upstream}',
    tag: 'access',
    summary: 'Remove an upstream',
    description: 'Requests that run go on; no new one is sent there.',
    access: [],
    params: upstreamParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ id: z.string(), deleted: z.literal(true) }),
    problems: ['not_found'],
  }),
} as const
