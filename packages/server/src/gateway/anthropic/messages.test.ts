// The official SDK of Anthropic against the gateway, and answers in its shape byte by byte.
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway()
  customer = await world.customer('100000')
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const HELLO = { model: 'sandbox-small', max_tokens: 400, messages: [{ role: 'user', content: 'Hello there' }] } satisfies Anthropic.MessageCreateParamsNonStreaming

function client(raw: string, headers: Readonly<Record<string, string>> = {}): Anthropic {
  return new Anthropic({ apiKey: raw, baseURL: world.url, defaultHeaders: { 'x-sandbox-chunk-delay-ms': '0', ...headers } })
}

test('an answer comes with its exact charge, by key in x-api-key', async () => {
  const { data, response } = await client(key).messages.create(HELLO).withResponse()
  expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
  expect(Number(response.headers.get('x-tollgate-charge'))).toBeCloseTo(data.usage.input_tokens * 0.01 + data.usage.output_tokens * 0.02, 12)
  expect(world.settled).toMatchObject([{
    quantities: { requests: '1', input_tokens: String(data.usage.input_tokens), cached_input_tokens: '0', output_tokens: String(data.usage.output_tokens) },
    dimensions: { model: 'sandbox-small', provider: 'sandbox', upstream: 'sandbox' }, estimated: false, context: { surface: 'messages', ending: 'complete' },
  }])
  expect(world.node.openFor(customer)).toBe(0)
})

test('a stream is charged like the same answer in one piece, and ends with its last event', async () => {
  const whole = await client(key).messages.create(HELLO)
  const stream = client(key).messages.stream(HELLO)
  const final = await stream.finalMessage()
  expect(final).toMatchObject({ content: [{ type: 'text', text: (whole.content[0] as Anthropic.TextBlock).text }], stop_reason: 'end_turn' })
  const [first, second] = world.settled.map(({ quantities }) => quantities)
  expect(second).toEqual(first)
})

test('tools, a cut answer and counting pass through the SDK', async () => {
  const tools = [{ name: 'look', input_schema: { type: 'object' as const } }]
  const called = await client(key, { 'x-sandbox-tool': 'look' }).messages.stream({ ...HELLO, tools }).finalMessage()
  expect(called).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'look', input: { text: expect.any(String) } }] })
  expect(await client(key, { 'x-sandbox-output-tokens': '9' }).messages.create({ ...HELLO, max_tokens: 3 })).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 3 } })
  world.settled.length = 0
  expect(await client(key).messages.countTokens(HELLO)).toMatchObject({ input_tokens: expect.any(Number) })
  expect(world.settled).toMatchObject([{ quantities: { requests: '1', input_tokens: '0', output_tokens: '0' }, cost: { amount: '0' }, context: { surface: 'count_tokens' } }])
})

test('models are listed in the shape that the SDK knows', async () => {
  const ids: string[] = []
  for await (const { id, type } of client(key).models.list()) ids.push(`${type} ${id}`)
  expect(ids).toContain('model fixed-claude')
  expect(await client(key).models.retrieve('fixed-claude')).toMatchObject({ type: 'model', id: 'fixed-claude', display_name: 'fixed-claude', created_at: '2024-01-01T00:00:00.000Z' })
})

test('refusals have the shape that the SDK knows, and are not asked again', async () => {
  const poor = await world.key(await world.customer('0.01'))
  const cases: readonly (readonly [string, string, number, string])[] = [
    [poor, 'sandbox-small', 402, 'billing_error'],
    ['tg_unknown_0123456789012345678901234567890123456789', 'sandbox-small', 401, 'authentication_error'],
    [key, 'sandbox-large', 403, 'permission_error'],
    [key, 'gpt-99', 404, 'not_found_error'],
    [key, 'fixed-model', 400, 'invalid_request_error'],
  ]
  for (const [raw, model, status, type] of cases) {
    const before = [...world.counts].reduce((sum, [name, count]) => sum + (name.startsWith('answered:messages') ? count : 0), 0)
    const failure = await client(raw).messages.create({ ...HELLO, model }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Anthropic.APIError)
    const { status: got, error } = failure as InstanceType<typeof Anthropic.APIError>
    expect([model, got, (error as { readonly error: { readonly type: string } }).error.type]).toEqual([model, status, type])
    const asked = [...world.counts].reduce((sum, [name, count]) => sum + (name.startsWith('answered:messages') ? count : 0), 0) - before
    expect([model, asked]).toEqual([model, 1])
  }
  const refused = await world.post('/v1/messages', HELLO, { key: poor })
  expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'billing_error', code: 'credit_balance_exhausted', scope: 'wallet:USD', message: expect.stringContaining('credit balance') }, request_id: refused.headers.get('request-id') })
})

test("a provider's own errors pass, and the SDK tries again where it should", async () => {
  const failed = await client(key, { 'x-sandbox-fault': '529' }).messages.create(HELLO, { maxRetries: 0 }).catch((error: unknown) => error)
  expect(failed).toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } })
  let asked = 0
  world.upstream.answer = (response) => {
    asked += 1
    if (asked === 1) return void response.writeHead(529, { 'content-type': 'application/json', 'retry-after-ms': '1' }).end('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER))
  }
  expect((await client(key).messages.create({ ...HELLO, model: 'fixed-claude' })).id).toBe('msg_1')
  expect([asked, world.settled.length]).toEqual([2, 1])
})

const USAGE = { input_tokens: 30, cache_read_input_tokens: 500, cache_creation_input_tokens: 140, cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 100 }, output_tokens: 20, server_tool_use: { web_search_requests: 2 } }
const ANSWER = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5-20251001', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', stop_sequence: null, usage: USAGE }

test('caches, their lifetimes and server tools are metered apart and priced to the last digit', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER))
  const text = await (await world.post('/v1/messages', { ...HELLO, model: 'fixed-claude', tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }] }, { key })).text()
  expect(text).toBe(JSON.stringify(ANSWER))
  expect(world.settled).toMatchObject([{
    quantities: { input_tokens: '170', cached_input_tokens: '500', cache_write_tokens: '140', cache_write_1h_tokens: '100', output_tokens: '20', web_search_requests: '2' },
    // 30 × 1 + 500 × 0.1 + 40 × 1.25 + 100 × 2 + 20 × 5, a millionth each, and two searches.
    cost: { amount: '0.02043', currency: 'USD' },
  }])
  const { headers, body, path } = world.upstream.requests[0]!
  expect([path, headers['x-api-key'], headers['anthropic-version'], headers['authorization']]).toEqual(['/v1/messages', 'sk-provider', '2023-06-01', undefined])
  expect((JSON.parse(body) as { readonly model: string }).model).toBe('claude-haiku-4-5')
})

test('a stream whose input grows on the way is charged by its last figures, byte for byte', async () => {
  const events = [
    ['message_start', { message: { ...ANSWER, content: [], stop_reason: null, usage: { input_tokens: 2_037, output_tokens: 1 } } }],
    ['content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Fünf "usage":{' } }],
    ['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 15_665, output_tokens: 87, server_tool_use: { web_search_requests: 1 } } }],
    ['message_stop', {}],
  ].map(([type, data]) => `event: ${type as string}\ndata: ${JSON.stringify({ type, ...(data as object) })}\n\n`).join('')
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events)
  const text = await (await world.post('/v1/messages', { ...HELLO, model: 'fixed-claude', stream: true }, { key })).text()
  expect(text).toBe(events)
  expect(world.settled).toMatchObject([{ estimated: false, quantities: { input_tokens: '15665', output_tokens: '87', web_search_requests: '1' }, dimensions: { model_returned: 'claude-haiku-4-5-20251001' } }])
})

test('a refusal without output is not billed, and usage of advisors is', async () => {
  const answer = (value: unknown) => { world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value)) }
  answer({ ...ANSWER, stop_reason: 'refusal', content: [], usage: { input_tokens: 90, output_tokens: 0 } })
  await world.post('/v1/messages', { ...HELLO, model: 'fixed-claude' }, { key })
  answer({ ...ANSWER, usage: { input_tokens: 4, output_tokens: 90, iterations: [{ type: 'message', input_tokens: 4, output_tokens: 90 }, { type: 'advisor_message', model: 'claude-haiku-4-5', input_tokens: 310, output_tokens: 60 }] } })
  await world.post('/v1/messages', { ...HELLO, model: 'fixed-claude' }, { key })
  expect(world.settled).toMatchObject([
    { quantities: { input_tokens: '0', output_tokens: '0' }, cost: { amount: '0' }, estimated: false },
    { quantities: { input_tokens: '314', output_tokens: '150' }, cost: { amount: '0.001064' } },
  ])
})

test('a body that cannot be bounded is refused by the member', async () => {
  for (const [body, param] of [[{ messages: [] }, 'model'], [{ model: 'sandbox-small' }, 'messages'], [{ ...HELLO, max_tokens: 0 }, 'max_tokens'], [{ ...HELLO, stream: 1 }, 'stream']] as const) {
    const response = await world.post('/v1/messages', body, { key })
    expect([response.status, await response.json()]).toMatchObject([400, { type: 'error', error: { type: 'invalid_request_error', param } }])
  }
})
