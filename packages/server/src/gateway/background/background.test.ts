// What providers do in the background: held at once, settled once when it ends, fetched or not, whoever of the nodes is still there.
import { setTimeout as delay } from 'node:timers/promises'
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { createBackgroundJobs } from '../../app/background-jobs.ts'
import { silentLog } from '../../platform/log.ts'
import { systemClock } from '../../platform/clock.ts'
import { createGateway } from '../server.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway()
  customer = await world.customer('1000000')
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const USAGE = { input_tokens: 30, input_tokens_details: { cached_tokens: 10 }, output_tokens: 50, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 80 }
const ASK = { model: 'fixed-model', input: 'Think long.', background: true, max_output_tokens: 100 }

/** An upstream whose responses are queued until `done` says how they ended. */
function responses(ended: () => unknown): void {
  let count = 0
  world.upstream.answer = (response, { method, path }) => {
    const json = (status: number, value: unknown) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (method === 'POST' && path === '/v1/responses') return json(200, { id: `resp_${process.hrtime.bigint()}${count++}`, object: 'response', status: 'queued', model: 'gpt-4.1-nano', usage: null })
    const end = ended()
    json(end === 404 ? 404 : 200, end === 404 ? {} : { id: path.split('/')[3], object: 'response', status: 'in_progress', model: 'gpt-4.1-nano', usage: null, ...(end as object) })
  }
}

const balance = async () => Number(((await (await fetch(`${world.url}/v1/key`, { headers: { authorization: `Bearer ${key}` } })).json()) as { readonly balance: string }).balance)

test('a response in the background is held, and settled when it ends though nobody fetches it', async () => {
  let isDone = false
  responses(() => (isDone ? { status: 'completed', usage: USAGE } : {}))
  const before = await balance()
  const response = await world.post('/v1/responses', ASK, { key })
  expect([response.status, ((await response.json()) as { status: string }).status, response.headers.has('x-tollgate-charge')]).toEqual([200, 'queued', false])
  await delay(150)
  expect([world.settled.length, world.node.openFor(customer)]).toEqual([0, 1])
  isDone = true
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
  expect(world.settled[0]).toMatchObject({ estimated: false, quantities: { input_tokens: '20', cached_input_tokens: '10', output_tokens: '50', reasoning_tokens: '20' }, cost: { amount: '0.00002225' }, context: { background: true, ending: 'completed', surface: 'responses' } })
  expect(world.node.openFor(customer)).toBe(0)
  expect(before - (await balance())).toBeCloseTo(30 * 0.01 + 50 * 0.02, 9)
  // Once, however often it is looked at.
  await delay(300)
  expect(world.settled.length).toBe(1)
})

test('its owner reads and cancels it; to anybody else it does not exist; what is not charged yet is not deleted', async () => {
  let ended: unknown = {}
  responses(() => ended)
  const { id } = (await (await world.post('/v1/responses', ASK, { key })).json()) as { readonly id: string }
  const stranger = await world.key(await world.customer('10'))
  const call = (method: string, path: string, raw: string) => fetch(`${world.url}${path}`, { method, headers: { authorization: `Bearer ${raw}` } })
  expect((await (await call('GET', `/v1/responses/${id}`, key)).json() as { status: string }).status).toBe('in_progress')
  expect([(await call('GET', `/v1/responses/${id}`, stranger)).status, (await call('POST', `/v1/responses/${id}/cancel`, stranger)).status, (await call('GET', '/v1/responses/resp_unknown', key)).status]).toEqual([404, 404, 404])
  expect((await call('DELETE', `/v1/responses/${id}`, key)).status).toBe(409)
  ended = { status: 'cancelled' }
  expect((await call('POST', `/v1/responses/${id}/cancel`, key)).status).toBe(200)
  await expect.poll(() => world.node.openFor(customer), { timeout: 15_000 }).toBe(0)
  expect(world.settled).toEqual([])
  await expect.poll(async () => (await call('DELETE', `/v1/responses/${id}`, key)).status, { timeout: 15_000 }).toBe(200)
})

test('what the provider forgot is charged as it was held, and a provider that is away is asked again', async () => {
  let looks = 0
  world.upstream.answer = (response, { method }) => {
    if (method === 'POST') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"resp_lost","status":"queued"}')
    looks += 1
    response.writeHead(looks < 3 ? 503 : 404).end('{}')
  }
  await world.post('/v1/responses', ASK, { key })
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
  expect(world.settled[0]).toMatchObject({ estimated: true, quantities: { output_tokens: '100' }, context: { ending: 'unknown' } })
  expect(looks).toBeGreaterThanOrEqual(3)
})

test('a batch of messages is bounded as a whole, renamed in place, and settled by the sum of its results', async () => {
  const usage = { input_tokens: 10, output_tokens: 7, service_tier: 'batch' }
  const line = (id: string, result: unknown) => JSON.stringify({ custom_id: id, result })
  const succeeded = { type: 'succeeded', message: { type: 'message', model: 'claude-haiku-4-5-20251001', content: [{ type: 'text', text: 'Hi\n' }], stop_reason: 'end_turn', usage } }
  const results = [line('a', succeeded), line('b', succeeded), line('c', { type: 'errored', error: {} })].join('\n')
  world.upstream.answer = (response, { method, path }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (path.endsWith('/results')) return void response.end(results)
    response.end(JSON.stringify({ id: 'msgbatch_1', type: 'message_batch', processing_status: method === 'POST' ? 'in_progress' : 'ended', results_url: 'http://elsewhere/results' }))
  }
  const client = new Anthropic({ apiKey: key, baseURL: world.url, maxRetries: 0 })
  const params = (content: string) => ({ model: 'fixed-claude', max_tokens: 50, messages: [{ role: 'user' as const, content }] })
  const batch = await client.messages.batches.create({ requests: [{ custom_id: 'a', params: params('one') }, { custom_id: 'b', params: params('two') }, { custom_id: 'c', params: params('three') }] })
  expect(batch.processing_status).toBe('in_progress')
  const sent = JSON.parse(world.upstream.requests[0]!.body) as { readonly requests: readonly { readonly custom_id: string; readonly params: { readonly model: string; readonly messages: unknown } }[] }
  expect(sent.requests.map(({ custom_id: id, params: { model, messages } }) => [id, model, messages])).toEqual([['a', 'one'], ['b', 'two'], ['c', 'three']].map(([id, content]) => [id, 'claude-haiku-4-5', [{ role: 'user', content }]]))
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
  expect(world.settled[0]).toMatchObject({ estimated: false, quantities: { requests: '2', input_tokens: '20', output_tokens: '14' } })
  const got: string[] = []
  for await (const { custom_id: id } of await client.messages.batches.results('msgbatch_1')) got.push(id)
  expect(got).toEqual(['a', 'b', 'c'])
  for (const requests of [[], [{ custom_id: 'a', params: {} }], [{ custom_id: 'a', params: params('x') }, { custom_id: 'b', params: { ...params('x'), model: 'sandbox-small' } }]]) {
    expect((await world.post('/v1/messages/batches', { requests }, { key })).status).toBe(400)
  }
})

test('where a batch cannot be afforded as a whole it does not start', async () => {
  const poor = await world.key(await world.customer('3'))
  const requests = Array.from({ length: 5 }, (_, index) => ({ custom_id: String(index), params: { model: 'fixed-claude', max_tokens: 50, messages: [{ role: 'user', content: 'x' }] } }))
  expect((await world.post('/v1/messages/batches', { requests: requests.slice(0, 1) }, { key: poor })).status).not.toBe(402)
  expect((await world.post('/v1/messages/batches', { requests }, { key: poor })).status).toBe(402)
})

test('when the node that opened it is gone, another claims it and charges it once', async () => {
  let isDone = false
  responses(() => (isDone ? { status: 'completed', usage: USAGE } : {}))
  const one = await world.customer('1000')
  const raw = await world.key(one)
  const jobs = createBackgroundJobs(world.world.plane)
  const upstreams = () => [{ id: 'ups_fixed', name: 'fixed', kind: 'openai' as const, provider: 'openai', baseUrl: world.upstream.baseUrl, secret: 'sk', models: [], allowPrivate: true }]
  // A first node that opens the job and then never looks again.
  const lost = createGateway({ node: await world.world.node({ name: 'lost' }), clock: systemClock, log: silentLog(), sandboxUrl: null, upstreams, background: jobs, backgroundPace: { firstLookMs: 3_600_000, claimEveryMs: 3_600_000 } })
  const port = await lost.listen(0, '127.0.0.1')
  const response = await fetch(`http://127.0.0.1:${port}/v1/responses`, { method: 'POST', headers: { authorization: `Bearer ${raw}`, 'content-type': 'application/json' }, body: JSON.stringify(ASK) })
  const reservation = /reservation=(\S+)/.exec(response.headers.get('x-tollgate-decision')!)![1]!
  await lost.close()
  await world.world.plane.sql`update background_job set claimed_until = now() - interval '1 second' where id = ${reservation}`
  isDone = true
  const events = () => world.world.plane.sql<{ quantities: Record<string, string>; amount: string }[]>`select quantities, amount from usage_event where customer_id = ${one} and id = ${reservation}`
  await expect.poll(async () => (await events()).length, { timeout: 15_000 }).toBe(1)
  expect((await events())[0]).toMatchObject({ quantities: { output_tokens: '50' } })
  expect(Number((await events())[0]!.amount)).toBeCloseTo(1.3, 9)
  // The same end told again charges nothing more.
  const [{ job } = { job: null }] = await world.world.plane.sql<{ job: { event: object } | null }[]>`select job from background_job where id = ${reservation}`
  await jobs.finish(reservation, { ...(job!.event as Parameters<typeof jobs.finish>[1] & object), quantities: { requests: '1', output_tokens: '50' }, cost: null, estimated: false, settled: null })
  expect(await events()).toHaveLength(1)
})
