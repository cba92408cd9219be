// Each row of the table in docs/concepts/disconnects.md.
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ limits: { upstreamIdleMs: 3_000, upstreamAnswerMs: 3_000, drainTimeoutMs: 1_500, drainBytesMax: 40_000, clientStallMs: 300 } })
  customer = await world.customer()
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
})

const MESSAGES = [{ role: 'user', content: 'Hello there' }] as const
/** What the sandbox counts for it: two words, a frame and a start. */
const INPUT = '9'
/** What our tokenizer counts for it. */
const INPUT_COUNTED = '9'

type Outcome = { readonly text: string; readonly error: unknown }

/** Streams with the official SDK until its end, or until `until` pieces came and the client goes away. */
async function stream(headers: Readonly<Record<string, string>>, until = Infinity): Promise<Outcome> {
  const events = await world.client(key, headers).chat.completions.create({ model: 'sandbox-small', messages: [...MESSAGES], stream: true }, { maxRetries: 0 })
  let text = ''
  let pieces = 0
  try {
    for await (const chunk of events) {
      text += chunk.choices[0]?.delta.content ?? ''
      if (++pieces >= until) break
    }
    return { text, error: null }
  } catch (error) {
    return { text, error }
  }
}

async function settled(): Promise<TestGateway['settled'][number]> {
  await expect.poll(() => world.settled.length, { timeout: 20_000 }).toBe(1)
  await expect.poll(() => world.node.openFor(customer)).toBe(0)
  return world.settled[0]!
}

async function released(): Promise<void> {
  await expect.poll(() => world.node.openFor(customer), { timeout: 15_000 }).toBe(0)
  expect(world.settled).toEqual([])
}

test('client gone in mid-stream, provider soon done: the true usage is charged', async () => {
  await stream({ 'x-sandbox-output-tokens': '20', 'x-sandbox-chunk-delay-ms': '5' }, 3)
  expect(await settled()).toMatchObject({ estimated: false, quantities: { input_tokens: INPUT, output_tokens: '20' }, context: { ending: 'client_gone' } })
})

test('client gone in mid-stream, provider takes too long: what was seen until it was stopped is charged as estimated', async () => {
  await stream({ 'x-sandbox-output-tokens': '2000', 'x-sandbox-chunk-delay-ms': '20' }, 3)
  const { estimated, quantities, context } = await settled()
  expect([estimated, context['ending'], quantities['input_tokens']]).toEqual([true, 'client_gone', INPUT_COUNTED])
  // 1.5 s of drain at 20 ms a word, and the words before it.
  expect(Number(quantities['output_tokens'])).toBeGreaterThan(8)
  expect(Number(quantities['output_tokens'])).toBeLessThan(160)
})

test('client gone in mid-stream, provider floods: the drain ends at its byte bound', async () => {
  await stream({ 'x-sandbox-output-tokens': '100000', 'x-sandbox-chunk-delay-ms': '0' }, 3)
  const { estimated, quantities } = await settled()
  expect(estimated).toBe(true)
  // What the bound let through, and never more than what was held: 512 is the most that the model may answer.
  expect(Number(quantities['output_tokens'])).toBeGreaterThan(3)
  expect(Number(quantities['output_tokens'])).toBeLessThanOrEqual(512)
})

test('client gone before a JSON answer begins: the answer is waited for and its usage charged', async () => {
  const abort = new AbortController()
  const asked = world.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES }, { key, signal: abort.signal, headers: { 'x-sandbox-latency-ms': '200', 'x-sandbox-output-tokens': '7' } })
  await delay(50)
  abort.abort()
  await asked.catch(() => undefined)
  expect(await settled()).toMatchObject({ estimated: false, quantities: { output_tokens: '7' } })
})

test('client gone before its body is complete: nothing is asked and nothing held', async () => {
  const before = world.counts.get('answered:chat:200')
  const request = httpRequest(`${world.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-length': '1000' } })
  request.on('error', () => undefined)
  request.write('{"model":')
  await delay(30)
  request.destroy()
  await delay(30)
  await released()
  expect(world.counts.get('answered:chat:200')).toBe(before)
})

test('client gone while the key or the decision waits for the control plane: the provider is not asked and nothing is held', async () => {
  const admin = await world.key(null)
  await world.post('/v1/authorize', {}, { key: admin })
  for (const isKeyKnown of [false, true]) {
    const fresh = await world.customer()
    const raw = isKeyKnown ? admin : await world.key(fresh)
    const asked = world.upstream.requests.length
    const gone = world.counts.get('answered:chat:499') ?? 0
    const body = JSON.stringify({ model: 'fixed-model', messages: MESSAGES })
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
    await new Promise<void>((resolve) => {
      socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${raw}\r\nx-tollgate-customer: ${fresh}\r\ncontent-length: ${body.length}\r\n\r\n${body}`, () => resolve())
    })
    socket.destroy()
    await expect.poll(() => world.counts.get('answered:chat:499')).toBe(gone + 1)
    expect([world.upstream.requests.length - asked, world.node.openFor(fresh), world.settled.length]).toEqual([0, 0, 0])
  }
})

test('client that stops reading counts as gone, and the provider is paused meanwhile', async () => {
  const body = JSON.stringify({ model: 'fixed-model', messages: MESSAGES, stream: true })
  let written = 0
  const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(8_000) } }] })}\n\n`
  world.upstream.answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const more = () => {
      while (!response.destroyed) {
        written += event.length
        if (!response.write(event)) return void response.once('drain', more)
      }
    }
    more()
  }
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  socket.pause()
  // Until every buffer on the way is full, however slow the machine is.
  let paused = -1
  while (paused !== written) {
    paused = written
    await delay(150)
  }
  expect(await settled()).toMatchObject({ estimated: true, context: { ending: 'client_gone' }, quantities: { output_tokens: '512' } })
  socket.destroy()
})

test('provider silent in mid-stream: the stream ends with an error, what came is charged as estimated', async () => {
  const { error, text } = await stream({ 'x-sandbox-fault': 'silence', 'x-sandbox-output-tokens': '10' })
  expect(error).toBeInstanceOf(OpenAI.APIError)
  expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('upstream_timeout')
  expect(await settled()).toMatchObject({ estimated: true, quantities: { input_tokens: INPUT_COUNTED, output_tokens: String(text.split(' ').length) }, context: { ending: 'silent' } })
})

test('provider connection cut in mid-stream: the stream ends with an error, what came is charged as estimated', async () => {
  const { error, text } = await stream({ 'x-sandbox-fault': 'cut', 'x-sandbox-output-tokens': '10' })
  expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('upstream_connection_lost')
  expect(text).not.toBe('')
  expect(await settled()).toMatchObject({ estimated: true, quantities: { output_tokens: String(text.split(' ').length) }, context: { ending: 'cut' } })
})

test('provider reports an error in mid-stream: it passes, what came is charged as estimated', async () => {
  const { error, text } = await stream({ 'x-sandbox-fault': 'error-event', 'x-sandbox-output-tokens': '10' })
  expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('sandbox_fault')
  expect(await settled()).toMatchObject({ estimated: true, quantities: { output_tokens: String(text.split(' ').length) }, context: { ending: 'error' } })
})

test('provider ends a stream early: it ends for the client, what came is charged as estimated', async () => {
  const { error, text } = await stream({ 'x-sandbox-fault': 'early-end', 'x-sandbox-output-tokens': '10' })
  expect(error).toBe(null)
  expect(await settled()).toMatchObject({ estimated: true, quantities: { output_tokens: String(text.split(' ').length) }, context: { ending: 'early' } })
})

test('provider ends a whole stream without usage: it is counted and charged as estimated', async () => {
  const { text } = await stream({ 'x-sandbox-fault': 'no-usage', 'x-sandbox-output-tokens': '10' })
  expect(await settled()).toMatchObject({ estimated: true, quantities: { input_tokens: INPUT_COUNTED, output_tokens: String(text.split(' ').length) }, context: { ending: 'complete' } })
})

test('a stream that breaks off after it told its usage is charged for that', async () => {
  const pieces = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hi' } }] })}\n\ndata: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } })}\n\n`
  const failure = `data: ${JSON.stringify({ error: { message: 'late', code: 'late' } })}\n\n`
  for (const [rest, ending] of [['', 'early'], [failure, 'error'], ['data: {"cho', 'early']] as const) {
    world.settled.length = 0
    world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(pieces + rest)
    const response = await world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES, stream: true, stream_options: { include_usage: true } }, { key })
    expect(await response.text()).toBe(pieces + rest)
    expect(await settled()).toMatchObject({ estimated: false, quantities: { input_tokens: '3', output_tokens: '4' }, context: { ending } })
  }
})

test('a stream that fails before any piece of an answer costs nothing', async () => {
  const failures: readonly string[] = [`data: ${JSON.stringify({ error: { message: 'overloaded', code: 'overloaded' } })}\n\n`, ': hold on\n\n', '']
  for (const bytes of failures) {
    world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(bytes)
    const response = await world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES, stream: true }, { key })
    expect(await response.text()).toBe(bytes)
    await released()
  }
})

test('provider silent or gone before its answer: an error and no charge', async () => {
  for (const [fault, status] of [['silence', 504], ['reset', 502], ['cut', 502]] as const) {
    const response = await world.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES }, { key, headers: { 'x-sandbox-fault': fault } })
    expect([fault, response.status]).toEqual([fault, status])
    await released()
  }
})

test('a provider that compresses all the same is unpacked, metered and passed on plain', async () => {
  const stream = 'data: {"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\ndata: {"model":"m","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5}}\n\ndata: [DONE]\n\n'
  for (const [encoding, pack] of [['gzip', gzipSync], ['br', brotliCompressSync], ['deflate', deflateSync], ['zstd', zstdCompressSync]] as const) {
    world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding }).end(pack(stream))
    const response = await world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES, stream: true, stream_options: { include_usage: true } }, { key })
    expect([encoding, response.headers.get('content-encoding'), await response.text()]).toEqual([encoding, null, stream])
    expect(await settled()).toMatchObject({ estimated: false, quantities: { input_tokens: '4', output_tokens: '1' } })
    world.settled.length = 0
  }
})

test('a packed answer that is broken is an error without charge', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('\x1f\x8b....')
  expect((await world.post('/v1/chat/completions', { model: 'fixed-model', messages: MESSAGES }, { key })).status).toBe(502)
  await released()
})

test('an HTTP/1.0 client gets the stream without chunks', async () => {
  const body = JSON.stringify({ model: 'sandbox-small', messages: MESSAGES, stream: true })
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  socket.write(`POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer ${key}\r\nx-sandbox-chunk-delay-ms: 0\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const [head, text] = Buffer.concat(chunks).toString().split('\r\n\r\n', 2)
  expect(head).not.toContain('transfer-encoding')
  expect(text!.split('\n\n').every((event) => event === '' || event.startsWith('data: '))).toBe(true)
  expect(text!.endsWith('data: [DONE]\n\n')).toBe(true)
})

test('a stop waits for what is in flight, drains included, and closes the connections', async () => {
  const other = await testGateway()
  const raw = await other.key(await other.customer())
  const response = await other.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES, stream: true }, { key: raw, headers: { 'x-sandbox-chunk-delay-ms': '10', 'x-sandbox-output-tokens': '20' } })
  const closed = other.gateway.close()
  expect((await response.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  await closed
  await expect(fetch(`${other.url}/healthz`)).rejects.toThrow()
  expect(other.settled).toMatchObject([{ estimated: false, quantities: { output_tokens: '20' } }])
  await other.close()
})

test('what outlasts the grace of a stop is cut and charged for what came', async () => {
  const other = await testGateway({ limits: { closeGraceMs: 100 } })
  const raw = await other.key(await other.customer())
  const response = await other.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES, stream: true }, { key: raw, headers: { 'x-sandbox-chunk-delay-ms': '20', 'x-sandbox-output-tokens': '2000' } })
  await other.gateway.close()
  await expect(response.text()).rejects.toThrow()
  expect(other.settled).toMatchObject([{ estimated: true }])
  await other.close()
})
