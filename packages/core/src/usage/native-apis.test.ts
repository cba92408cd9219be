// Gemini, Cohere, Bedrock's Converse and Ollama in their own formats.

import { expect, test } from 'vitest'
import type { Buckets } from './bucket.ts'
import { readProviderUsage, type UsageSurface } from './read-usage.ts'

const read = (surface: UsageSurface, events: readonly unknown[]) => readProviderUsage({ surface, provider: null, events })
const check = (surface: UsageSurface, event: unknown, expected: Buckets, problems: readonly string[] = []) => {
  const told = read(surface, Array.isArray(event) ? event : [event])
  expect.soft(told.buckets, JSON.stringify(event)).toEqual(expected)
  expect.soft(told.problems.map(({ code, field }) => `${code} ${field}`), JSON.stringify(event)).toEqual(problems)
}
const gemini = (usageMetadata: object, rest: object = {}) => ({ modelVersion: 'gemini-3-pro', usageMetadata, ...rest })
const by = (counts: Readonly<Record<string, number>>) => Object.entries(counts).map(([modality, tokenCount]) => ({ modality, tokenCount }))

test('Gemini: thoughts come on top of the candidates, results of tools on top of the prompt', () => {
  check('generate_content', gemini({ promptTokenCount: 14, candidatesTokenCount: 30, thoughtsTokenCount: 160, totalTokenCount: 204 }), { input: 14, output: 30, reasoning: 160 })
  check('generate_content', gemini({ promptTokenCount: 14, toolUsePromptTokenCount: 100, candidatesTokenCount: 30, totalTokenCount: 144 }), { input: 114, output: 30 })
  check('generate_content', gemini({ promptTokenCount: 14, totalTokenCount: 14 }), { input: 14 })
  check('generate_content', gemini({ promptTokenCount: 14, candidatesTokenCount: 30, totalTokenCount: 50 }), { input: 14, output: 30 }, ['total_mismatch totalTokenCount'])
  check('generate_content', gemini({ candidatesTokenCount: 30 }), { output: 30 }, ['missing_count promptTokenCount'])
  check('generate_content', { candidates: [] }, {}, ['no_usage usageMetadata'])
})

test('Gemini: modalities are told apart on both sides, documents with the images', () => {
  check('generate_content', gemini({
    promptTokenCount: 1_000, candidatesTokenCount: 300, totalTokenCount: 1_300,
    promptTokensDetails: by({ TEXT: 100, IMAGE: 200, DOCUMENT: 50, AUDIO: 250, VIDEO: 400 }), candidatesTokensDetails: by({ TEXT: 60, IMAGE: 200, AUDIO: 40 }),
  }), { input: 100, image_input: 250, audio_input: 250, video_input: 400, output: 60, image_output: 200, audio_output: 40 })
})

test('Gemini: what a cache held leaves its own modality, and text first where the answer does not say which', () => {
  const usage = { promptTokenCount: 1_000, candidatesTokenCount: 1, totalTokenCount: 1_001, promptTokensDetails: by({ TEXT: 600, AUDIO: 400 }), cachedContentTokenCount: 700 }
  check('generate_content', gemini({ ...usage, cacheTokensDetails: by({ TEXT: 400, AUDIO: 300 }) }), { input: 200, cached_input: 400, audio_input: 100, cached_audio_input: 300, output: 1 })
  check('generate_content', gemini(usage), { cached_input: 600, audio_input: 300, cached_audio_input: 100, output: 1 })
})

test('Gemini: every chunk repeats the figures so far', () => {
  const chunk = (candidates: number, total: number) => gemini({ promptTokenCount: 14, candidatesTokenCount: candidates, thoughtsTokenCount: 120, totalTokenCount: total, promptTokensDetails: by({ TEXT: 14 }) })
  expect(read('generate_content', [chunk(6, 140), chunk(31, 165), chunk(31, 165)])).toMatchObject({ model: 'gemini-3-pro', buckets: { input: 14, output: 31, reasoning: 120 }, total: { counted: 165, stated: 165 }, problems: [] })
})

test('Gemini: grounding counts by prompt up to version 2 and by query from version 3', () => {
  const grounded = (modelVersion: string) => read('generate_content', [{ modelVersion, usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }, candidates: [{ groundingMetadata: { webSearchQueries: ['a', 'b', ''] } }] }]).buckets
  expect(grounded('gemini-2.5-flash')).toEqual({ input: 1, output: 1, grounded_prompts: 1 })
  expect(grounded('gemini-3-pro-preview')).toEqual({ input: 1, output: 1, web_search_requests: 2 })
})

test('Gemini: the class of service is told under two names', () => {
  const tier = (usage: object) => read('generate_content', [gemini({ promptTokenCount: 1, candidatesTokenCount: 1, ...usage })]).tier
  expect([tier({}), tier({ trafficType: 'ON_DEMAND' }), tier({ trafficType: 'ON_DEMAND_FLEX' }), tier({ trafficType: 'PROVISIONED_THROUGHPUT' }), tier({ serviceTier: 'SERVICE_TIER_PRIORITY' }), tier({ serviceTier: 'standard' })]).toEqual(['standard', 'standard', 'flex', 'provisioned_throughput', 'priority', 'standard'])
})

test('Cohere: what is billed counts, not what the model read', () => {
  const usage = { billed_units: { input_tokens: 20, output_tokens: 9 }, tokens: { input_tokens: 610, output_tokens: 12 }, cached_tokens: 400 }
  check('cohere', { message: {}, usage }, { input: 20, output: 9 })
  check('cohere', [{ type: 'content-delta', delta: {} }, { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage } }], { input: 20, output: 9 })
  check('cohere', { meta: { api_version: { version: '2' }, billed_units: { search_units: 2 } } }, { search_units: 2 })
  check('cohere', { meta: { billed_units: { input_tokens: 10, image_tokens: 30 } } }, { input: 10, image_input: 30 })
  check('cohere', { usage: { tokens: { input_tokens: 5 } } }, {}, ['no_usage billed_units'])
})

test('Bedrock: the cache stands beside the input, under either spelling or both, and the total may leave it out', () => {
  const usage = { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 100, cacheReadInputTokenCount: 100, cacheWriteInputTokens: 40, cacheWriteInputTokenCount: 40 }
  const buckets = { input: 10, output: 5, cached_input: 100, cache_write_5m: 40 }
  check('converse', { output: {}, usage: { ...usage, totalTokens: 155 } }, buckets)
  check('converse', { output: {}, usage: { ...usage, totalTokens: 15 } }, buckets)
  check('converse', [{ contentBlockDelta: {} }, { metadata: { usage: { ...usage, totalTokens: 155 }, metrics: { latencyMs: 3 } } }], buckets)
  check('converse', { usage: { ...usage, totalTokens: 20 } }, buckets, ['total_mismatch totalTokens'])
  check('converse', { usage: { ...usage, totalTokens: 155, cacheDetails: [{ ttl: '1h', inputTokens: 30 }, { ttl: '5m', inputTokens: 10 }] } }, { ...buckets, cache_write_5m: 10, cache_write_1h: 30 })
  expect(read('converse', [{ usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, serviceTier: { type: 'flex' } }]).tier).toBe('flex')
  expect(read('converse', [{ usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, performanceConfig: { latency: 'optimized' } }]).tier).toBe('optimized')
})

test('Ollama: two counts in the last object', () => {
  check('ollama', [{ model: 'llama', response: 'x', done: false }, { model: 'llama', done: true, prompt_eval_count: 31, eval_count: 240, eval_duration: 1 }], { input: 31, output: 240 })
  check('ollama', { model: 'e', embeddings: [], prompt_eval_count: 8 }, { input: 8 })
  check('ollama', { model: 'llama', done: true, eval_count: 240 }, { output: 240 }, ['missing_count prompt_eval_count'])
  check('ollama', { model: 'llama', done: false }, {}, ['no_usage prompt_eval_count'])
})
