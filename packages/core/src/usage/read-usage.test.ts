// Laws of every reader: a stream tells what the body tells, however its usage is cut, repeated or ordered; parts sum to wholes;
// no JSON whatever stops a reader.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { inputTokens, isTokenBucket, outputTokens } from './bucket.ts'
import { openUsageReader, readProviderUsage, USAGE_SURFACES, type UsageSurface } from './read-usage.ts'
import { splitInput, splitOutput } from './split.ts'
import { parseStreamText } from './stream-text.ts'

const count = fc.nat(100_000)
type Case = { readonly surface: UsageSurface; readonly provider: string; readonly usage: fc.Arbitrary<object>; readonly wrap: (usage: object) => object }

/** Consistent usage of each family, and the event that carries it. */
const CASES: readonly Case[] = [
  {
    surface: 'chat', provider: 'openai', wrap: (usage) => ({ model: 'm', choices: [], usage }),
    usage: fc.record({ text: count, cached: count, audio: count, answer: count, reasoning: count }).map((of) => ({
      prompt_tokens: of.text + of.cached + of.audio, completion_tokens: of.answer + of.reasoning, total_tokens: of.text + of.cached + of.audio + of.answer + of.reasoning,
      prompt_tokens_details: { cached_tokens: of.cached, audio_tokens: of.audio }, completion_tokens_details: { reasoning_tokens: of.reasoning },
    })),
  },
  {
    surface: 'responses', provider: 'openai', wrap: (usage) => ({ type: 'response.completed', response: { id: 'resp_1', model: 'm', output: [], usage } }),
    usage: fc.record({ text: count, cached: count, answer: count, reasoning: count }).map((of) => ({
      input_tokens: of.text + of.cached, input_tokens_details: { cached_tokens: of.cached }, output_tokens: of.answer + of.reasoning, output_tokens_details: { reasoning_tokens: of.reasoning }, total_tokens: of.text + of.cached + of.answer + of.reasoning,
    })),
  },
  {
    surface: 'messages', provider: 'anthropic', wrap: (usage) => ({ type: 'message_delta', delta: {}, usage }),
    usage: fc.record({ input: count, read: count, short: count, long: count, output: count, searches: fc.nat(9) }).map((of) => ({
      input_tokens: of.input, cache_read_input_tokens: of.read, cache_creation_input_tokens: of.short + of.long, cache_creation: { ephemeral_5m_input_tokens: of.short, ephemeral_1h_input_tokens: of.long },
      output_tokens: of.output, server_tool_use: { web_search_requests: of.searches },
    })),
  },
  {
    surface: 'generate_content', provider: 'google', wrap: (usageMetadata) => ({ modelVersion: 'gemini-3', usageMetadata }),
    usage: fc.record({ text: count, audio: count, answer: count, thoughts: count }).map((of) => ({
      promptTokenCount: of.text + of.audio, promptTokensDetails: [{ modality: 'TEXT', tokenCount: of.text }, { modality: 'AUDIO', tokenCount: of.audio }], candidatesTokenCount: of.answer, thoughtsTokenCount: of.thoughts,
      totalTokenCount: of.text + of.audio + of.answer + of.thoughts,
    })),
  },
  {
    surface: 'converse', provider: 'aws', wrap: (usage) => ({ metadata: { usage } }),
    usage: fc.record({ input: count, read: count, written: count, output: count }).map((of) => ({
      inputTokens: of.input, outputTokens: of.output, cacheReadInputTokens: of.read, cacheReadInputTokenCount: of.read, cacheWriteInputTokens: of.written, totalTokens: of.input + of.output + of.read + of.written,
    })),
  },
  { surface: 'cohere', provider: 'cohere', wrap: (usage) => ({ type: 'message-end', delta: { usage } }), usage: fc.record({ input_tokens: count, output_tokens: count }).map((billed) => ({ billed_units: billed })) },
]

/** An earlier report of `usage`: some of its figures, none larger. */
function earlier(usage: object, pick: () => number): object {
  const entries = Object.entries(usage).filter(() => pick() % 4 !== 0)
  return Object.fromEntries(entries.map(([field, value]: [string, unknown]) => {
    if (typeof value === 'number') return [field, value === 0 ? 0 : pick() % (value + 1)]
    if (Array.isArray(value)) return [field, value.map((entry: { modality: string; tokenCount: number }) => ({ ...entry, tokenCount: pick() % (entry.tokenCount + 1) }))]
    return [field, earlier(value as object, pick)]
  }))
}

/** `usage` in two reports, each with some of its fields. */
function inTwo(usage: object, pick: () => number): readonly [object, object] {
  const sides: [[string, unknown][], [string, unknown][]] = [[], []]
  for (const entry of Object.entries(usage)) sides[pick() % 2 as 0 | 1].push(entry)
  return [Object.fromEntries(sides[0]), Object.fromEntries(sides[1])]
}

test.each(CASES.map((of) => [of.surface, of] as const))('%s: cumulative, split and repeated reports in any order give what one body gives', (_, { surface, provider, usage, wrap }) => {
  fc.assert(fc.property(usage, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), fc.nat(4), (final, numbers, repeats) => {
    let at = 0
    const pick = (): number => numbers[at++ % numbers.length]!
    const reports = [earlier(final, pick), earlier(final, pick), ...inTwo(final, pick), final, ...Array.from({ length: repeats }, () => final)]
    const shuffled = reports.map((report) => [pick(), report] as const).sort(([a], [b]) => a - b).map(([, report]) => wrap(report))
    const whole = readProviderUsage({ surface, provider, events: [wrap(final)] })
    expect(readProviderUsage({ surface, provider, events: [{ model: null, choices: [{ delta: {} }], usage: null }, ...shuffled] })).toEqual(whole)
    expect(whole.problems).toEqual([])
  }), { numRuns: 200 })
})

test.each(CASES.map((of) => [of.surface, of] as const))('%s: consistent usage has a total that is the sum of its buckets', (_, { surface, provider, usage, wrap }) => {
  fc.assert(fc.property(usage, (final) => {
    const { buckets, total } = readProviderUsage({ surface, provider, events: [wrap(final)] })
    expect(inputTokens(buckets) + outputTokens(buckets)).toBe(total.counted)
    if (total.stated !== null) expect(total.counted).toBe(total.stated)
  }), { numRuns: 100 })
})

test('no JSON stops a reader, and no bucket is ever negative or a fraction', () => {
  fc.assert(fc.property(fc.constantFrom(...USAGE_SURFACES), fc.constantFrom(null, 'xai', 'perplexity'), fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 4 }), (surface, provider, events) => {
    const told = readProviderUsage({ surface, provider, events })
    for (const [bucket, amount] of Object.entries(told.buckets)) expect(Number.isSafeInteger(amount) && amount > 0, bucket).toBe(true)
  }), { numRuns: 500 })
})

test('hostile figures under the right names do not stop a reader either', () => {
  const figure = fc.oneof(count, fc.constantFrom(null, -1, 1.5, 1e300, '7', true, [], {}))
  const usage = fc.record({ prompt_tokens: figure, completion_tokens: figure, total_tokens: figure, input_tokens: figure, output_tokens: figure, prompt_tokens_details: fc.record({ cached_tokens: figure, audio_tokens: figure }), completion_tokens_details: fc.record({ reasoning_tokens: figure }) })
  fc.assert(fc.property(fc.constantFrom(...USAGE_SURFACES), usage, (surface, told) => {
    const { buckets } = readProviderUsage({ surface, provider: null, events: [{ usage: told, usageMetadata: told, type: 'message' }] })
    for (const [bucket, amount] of Object.entries(buckets)) expect(isTokenBucket(bucket) && Number.isSafeInteger(amount) && amount > 0).toBe(true)
  }), { numRuns: 500 })
})

test('input splits into parts that sum to the whole, whatever is claimed of it', () => {
  fc.assert(fc.property(fc.record({ whole: count, audio: count, image: count, video: count, cached: count, cachedAudio: count, cachedImage: count, cachedVideo: count, cacheWrite: count }), (figures) => {
    const { buckets } = splitInput(figures, 'input')
    expect(Object.values(buckets).reduce((sum, part) => sum + part, 0)).toBe(figures.whole)
    expect(Math.min(...Object.values(buckets))).toBeGreaterThanOrEqual(0)
  }))
  fc.assert(fc.property(fc.record({ whole: count, reasoning: count, audio: count, image: count }), (figures) => {
    const { buckets } = splitOutput(figures, 'output')
    expect(Object.values(buckets).reduce((sum, part) => sum + part, 0)).toBe(figures.whole)
  }))
})

test('a reader may be asked at any time', () => {
  const reader = openUsageReader('messages', 'anthropic')
  reader.add({ type: 'message_start', message: { model: 'a', usage: { input_tokens: 5, output_tokens: 1 } } })
  expect(reader.usage().buckets).toEqual({ input: 5, output: 1 })
  reader.add({ type: 'message_delta', usage: { output_tokens: 9 } })
  expect(reader.usage().buckets).toEqual({ input: 5, output: 9 })
})

test('the text of a stream is read with either framing, and a broken event does not hide the next', () => {
  const check = (text: string, events: readonly unknown[], unread = 0) => expect.soft(parseStreamText(text), text).toEqual({ events, unread })
  check('data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n', [{ a: 1 }, { b: 2 }])
  check('event: message_start\r\ndata: {"a":1}\r\n\r\n: ping\r\n\r\ndata:{"b":2}', [{ a: 1 }, { b: 2 }])
  check('data: {"a":\ndata: 1}\n\n', [{ a: 1 }])
  check('{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }])
  check('{"a":1}\n{"b":\n{"c":3}', [{ a: 1 }, { c: 3 }], 1)
  check('', [])
})
