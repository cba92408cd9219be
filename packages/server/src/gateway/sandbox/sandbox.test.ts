import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../platform/log.ts'
import { createSandbox } from './server.ts'
import { countTokens } from './words.ts'

const sandbox = createSandbox({ log: silentLog() })
let client: OpenAI
beforeAll(async () => {
  await new Promise<void>((resolve) => sandbox.server.listen(0, '127.0.0.1', resolve))
  client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${(sandbox.server.address() as AddressInfo).port}/v1`, maxRetries: 0, defaultHeaders: { 'x-sandbox-chunk-delay-ms': '0' } })
})
afterAll(() => sandbox.close())

function ask(headers: Readonly<Record<string, string>> = {}, more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}): Promise<OpenAI.ChatCompletion> {
  return client.chat.completions.create({ model: 'sandbox-small', messages: [{ role: 'user', content: 'Tell me of foxes.' }], ...more }, { headers })
}

test('the same prompt gets the same answer, another prompt another', async () => {
  const [first, again, other] = [await ask(), await ask(), await ask({}, { messages: [{ role: 'user', content: 'Tell me of dogs.' }] })]
  expect(again).toEqual({ ...first, created: again.created })
  expect(other.choices[0]!.message.content).not.toBe(first.choices[0]!.message.content)
})

test('usage is what the answer has: words out, stretches of words in', async () => {
  const { choices, usage } = await ask()
  expect(usage).toMatchObject({ prompt_tokens: 5 + 4 + 3, completion_tokens: choices[0]!.message.content!.split(' ').length })
  expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens)
})

test('a prompt never has more tokens than bytes', () => {
  for (const text of ['', 'a', 'antidisestablishmentarianism', '!?!', '日本語', '🦊🦊', 'a b c', '\n\n']) expect(countTokens(text), text).toBeLessThanOrEqual(Buffer.byteLength(text))
})

test('headers choose length, usage and pace', async () => {
  expect((await ask({ 'x-sandbox-output-tokens': '5' })).usage!.completion_tokens).toBe(5)
  expect((await ask({ 'x-sandbox-output-tokens': '0' })).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } })
  expect((await ask({ 'x-sandbox-input-tokens': '900', 'x-sandbox-cached-tokens': '512' })).usage).toMatchObject({ prompt_tokens: 900, prompt_tokens_details: { cached_tokens: 512 } })
  const startedAt = performance.now()
  await ask({ 'x-sandbox-latency-ms': '60' })
  expect(performance.now() - startedAt).toBeGreaterThan(55)
})

test('a long conversation is cached up to its last message, in whole blocks', async () => {
  const long = 'word '.repeat(1_500)
  const { usage } = await ask({}, { messages: [{ role: 'system', content: long }, { role: 'user', content: 'And now?' }] })
  expect(usage!.prompt_tokens_details!.cached_tokens).toBe(1_408)
})

test('the limit cuts the answer, by either name', async () => {
  for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3 }]) {
    expect(await ask({ 'x-sandbox-output-tokens': '9' }, limit)).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 3 } })
  }
})

test('a stream says the same as the whole answer', async () => {
  const whole = await ask({}, { n: 2 })
  const texts = ['', '']
  let usage: unknown
  for await (const chunk of await client.chat.completions.create({ model: 'sandbox-small', messages: [{ role: 'user', content: 'Tell me of foxes.' }], n: 2, stream: true, stream_options: { include_usage: true } })) {
    for (const { index, delta } of chunk.choices) texts[index] += delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  expect([texts, usage]).toEqual([whole.choices.map(({ message }) => message.content), whole.usage])
})

test('a wrong header or body is a 400 that says what is accepted', async () => {
  for (const headers of [{ 'x-sandbox-fault': 'fire' }, { 'x-sandbox-fault': '200' }, { 'x-sandbox-output-tokens': 'many' }, { 'x-sandbox-latency-ms': '-1' }]) {
    await expect(ask(headers), JSON.stringify(headers)).rejects.toMatchObject({ status: 400, message: expect.stringContaining(Object.keys(headers)[0]!) })
  }
  await expect(ask({}, { messages: [] })).rejects.toMatchObject({ status: 400 })
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['sandbox-small', 'sandbox-large'])
})
