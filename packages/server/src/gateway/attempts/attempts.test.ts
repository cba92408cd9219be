// Several keys, several upstreams, and each way in which one fails: what is asked next, what the client gets, what is charged and recorded.

import { createServer, type Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { fixedUpstream, TEST_CATALOG, testGateway, type FixedUpstream, type TestGateway } from '../../../../../test/gateway.ts'
import { assert, UPSTREAM_ROUTING, type CustomerId, type UpstreamConfig, type UpstreamRouting } from '@tollgate/core'

/** A model that several upstreams list, dearer at one of them. */
const CATALOG = TEST_CATALOG
  .replace('models: [sandbox-small,', 'models: [shared, sandbox-small,')
  .replace('  models:\n    - { name: sandbox-small,', '  models:\n    - { name: shared, model: "gpt-4.1-nano" }\n    - { name: sandbox-small,')
  .replace('    funding: [wallet]', '      - { id: dear, meter: output_tokens, when: { upstream: [dear] }, model: per_unit, amount: 1 }\n    funding: [wallet]')

let world: TestGateway
let first: FixedUpstream
let second: FixedUpstream
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ limits: { upstreamConnectTimeoutMs: 400 }, catalog: CATALOG })
  first = await fixedUpstream()
  second = await fixedUpstream()
})
afterAll(async () => {
  await world.close()
  await first.close()
  await second.close()
})
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.settled.length = 0
  for (const upstream of [first, second]) {
    upstream.requests.length = 0
    upstream.answer = good
  }
})
afterEach(() => assert(world.node.openFor(customer) === 0, 'a test left a hold open'))

const ANSWER = JSON.stringify({ id: 'c', object: 'chat.completion', model: 'gpt-4.1-nano', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })
const good: FixedUpstream['answer'] = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER)
const status = (code: number, headers: Record<string, string> = {}, body = '{"error":{"message":"no"}}'): FixedUpstream['answer'] => (response) => void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body)
const ask = (body: Record<string, unknown> = {}) => world.post('/v1/chat/completions', { model: 'shared', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20, ...body }, { key })
const config = (name: string, upstream: Pick<FixedUpstream, 'baseUrl'>, more: Partial<UpstreamConfig> = {}, routing: Partial<UpstreamRouting> = {}): UpstreamConfig => ({
  id: `ups_${name}`, name, kind: 'openai', provider: 'openai', baseUrl: upstream.baseUrl, secret: `sk-${name}`, models: ['gpt-4.1-nano'], allowPrivate: true, ...more, routing: { ...UPSTREAM_ROUTING, ...routing },
})
const both = (routing: Partial<UpstreamRouting> = {}) => world.withUpstreams([config('first', first, {}, routing), config('second', second, {}, { priority: 2 })])
const asked = () => [first.requests.length, second.requests.length]

async function closedPort(): Promise<string> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/v1`
}

const FAILURES: readonly (readonly [string, FixedUpstream['answer'], string])[] = [
  ['a connection that is reset', (response) => void response.socket?.resetAndDestroy(), 'cut'],
  ['429', status(429), '429'],
  ['500', status(500), '500'],
  ['503', status(503), '503'],
  ['529', status(529), '529'],
  ['a key that is refused', status(401), '401'],
  ['an account that is used up', status(429, {}, '{"error":{"code":"insufficient_quota"}}'), '429'],
]
for (const [what, answer, told] of FAILURES) {
  test(`${what} at the first upstream is answered by the second, charged once and told on the record`, async () => {
    both()
    first.answer = answer
    const response = await ask()
    expect([response.status, ((await response.json()) as { model: string }).model]).toEqual([200, 'gpt-4.1-nano'])
    expect(second.requests).toHaveLength(1)
    expect(second.requests[0]!.headers['authorization']).toBe('Bearer sk-second')
    expect(world.settled).toMatchObject([{ quantities: { input_tokens: '10', output_tokens: '5' }, dimensions: { upstream: 'second' }, context: { tried: `first ${told}` } }])
    expect(Number(world.settled[0]!.context['attempts'])).toBe(1 + first.requests.length)
  })
}

test('an upstream that cannot be reached is passed over, and a stream begins at the next', async () => {
  world.withUpstreams([config('first', { baseUrl: await closedPort() }), config('second', second, {}, { priority: 2 })])
  second.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\ndata: [DONE]\n\n')
  const response = await ask({ stream: true })
  expect([response.status, await response.text()]).toEqual([200, 'data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'])
  expect(world.settled).toMatchObject([{ quantities: { output_tokens: '5' }, dimensions: { upstream: 'second' }, context: { tried: 'first unreachable' } }])
})

test('an upstream that does not begin in time is passed over after its own time', async () => {
  both({ timeouts: { ...UPSTREAM_ROUTING.timeouts, answerMs: 100, firstByteMs: 100 } })
  first.answer = (response) => void setTimeout(() => good(response, first.requests[0]!), 1_500).unref()
  expect((await ask()).status).toBe(200)
  expect(world.settled).toMatchObject([{ dimensions: { upstream: 'second' }, context: { tried: 'first silent' } }])
})

test('what breaks off in the middle of an answer is not asked again: it may have been paid for', async () => {
  both()
  first.answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(ANSWER.length) })
    response.write(ANSWER.slice(0, 40))
    setTimeout(() => response.socket?.destroy(), 20)
  }
  expect((await ask()).status).toBe(502)
  first.answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\n')
    setTimeout(() => response.socket?.destroy(), 20)
  }
  expect(await (await ask({ stream: true })).text()).toContain('upstream_connection_lost')
  expect(asked()).toEqual([2, 0])
  expect(world.settled).toMatchObject([{ estimated: true, context: { ending: 'cut' } }])
})

test('an error that tells usage is an answer, and a 400 is the request’s own: neither is asked again', async () => {
  both()
  first.answer = status(500, {}, JSON.stringify({ error: { message: 'late' }, model: 'gpt-4.1-nano', usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } }))
  expect((await ask()).status).toBe(500)
  first.answer = status(400)
  expect((await ask()).status).toBe(400)
  expect(asked()).toEqual([2, 0])
  expect(world.settled).toMatchObject([{ quantities: { input_tokens: '3', output_tokens: '1' } }])
})

test('a lone upstream is asked once, and again after a while where its setting says so; a longer wait than two seconds is passed on', async () => {
  world.withUpstreams([config('first', first)])
  first.answer = status(500)
  expect([(await ask()).status, first.requests.length]).toEqual([500, 1])
  world.withUpstreams([config('first', first, {}, { retries: 3 })])
  first.requests.length = 0
  first.answer = (response, request) => (first.requests.length < 3 ? status(503, { 'retry-after-ms': '5' }) : good)(response, request)
  expect([(await ask()).status, first.requests.length]).toEqual([200, 3])
  first.requests.length = 0
  first.answer = status(429, { 'retry-after': '20' })
  const limited = await ask()
  expect([limited.status, limited.headers.get('retry-after'), first.requests.length]).toEqual([429, '20', 1])
})

test('requests are shared among keys by weight; a key that is limited rests as long as it is told', async () => {
  world.withUpstreams([config('first', first, { secret: null, keys: [{ name: 'a', secret: 'sk-a', weight: 1 }, { name: 'b', secret: 'sk-b', weight: 3 }] })])
  for (let count = 0; count < 60; count++) await ask()
  const keys = () => first.requests.map(({ headers }) => headers['authorization'])
  const share = keys().filter((one) => one === 'Bearer sk-b').length
  expect(share > 30 && share < 58).toBe(true)
  first.requests.length = 0
  world.settled.length = 0
  first.answer = (response, request) => (request.headers['authorization'] === 'Bearer sk-b' ? status(429, { 'retry-after': '30' }) : good)(response, request)
  for (let count = 0; count < 20; count++) expect((await ask()).status).toBe(200)
  expect(keys().filter((one) => one === 'Bearer sk-b')).toHaveLength(1)
  expect(world.settled.filter(({ context }) => context['tried'] === 'first/b 429')).toHaveLength(1)
  expect(new Set(world.settled.map(({ context }) => context['upstream_key']))).toEqual(new Set(['a']))
})

test('upstreams of one priority share by weight, and one for all models stands in for nobody', async () => {
  world.withUpstreams([config('first', first, {}, { weight: 1 }), config('second', second, {}, { weight: 3 })])
  for (let count = 0; count < 60; count++) await ask()
  expect(first.requests.length > 2 && second.requests.length > first.requests.length).toBe(true)
  world.withUpstreams([config('first', first), config('second', second, { models: ['*'] })])
  first.requests.length = second.requests.length = 0
  first.answer = status(500)
  expect([(await ask()).status, ...asked()]).toEqual([500, 1, 0])
})

test('an upstream that fails again and again rests, fails at once meanwhile, and one request finds that it is back', async () => {
  world.withUpstreams([config('first', first)])
  first.answer = status(503)
  for (let count = 0; count < 5; count++) expect((await ask()).status).toBe(503)
  const resting = await ask()
  expect([resting.status, ((await resting.json()) as { error: { code: string } }).error.code, resting.headers.get('retry-after')]).toEqual([503, 'upstream_resting', '1'])
  expect(first.requests).toHaveLength(5)
  expect(world.counts.get('upstream_resting')).toBeGreaterThanOrEqual(1)
  first.answer = good
  await expect.poll(async () => (await ask()).status, { timeout: 5_000 }).toBe(200)
  expect(await Promise.all([ask(), ask(), ask()].map(async (one) => (await one).status))).toEqual([200, 200, 200])
})

test('the head of a stream that tries whether a rest is over ends it, long before the stream does', async () => {
  world.withUpstreams([config('first', first)])
  first.answer = status(503)
  for (let count = 0; count < 5; count++) await ask()
  first.answer = (response, request) => {
    if (!request.body.includes('"stream":true')) return good(response, request)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\n')
    setTimeout(() => response.end('data: {"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\ndata: [DONE]\n\n'), 2_000)
  }
  let stream = await ask({ stream: true })
  while (stream.status === 503) {
    await stream.text()
    await delay(100)
    stream = await ask({ stream: true })
  }
  expect((await ask()).status).toBe(200)
  await stream.text()
})

test('a 500 that nobody else can answer may be the request’s own doing: the others go on asking', async () => {
  world.withUpstreams([config('first', first)])
  first.answer = status(500)
  for (let count = 0; count < 8; count++) await ask()
  expect(first.requests).toHaveLength(8)
})

test('in an outage retries end when their budget is spent', async () => {
  both()
  first.answer = status(529)
  second.answer = status(529)
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask()))
  expect(answers.every((answer) => answer.status === 529 || answer.status === 503)).toBe(true)
  expect(asked()[0]! + asked()[1]!).toBeLessThanOrEqual(150)
})

test('another upstream is asked only where the hold covers its price too', async () => {
  world.withUpstreams([config('first', first), config('dear', second, {}, { priority: 2 })])
  first.answer = status(500)
  expect([(await ask()).status, ...asked()]).toEqual([200, 1, 1])
  expect(world.settled).toMatchObject([{ dimensions: { upstream: 'dear' } }])
  const poor = await world.customer('5')
  const response = await world.post('/v1/chat/completions', { model: 'shared', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 }, { key: await world.key(poor) })
  expect([response.status, ...asked()]).toEqual([500, 2, 1])
  expect(world.node.openFor(poor)).toBe(0)
})

test('a client that went away is not asked for again', async () => {
  both()
  const controller = new AbortController()
  first.answer = (response, request) => {
    controller.abort()
    setTimeout(() => status(500)(response, request), 50)
  }
  await expect(world.post('/v1/chat/completions', { model: 'shared', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 }, { key, signal: controller.signal })).rejects.toThrow()
  await expect.poll(() => world.node.openFor(customer)).toBe(0)
  expect(asked()).toEqual([1, 0])
})
