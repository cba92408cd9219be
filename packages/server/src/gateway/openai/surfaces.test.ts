// The official SDK of OpenAI on every surface but chat: metered, priced, bounded, and passed on as it came.
import { toFile, type OpenAI } from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'

let world: TestGateway
let key: string
let client: OpenAI
beforeAll(async () => {
  world = await testGateway()
  key = await world.key(await world.customer('1000000'))
  client = world.client(key)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const settled = () => world.settled.map(({ quantities, cost, estimated, context }) => ({ quantities, cost: cost?.amount ?? null, estimated, surface: context['surface'] }))

function answerWith(value: unknown, type = 'application/json'): void {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': type }).end(typeof value === 'string' ? value : JSON.stringify(value))
}

test('a response is charged the same whole and streamed, and its last event waits for the charge', async () => {
  const whole = await client.responses.create({ model: 'sandbox-small', input: 'Hello there', max_output_tokens: 400 })
  const events: string[] = []
  let text = ''
  let last: unknown
  for await (const event of await client.responses.create({ model: 'sandbox-small', input: 'Hello there', max_output_tokens: 400, stream: true })) {
    events.push(event.type)
    if (event.type === 'response.output_text.delta') text += event.delta
    if (event.type === 'response.completed') last = event.response.usage
  }
  expect([text, last, events.at(-1)]).toEqual([whole.output_text, whole.usage, 'response.completed'])
  const { input_tokens: input, output_tokens: output } = whole.usage!
  const expected = { quantities: { requests: '1', input_tokens: String(input), cached_input_tokens: '0', output_tokens: String(output) }, cost: (input / 1e6 + output * 2 / 1e6).toFixed(6).replace(/0+$/, ''), estimated: false, surface: 'responses' }
  expect(settled()).toEqual([expected, expected])
})

test('tools of the provider are counted once, by the items of the output', async () => {
  const usage = { input_tokens: 300, input_tokens_details: { cached_tokens: 100 }, output_tokens: 50, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 350 }
  const search = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'foxes' } }
  answerWith({ id: 'resp_1', model: 'gpt-4.1-nano', output: [search, { ...search, id: 'ws_2' }, { type: 'message', id: 'msg_1', content: [] }], usage })
  await client.responses.create({ model: 'fixed-model', input: 'News?', tools: [{ type: 'web_search' }] })
  expect(settled()).toMatchObject([{ quantities: { input_tokens: '200', cached_input_tokens: '100', output_tokens: '50', reasoning_tokens: '20', web_search_requests: '2' } }])
})

test('a stream of a response that is cut is charged for what came', async () => {
  const events = await client.responses.create({ model: 'sandbox-small', input: 'Hello there', stream: true }, { headers: { 'x-sandbox-fault': 'cut', 'x-sandbox-output-tokens': '20' }, maxRetries: 0 })
  await expect((async () => { for await (const _ of events) continue })()).rejects.toBeInstanceOf(Error)
  await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
  expect(world.settled[0]).toMatchObject({ estimated: true, context: { ending: 'cut' } })
  expect(Number(world.settled[0]!.quantities['output_tokens'])).toBeGreaterThan(5)
})

test('a response in the background that is streamed is refused by name', async () => {
  await expect(client.responses.create({ model: 'sandbox-small', input: 'Hello', background: true, stream: true })).rejects.toMatchObject({ status: 400, code: 'background_stream_not_served' })
})

test('completions, whole and streamed, with a hold for every prompt and every answer that nobody sees', async () => {
  const whole = await client.completions.create({ model: 'sandbox-small', prompt: 'Once', max_tokens: 30 })
  let text = ''
  for await (const chunk of await client.completions.create({ model: 'sandbox-small', prompt: 'Once', max_tokens: 30, stream: true })) text += chunk.choices[0]?.text ?? ''
  expect(text).toBe(whole.choices[0]!.text)
  const [first, second] = settled()
  expect(first).toMatchObject({ quantities: { output_tokens: '30' }, estimated: false, surface: 'completions' })
  expect(second).toEqual(first)
  const { response } = await client.completions.create({ model: 'sandbox-small', prompt: ['a', 'b'], max_tokens: 10, best_of: 5 }).withResponse()
  expect(Number(response.headers.get('x-tollgate-estimate'))).toBeGreaterThan(2 * 5 * 10 * 0.02)
})

test('embeddings are charged by input, moderations are free events of their own type', async () => {
  const { usage, data } = await client.embeddings.create({ model: 'sandbox-small', input: ['one', 'two words'] })
  expect(data).toHaveLength(2)
  await client.moderations.create({ model: 'sandbox-small', input: 'Hello' })
  expect(settled()).toMatchObject([
    { quantities: { input_tokens: String(usage.prompt_tokens), output_tokens: '0' }, surface: 'embeddings' },
    { quantities: { input_tokens: '0', output_tokens: '0' }, cost: '0', surface: 'moderations' },
  ])
})

test('images by tokens, and by the image where the answer tells no more than that', async () => {
  await client.images.generate({ model: 'sandbox-image', prompt: 'A fox', n: 2 })
  await client.images.edit({ model: 'sandbox-image', image: await toFile(Buffer.alloc(2_000, 7), 'fox.png', { type: 'image/png' }), prompt: 'A fox in snow' })
  expect(settled()).toMatchObject([{ quantities: { image_output_tokens: '544', output_tokens: '544' }, surface: 'images' }, { quantities: { image_output_tokens: '272' } }])
  world.settled.length = 0
  answerWith({ created: 1, data: [{ url: 'https://example.com/1.png' }, { url: 'https://example.com/2.png' }] })
  await client.images.generate({ model: 'sandbox-dalle', prompt: 'A fox', n: 2, quality: 'hd', size: '1024x1024' })
  await client.images.generate({ model: 'sandbox-dalle', prompt: 'A fox', n: 2 })
  expect(settled()).toMatchObject([{ quantities: { images: '2', output_tokens: '0' }, cost: '0.16' }, { quantities: { images: '2' }, cost: '0.08' }])
})

test('a form passes byte for byte but for the model', async () => {
  answerWith({ text: 'Hello', usage: { type: 'duration', seconds: 12 } })
  const form = new FormData()
  const sound = Buffer.from(Array.from({ length: 3_000 }, (_, index) => index % 256))
  form.set('model', 'sandbox-whisper')
  form.set('unknown[]', 'fün')
  form.set('file', new File([sound], 'a.mp3', { type: 'audio/mpeg' }))
  const sent = new Request('http://x', { method: 'POST', body: form })
  const bytes = Buffer.from(await sent.clone().arrayBuffer())
  const response = await fetch(`${world.url}/v1/audio/transcriptions`, { method: 'POST', body: new Uint8Array(bytes), headers: { authorization: `Bearer ${key}`, 'content-type': sent.headers.get('content-type')! } })
  expect(await response.text()).toBe('{"text":"Hello","usage":{"type":"duration","seconds":12}}')
  expect(world.upstream.requests[0]!.body).toBe(bytes.toString())
  expect(world.upstream.requests[0]!.headers['content-type']).toBe(sent.headers.get('content-type'))
  expect(settled()).toMatchObject([{ quantities: { audio_seconds: '12' }, cost: '0.0012', estimated: false, surface: 'transcriptions' }])
})

test('audio: tokens, seconds, subtitles that tell nothing, and what a file can hold at most', async () => {
  const file = () => toFile(Buffer.alloc(80_000), 'a.mp3', { type: 'audio/mpeg' })
  await client.audio.transcriptions.create({ model: 'sandbox-tts', file: await file() })
  let text = ''
  for await (const event of await client.audio.transcriptions.create({ model: 'sandbox-tts', file: await file(), stream: true })) if (event.type === 'transcript.text.delta') text += event.delta
  expect(text).not.toBe('')
  const [whole, streamed] = settled()
  expect(whole).toMatchObject({ quantities: { audio_input_tokens: expect.any(String) }, estimated: false })
  expect(streamed).toEqual(whole)
  world.settled.length = 0
  answerWith('1\n00:00:00,000 --> 00:00:02,000\nHello\n', 'text/plain')
  expect(await client.audio.translations.create({ model: 'sandbox-whisper', file: await file(), response_format: 'srt' })).toContain('Hello')
  expect(settled()).toMatchObject([{ quantities: { audio_seconds: '10' }, estimated: true, surface: 'translations' }])
})

test('speech by the character is exact, by the token a guess unless the stream tells; sound passes as it is', async () => {
  const sound = await client.audio.speech.create({ model: 'sandbox-voice', voice: 'alloy', input: 'Grüße 🦊' })
  expect([(await sound.arrayBuffer()).byteLength, sound.headers.get('content-type')]).toEqual([96_000, 'audio/pcm'])
  await (await client.audio.speech.create({ model: 'sandbox-tts', voice: 'alloy', input: 'Hello there' })).arrayBuffer()
  await (await client.audio.speech.create({ model: 'sandbox-tts', voice: 'alloy', input: 'Hello there', stream_format: 'sse' })).text()
  expect(settled()).toMatchObject([
    { quantities: { characters: '7' }, cost: '0.000105', estimated: false, surface: 'speech' },
    { quantities: { audio_output_tokens: '16' }, estimated: true },
    { quantities: { audio_output_tokens: expect.any(String) }, estimated: false },
  ])
})

test('what cannot be read is refused by the member', async () => {
  const cases: readonly (readonly [string, unknown, string | null])[] = [
    ['/v1/responses', { input: 'x' }, 'model'], ['/v1/responses', { model: 'sandbox-small', input: 7 }, 'input'], ['/v1/responses', { model: 'sandbox-small', input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
    ['/v1/embeddings', { model: 'sandbox-small' }, 'input'], ['/v1/completions', { model: 'sandbox-small', prompt: [] }, 'prompt'], ['/v1/completions', { model: 'sandbox-small', prompt: 'x', best_of: 1_000 }, 'best_of'],
    ['/v1/images/generations', { model: 'sandbox-image', prompt: 'x', n: 99 }, 'n'], ['/v1/audio/speech', { model: 'sandbox-voice' }, 'input'], ['/v1/images/edits', {}, null], ['/v1/audio/transcriptions', {}, null],
  ]
  for (const [path, body, param] of cases) {
    const response = await world.post(path, body, { key })
    expect([path, response.status, ((await response.json()) as { readonly error: { readonly param: string | null } }).error.param]).toEqual([path, 400, param])
  }
})

test("Azure's clients find their deployments, and a path that no surface meters is refused by name", async () => {
  const response = await fetch(`${world.url}/openai/deployments/sandbox-small/chat/completions?api-version=2024-10-21`, {
    method: 'POST', headers: { 'api-key': key, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'sandbox-small', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect(response.status).toBe(200)
  for (const path of ['/v1/fine_tuning/jobs', '/v1/realtime', '/openai/deployments/x/unknown', '/v1/uploads', '/v1beta/models/x:predict']) {
    const refused = await world.post(path, {}, { key })
    expect([path, refused.status, await refused.text()]).toEqual([path, 404, expect.stringContaining('nothing passes unmetered')])
  }
})
