// Routes on the records of requests at the gateway.

import * as z from 'zod'
import { choice, cursor, customerParam, decimal, id, instantIn, limit, listOf, money, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const outcome = choice(['served', 'failed', 'denied'], '`served`: answered and charged. `failed`: the provider failed, nothing was charged. `denied`: refused before it ran.')
const requestId = text('Id of the request: of its reservation (`res_…`) or of its decision (`dec_…`), as x-tollgate-decision tells it.', 'res_01k8…', 80)

const request = z
  .strictObject({
    id: requestId,
    outcome,
    time: time('When it came.'),
    request_id: z.string().nullable().meta({ description: 'x-request-id of the answer.' }),
    surface: z.string().nullable().meta({ description: 'Shape of request and answer.', examples: ['chat', 'messages'] }),
    status: z.int().meta({ description: 'HTTP status of the answer.', examples: [200] }),
    entity: id('ent', 'Entity that it counted for.').nullable(),
    feature: z.string().nullable().meta({ examples: ['chat'] }),
    run: z.string().nullable().meta({ description: 'The agent run it belonged to.' }),
    tags: z.record(z.string(), z.string()).meta({ description: 'Tags, by header or pinned by the key.', examples: [{ team: 'research' }] }),
    model: z.string().nullable().meta({ description: 'Model asked for; of a request that fell back to another, that one.' }),
    model_asked: z.string().nullable().meta({ description: 'Model that it asked for before it fell back; null where it did not.' }),
    model_returned: z.string().nullable().meta({ description: 'Model that answered.' }),
    stream: z.boolean(),
    degraded: z.string().nullable().meta({ description: 'What it was changed to so that it fits, and by which budget, as the header x-tollgate-degraded tells it; null for nothing.', examples: ['output_tokens=310; budget="cap:research"; reason=limit_exhausted'] }),
    cache: choice(['hit', 'none'], 'Whether a stored answer was replayed.'),
    ending: z.string().nullable().meta({ description: 'How the answer ended: `complete`, `client_gone`, `cut`, `silent`, `error`, `early`, `aborted`.', examples: ['complete'] }),
    error: z.string().nullable().meta({ description: 'Code of the failure.', examples: ['upstream_timeout'] }),
    latency_ms: z.int().nullable().meta({ description: 'Until the end of the answer.' }),
    first_byte_ms: z.int().nullable().meta({ description: 'Until the first byte of a stream.' }),
    usage: z.record(z.string(), decimal('Used.', '1200')).meta({ description: 'What was used, by property.', examples: [{ input_tokens: '1200', output_tokens: '80' }] }),
    estimated: z.boolean().meta({ description: 'Counted by us, because the provider told none.' }),
    estimate: decimal('What was held before it ran.', '0.02').nullable(),
    charge: money.nullable(),
    denial: z
      .strictObject({ reason: z.string(), scope: z.string(), required: z.string().nullable() })
      .nullable()
      .meta({ description: 'Why it was refused.' }),
    key: z.string().optional().meta({ description: 'Key that asked; for the operator.' }),
    provider: z.string().nullable().optional().meta({ description: 'For the operator.' }),
    upstream: z.string().nullable().optional().meta({ description: 'For the operator.' }),
    upstream_key: z.string().nullable().optional().meta({ description: 'Its key, where the upstream has several; for the operator.' }),
    tried: z.string().nullable().optional().meta({ description: 'Attempts that came to nothing before, with how each ended; for the operator.', examples: ['openai/account-2 429, azure unreachable'] }),
    attempts: z.int().optional().meta({ description: 'How often the provider was asked; for the operator.' }),
    cost: money.nullable().optional().meta({ description: 'Cost at the provider; for the operator.' }),
    prompt_kept_until: time('Until then its prompt can be read; null where none is kept; for the operator.').nullable().optional(),
  })
  .meta({ id: 'Request', description: 'The record of one request at the gateway. Prompts and answers are stored apart, and only where the catalog says so.' })

const requestParams = z.strictObject({ customer: customerParam.shape.customer, request: requestId })

const prompt = z
  .strictObject({
    request: requestId,
    time: time('When it was asked.'),
    kept_until: time('When it is deleted.'),
    prompt: z.unknown().meta({ description: 'The body of the request; null where it was no JSON, or too large.', examples: [{ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'My card is [card].' }] }] }),
    answer: z.unknown().meta({ description: 'The body of the answer, or the text of a stream; null where none is kept.', examples: ['Thank you.'] }),
    redacted: z.record(z.string(), z.int()).meta({ description: 'What was taken out, by kind.', examples: [{ card: 1 }] }),
    cut: z.boolean().meta({ description: 'Something was left out because it is too long, or a file.' }),
  })
  .meta({ id: 'Prompt', description: 'What was asked and answered, without what the rules of the catalog take out.' })

export const requestRoutes = {
  listRequests: route({
    method: 'GET',
    path: '/v1/customers/{customer}/requests',
    tag: 'usage',
    summary: 'List requests',
    description: 'Newest first. Of a flood of refusals the first few of each key and second are recorded. With `outcome` a page may be shorter than its limit while there are more.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({
      from: instantIn('Requests of this time or later.').optional(),
      to: instantIn('Requests before this time.').optional(),
      outcome: outcome.optional(),
      feature: word('Only requests of this feature.', 'chat').optional(),
      run: text('Only requests of this agent run.', 'run_7').optional(),
      model: text('Only requests that asked for this model.', 'gpt-5-mini').optional(),
      limit,
      cursor,
    }),
    body: null,
    status: 200,
    answer: listOf(request),
    problems: ['not_found', 'invalid_cursor'],
  }),
  getRequest: route({
    method: 'GET',
    path: '/v1/customers/{customer}/requests/{request}',
    tag: 'usage',
    summary: 'Get a request',
    description: 'By the id that x-tollgate-decision told with the answer.',
    access: ['customer'],
    params: requestParams,
    query: nothing,
    body: null,
    status: 200,
    answer: request,
    problems: ['not_found'],
  }),
  getPrompt: route({
    method: 'GET',
    path: '/v1/customers/{customer}/requests/{request}/prompt',
    tag: 'usage',
    summary: 'Read the prompt of a request',
    description: 'What was asked and answered, redacted, where `gateway.prompts` of the catalog keeps it. For `support` and `admin` alone; each reading stands in the audit log.',
    access: [],
    params: requestParams,
    query: nothing,
    body: null,
    status: 200,
    answer: prompt,
    problems: ['not_found'],
  }),
  deletePrompt: route({
    method: 'DELETE',
    path: '/v1/customers/{customer}/requests/{request}/prompt',
    tag: 'usage',
    summary: 'Delete the prompt of a request',
    description: 'The record of the request stays.',
    access: [],
    params: requestParams,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ request: requestId, deleted: z.literal(true) }),
    problems: ['not_found'],
  }),
  erasePrompts: route({
    method: 'DELETE',
    path: '/v1/customers/{customer}/prompts',
    tag: 'usage',
    summary: 'Erase all prompts of a customer',
    description: 'For a customer that leaves or asks for it: also the answers that the database keeps to be replayed to it. What the catalog says to keep of later requests is kept; take them out there first.',
    access: [],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ erased: z.int().meta({ description: 'How many there were.', examples: [12] }) }),
    problems: ['not_found'],
  }),
} as const
