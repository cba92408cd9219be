// Degrade before deny, on every surface that can: another model from a share of a budget on, less output, a word to the model, waiting for
// a rate, and what one request may ask for at most. The client is told by headers, the application through authorize as data.

import { GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BudgetRule, CustomerId, RuleTerms } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import { SYSTEM } from '../../app/actor.ts'
import { putBudget } from '../../app/budgets.ts'

const CATALOG = TEST_CATALOG
  .replace('  - { id: agents, name: Agents, kind: metered }', '  - { id: agents, name: Agents, kind: metered }\n  - { id: capped, name: Capped, kind: metered }')
  .replace('    entitlements:\n', '    entitlements:\n      - { feature: capped, models: [fixed-model, fixed-claude, fixed-gemini, sandbox-dalle] }\n')
  .replace('  feature_rules:', '  bounds:\n    - { feature: capped, models: [fixed-claude], output_max: 7 }\n    - { feature: capped, context_max: 100, output_max: 10 }\n  feature_rules:')

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => { world = await testGateway({ catalog: CATALOG }) })
afterAll(() => world.close())
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.settled.length = 0
  world.upstream.requests.length = 0
  world.upstream.answer = (response, { path }) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(
    path.includes('messages') ? { type: 'message', model: 'claude-haiku-4-5', content: [], stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } }
    : path.includes(':generate') ? { modelVersion: 'gemini-flash-1', candidates: [{ content: { parts: [{ text: 'Hi' }] } }], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 } }
    : path.includes('responses') ? { id: 'r', object: 'response', status: 'completed', model: 'gpt-4.1-nano', output: [], usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 } }
    : { model: 'gpt-4.1-nano', choices: [{ message: { content: 'Hi' }, text: 'Hi' }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }))
})

const MESSAGES = [{ role: 'user', content: 'Hello there' }]
async function put(terms: RuleTerms, { id = 'cap', limit = '0', window = 'day', meters = null, enforcement = 'soft' }: { readonly id?: string; readonly limit?: string; readonly window?: BudgetRule['window']; readonly meters?: readonly string[] | null; readonly enforcement?: BudgetRule['enforcement'] } = {}): Promise<void> {
  await putBudget(world.world.plane, SYSTEM, customer, { id, name: 'The cap', meters, limit, window, enforcement, entity: null, features: null, terms })
}
const ask = (body: Record<string, unknown> = {}, path = '/v1/chat/completions', headers: Record<string, string> = {}) => world.post(path, { model: 'fixed-model', messages: MESSAGES, max_tokens: 20, ...body }, { key, headers })
const sent = () => JSON.parse(world.upstream.requests.at(-1)!.body) as Record<string, unknown>
const INSTRUCTION = 'Answer "briefly".\nPlease.'
const BRIEF: RuleTerms = { exhausted: { action: 'brief', instruction: INSTRUCTION } }

test('a cheaper model from a share of a budget on is a soft limit of that share, beside the hard one', async () => {
  await put({ where: { model: ['sandbox-small'] }, exhausted: { action: 'fallback', model: 'fixed-model' } }, { id: 'most', limit: '4' })
  await put({}, { id: 'all', limit: '10', enforcement: 'hard' })
  const models: (string | null)[] = []
  for (let count = 0; count < 6; count++) {
    const response = await world.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES, max_tokens: 40 }, { key, headers: { 'x-sandbox-output-tokens': '40' } })
    models.push(response.status === 200 ? response.headers.get('x-tollgate-degraded') : String(response.status))
  }
  const first = models.indexOf('model="fixed-model"; budget="cap:most"; reason=limit_exhausted')
  expect(first).toBeGreaterThan(0)
  expect(new Set(models.slice(0, first))).toEqual(new Set([null]))
  expect(new Set(models.slice(first)).size).toBe(1)
  expect(world.settled.at(-1)).toMatchObject({ dimensions: { model: 'fixed-model' }, context: { degraded: models.at(-1)!, model_asked: 'sandbox-small' } })
})

/** Body in, and what of it the provider gets beside `before`. */
const INSTRUCTED: readonly (readonly [string, string, Record<string, unknown>, (body: Record<string, unknown>) => unknown, unknown])[] = [
  ['chat without a system message', '/v1/chat/completions', {}, (body) => body['messages'], [{ role: 'system', content: INSTRUCTION }, ...MESSAGES]],
  ['chat with one', '/v1/chat/completions', { messages: [{ role: 'developer', content: 'Be kind.' }, ...MESSAGES] }, (body) => (body['messages'] as object[])[0], { role: 'developer', content: `Be kind.\n\n${INSTRUCTION}` }],
  ['chat with one in parts', '/v1/chat/completions', { messages: [{ content: [{ type: 'text', text: 'Be kind.' }], role: 'system' }] }, (body) => (body['messages'] as object[])[0], { role: 'system', content: [{ type: 'text', text: 'Be kind.' }, { type: 'text', text: INSTRUCTION }] }],
  ['chat without messages', '/v1/chat/completions', { messages: [] }, (body) => body['messages'], [{ role: 'system', content: INSTRUCTION }]],
  ['messages without a system prompt', '/v1/messages', { model: 'fixed-claude' }, (body) => body['system'], INSTRUCTION],
  ['messages with one', '/v1/messages', { model: 'fixed-claude', system: 'Be "kind".' }, (body) => body['system'], `Be "kind".\n\n${INSTRUCTION}`],
  ['messages with blocks', '/v1/messages', { model: 'fixed-claude', system: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }] }, (body) => body['system'], [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }, { type: 'text', text: INSTRUCTION }]],
  ['responses', '/v1/responses', { input: 'Hi', messages: undefined, max_tokens: undefined, max_output_tokens: 20, instructions: null }, (body) => body['instructions'], INSTRUCTION],
  ['Gemini', '/v1beta/models/fixed-gemini:generateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }, (body) => body['systemInstruction'], { parts: [{ text: INSTRUCTION }] }],
  ['Gemini with one', '/v1beta/models/fixed-gemini:generateContent', { contents: [], system_instruction: { role: 'user', parts: [{ text: 'Be kind.' }] } }, (body) => body['system_instruction'], { role: 'user', parts: [{ text: 'Be kind.' }, { text: INSTRUCTION }] }],
]
for (const [what, path, body, read, expected] of INSTRUCTED) {
  test(`past a soft budget the model is told to be brief: ${what}`, async () => {
    await put(BRIEF)
    const response = await ask(body, path)
    expect([response.status, response.headers.get('x-tollgate-degraded'), response.headers.get('x-tollgate-warning')]).toEqual([200, 'instructed; budget="cap:cap"; reason=limit_exhausted', 'soft; budget="cap:cap"; reason=limit_exhausted'])
    expect(read(sent())).toEqual(expected)
  })
}

test('what has no instructions goes on as it came, and a budget that holds says nothing', async () => {
  await put(BRIEF)
  const response = await ask({ input: 'Hi', messages: undefined }, '/v1/embeddings')
  expect([response.status, response.headers.get('x-tollgate-degraded')]).toEqual([200, null])
  await put(BRIEF, { limit: '900' })
  expect([(await ask()).headers.get('x-tollgate-degraded'), sent()['messages']]).toEqual([null, MESSAGES])
})

test('lowered output can come with a word to the model, whose tokens are held too', async () => {
  await put({ exhausted: { action: 'clamp', instruction: INSTRUCTION } }, { limit: '4', enforcement: 'hard' })
  const response = await ask({ max_tokens: 400 })
  const [, most] = /^output_tokens=(\d+); instructed; budget="cap:cap"/.exec(response.headers.get('x-tollgate-degraded')!)!
  expect(sent()).toMatchObject({ max_tokens: Number(most), messages: [{ role: 'system', content: INSTRUCTION }, ...MESSAGES] })
  // Held: bytes of the body and the instruction at one cent, the output at two, within four dollars.
  const { length } = JSON.stringify({ model: 'fixed-model', messages: MESSAGES, max_tokens: 400 })
  expect(Number(response.headers.get('x-tollgate-estimate'))).toBeCloseTo((length + 32 + INSTRUCTION.length + 16) / 100 + Number(most) / 50, 9)
  expect(Number(response.headers.get('x-tollgate-estimate'))).toBeLessThanOrEqual(4)
})

test("Gemini's output is lowered inside of its configuration, in the spelling that is there", async () => {
  await put({ exhausted: { action: 'clamp' } }, { limit: '4', enforcement: 'hard' })
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: world.url } })
  await client.models.generateContent({ model: 'fixed-gemini', contents: 'Hi', config: { maxOutputTokens: 400, temperature: 0.5 } })
  const { generationConfig } = sent() as { generationConfig: Record<string, number> }
  expect([generationConfig['temperature'], generationConfig['maxOutputTokens']! < 200]).toEqual([0.5, true])
  for (const [given, spelled] of [[{ generation_config: { max_output_tokens: 400, topK: 3 } }, 'max_output_tokens'], [{ generationConfig: { topK: 3 } }, 'maxOutputTokens'], [{}, 'maxOutputTokens']] as const) {
    expect((await ask({ messages: undefined, max_tokens: undefined, model: undefined, contents: [{ parts: [{ text: 'Hi' }] }], ...given }, '/v1beta/models/fixed-gemini:generateContent')).headers.get('x-tollgate-degraded')).toMatch(/^output_tokens=\d+/)
    const config = (sent()['generationConfig'] ?? sent()['generation_config']) as Record<string, number>
    expect(config[spelled]).toBeLessThan(200)
  }
})

test('older completions are lowered for each prompt', async () => {
  await put({ exhausted: { action: 'clamp' } }, { limit: '4', enforcement: 'hard' })
  const response = await ask({ messages: undefined, prompt: ['a', 'b'], max_tokens: 400 }, '/v1/completions')
  const most = Number(/^output_tokens=(\d+)/.exec(response.headers.get('x-tollgate-degraded')!)![1])
  expect(sent()['max_tokens']).toBe(Math.floor(most / 2))
})

test('what one request may ask for: output is lowered and told, a context that is too long is a clear 400', async () => {
  const feature = { 'x-tollgate-feature': 'capped' }
  const lowered = await ask({ max_tokens: 400 }, undefined, feature)
  expect([lowered.headers.get('x-tollgate-degraded'), sent()['max_tokens']]).toEqual(['output_tokens=10; budget="gateway.bounds"; reason=output_length_exceeded', 10])
  const claude = await ask({ model: 'fixed-claude', max_tokens: 400 }, '/v1/messages', feature)
  expect([claude.headers.get('x-tollgate-degraded'), sent()['max_tokens']]).toEqual(['output_tokens=7; budget="gateway.bounds"; reason=output_length_exceeded', 7])
  expect((await ask({ max_tokens: 9 }, undefined, feature)).headers.get('x-tollgate-degraded')).toBe(null)
  // Far more bytes than a hundred, and fewer tokens: counted, not guessed.
  expect((await ask({ messages: [{ role: 'user', content: 'international '.repeat(60) }] }, undefined, feature)).status).toBe(200)
  const asked = world.upstream.requests.length
  const long = await ask({ messages: [{ role: 'user', content: 'word '.repeat(200) }] }, undefined, feature)
  const { error } = (await long.json()) as { error: Record<string, string> }
  expect([long.status, error['code'], error['type'], error['limit'], error['scope'], world.upstream.requests.length]).toEqual([400, 'context_length_exceeded', 'invalid_request_error', '100', 'gateway.bounds', asked])
  expect(error['message']).toMatch(/about \d+ tokens of input.*maximum context length here is 100 tokens/)
  const anthropic = await ask({ model: 'fixed-claude', messages: [{ role: 'user', content: 'word '.repeat(200) }] }, '/v1/messages', feature)
  expect(anthropic.status).toBe(200)
})

test('of a batch each request is bounded, not their sum', async () => {
  const feature = { 'x-tollgate-feature': 'capped' }
  const batch = (most: number) => ({ requests: Array.from({ length: 5 }, (_, index) => ({ custom_id: String(index), params: { model: 'fixed-claude', max_tokens: most, messages: MESSAGES } })) })
  expect((await world.post('/v1/messages/batches', batch(7), { key, headers: feature })).status).toBe(200)
  const refused = await world.post('/v1/messages/batches', batch(8), { key, headers: feature })
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('7 is the most here')])
})

test('through authorize the application gets the same as data', async () => {
  await put(BRIEF)
  const authorize = async (body: Record<string, unknown>) => (await (await world.post('/v1/authorize', { feature: 'chat', model: 'fixed-model', quantities: { input_tokens: 10, output_tokens: 5 }, ...body }, { key })).json()) as Record<string, unknown>
  expect(await authorize({ can_degrade: true })).toMatchObject({ decision: 'degrade', degrade: { model: null, output_tokens: null, instruction: INSTRUCTION, budget: 'cap:cap', reason: 'limit_exhausted' } })
  expect(await authorize({})).toMatchObject({ decision: 'allow', warnings: [{ why: 'soft' }] })
  expect(await authorize({ feature: 'capped', can_degrade: true, quantities: { input_tokens: 10, output_tokens: 50 } })).toMatchObject({ decision: 'degrade', degrade: { output_tokens: 10 } })
  expect(await authorize({ feature: 'capped', quantities: { input_tokens: 10, output_tokens: 50 } })).toMatchObject({ decision: 'deny', reason: 'output_length_exceeded', fits_output_tokens: 10 })
  expect(await authorize({ feature: 'capped', can_degrade: true, quantities: { input_tokens: 200, output_tokens: 5 } })).toMatchObject({ decision: 'deny', reason: 'context_length_exceeded', limit: '100', required: '200', unit: 'token' })
  expect(await (await world.post('/v1/check', { feature: 'capped', model: 'fixed-model', quantities: { input_tokens: 200 } }, { key })).json()).toMatchObject({ decision: 'deny', reason: 'context_length_exceeded' })
})

test('a rate that lets requests wait answers them in its time; who would wait too long, or finds no room, gets 429 at once', async () => {
  await put({ exhausted: { action: 'queue', waitSeconds: 5 }, burst: '300' }, { window: 'second', limit: '300', meters: ['input_tokens'], enforcement: 'hard' })
  const began = Date.now()
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask()))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(Date.now() - began).toBeGreaterThan(200)
  await put({ exhausted: { action: 'queue', waitSeconds: 1 }, burst: '150' }, { id: 'slow', window: 'minute', limit: '150', meters: ['input_tokens'], enforcement: 'hard' })
  const full = await Promise.all(Array.from({ length: 40 }, () => ask()))
  expect(full.filter(({ status }) => status === 429).length).toBeGreaterThan(0)
  expect(full.every(({ status }) => status === 200 || status === 429)).toBe(true)
  // The application waits for itself.
  const { retry_after_seconds: after } = (await (await world.post('/v1/authorize', { feature: 'chat', model: 'fixed-model', quantities: { input_tokens: 100_000, output_tokens: 5 } }, { key })).json()) as { retry_after_seconds?: number }
  expect(after).toBeGreaterThanOrEqual(1)
})

test('a model of another family is no fallback: the shapes are not translated', async () => {
  await put({ where: { model: ['fixed-model'] }, exhausted: { action: 'fallback', model: 'fixed-claude' } }, { enforcement: 'hard' })
  const response = await ask()
  expect([response.status, world.upstream.requests.length]).toEqual([402, 0])
})
