// The policy of docs/concepts/disconnects.md on every surface that streams: who pays what when an answer breaks off.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ limits: { upstreamIdleMs: 2_500, upstreamAnswerMs: 2_500, drainTimeoutMs: 1_500 } })
  customer = await world.customer('1000000')
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
})

type Row = {
  readonly name: string
  readonly path: string
  readonly body: unknown
  /** Output tokens of a whole answer, asked for by header. */
  readonly output: string
  /** What the client sees when the provider's connection breaks: an event in its own shape. */
  readonly error: string
  /** Where usage is told before the end, a broken stream still tells the provider's own input. */
  readonly toldInput: boolean
}

const MESSAGES = [{ role: 'user', content: 'Hello there' }]
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] }
const ROWS: readonly Row[] = [
  { name: 'chat', path: '/v1/chat/completions', body: { model: 'sandbox-small', messages: MESSAGES, stream: true }, output: '20', error: '"code":"upstream_connection_lost"', toldInput: false },
  { name: 'completions', path: '/v1/completions', body: { model: 'sandbox-small', prompt: 'Hello there', max_tokens: 100, stream: true }, output: '20', error: '"code":"upstream_connection_lost"', toldInput: false },
  { name: 'responses', path: '/v1/responses', body: { model: 'sandbox-small', input: 'Hello there', stream: true }, output: '20', error: '"code":"upstream_connection_lost"', toldInput: false },
  { name: 'messages', path: '/v1/messages', body: { model: 'sandbox-small', max_tokens: 100, messages: MESSAGES, stream: true }, output: '20', error: 'event: error\ndata: {"type":"error"', toldInput: true },
  { name: 'Gemini as events', path: '/v1beta/models/sandbox-small:streamGenerateContent?alt=sse', body: CONTENTS, output: '20', error: '"status":"UNAVAILABLE"', toldInput: true },
  { name: 'Gemini as an array', path: '/v1beta/models/sandbox-small:streamGenerateContent', body: CONTENTS, output: '20', error: '"status":"UNAVAILABLE"', toldInput: true },
]

function ask(row: Row, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response> {
  return world.post(row.path, row.body, { key, headers: { 'x-sandbox-output-tokens': row.output, ...headers }, ...(signal === undefined ? {} : { signal }) })
}

async function settled(): Promise<TestGateway['settled'][number]> {
  await expect.poll(() => world.settled.length, { timeout: 20_000 }).toBe(1)
  await expect.poll(() => world.node.openFor(customer), { timeout: 5_000 }).toBe(0)
  return world.settled[0]!
}

async function nothing(): Promise<void> {
  await expect.poll(() => world.node.openFor(customer), { timeout: 20_000 }).toBe(0)
  expect(world.settled).toEqual([])
}

describe.each(ROWS)('$name', (row) => {
  test('client gone in mid-stream: the rest is read, the true usage charged', async () => {
    const abort = new AbortController()
    const response = await ask(row, { 'x-sandbox-chunk-delay-ms': '10' }, abort.signal)
    await response.body!.getReader().read()
    abort.abort()
    expect(await settled()).toMatchObject({ estimated: false, quantities: { output_tokens: row.output }, context: { ending: 'client_gone' } })
  })

  test('client gone and the provider takes too long: it is stopped, and what was seen is charged as estimated', async () => {
    const abort = new AbortController()
    const response = await ask({ ...row, output: '500' }, { 'x-sandbox-chunk-delay-ms': '40' }, abort.signal)
    await response.body!.getReader().read()
    abort.abort()
    const { estimated, quantities, context } = await settled()
    expect([estimated, context['ending']]).toEqual([true, 'client_gone'])
    expect(Number(quantities['output_tokens'])).toBeGreaterThan(1)
    expect(Number(quantities['output_tokens'])).toBeLessThan(400)
  })

  test('provider cut in mid-stream: the client is told in its own shape, and what came is charged as estimated', async () => {
    const text = await (await ask(row, { 'x-sandbox-fault': 'cut' })).text()
    expect(text).toContain(row.error)
    const { estimated, quantities, context } = await settled()
    expect([estimated, context['ending']]).toEqual([true, 'cut'])
    expect(Number(quantities['output_tokens'])).toBeGreaterThanOrEqual(5)
    expect(Number(quantities['output_tokens'])).toBeLessThanOrEqual(20)
    if (row.name === 'Gemini as an array') expect((JSON.parse(text) as readonly unknown[]).at(-1)).toMatchObject({ error: { status: 'UNAVAILABLE' } })
    if (row.toldInput) expect(quantities['input_tokens']).toBe('9')
  })

  test('provider silent in mid-stream: as if it had been cut', async () => {
    const text = await (await ask(row, { 'x-sandbox-fault': 'silence' })).text()
    expect(text.length).toBeGreaterThan(0)
    expect(await settled()).toMatchObject({ estimated: true, context: { ending: 'silent' } })
  })

  test('provider ends the stream early: what came is charged as estimated', async () => {
    await (await ask(row, { 'x-sandbox-fault': 'early-end' })).text()
    const { estimated, quantities, context } = await settled()
    expect([estimated, context['ending']]).toEqual([true, 'early'])
    expect(Number(quantities['output_tokens'])).toBeGreaterThanOrEqual(5)
  })

  test('provider reports an error in mid-stream: it passes, and what came is charged', async () => {
    const text = await (await ask(row, { 'x-sandbox-fault': 'error-event' })).text()
    expect(text).toContain('The sandbox was asked to fail here.')
    expect(Number((await settled()).quantities['output_tokens'])).toBeGreaterThanOrEqual(5)
  })

  test('a whole stream that tells no usage is counted', async () => {
    await (await ask(row, { 'x-sandbox-fault': 'no-usage' })).text()
    const { estimated, quantities } = await settled()
    expect(estimated).toBe(true)
    expect(Number(quantities['output_tokens'])).toBeGreaterThanOrEqual(15)
  })

  test('provider gone or failing before its answer: nothing is charged', async () => {
    for (const [fault, status] of [['reset', 502], ['500', 500], ['401', 502]] as const) {
      expect([fault, (await ask(row, { 'x-sandbox-fault': fault })).status]).toEqual([fault, status])
      await nothing()
    }
  })
})
