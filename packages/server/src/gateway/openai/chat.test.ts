import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ limits: { bodyBytesMax: 100_000, jsonBufferBytesMax: 20_000, upstreamAnswerMs: 2_000, upstreamIdleMs: 2_000 } })
  customer = await world.customer()
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const HELLO: OpenAI.ChatCompletionCreateParamsNonStreaming = { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hello there' }] }
const USAGE = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35, prompt_tokens_details: { cached_tokens: 10 } }
const ANSWER = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4.1-nano-2025-04-14', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage: USAGE }

function answerWith(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): void {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  world.upstream.answer = (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

/** What a chat request to the fixed upstream answers. */
function ask(body: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return world.post('/v1/chat/completions', { model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], ...body }, { key, headers })
}

test('an answer comes with its exact charge, and the balance after it', async () => {
  const { data, response } = await world.client(key).chat.completions.create(HELLO).withResponse()
  const { prompt_tokens: input, completion_tokens: output } = data.usage!
  expect(data.choices[0]!.message.content!.split(' ').length).toBe(output)
  const header = (name: string) => response.headers.get(`x-tollgate-${name}`)
  expect(Number(header('charge'))).toBeCloseTo(input * 0.01 + output * 0.02, 12)
  expect(Number(header('balance'))).toBeCloseTo(100 - Number(header('charge')), 12)
  expect(Number(header('estimate'))).toBeGreaterThanOrEqual(Number(header('charge')))
  expect([header('currency'), header('charge-estimated'), header('cost'), header('decision')]).toEqual(['USD', null, null, `allow; reservation=${world.settled[0]!.reservation}`])
  expect(world.settled).toMatchObject([{
    quantities: { requests: '1', input_tokens: String(input), cached_input_tokens: '0', output_tokens: String(output) },
    dimensions: { model: 'sandbox-small', model_returned: 'sandbox-small', provider: 'sandbox', upstream: 'sandbox' },
    estimated: false, context: { ending: 'complete', stream: false },
  }])
  expect(world.node.openFor(customer)).toBe(0)
})

test('a stream is charged like the same answer in one piece, and shows usage only to a client that asked', async () => {
  const whole = await world.client(key).chat.completions.create(HELLO)
  for (const includeUsage of [true, false]) {
    const stream = await world.client(key).chat.completions.create({ ...HELLO, stream: true, ...(includeUsage ? { stream_options: { include_usage: true } } : {}) })
    let text = ''
    let usage: unknown = null
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
      expect(includeUsage || !('usage' in chunk)).toBe(true)
    }
    expect(text).toBe(whole.choices[0]!.message.content)
    expect(usage).toEqual(includeUsage ? whole.usage : null)
  }
  const [first, ...others] = world.settled.map(({ quantities }) => quantities)
  expect(others).toEqual([first, first])
})

test('the head of a stream tells what is known before its body', async () => {
  const { data, response } = await world.client(key).chat.completions.create({ ...HELLO, stream: true }).withResponse()
  for await (const _ of data) continue
  expect(response.headers.get('x-tollgate-decision')).toBe(`allow; reservation=${world.settled[0]!.reservation}`)
  expect(['estimate', 'balance', 'charge', 'currency'].map((name) => response.headers.has(`x-tollgate-${name}`))).toEqual([true, true, false, true])
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
})

test('an empty wallet is 402 before the provider is asked, and the SDK does not ask again', async () => {
  const poor = await world.customer('0.50')
  const before = world.counts.get('answered:chat:402') ?? 0
  const failure = await world.client(await world.key(poor)).chat.completions.create({ ...HELLO, model: 'fixed-model' }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(OpenAI.APIError)
  const { status, code, type, headers, error } = failure as InstanceType<typeof OpenAI.APIError>
  expect({ status, code, type }).toEqual({ status: 402, code: 'credit_balance_exhausted', type: 'insufficient_quota' })
  expect(error).toMatchObject({ scope: 'wallet:USD', unit: 'USD', resets_at: null, top_up_url: 'http://localhost/top-up', upgrade_url: 'http://localhost/plans', decision_id: expect.stringMatching(/^dec_/), message: expect.stringContaining('credit balance') })
  expect((error as { readonly required: string }).required).toMatch(/^\d+\.\d+$/)
  expect([headers!.get('x-should-retry'), headers!.get('x-tollgate-decision'), headers!.get('x-tollgate-balance')]).toEqual(['false', `deny; decision=${(error as { readonly decision_id: string }).decision_id}`, '0.5'])
  expect([world.counts.get('answered:chat:402')! - before, world.upstream.requests.length]).toEqual([1, 0])
})

test('what may not be asked for is refused by name', async () => {
  const narrow = await world.key(customer, { models: ['alias'] })
  const agents = await world.key(customer, { feature: 'agents' })
  const customerOnly = await world.key(customer, { scopes: ['customer'] })
  const admin = await world.key(null)
  const cases: readonly (readonly [string, string | undefined, string, number, string])[] = [
    ['no key', undefined, 'sandbox-small', 401, 'invalid_api_key'],
    ['unknown key', 'tg_unknown_0123456789012345678901234567890123456789', 'sandbox-small', 401, 'invalid_api_key'],
    ['wrong scope', customerOnly, 'sandbox-small', 403, 'wrong_scope'],
    ['model not of the key', narrow, 'sandbox-small', 403, 'model_not_allowed'],
    ['model not in the plan', key, 'sandbox-large', 403, 'model_not_allowed'],
    ['feature not in the plan', agents, 'sandbox-small', 403, 'feature_not_entitled'],
    ['unknown model', key, 'gpt-99', 404, 'model_not_found'],
    ['model without an upstream', key, 'orphan', 503, 'upstream_not_configured'],
    ['operator without a customer', admin, 'sandbox-small', 400, 'customer_required'],
  ]
  for (const [name, raw, model, status, code] of cases) {
    const response = await world.post('/v1/chat/completions', { ...HELLO, model }, raw === undefined ? {} : { key: raw })
    const { error } = (await response.json()) as { readonly error: { readonly code: string; readonly message: string } }
    expect([name, response.status, error.code, response.headers.get('x-should-retry')]).toEqual([name, status, code, 'false'])
    expect(error.message).not.toContain('0123456789')
  }
})

test('an operator key asks for a customer that it names, and alone sees the cost', async () => {
  const admin = await world.key(null, { showsCost: true })
  const response = await world.post('/v1/chat/completions', HELLO, { key: admin, headers: { 'x-tollgate-customer': customer } })
  expect(response.status).toBe(200)
  const { usage } = (await response.json()) as { readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } }
  expect(Number(response.headers.get('x-tollgate-cost'))).toBeCloseTo((usage.prompt_tokens * 1 + usage.completion_tokens * 2) / 1e6, 12)
  expect((await world.post('/v1/chat/completions', HELLO, { key: admin, headers: { 'x-tollgate-customer': 'cus_nobody' } })).status).toBe(404)
})

test('a body that cannot be bounded or understood is a 400 that names the member', async () => {
  const message = '{"role":"user","content":"Hi"}'
  const cases: readonly (readonly [string, string | null])[] = [
    ['', null], ['{', null], ['[]', null], ['"x"', null], ['{"model":"sandbox-small"', null],
    ['{"messages":[]}', 'model'], ['{"model":7,"messages":[]}', 'model'], ['{"model":"sandbox-small"}', 'messages'], ['{"model":"sandbox-small","messages":[1]}', 'messages'],
    [`{"model":"sandbox-small","messages":[${message}],"stream":"yes"}`, 'stream'],
    [`{"model":"sandbox-small","messages":[${message}],"stream_options":[]}`, 'stream_options'],
    [`{"model":"sandbox-small","messages":[${message}],"n":0}`, 'n'],
    [`{"model":"sandbox-small","messages":[${message}],"n":1000}`, 'n'],
    [`{"model":"sandbox-small","messages":[${message}],"max_tokens":-1}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_tokens":1.5}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_tokens":"9"}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_tokens":1e99}`, 'max_tokens'],
    [`{"model":"sandbox-small","max_tokens":1,"messages":[${message}],"max_tokens":64}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"Max_Tokens":64}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_to\u212aens":64}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_to\\u212aens":64}`, 'max_tokens'],
    [`{"model":"sandbox-small","messages":[${message}],"max_\\u0074okens":64,"max_tokens":1}`, 'max_tokens'],
  ]
  for (const [body, param] of cases) {
    const response = await world.post('/v1/chat/completions', body, { key })
    const { error } = (await response.json()) as { readonly error: { readonly type: string; readonly param: string | null } }
    expect([body, response.status, error.type, error.param]).toEqual([body, 400, 'invalid_request_error', param])
  }
  const tooLarge = await world.post('/v1/chat/completions', `{"x":"${'x'.repeat(200_000)}"}`, { key })
  expect([tooLarge.status, tooLarge.headers.get('connection')]).toEqual([413, 'close'])
})

test('the provider gets the body byte for byte, but for the model and the usage of a stream', async () => {
  answerWith(ANSWER)
  const odd = '{ "seed" : 12345678901234567890123,\n "x":{"model":"y"}, "model" : "fixed-model", "messages":[{"role":"user","content":"fün \\u0041"}], "x":1 }'
  await world.post('/v1/chat/completions', odd, { key })
  await world.post('/v1/chat/completions', odd.replace('"x":1 }', '"stream":true }'), { key })
  await world.post('/v1/chat/completions', odd.replace('"x":1 }', '"stream":true, "stream_options":{"a":1} }'), { key })
  await world.post('/v1/chat/completions', odd.replace('"x":1 }', '"stream":true, "stream_options":{"include_usage":true} }'), { key })
  const renamed = odd.replace('"fixed-model"', '"gpt-4.1-nano"')
  expect(world.upstream.requests.map(({ body }) => body)).toEqual([
    renamed,
    renamed.replace('{ "seed"', '{"stream_options":{"include_usage":true}, "seed"').replace('"x":1 }', '"stream":true }'),
    renamed.replace('"x":1 }', '"stream":true, "stream_options":{"include_usage":true,"a":1} }'),
    renamed.replace('"x":1 }', '"stream":true, "stream_options":{"include_usage":true} }'),
  ])
})

test("headers pass by allow-list: no client key or cookie goes up, nothing of the provider's account comes down", async () => {
  answerWith(ANSWER, { 'openai-organization': 'acme-inc', 'openai-processing-ms': '7', 'set-cookie': 'a=b', 'x-ratelimit-remaining-tokens': '99', 'x-request-id': 'req_provider', server: 'envoy' })
  const response = await ask({}, { cookie: 'session=1', 'openai-organization': 'mine', traceparent: '00-1-2-01', 'x-sandbox-fault': '500', 'x-request-id': 'mine-1', 'x-tollgate-run': 'run_1' })
  const { headers } = world.upstream.requests[0]!
  expect(headers).toMatchObject({ authorization: 'Bearer sk-provider', 'accept-encoding': 'identity', traceparent: '00-1-2-01' })
  expect(['cookie', 'openai-organization', 'x-sandbox-fault', 'x-tollgate-run', 'x-request-id'].filter((name) => name in headers)).toEqual([])
  expect(['openai-organization', 'set-cookie', 'server'].filter((name) => response.headers.has(name))).toEqual([])
  expect(['openai-processing-ms', 'x-ratelimit-remaining-tokens', 'x-request-id'].map((name) => response.headers.get(name))).toEqual(['7', '99', 'mine-1'])
})

test("a provider's own error passes with its body, and nothing is charged", async () => {
  for (const status of [400, 403, 404, 422, 429, 500, 503, 529]) {
    const response = await world.post('/v1/chat/completions', HELLO, { key, headers: { 'x-sandbox-fault': String(status), 'x-sandbox-retry-after': '7' } })
    expect([response.status, response.headers.get('retry-after'), response.headers.has('x-tollgate-charge')]).toEqual([status, '7', false])
    expect(await response.json()).toMatchObject({ error: { message: `The sandbox was asked to answer ${status}.` } })
  }
  expect([world.settled.length, world.node.openFor(customer)]).toEqual([0, 0])
})

test('what the provider says about our own account never reaches the client', async () => {
  const quota = { error: { message: 'You exceeded your current quota, org-123.', type: 'insufficient_quota', param: null, code: 'insufficient_quota' } }
  const cases: readonly (readonly [number, unknown, string, string])[] = [
    [401, { error: { message: 'Incorrect API key provided: sk-provider', code: 'invalid_api_key' } }, 'upstream_authentication_failed', 'false'],
    [402, { error: { message: 'Insufficient Balance, org-123' } }, 'upstream_quota_exhausted', 'false'],
    [429, quota, 'upstream_quota_exhausted', 'false'],
    [302, { moved: 'org-123' }, 'upstream_redirected', 'false'],
    [200, '{"id":"org-123","choices":[', 'upstream_invalid_answer', 'true'],
  ]
  for (const [status, body, code, retry] of cases) {
    answerWith(body, {}, status)
    const response = await ask()
    const text = await response.text()
    expect([status, response.status, (JSON.parse(text) as { error: { code: string } }).error.code, response.headers.get('x-should-retry')]).toEqual([status, 502, code, retry])
    expect(text).not.toMatch(/org-123|sk-provider|current quota/)
  }
  expect([world.settled.length, world.node.openFor(customer)]).toEqual([0, 0])
})

test('an error that tells usage is charged for it', async () => {
  answerWith({ error: { message: 'content filtered', code: 'content_filter' }, usage: USAGE }, {}, 400)
  const response = await ask()
  expect([response.status, response.headers.get('x-tollgate-charge')]).toEqual([400, '0.4'])
})

test('an error under status 200 is not charged', async () => {
  answerWith({ error: { message: 'provider returned error', code: 502 } })
  expect((await ask()).status).toBe(200)
  expect([world.settled.length, world.node.openFor(customer)]).toEqual([0, 0])
})

test('usage of every known shape becomes disjoint counts', async () => {
  const cases: readonly (readonly [string, unknown, readonly [string, string, string]])[] = [
    ['cached input is part of the prompt', USAGE, ['20', '10', '5']],
    ['reasoning beside completion, inside the total', { prompt_tokens: 12, completion_tokens: 1, total_tokens: 241, completion_tokens_details: { reasoning_tokens: 228 } }, ['12', '0', '229']],
    ['reasoning only in the total', { prompt_tokens: 9, completion_tokens: 28, total_tokens: 281 }, ['9', '0', '272']],
    ['cache hits beside the totals', { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 }, ['36', '64', '1']],
    ['more cached than prompted', { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4, prompt_tokens_details: { cached_tokens: 9 } }, ['0', '3', '1']],
  ]
  for (const [name, usage, [input, cached, output]] of cases) {
    answerWith({ ...ANSWER, usage })
    expect((await ask()).status, name).toBe(200)
    expect(world.settled.pop()!.quantities, name).toMatchObject({ requests: '1', input_tokens: input, cached_input_tokens: cached, output_tokens: output })
  }
})

test('an answer without usable usage is counted by us and says so', async () => {
  for (const usage of [undefined, null, {}, { prompt_tokens: -5, completion_tokens: 1e300 }, 'many', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }]) {
    answerWith({ ...ANSWER, usage })
    const response = await ask()
    expect([response.status, response.headers.get('x-tollgate-charge-estimated')]).toEqual([200, 'true'])
    // "Hi" in a message frame, and "Hi" as the answer: 8 and 1 by the tokenizer.
    expect(world.settled.pop()).toMatchObject({ estimated: true, quantities: { input_tokens: '8', output_tokens: '1' } })
  }
})

test('cost is by the model returned, and unknown rather than wrong', async () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, string | null])[] = [
    [{}, '0.00000425'],
    [{ model: 'gpt-4.1-nano-2030-01-01' }, '0.00000425'],
    [{ model: 'someone-elses-model' }, '0.00000425'],
    [{ service_tier: 'flex' }, null],
    [{ usage: { ...USAGE, completion_tokens_details: { audio_tokens: 2 } } }, null],
  ]
  for (const [more, amount] of cases) {
    answerWith({ ...ANSWER, ...more })
    await ask()
    expect(world.settled.pop()!.cost, JSON.stringify(more)).toEqual(amount === null ? null : { amount, currency: 'USD' })
  }
})

test('an answer too large to hold passes through and is charged by the usage at its end', async () => {
  const content = 'x'.repeat(60_000)
  answerWith({ ...ANSWER, choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] })
  const response = await ask()
  expect(((await response.json()) as typeof ANSWER).choices[0]!.message.content).toBe(content)
  expect(world.settled).toMatchObject([{ estimated: false, quantities: { input_tokens: '20', cached_input_tokens: '10', output_tokens: '5' } }])
})

test('a connection that was closed under us is tried once more on a fresh one', async () => {
  const retries = () => world.counts.get('upstream_retry') ?? 0
  const before = retries()
  world.upstream.answer = (response) => {
    answerWith(ANSWER)
    response.destroy()
  }
  expect((await ask()).status).toBe(200)
  expect([retries() - before, world.upstream.requests.length, world.settled.length]).toEqual([1, 2, 1])
  world.upstream.answer = (response) => void response.destroy()
  const failed = await ask()
  expect([failed.status, ((await failed.json()) as { error: { code: string } }).error.code, failed.headers.get('x-should-retry'), retries() - before]).toEqual([502, 'upstream_connection_lost', 'true', 2])
})

test('a provider that does not answer in time is a 504 without charge', async () => {
  world.upstream.answer = () => undefined
  const response = await ask()
  expect([response.status, response.headers.get('x-should-retry'), world.settled.length, world.node.openFor(customer)]).toEqual([504, 'true', 0, 0])
})

test('usage above the hold is booked in full', async () => {
  const exceeded = () => world.counts.get('hold_exceeded') ?? 0
  const before = exceeded()
  answerWith({ ...ANSWER, usage: { prompt_tokens: 10, completion_tokens: 100_000, total_tokens: 100_010 } })
  const response = await ask({ max_tokens: 5 })
  expect([response.headers.get('x-tollgate-charge'), exceeded() - before]).toEqual(['2000.1', 1])
  const next = await ask()
  expect([next.status, ((await next.json()) as { error: { code: string } }).error.code]).toEqual([402, 'credit_balance_exhausted'])
})

test('tools, several choices and unknown members pass through the SDK', async () => {
  const rich = await world.client(await world.key(await world.customer())).chat.completions.create({ ...HELLO, n: 2, max_tokens: 5, tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }] })
  expect(rich.choices.map(({ finish_reason: reason, message }) => [reason, message.content!.split(' ').length])).toEqual([['length', 5], ['length', 5]])
})
