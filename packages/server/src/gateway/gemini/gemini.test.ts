// Google's official SDK against the gateway, and answers in Gemini's shape byte by byte.
import { ApiError, GoogleGenAI, Type } from '@google/genai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'

let world: TestGateway
let key: string
beforeAll(async () => {
  world = await testGateway()
  key = await world.key(await world.customer('1000000'))
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const client = (raw: string, headers: Readonly<Record<string, string>> = {}) => new GoogleGenAI({ apiKey: raw, httpOptions: { baseUrl: world.url, headers: { 'x-sandbox-chunk-delay-ms': '0', ...headers } } })
const HELLO = { model: 'sandbox-small', contents: 'Hello there' }

test('an answer is charged the same whole, as events and as an array', async () => {
  const whole = await client(key).models.generateContent(HELLO)
  let text = ''
  for await (const chunk of await client(key).models.generateContentStream(HELLO)) text += chunk.text ?? ''
  const array = await world.post('/v1beta/models/sandbox-small:streamGenerateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] }, { headers: { 'x-goog-api-key': key } })
  const chunks = (await array.json()) as readonly { readonly candidates: readonly [{ readonly content: { readonly parts: readonly [{ readonly text: string }] } }] }[]
  expect([text, chunks.map(({ candidates }) => candidates[0].content.parts[0].text).join('')]).toEqual([whole.text, whole.text])
  const { promptTokenCount: input, candidatesTokenCount: output } = whole.usageMetadata!
  const expected = { quantities: { requests: '1', input_tokens: String(input), cached_input_tokens: '0', output_tokens: String(output) }, estimated: false }
  expect(world.settled).toMatchObject([expected, expected, expected])
})

test('tools, the limit of an answer, token counts and embeddings pass through the SDK', async () => {
  const tools = [{ functionDeclarations: [{ name: 'look', parameters: { type: Type.OBJECT, properties: { text: { type: Type.STRING } } } }] }]
  expect((await client(key, { 'x-sandbox-tool': 'look' }).models.generateContent({ ...HELLO, config: { tools } })).functionCalls).toMatchObject([{ name: 'look', args: { text: expect.any(String) } }])
  const cut = await client(key, { 'x-sandbox-output-tokens': '9' }).models.generateContent({ ...HELLO, config: { maxOutputTokens: 3 } })
  expect([cut.candidates![0]!.finishReason, cut.usageMetadata!.candidatesTokenCount]).toEqual(['MAX_TOKENS', 3])
  world.settled.length = 0
  expect((await client(key).models.countTokens(HELLO)).totalTokens).toBeGreaterThan(0)
  expect((await client(key).models.embedContent({ model: 'sandbox-small', contents: ['one', 'two'] })).embeddings).toHaveLength(2)
  expect(world.settled).toMatchObject([{ context: { surface: 'count_tokens' }, cost: { amount: '0' } }, { context: { surface: 'embed_content' }, estimated: true, quantities: { input_tokens: '2' } }])
})

test('models are listed in the shape that the SDK knows', async () => {
  const names: (string | undefined)[] = []
  for await (const { name } of await client(key).models.list()) names.push(name)
  expect(names).toContain('models/fixed-gemini')
  expect(await client(key).models.get({ model: 'fixed-gemini' })).toMatchObject({ name: 'models/fixed-gemini', inputTokenLimit: 1_048_576, outputTokenLimit: 512 })
})

test('refusals have the shape that the SDK knows', async () => {
  const poor = await world.key(await world.customer('0.01'))
  for (const [raw, model, status, reason] of [[poor, 'sandbox-small', 402, 'CREDIT_BALANCE_EXHAUSTED'], ['tg_unknown_0123456789012345678901234567890123456789', 'sandbox-small', 401, 'INVALID_API_KEY'], [key, 'gpt-99', 404, 'MODEL_NOT_FOUND'], [key, 'fixed-model', 400, 'SURFACE_NOT_SERVED']] as const) {
    const failure = await client(raw).models.generateContent({ ...HELLO, model }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect((failure as ApiError).status).toBe(status)
    expect((JSON.parse((failure as ApiError).message) as { readonly error: { readonly details: unknown } }).error.details).toMatchObject([{ reason }])
  }
})

test('thoughts, caches and what searches cost are priced to the last digit; the body passes byte for byte', async () => {
  const usage = { promptTokenCount: 900, cachedContentTokenCount: 500, candidatesTokenCount: 28, thoughtsTokenCount: 244, totalTokenCount: 1_172 }
  const answer = JSON.stringify({ candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP' }], usageMetadata: usage, modelVersion: 'gemini-flash-001' })
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  const body = '{ "contents":[{"parts":[{"text":"fün"}]}],  "x":12345678901234567890123 }'
  const response = await world.post('/v1beta/models/fixed-gemini:generateContent?key=leaked&$alt=json', body, { headers: { 'x-goog-api-key': key } })
  expect(await response.text()).toBe(answer)
  expect(world.upstream.requests[0]).toMatchObject({ path: '/v1/models/gemini-flash:generateContent?%24alt=json', body, headers: { 'x-goog-api-key': 'sk-provider' } })
  // 400 × 0.3 + 500 × 0.03 + (28 + 244) × 2.5, a millionth each.
  expect(world.settled).toMatchObject([{ quantities: { input_tokens: '400', cached_input_tokens: '500', output_tokens: '272', reasoning_tokens: '244' }, cost: { amount: '0.000815' } }])
})

test('the key of an older client may stand in the address, and goes no further', async () => {
  const response = await world.post(`/v1beta/models/sandbox-small:generateContent?key=${key}`, { contents: [{ parts: [{ text: 'Hi' }] }] }, {})
  expect(response.status).toBe(200)
})

test('a stream that breaks is charged for what came, as events and as an array', async () => {
  for (const query of ['?alt=sse', '']) {
    world.settled.length = 0
    const response = await world.post(`/v1beta/models/sandbox-small:streamGenerateContent${query}`, { contents: [{ parts: [{ text: 'Hello there' }] }] }, { headers: { 'x-goog-api-key': key, 'x-sandbox-fault': 'cut', 'x-sandbox-output-tokens': '40' } })
    await response.text().catch(() => '')
    await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
    expect(world.settled[0]).toMatchObject({ context: { ending: 'cut' }, quantities: { input_tokens: '9' } })
    expect(Number(world.settled[0]!.quantities['output_tokens'])).toBeGreaterThan(5)
  }
})
