// Anthropic's messages: caches, server tools, several samplings in one answer, and the events of its streams.

import { expect, test } from 'vitest'
import { readProviderUsage } from './read-usage.ts'

const read = (...events: readonly unknown[]) => readProviderUsage({ surface: 'messages', provider: 'anthropic', events })
const body = (usage: object, rest: object = {}) => ({ type: 'message', model: 'claude-a', stop_reason: 'end_turn', usage, ...rest })
const start = (usage: object) => ({ type: 'message_start', message: { model: 'claude-a', usage } })
const delta = (usage: object, stopReason = 'end_turn') => ({ type: 'message_delta', delta: { stop_reason: stopReason }, usage })

test('input, cache reads and cache writes by lifetime stand beside each other already', () => {
  expect(read(body({ input_tokens: 31, output_tokens: 44, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, service_tier: 'standard', inference_geo: 'not_available' }))).toEqual({
    model: 'claude-a', tier: 'standard', region: null, labels: {}, buckets: { input: 31, output: 44 }, elsewhere: [], total: { counted: 75, stated: null }, problems: [],
  })
  expect(read(body({ input_tokens: 3, cache_read_input_tokens: 500, cache_creation_input_tokens: 140, cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 100 }, output_tokens: 20, output_tokens_details: { thinking_tokens: 15 } })).buckets).toEqual({
    input: 3, cached_input: 500, cache_write_5m: 40, cache_write_1h: 100, output: 5, reasoning: 15,
  })
})

test('cache writes without a lifetime are those of five minutes, unless only the long one was used', () => {
  const write = (total: number, lifetimes?: object) => {
    const { buckets, problems } = read(body({ input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: total, ...(lifetimes === undefined ? {} : { cache_creation: lifetimes }) }))
    return [buckets['cache_write_5m'] ?? 0, buckets['cache_write_1h'] ?? 0, problems.map(({ code }) => code).join()]
  }
  expect(write(100)).toEqual([100, 0, ''])
  expect(write(100, { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 0 })).toEqual([100, 0, ''])
  expect(write(100, { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 60 })).toEqual([0, 100, ''])
  expect(write(100, { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 60 })).toEqual([40, 60, 'cache_lifetime_unknown'])
  expect(write(0, { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 60 })).toEqual([30, 60, ''])
})

test('a stream’s figures are cumulative, grow on the way, and count once when an event comes twice', () => {
  const expected = { input: 900, cached_input: 300, output: 80, web_search_requests: 1 }
  const events = [start({ input_tokens: 200, cache_read_input_tokens: 300, output_tokens: 1 }), { type: 'content_block_delta', delta: { text: 'x' } }, delta({ input_tokens: 900, cache_read_input_tokens: 300, output_tokens: 80, server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } })]
  expect(read(...events).buckets).toEqual(expected)
  expect(read(events[0], events[0], ...events, events[2]).buckets).toEqual(expected)
  expect(read(start({ input_tokens: 23, output_tokens: 2 }), delta({ output_tokens: 4 }), delta({ output_tokens: 160 })).buckets).toEqual({ input: 23, output: 160 })
})

test('a stream that was cut tells what it told, and what is missing', () => {
  expect(read(start({ input_tokens: 23, output_tokens: 1 })).buckets).toEqual({ input: 23, output: 1 })
  expect(read(delta({ output_tokens: 9 })).problems.map(({ code, field }) => `${code} ${field}`)).toEqual(['missing_count input_tokens'])
  expect(read({ type: 'ping' }).problems.map(({ code }) => code)).toEqual(['no_usage'])
})

test('service tier, fast mode and region are told; a tool that is new counts under its own name', () => {
  expect(read(body({ input_tokens: 1, output_tokens: 1, service_tier: 'batch', inference_geo: 'us' }))).toMatchObject({ tier: 'batch', region: 'us' })
  expect(read(body({ input_tokens: 1, output_tokens: 1, service_tier: 'standard', speed: 'fast' }))).toMatchObject({ tier: 'fast', region: null })
  expect(read(body({ input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 2, moon_probe_requests: 3, broken: -1 } })).buckets).toEqual({ input: 1, output: 1, web_search_requests: 2, moon_probe_requests: 3 })
})

test('compaction is billed on top of the answer, at the same model’s prices', () => {
  const usage = { input_tokens: 410, output_tokens: 12, iterations: [{ type: 'compaction', input_tokens: 2_600, output_tokens: 40 }, { type: 'message', input_tokens: 410, output_tokens: 12 }] }
  expect(read(body(usage))).toMatchObject({ buckets: { input: 3_010, output: 52 }, elsewhere: [], total: { counted: 3_062 } })
  expect(read(start({ input_tokens: 410, output_tokens: 1 }), delta(usage)).buckets).toEqual({ input: 3_010, output: 52 })
})

test('an advisor is billed at its own model’s prices', () => {
  const told = read(body({ input_tokens: 4, cache_read_input_tokens: 660, output_tokens: 90, iterations: [
    { type: 'message', input_tokens: 2, cache_read_input_tokens: 330, output_tokens: 40 }, { type: 'advisor_message', model: 'claude-b', input_tokens: 310, output_tokens: 60 }, { type: 'message', input_tokens: 2, cache_read_input_tokens: 330, output_tokens: 50 },
  ] }))
  expect(told).toMatchObject({ model: 'claude-a', buckets: { input: 4, cached_input: 660, output: 90 }, elsewhere: [{ model: 'claude-b', kind: 'advisor', buckets: { input: 310, output: 60 } }] })
})

test('where another model took over, each attempt is billed at its own model’s prices, and one declined before any output is free', () => {
  const declined = (outputTokens: number) => ({ type: 'message', model: 'claude-a', input_tokens: 2, cache_read_input_tokens: 700, output_tokens: outputTokens })
  const served = { type: 'fallback_message', model: 'claude-c', input_tokens: 5, cache_creation_input_tokens: 702, output_tokens: 130 }
  const usage = { input_tokens: 5, cache_creation_input_tokens: 702, output_tokens: 130 }
  const own = { input: 5, cache_write_5m: 702, output: 130 }
  expect(read(body({ ...usage, iterations: [declined(57), served] }, { model: 'claude-c' }))).toMatchObject({ model: 'claude-c', buckets: own, elsewhere: [{ model: 'claude-a', kind: 'declined', buckets: { input: 2, cached_input: 700, output: 57 } }] })
  expect(read(body({ ...usage, iterations: [declined(0), served] }, { model: 'claude-c' }))).toMatchObject({ model: 'claude-c', buckets: own, elsewhere: [] })
  const stream = read(start({ input_tokens: 2, cache_read_input_tokens: 700, output_tokens: 57 }), delta({ ...usage, iterations: [declined(57), served] }))
  expect(stream).toMatchObject({ model: 'claude-c', buckets: own, elsewhere: [{ model: 'claude-a' }] })
})

test('a refusal without output is free; one in mid-answer is not', () => {
  expect(read(body({ input_tokens: 90, output_tokens: 0 }, { stop_reason: 'refusal' })).buckets).toEqual({})
  expect(read(start({ input_tokens: 90, output_tokens: 0 }), delta({ output_tokens: 0 }, 'refusal')).buckets).toEqual({})
  expect(read(body({ input_tokens: 90, output_tokens: 7 }, { stop_reason: 'refusal' })).buckets).toEqual({ input: 90, output: 7 })
})

test('what Bedrock says at the end of its stream counts as the same figures', () => {
  const metrics = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 23, outputTokenCount: 40, cacheReadInputTokenCount: 5, cacheWriteInputTokenCount: 0, invocationLatency: 312 } }
  expect(read(start({ input_tokens: 23, cache_read_input_tokens: 5, output_tokens: 1 }), delta({ output_tokens: 40 }), metrics).buckets).toEqual({ input: 23, cached_input: 5, output: 40 })
  expect(read(metrics).buckets).toEqual({ input: 23, cached_input: 5, output: 40 })
})

test('figures that are none are told, in iterations too', () => {
  expect(read(body({ input_tokens: '12', output_tokens: 3 })).problems.map(({ code }) => code)).toEqual(['invalid_count', 'missing_count'])
  expect(read(body({ input_tokens: 12, output_tokens: 3, iterations: [{ type: 'compaction', input_tokens: 1.5, output_tokens: 1 }] })).problems.map(({ code, field }) => `${code} ${field}`)).toEqual(['invalid_count input_tokens'])
})
