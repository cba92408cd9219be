import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHAT_STREAM } from '../openai/chat.ts'
import { createStreamMeter, type MeterOptions, type Observed } from './stream-meter.ts'
import { chatUsageReader, quantitiesOf } from './usage.ts'
import type { ProviderUsage } from '@tollgate/core'

const HEAD = { id: 'chatcmpl-9f2', object: 'chat.completion.chunk', created: 1_772_000_000, model: 'gpt-4.1-nano-2025-04-14', service_tier: 'default', system_fingerprint: 'fp_1' }
const USAGE = { prompt_tokens: 16, completion_tokens: 300, total_tokens: 316, prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 7, audio_tokens: 0 } }

type Data = Readonly<Record<string, unknown>>
const chunk = (more: Data): Data => ({ ...HEAD, ...more })
const content = (text: string): Data => ({ choices: [{ index: 0, delta: { content: text }, logprobs: null, finish_reason: null }] })
const event = (data: Data | string, lineEnd = '\n') => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}${lineEnd}${lineEnd}`
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

function run(stream: string, options: Partial<MeterOptions> = {}, cuts: readonly number[] = []): { readonly output: string; readonly observed: Observed; readonly usage: ProviderUsage } {
  const reader = chatUsageReader('openai')
  const meter = createStreamMeter({ dialect: CHAT_STREAM, reader, wantsUsage: false, eventMax: 1_000_000, observedTextMax: 10_000, ...options })
  const bytes = latin1(stream)
  let output = ''
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    output += meter.push(bytes.slice(at, cut))
    at = cut
  }
  output += meter.finish()
  return { output: Buffer.from(output, 'latin1').toString(), observed: meter.observed(), usage: reader.usage() }
}

const words = event(chunk({ ...content('Hel'), usage: null })) + event(chunk({ ...content('lo "wörld" 🦊\n'), usage: null }))
const ending = event(chunk({ choices: [], usage: USAGE })) + event('[DONE]')

test('usage is read and its chunk taken out for a client that did not ask', () => {
  const { output, observed, usage } = run(words + ending)
  expect(output).toBe(words.replaceAll(',"usage":null', '') + event('[DONE]'))
  expect(usage).toMatchObject({ model: 'gpt-4.1-nano-2025-04-14', tier: 'standard', buckets: { input: 12, cached_input: 4, output: 293, reasoning: 7 }, problems: [] })
  expect(observed).toMatchObject({ model: 'gpt-4.1-nano-2025-04-14', pieces: 2, isDone: true, hasError: false })
  expect(JSON.parse(`"${Buffer.from(observed.text, 'latin1').toString()}"`)).toBe('Hello "wörld" 🦊\n')
})

test('for a client that asked every byte passes', () => {
  expect(run(words + ending, { wantsUsage: true }).output).toBe(words + ending)
})

test('the end marker is held back until the end is asked for', () => {
  const meter = createStreamMeter({ dialect: CHAT_STREAM, reader: chatUsageReader('openai'), wantsUsage: false, eventMax: 1_000, observedTextMax: 100 })
  expect(meter.push(event('[DONE]'))).toBe('')
  expect(meter.observed().isDone).toBe(true)
  expect(meter.push(event('late'))).toBe('')
  expect(meter.finish()).toBe(event('[DONE]'))
})

test('usage is found wherever providers put it', () => {
  const small = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }
  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['cumulative on every chunk', event(chunk({ ...content('a'), usage: small })) + event(chunk({ ...content('b'), usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } })), { input_tokens: '5', output_tokens: '9' }],
    ['the same chunk twice', ending.replace(event('[DONE]'), '').repeat(2), { input_tokens: '12', output_tokens: '300' }],
    ['a later chunk that knows less', event(chunk({ choices: [], usage: USAGE })) + event(chunk({ choices: [], usage: small })), { input_tokens: '12', output_tokens: '300' }],
    ['under x_groq', event(chunk({ ...content(''), x_groq: { id: 'req_1', usage: small } })), { input_tokens: '5', output_tokens: '1' }],
    ['spread over two data lines', 'data: {"choices":[],\ndata: "usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}\n\n', { input_tokens: '5', output_tokens: '1' }],
    ['without the space after data:', `data:${JSON.stringify({ choices: [], usage: small })}\n\n`, { input_tokens: '5', output_tokens: '1' }],
    ['without a blank line at the end', `data: ${JSON.stringify({ choices: [], usage: small })}`, { input_tokens: '5', output_tokens: '1' }],
  ]
  for (const [name, stream, expected] of cases) expect(quantitiesOf(run(stream).usage), name).toMatchObject(expected)
})

test('text that only looks like usage, an end or an error is left alone', () => {
  for (const text of ['"usage":{"prompt_tokens":99}', ',"usage":null', 'data: [DONE]', '{"error":{"message":"x"}}', '\n\ndata: [DONE]\n\n']) {
    const stream = event(chunk(content(text))) + event(chunk(content('usage')))
    const { output, observed, usage } = run(stream)
    expect([output, usage.buckets]).toEqual([stream, {}])
    expect(observed).toMatchObject({ isDone: false, hasError: false, pieces: 2 })
  }
})

test('pieces of tool calls, reasoning and refusals count as output', () => {
  const deltas: readonly Data[] = [
    { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }] },
    { reasoning_content: 'hm', content: null },
    { refusal: 'no' },
    { role: 'assistant', content: '' },
    {},
  ]
  const stream = deltas.map((delta) => event(chunk({ choices: [{ index: 0, delta, finish_reason: null }] }))).join('')
  expect(run(stream).observed).toMatchObject({ pieces: 3, text: '{\\"a\\":1}hmno' })
})

test('an error inside the stream passes and is noticed', () => {
  for (const failure of [event({ error: { message: 'overloaded', type: 'server_error', code: null } }), `event: error\n${event({ error: { message: 'overloaded' } })}`]) {
    const { output, observed } = run(words + failure)
    expect(output.endsWith(failure)).toBe(true)
    expect(observed).toMatchObject({ hasError: true, isDone: false, pieces: 2 })
  }
})

test('an oversized event passes unread and what follows is read again', () => {
  const long = event(chunk(content('x'.repeat(5_000))))
  const { output, observed, usage } = run(words + long + ending, { eventMax: 1_000 })
  expect(output).toBe(words.replaceAll(',"usage":null', '') + long + event('[DONE]'))
  expect([observed.pieces, observed.isDone, usage.total.stated]).toEqual([2, true, 316])
})

test('bytes that are no events at all pass unchanged', () => {
  for (const bytes of ['', '\n', '\n\n\n', 'nonsense', 'data: {"usage":}\n\n', ': keep-alive\n\n', 'data: null\n\n']) expect(run(bytes)).toMatchObject({ output: bytes, usage: { buckets: {} } })
})

test('however the bytes are cut, output and usage are the same', () => {
  const lineEnd = fc.constantFrom('\n', '\r\n')
  const part = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => chunk({ ...content(text), usage: null })),
    fc.string().map((text) => chunk(content(text.repeat(30)))),
    fc.record({ prompt: fc.nat(999), completion: fc.nat(999) }).map(({ prompt, completion }) => chunk({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion } })),
    fc.constant(chunk({ error: { message: 'x' } })),
  )
  const stream = fc.tuple(fc.array(part, { maxLength: 8 }), lineEnd, fc.boolean()).map(([parts, end, done]) => parts.map((data) => event(data, end)).join('') + (done ? event('[DONE]', end) : ''))
  const settings = { wantsUsage: fc.boolean(), eventMax: fc.constantFrom(300, 100_000), observedTextMax: fc.constantFrom(10, 10_000) }
  fc.assert(
    fc.property(stream, fc.record(settings), fc.array(fc.nat(), { maxLength: 40 }), (text, options, seeds) => {
      const whole = run(text, options)
      const length = latin1(text).length
      const cuts = seeds.map((seed) => seed % (length + 1)).sort((a, b) => a - b)
      expect(run(text, options, cuts)).toEqual(whole)
      expect(run(text, options, Array.from({ length }, (_, index) => index))).toEqual(whole)
    }),
  )
})
