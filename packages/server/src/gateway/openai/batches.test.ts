// OpenAI's batches through the official SDK: a file is checked and bounded, a batch holds all of it, and is charged by its answers when it
// has ended, fetched or not. Nobody reads, runs or deletes another's.

import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'

let world: TestGateway
let customer: CustomerId
let key: string
let client: OpenAI
beforeAll(async () => { world = await testGateway() })
afterAll(() => world.close())
beforeEach(async () => {
  customer = await world.customer('10000')
  key = await world.key(customer)
  client = new OpenAI({ apiKey: key, baseURL: `${world.url}/v1`, maxRetries: 0 })
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const line = (id: string, body: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: { model: 'fixed-model', messages: [{ role: 'user', content: `question ${id}` }], max_tokens: 50, ...body }, ...more })
const answer = (id: string, usage: unknown = { prompt_tokens: 10, completion_tokens: 7, total_tokens: 17 }, status = 200) => JSON.stringify({ id: `batch_req_${id}`, custom_id: id, response: { status_code: status, request_id: 'r', body: { id: 'c', object: 'chat.completion', model: 'gpt-4.1-nano', choices: [], usage } }, error: null })

let count = 0
/** A provider that keeps files and runs batches; `ended` says how the batch stands when it is looked at. */
function provider(ended: () => Record<string, unknown>, output: string): void {
  let id = ''
  let file = ''
  world.upstream.answer = (response, { method, path }) => {
    const json = (value: unknown, status = 200) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (method === 'POST' && path === '/v1/files') return json({ id: (file = `file-${process.pid}-${count++}`), object: 'file', bytes: 1, created_at: 1, filename: 'x.jsonl', purpose: 'batch', status: 'processed' })
    if (method === 'POST' && path === '/v1/batches') return json({ id: (id = `batch_${process.pid}_${count++}`), object: 'batch', endpoint: '/v1/chat/completions', input_file_id: file, completion_window: '24h', status: 'validating', output_file_id: null, error_file_id: null, created_at: 1 })
    if (path.endsWith('/content')) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(output)
    if (path.startsWith('/v1/files/')) return json({ id: path.split('/')[3], object: 'file', ...(method === 'DELETE' ? { deleted: true } : {}) })
    json({ id, object: 'batch', endpoint: '/v1/chat/completions', input_file_id: file, completion_window: '24h', output_file_id: null, error_file_id: null, created_at: 1, status: 'in_progress', ...ended() })
  }
}
const upload = async (lines: readonly string[], as = client) => as.files.create({ file: await toFile(Buffer.from(lines.join('\n')), 'x.jsonl'), purpose: 'batch' })
const create = (id: string, as = client) => as.batches.create({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' })
const balance = async () => Number(((await (await fetch(`${world.url}/v1/key`, { headers: { authorization: `Bearer ${key}` } })).json()) as { readonly balance: string }).balance)

test('a batch is held as a whole when it starts and charged once by its answers, though nobody fetches them', async () => {
  let isDone = false
  provider(() => (isDone ? { status: 'completed', output_file_id: `file-out-${count}`, error_file_id: null } : {}), [answer('a'), answer('b'), answer('c', null, 500)].join('\n'))
  const file = await upload([line('a'), line('b'), line('c')])
  expect(world.settled).toEqual([expect.objectContaining({ quantities: { requests: '1', input_tokens: '0', cached_input_tokens: '0', output_tokens: '0' }, cost: { amount: '0', currency: 'USD' } })])
  // The provider's own name for the model, all else byte for byte.
  const sent = world.upstream.requests[0]!.body
  for (const id of ['a', 'b', 'c']) expect(sent).toContain(line(id).replace('fixed-model', 'gpt-4.1-nano'))
  const before = await balance()
  const batch = await create(file.id)
  expect([batch.status, world.node.openFor(customer)]).toEqual(['validating', 1])
  isDone = true
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(2)
  expect(world.settled[1]).toMatchObject({ estimated: false, quantities: { requests: '2', input_tokens: '20', output_tokens: '14' }, dimensions: { model: 'fixed-model', model_returned: 'gpt-4.1-nano' }, context: { background: true, ending: 'completed' } })
  expect(world.node.openFor(customer)).toBe(0)
  expect(before - (await balance())).toBeCloseTo(20 * 0.01 + 14 * 0.02, 9)
  const shown = await client.batches.retrieve(batch.id)
  expect(await (await client.files.content(shown.output_file_id!)).text()).toContain('batch_req_a')
  expect(world.settled).toHaveLength(2)
})

test('what cannot be afforded as a whole does not start, and what was sent costs nothing', async () => {
  provider(() => ({}), '')
  const poor = new OpenAI({ apiKey: await world.key(await world.customer('3')), baseURL: `${world.url}/v1`, maxRetries: 0 })
  const file = await upload(Array.from({ length: 5 }, (_, index) => line(String(index))), poor)
  await expect(create(file.id, poor)).rejects.toMatchObject({ status: 402, code: 'credit_balance_exhausted' })
  expect(world.upstream.requests.filter(({ path }) => path === '/v1/batches')).toEqual([])
})

test('files and batches of another customer do not exist, and a file stays until its batch is charged', async () => {
  let isDone = false
  provider(() => ({ status: 'completed', output_file_id: `out-${customer}`, error_file_id: isDone ? `err-${customer}` : null }), isDone ? answer('a') : 'no json')
  const stranger = new OpenAI({ apiKey: await world.key(await world.customer('1000')), baseURL: `${world.url}/v1`, maxRetries: 0 })
  const file = await upload([line('a')])
  await expect(create(file.id, stranger)).rejects.toMatchObject({ status: 404 })
  const batch = await create(file.id)
  for (const call of [() => stranger.batches.retrieve(batch.id), () => stranger.batches.cancel(batch.id), () => stranger.files.content(file.id), () => stranger.files.retrieve(file.id), () => stranger.files.delete(file.id), () => client.batches.retrieve('batch_unknown')]) await expect(call()).rejects.toMatchObject({ status: 404 })
  expect((await client.batches.cancel(batch.id)).id).toBe(batch.id)
  await client.batches.retrieve(batch.id)
  await expect(stranger.files.content(`out-${customer}`)).rejects.toMatchObject({ status: 404 })
  isDone = true
  await expect.poll(() => world.node.openFor(customer), { timeout: 15_000 }).toBe(0)
  // An answer that tells nothing: all is charged as it was held.
  expect(world.settled.at(-1)).toMatchObject({ estimated: true, quantities: { output_tokens: '50', requests: '1' } })
  expect((await client.files.delete(`out-${customer}`)).deleted).toBe(true)
  expect((await client.files.delete(file.id)).deleted).toBe(true)
})

test('a batch that failed before it ran costs nothing, one that expired what was answered', async () => {
  provider(() => ({ status: 'failed', errors: { data: [{ code: 'invalid' }] } }), '')
  await create((await upload([line('a')])).id)
  await expect.poll(() => world.node.openFor(customer), { timeout: 15_000 }).toBe(0)
  expect(world.settled).toHaveLength(1)
  provider(() => ({ status: 'expired', output_file_id: 'file-part' }), answer('a'))
  await create((await upload([line('a'), line('b')])).id)
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(3)
  expect(world.settled[2]).toMatchObject({ estimated: false, quantities: { requests: '1', output_tokens: '7' }, context: { ending: 'expired' } })
})

test('a file that cannot be bounded, or mixes what one decision cannot cover, is refused by its line', async () => {
  provider(() => ({}), '')
  const refused = async (lines: readonly string[], message: RegExp) => expect(upload(lines)).rejects.toMatchObject({ status: 400, message: expect.stringMatching(message) as string })
  await refused([], /at least one line/)
  await refused(['nonsense'], /line 1 that is no JSON object/)
  await refused([line('a'), line('b', { model: 'sandbox-small' })], /sandbox-small on line 2 and for fixed-model before/)
  await refused([line('a', {}, { url: '/v1/images/generations' })], /a batch may ask POST/)
  await refused([line('a', {}, { method: 'GET' })], /a batch may ask POST/)
  await refused([line('a', { stream: true })], /stream .* line 1/)
  await refused([line('a', { max_tokens: 0 })], /max_tokens/)
  await refused([line('a', { messages: 'x' })], /messages/)
  await expect(upload([line('a', { model: 'unknown' })])).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  await expect(client.files.create({ file: await toFile(Buffer.from('x'), 'x.txt'), purpose: 'user_data' })).rejects.toMatchObject({ status: 400, code: 'file_purpose_not_served' })
  const file = await upload([line('a')])
  await expect(client.batches.create({ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' })).rejects.toMatchObject({ status: 400, param: 'endpoint' })
  expect(world.upstream.requests.map(({ path }) => path)).toEqual(['/v1/files'])
})

test('embeddings in a batch are charged by their input', async () => {
  provider(() => ({ status: 'completed', output_file_id: 'file-emb' }), JSON.stringify({ custom_id: 'a', response: { status_code: 200, body: { object: 'list', model: 'gpt-4.1-nano', data: [], usage: { prompt_tokens: 9, total_tokens: 9 } } } }))
  const file = await upload([JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/embeddings', body: { model: 'fixed-model', input: 'Hello' } })])
  await client.batches.create({ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' })
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(2)
  expect(world.settled[1]).toMatchObject({ quantities: { input_tokens: '9', output_tokens: '0' } })
})
