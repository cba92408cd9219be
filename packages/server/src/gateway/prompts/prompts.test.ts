// Kept prompts: none unless the catalog says so; redacted before they leave the gateway, sealed, read by whom may, gone in time, and never
// in the way of an answer.

import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS, instant, REDACTED_KINDS, type CustomerId, type KeptPrompt } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { forgetPrompts } from '../../app/prompts.ts'
import { personHash } from '../../app/settlement/pseudonyms.ts'
import { SYSTEM } from '../../app/actor.ts'
import { erasePerson } from '../../app/persons.ts'
import { withRetry } from '../../platform/postgres.ts'
import { claimPseudonyms } from '../../store/pseudonyms.ts'
import { silentLog } from '../../platform/log.ts'
import { countingMetrics } from '../metrics.ts'
import { createPromptKeeper } from './keeper.ts'
import { redactPrompt } from './redact.ts'

const CATALOG = TEST_CATALOG
  .replace('  - { id: agents, name: Agents, kind: metered }', ['agents', 'support', 'asked', 'private'].map((id) => `  - { id: ${id}, name: ${id}, kind: metered }`).join('\n'))
  .replace('    entitlements:\n', `    entitlements:\n${['support', 'asked', 'private'].map((feature) => `      - { feature: ${feature}, models: [fixed-model, fixed-claude, sandbox-small] }\n`).join('')}`)
  .replace('  feature_rules:', `  prompts:
    - { feature: support, keep_days: 7, patterns: [{ name: order, pattern: "ORD-[0-9]{6}" }] }
    - { feature: asked, keep_days: 1, answers: false, redact: [email] }
  cache:
    - { feature: asked, ttl_seconds: 60 }
  feature_rules:`)

let world: TestGateway
let api: TestApi
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ catalog: CATALOG })
  api = await testApi({ world: world.world })
})
afterAll(async () => {
  await api.app.close()
  await world.close()
})
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.upstream.requests.length = 0
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'c', model: 'gpt-4.1-nano', choices: [{ message: { role: 'assistant', content: 'I wrote to ben@example.com.' } }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }))
})

const MESSAGES = [{ role: 'user' as const, content: 'Card 4111 1111 1111 1111 of ORD-123456, anna@example.com' }]
const ask = (body: Record<string, unknown> = {}, feature = 'support') => world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES, max_tokens: 20, ...body }, { key, headers: { 'x-tollgate-feature': feature } })
const idOf = (response: Response) => /reservation=(\S+)/.exec(response.headers.get('x-tollgate-decision')!)![1]!
const read = (id: string, options: Parameters<TestApi['call']>[1] = {}, of: string = customer) => api.call(`GET /v1/customers/${of}/requests/${id}/prompt`, options)
const kept = async (id: string) => {
  await expect.poll(async () => (await read(id)).status, { timeout: 15_000 }).toBe(200)
  return (await read(id)).body
}
const rows = () => world.world.plane.sql<{ request_id: string; sealed: string }[]>`select request_id, sealed from kept_prompt where customer_id = ${customer}`

test('nothing is kept of a feature that no rule names, and what is kept is redacted, sealed and told on the record of its request', async () => {
  const other = await ask({}, 'private')
  const response = await ask({ seed: 4111111111111111 })
  expect(response.status).toBe(200)
  const prompt = await kept(idOf(response))
  expect(prompt).toMatchObject({
    request: idOf(response), cut: false, redacted: { card: 2, order: 1, email: 2 },
    prompt: { model: 'fixed-model', max_tokens: 20, seed: '[card]', messages: [{ role: 'user', content: 'Card [card] of [order], [email]' }] },
    answer: { choices: [{ message: { role: 'assistant', content: 'I wrote to [email].' } }] },
  })
  expect(Date.parse(prompt.kept_until) - Date.parse(prompt.time)).toBeGreaterThan(6.9 * DAY_MS)
  // The provider and the client got every letter.
  expect([world.upstream.requests[0]!.body.includes('4111 1111'), (await response.text()).includes('ben@example.com')]).toEqual([true, true])
  const [row, ...more] = await rows()
  expect([more, row!.request_id, row!.sealed.slice(0, 3), /card|fixed|user/.test(row!.sealed)]).toEqual([[], idOf(response), 'v1.', false])
  await expect.poll(async () => (await api.call(`GET /v1/customers/${customer}/requests/${idOf(response)}`)).body.prompt_kept_until, { timeout: 10_000 }).toBe(prompt.kept_until)
  await expect.poll(async () => (await api.call(`GET /v1/customers/${customer}/requests`)).body.data.map((one: { prompt_kept_until: string | null }) => one.prompt_kept_until)).toEqual([prompt.kept_until, null])
  expect((await read(idOf(other))).status).toBe(404)
})

test('streams of the SDKs are kept as their text, and a rule may ask for no answers and fewer kinds', async () => {
  const pieces = ['Write to ', 'ben', '@example', '.com \\u00fc']
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${pieces.map((content) => `data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"${content}"}}]}\n\n`).join('')}data: {"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\ndata: [DONE]\n\n`)
  const { data, response } = await world.client(key, { 'x-tollgate-feature': 'support' }).chat.completions.create({ model: 'fixed-model', messages: MESSAGES, max_tokens: 20, stream: true }).withResponse()
  let text = ''
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('Write to ben@example.com ü')
  // Found though it came in pieces.
  expect((await kept(idOf(response))).answer).toBe('Write to [email] ü')
  world.upstream.answer = (answer) => void answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'm', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage: { input_tokens: 8, output_tokens: 3 } }))
  const claude = new Anthropic({ apiKey: key, baseURL: world.url })
  const message = () => claude.messages.create({ model: 'fixed-claude', max_tokens: 20, messages: MESSAGES }, { headers: { 'x-tollgate-feature': 'asked' } }).asResponse()
  const first = await message()
  expect(await kept(idOf(first))).toMatchObject({ answer: null, prompt: { messages: [{ content: 'Card 4111 1111 1111 1111 of ORD-123456, [email]' }] } })
  // A replayed answer is a request like any other.
  const again = await message()
  expect(again.headers.get('x-tollgate-cache')).toBe('hit')
  expect(await kept(idOf(again))).toMatchObject({ answer: null, redacted: { email: 1 } })
})

test('what a provider failed at is kept too, and nothing of what was refused', async () => {
  world.upstream.answer = (response) => void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"anna@example.com is unknown","type":"invalid_request_error"}}')
  const failed = await ask()
  expect(failed.status).toBe(400)
  expect((await kept(idOf(failed))).answer).toMatchObject({ error: { message: '[email] is unknown' } })
  expect((await ask({ model: 'sandbox-large' })).status).toBe(403)
  expect(await rows()).toHaveLength(1)
})

test('no key of a customer, no viewer and no other customer’s address reads a prompt, and each reading is written down', async () => {
  const id = idOf(await ask())
  await kept(id)
  const other = await world.customer()
  expect((await read(id, {}, other)).status).toBe(404)
  for (const options of [{ key }, { key: await api.key(['customer'], customer) }, { key: await api.key(['tenant_admin'], customer) }, { key: await api.key(['viewer']) }, { key: await api.key(['finance']) }]) expect((await read(id, options)).status).toBe(403)
  expect((await api.call(`GET /v1/customers/${customer}/requests/${id}`, { key: await api.key(['customer'], customer) })).body).not.toHaveProperty('prompt_kept_until')
  const support = await api.key(['support'])
  expect((await read(id, { key: support })).status).toBe(200)
  const { body } = await api.call(`GET /v1/audit?customer=${customer}&action=prompt.read`)
  expect(body.data.length).toBeGreaterThanOrEqual(3)
  expect(body.data[0]).toMatchObject({ action: 'prompt.read', target: id })
  // Copied to another customer or request it does not open.
  await world.world.plane.sql`insert into kept_prompt select ${other}, request_id, time, expires_at, sealed from kept_prompt where request_id = ${id}`
  expect((await read(id, {}, other)).status).toBe(500)
})

test('a prompt is gone when its time is over, when it is deleted, and with all of its customer', async () => {
  const ids = await Promise.all([1, 2, 3].map(async (seed) => idOf(await ask({ seed }))))
  for (const id of ids) await kept(id)
  await world.world.plane.sql`update kept_prompt set expires_at = now() - interval '1 second' where request_id = ${ids[0]!}`
  expect((await read(ids[0]!)).status).toBe(404)
  await forgetPrompts(world.world.plane)
  expect(await rows()).toHaveLength(2)
  expect((await api.call(`DELETE /v1/customers/${customer}/requests/${ids[1]}/prompt`)).status).toBe(200)
  expect((await api.call(`DELETE /v1/customers/${customer}/requests/${ids[1]}/prompt`)).status).toBe(404)
  expect((await api.call(`DELETE /v1/customers/${customer}/prompts`)).body).toEqual({ erased: 1 })
  expect(await rows()).toEqual([])
})

test('who is erased takes the prompts of its requests along, and nobody else’s', async () => {
  const asked = async (user: string) => idOf(await world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES, max_tokens: 20 }, { key, headers: { 'x-tollgate-feature': 'support', 'x-tollgate-tag-user': user } }))
  const [ann, ben] = [await asked('psn_ann'), await asked('psn_ben')]
  for (const id of [ann, ben]) {
    await kept(id)
    await expect.poll(async () => (await api.call(`GET /v1/customers/${customer}/requests/${id}`)).status, { timeout: 10_000 }).toBe(200)
  }
  const { plane } = world.world
  const person = { dimension: 'tag_user', value: 'Ann' }
  await withRetry(plane.sql, (tx) => claimPseudonyms(tx, [{ customer, dimension: person.dimension, hash: personHash(plane.masterKey, { customer, ...person }), pseudonym: 'psn_ann' }]))
  expect(await erasePerson(plane, SYSTEM, customer, person)).toBe('psn_ann')
  expect([(await read(ann)).status, (await read(ben)).status]).toEqual([404, 200])
})

test('where the control plane takes no prompts or too many wait, they are dropped and counted, and nothing is thrown', async () => {
  const metrics = countingMetrics()
  const taken = (body: string | null, id = 'res_1') => ({ id, customer, time: instant(0), expiresAt: instant(1), body: body === null ? null : Buffer.from(body), answer: null, redaction: { kinds: REDACTED_KINDS, patterns: [] }, isCut: false })
  const away = createPromptKeeper({ prompts: { keep: () => Promise.reject(new Error('away')) }, metrics, log: silentLog(), retryMs: [1, 1] })
  away.keep(taken('{}'))
  await expect.poll(() => metrics.counts.get('prompt_not_kept'), { timeout: 10_000 }).toBe(1)
  await away.close()
  const calls: (readonly KeptPrompt[])[] = []
  const slow = createPromptKeeper({ prompts: { keep: async (prompts) => { calls.push(prompts); await new Promise((resolve) => setTimeout(resolve, 50)) } }, metrics, log: silentLog() })
  for (let index = 0; index < 1_200; index++) slow.keep(taken('{"a":1}', `res_${index}`))
  slow.keep(taken(' '.repeat(40_000_000)))
  expect(metrics.counts.get('prompt_not_kept')).toBe(1 + 200 + 1)
  await expect.poll(() => metrics.counts.get('prompt_kept'), { timeout: 20_000 }).toBe(1_000)
  expect(Math.max(...calls.map(({ length }) => length))).toBeLessThanOrEqual(50)
  await slow.close()
})

test('names of members, long numbers and nested text are redacted; files and what is too long are left out, the end of a conversation last', () => {
  const of = (value: unknown) => {
    const { prompt, ...rest } = redactPrompt({ body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), answer: null, redaction: { kinds: REDACTED_KINDS, patterns: [] } })
    return { ...rest, value: prompt === null ? null : (JSON.parse(prompt) as unknown) }
  }
  expect(of({ 'a@example.com': { arguments: '{"to":"b@example.com"}' }, n: [4111111111111111, 12, true, null] })).toMatchObject({ value: { '[email]': { arguments: '{"to":"[email]"}' }, n: ['[card]', 12, true, null] }, isCut: false })
  expect(of({ url: `data:image/png;base64,${'iVBOR'.repeat(1_000)}` })).toMatchObject({ value: { url: '[5022 letters of a file]' }, isCut: true })
  expect(of('no json')).toMatchObject({ value: null, isCut: true })
  const long = of({ messages: Array.from({ length: 100 }, (_, index) => ({ content: `${index} ${'word '.repeat(400)}` })) })
  const { messages } = long.value as { messages: (string | { content: string })[] }
  expect([messages[0], (messages.at(-1) as { content: string }).content.slice(0, 2), long.isCut, JSON.stringify(long.value).length < 70_000]).toEqual(['…', '99', true, true])
  // An address that begins before the cut is not half of one.
  const cut = of({ text: `${'x '.repeat(32_755)}${'b'.repeat(60)}@example.com` })
  expect(JSON.stringify(cut.value)).not.toMatch(/bbb|@/)
  let deep: unknown = 'a@example.com'
  for (let depth = 0; depth < 1_000; depth++) deep = [deep]
  expect(JSON.stringify(of(deep).value)).not.toContain('@')
})
