// The response cache: who gets what replayed, what is never kept, what a hit costs, counts and tells.

import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instant, type CustomerId } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { SYSTEM } from '../../app/actor.ts'
import { putBudget } from '../../app/budgets.ts'
import { getRequest } from '../../app/requests.ts'
import { createAnswerStore, type StoredAnswer } from './store.ts'

/** A plan that charges hits beside one that does not, and features whose answers are shared in each way. */
const CATALOG = TEST_CATALOG
  .replace('  - { id: agents, name: Agents, kind: metered }', ['agents', 'faq', 'tooled', 'short', 'private'].map((id) => `  - { id: ${id}, name: ${id}, kind: metered }`).join('\n'))
  .replace('    entitlements:\n', `    entitlements:\n${['faq', 'tooled', 'short', 'private'].map((feature) => `      - { feature: ${feature}, models: [fixed-model, fixed-claude, sandbox-small] }\n`).join('')}`)
  .replace('credit_assets:', '  - { id: resold, name: Resold, parent: wallet, excluded: [], funding: [wallet] }\ncredit_assets:')
  .replace('  feature_rules:', `  cache:
    - { feature: chat, ttl_seconds: 3600 }
    - { feature: faq, ttl_seconds: 3600, shared_by: everyone }
    - { feature: tooled, ttl_seconds: 3600, with_tools: true }
    - { feature: short, ttl_seconds: 1 }
  feature_rules:`)

let world: TestGateway
let customer: CustomerId
let key: string
let count = 0
beforeAll(async () => { world = await testGateway({ catalog: CATALOG }) })
afterAll(() => world.close())
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.settled.length = 0
  world.upstream.requests.length = 0
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-remaining-requests': '5' }).end(answer(`answer ${count++}`))
})

const answer = (content: string) => JSON.stringify({ id: 'c', model: 'gpt-4.1-nano', choices: [{ message: { content } }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })
const MESSAGES = [{ role: 'user', content: 'What is a tollgate?' }]
const ask = (body: Record<string, unknown> | string = {}, headers: Record<string, string> = {}, raw = key) => world.post('/v1/chat/completions', typeof body === 'string' ? body : { model: 'fixed-model', messages: MESSAGES, max_tokens: 20, ...body }, { key: raw, headers })
const cacheOf = async (response: Promise<Response>) => (await response).headers.get('x-tollgate-cache')

test('the same request again is answered byte for byte without the provider, at no cost and no charge', async () => {
  const first = await ask()
  const text = await first.text()
  expect([first.headers.get('x-tollgate-cache'), first.headers.get('x-tollgate-charge')]).toEqual(['miss', '0.2'])
  const second = await ask()
  expect(await second.text()).toBe(text)
  expect([second.status, ...['x-tollgate-cache', 'x-tollgate-charge', 'x-tollgate-balance', 'content-type', 'age', 'x-ratelimit-remaining-requests'].map((name) => second.headers.get(name))]).toEqual([200, 'hit', '0', '999.8', 'application/json', '0', null])
  expect(world.upstream.requests).toHaveLength(1)
  const [, hit] = world.settled
  expect(hit).toMatchObject({ cost: { amount: '0', currency: 'USD' }, estimated: false, dimensions: { cache_status: 'hit', model: 'fixed-model', model_returned: 'gpt-4.1-nano' }, quantities: { requests: '1', saved_input_tokens: '10', saved_output_tokens: '5' }, context: { cache: 'hit', saved_cost: '0.000003 USD' } })
  expect(hit!.quantities['input_tokens']).toBeUndefined()
  const reservation = /reservation=(\S+)/.exec(second.headers.get('x-tollgate-decision')!)![1]!
  await expect.poll(() => getRequest(world.world.plane, customer, reservation).catch(() => null), { timeout: 10_000 }).toMatchObject({ outcome: 'served', cache: 'hit', charge: '0' })
})

test('spacing, the order of members and for whom it is do not make another request; anything else does', async () => {
  await ask({ user: 'anna' })
  expect(await cacheOf(ask(`{ "max_tokens" : 20, "messages": [ {"role":"user", "content":"What is a tollgate?"} ],\n "user":"berta", "tools": [], "model":"fixed-model" }`))).toBe('miss')
  expect(await cacheOf(ask(`{ "max_tokens" : 20, "messages": [ {"role":"user", "content":"What is a tollgate?"} ],\n "user":"berta", "model":"fixed-model" }`))).toBe('hit')
  for (const body of [{ temperature: 1 }, { max_tokens: 21 }, { messages: [{ role: 'user', content: 'What is a  tollgate?' }] }, { seed: 1 }, { n: 2 }]) expect(await cacheOf(ask(body))).toBe('miss')
  // Numbers that are one to a float are two here.
  const seeded = (seed: string) => ask(`{"model":"fixed-model","messages":[{"role":"user","content":"x"}],"max_tokens":5,"seed":${seed}}`)
  expect(await cacheOf(seeded('9007199254740993'))).toBe('miss')
  expect(await cacheOf(seeded('9007199254740992'))).toBe('miss')
  expect(await cacheOf(seeded('9007199254740993'))).toBe('hit')
})

test('a stream is replayed as the stream that its client got, with usage only for whom asked', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\ndata: [DONE]\n\n')
  const first = await (await ask({ stream: true })).text()
  const again = await ask({ stream: true })
  expect([again.headers.get('x-tollgate-cache'), again.headers.get('content-type'), again.headers.get('content-length'), await again.text()]).toEqual(['hit', 'text/event-stream', null, first])
  const withUsage = await ask({ stream: true, stream_options: { include_usage: true } })
  expect([withUsage.headers.get('x-tollgate-cache'), (await withUsage.text()).includes('"usage"')]).toEqual(['miss', true])
  const chunks: string[] = []
  for await (const chunk of await world.client(key).chat.completions.create({ model: 'fixed-model', messages: [{ role: 'user', content: 'What is a tollgate?' }], max_tokens: 20, stream: true })) chunks.push(chunk.choices[0]?.delta.content ?? '')
  expect([chunks, world.upstream.requests.length]).toEqual([['Hi'], 2])
})

test('no customer gets what was made for another, unless the operator shares a feature with everyone', async () => {
  await ask()
  const other = await world.customer('1000')
  const raw = await world.key(other)
  expect(await cacheOf(ask({}, {}, raw))).toBe('miss')
  await ask({}, { 'x-tollgate-feature': 'faq' })
  expect(await cacheOf(ask({}, { 'x-tollgate-feature': 'faq' }, raw))).toBe('hit')
  // Without a rule nothing is kept, and no header speaks of a cache.
  await ask({}, { 'x-tollgate-feature': 'private' })
  expect(await cacheOf(ask({}, { 'x-tollgate-feature': 'private' }))).toBe(null)
})

test('what has tools, a side effect or a state elsewhere is not kept, unless a rule allows tools', async () => {
  const tools = [{ type: 'function', function: { name: 'pay', parameters: {} } }]
  for (const [path, body] of [
    ['/v1/chat/completions', { tools }], ['/v1/chat/completions', { functions: [{ name: 'pay' }] }], ['/v1/chat/completions', { web_search_options: { search_context_size: 'low' } }], ['/v1/chat/completions', { store: true }],
    ['/v1/responses', { input: 'Hi', tools: [{ type: 'web_search' }] }], ['/v1/responses', { input: 'Hi', previous_response_id: 'resp_1' }], ['/v1/responses', { input: 'Hi', conversation: 'conv_1' }],
    ['/v1/messages', { model: 'fixed-claude', tools: [{ name: 'pay', input_schema: { type: 'object' } }] }], ['/v1/images/generations', { model: 'sandbox-image', prompt: 'A gate' }],
  ] as const) {
    for (let time = 0; time < 2; time++) expect([path, (await world.post(path, { model: 'fixed-model', messages: MESSAGES, max_tokens: 20, ...body }, { key })).headers.get('x-tollgate-cache')]).toEqual([path, null])
  }
  expect([await cacheOf(ask({ tools }, { 'x-tollgate-feature': 'tooled' })), await cacheOf(ask({ tools }, { 'x-tollgate-feature': 'tooled' }))]).toEqual(['miss', 'hit'])
})

test('errors, broken streams and answers whose use we counted are not kept', async () => {
  const answers: (typeof world.upstream.answer)[] = [
    (response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}'),
    (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}'),
    (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"gpt-4.1-nano","choices":[{"message":{"content":"no usage"}}]}'),
  ]
  for (const one of answers) {
    world.upstream.answer = one
    expect(await cacheOf(ask())).not.toBe('hit')
  }
  world.upstream.answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\n')
    setTimeout(() => response.socket?.destroy(), 20)
  }
  for (let time = 0; time < 2; time++) {
    const broken = await ask({ stream: true })
    await broken.text()
    expect(broken.headers.get('x-tollgate-cache')).toBe('miss')
  }
})

test('an answer is forgotten when its time is over, and a client may ask for a fresh one or for none to be kept', async () => {
  const feature = { 'x-tollgate-feature': 'short' }
  expect([await cacheOf(ask({}, feature)), await cacheOf(ask({}, feature))]).toEqual(['miss', 'hit'])
  await expect.poll(() => cacheOf(ask({}, feature)), { timeout: 5_000, interval: 300 }).toBe('miss')
  await ask()
  const old = await (await ask()).text()
  const fresh = await ask({}, { 'cache-control': 'no-cache' })
  expect([fresh.headers.get('x-tollgate-cache'), (await fresh.text()) === old]).toEqual(['miss', false])
  expect((await (await ask()).text()) === old).toBe(false)
  expect(await cacheOf(ask({ seed: 7 }, { 'cache-control': 'no-store' }))).toBe(null)
  expect(await cacheOf(ask({ seed: 7 }))).toBe('miss')
})

test('a customer whose wallet is empty and whose budget is used up still gets what was answered before', async () => {
  const poor = await world.customer('2.5')
  const raw = await world.key(poor)
  expect((await ask({}, {}, raw)).status).toBe(200)
  await putBudget(world.world.plane, SYSTEM, poor, { id: 'cap', name: 'The cap', meters: ['input_tokens'], limit: '0', window: 'day', enforcement: 'hard', entity: null, features: null, terms: {} })
  expect((await ask({ seed: 3 }, {}, raw)).status).toBe(402)
  const hit = await ask({}, {}, raw)
  expect([hit.status, hit.headers.get('x-tollgate-cache'), hit.headers.get('x-tollgate-charge')]).toEqual([200, 'hit', '0'])
})

test('where the plan charges hits they are held and charged like the answer the first time, and refused like it', async () => {
  const one = await world.world.customer({ plan: 'resold', credit: '2.9' })
  const raw = await world.key(one)
  const first = await ask({}, {}, raw)
  const second = await ask({}, {}, raw)
  expect([first, second].map((response) => [response.headers.get('x-tollgate-cache'), response.headers.get('x-tollgate-charge')])).toEqual([['miss', '0.2'], ['hit', '0.2']])
  expect(world.settled.at(-1)).toMatchObject({ cost: { amount: '0' }, quantities: { input_tokens: '10', output_tokens: '5' } })
  let last = second
  for (let times = 0; times < 20 && last.status === 200; times++) last = await ask({}, {}, raw)
  expect([last.status, world.upstream.requests.length]).toEqual([402, 1])
})

test('a key that may not ask for a model gets no stored answer of it either', async () => {
  await ask()
  expect((await ask({}, {}, await world.key(customer, { models: ['sandbox-small'] }))).status).toBe(403)
})

test('messages are replayed through their SDK, and a beta header makes another request of it', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'm', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage: { input_tokens: 8, output_tokens: 3 } }))
  const client = new Anthropic({ apiKey: key, baseURL: world.url })
  const create = (headers: Record<string, string> = {}) => client.messages.create({ model: 'fixed-claude', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] }, { headers }).asResponse()
  expect([await cacheOf(create()), await cacheOf(create()), await cacheOf(create({ 'anthropic-beta': 'x' }))]).toEqual(['miss', 'hit', 'miss'])
})

test('the store stays within its bytes, and whoever floods it gives up its own', () => {
  const store = createAnswerStore({ bytesMax: 40_000, bytesPerOwnerMax: 15_000 })
  const stored = (bytes: number, expiresAt = 1_000): StoredAnswer => ({ contentType: 'application/json', body: Buffer.alloc(bytes), usage: {} as StoredAnswer['usage'], cost: null, at: instant(0), expiresAt: instant(expiresAt) })
  store.keep('good', 'a', stored(2_000))
  for (let index = 0; index < 100; index++) store.keep('flood', String(index), stored(2_000))
  expect([store.find('good', 'a', instant(1)) !== null, store.find('flood', '0', instant(1)), store.find('flood', '99', instant(1)) !== null]).toEqual([true, null, true])
  for (let owner = 0; owner < 100; owner++) {
    store.keep(`o${owner}`, 'a', stored(3_000))
    expect(store.find('good', 'a', instant(1)) !== null).toBe(true)
  }
  expect(store.bytes()).toBeLessThanOrEqual(40_000)
  expect(store.find('good', 'a', instant(1_000))).toBe(null)
  store.keep('large', 'a', stored(20_000))
  expect(store.find('large', 'a', instant(1))).toBe(null)
})
