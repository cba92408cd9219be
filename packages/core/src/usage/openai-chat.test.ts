// Chat and text completions: OpenAI's figures and those of the providers that copied its format.

import { expect, test } from 'vitest'
import type { Buckets } from './bucket.ts'
import { readProviderUsage } from './read-usage.ts'
import { isComplete } from './usage.ts'

const read = (usage: unknown, provider: string | null = 'openai') => readProviderUsage({ surface: 'chat', provider, events: [{ model: 'm-1', usage }] })
const check = (provider: string | null, usage: unknown, expected: Buckets, problems: readonly string[] = []) => {
  const told = read(usage, provider)
  expect.soft(told.buckets, `${provider} ${JSON.stringify(usage)}`).toEqual(expected)
  expect.soft(told.problems.map(({ code }) => code), `${provider} ${JSON.stringify(usage)}`).toEqual(problems)
}

test('OpenAI: cached input and reasoning are taken out of their wholes, so that no token is in two buckets', () => {
  check('openai', { prompt_tokens: 20, completion_tokens: 9, total_tokens: 29 }, { input: 20, output: 9 })
  check('openai', { prompt_tokens: 900, completion_tokens: 500, total_tokens: 1400, prompt_tokens_details: { cached_tokens: 640 }, completion_tokens_details: { reasoning_tokens: 448 } }, { input: 260, cached_input: 640, output: 52, reasoning: 448 })
  check('openai', { prompt_tokens: 100, completion_tokens: 80, total_tokens: 180, prompt_tokens_details: { audio_tokens: 70, cached_tokens: 0 }, completion_tokens_details: { audio_tokens: 60, reasoning_tokens: 0, accepted_prediction_tokens: 3, rejected_prediction_tokens: 2 } }, { input: 30, audio_input: 70, output: 20, audio_output: 60 })
  check('openai', { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5, prompt_tokens_details: null, completion_tokens_details: null }, { input: 5 })
})

test('a provider that leaves reasoning out of the completion is known by its total, and without a total by its name', () => {
  const usage = { prompt_tokens: 30, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 200 } }
  check('xai', { ...usage, total_tokens: 234 }, { input: 30, output: 4, reasoning: 200 })
  check('xai', usage, { input: 30, output: 4, reasoning: 200 })
  check(null, { ...usage, total_tokens: 234 }, { input: 30, output: 4, reasoning: 200 })
  check('xai', { ...usage, completion_tokens: 204, total_tokens: 234 }, { input: 30, output: 4, reasoning: 200 })
  check(null, { ...usage, completion_tokens: 204 }, { input: 30, output: 4, reasoning: 200 })
  check('google', { prompt_tokens: 30, completion_tokens: 4, total_tokens: 50 }, { input: 30, output: 4, reasoning: 16 })
})

test('each dialect’s own fields are read', () => {
  check('deepseek', { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 26 }, { input: 26, cached_input: 64, output: 10 })
  check('deepseek', { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 20 }, { input: 26, cached_input: 64, output: 10 }, ['total_mismatch'])
  check('moonshot', { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100, cached_tokens: 64 }, { input: 26, cached_input: 64, output: 10 })
  check('mistral', { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42, prompt_audio_seconds: 8 }, { input: 12, output: 30, audio_seconds: 8 })
  check('openrouter', { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100, prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 30 } }, { input: 20, cached_input: 40, cache_write: 30, output: 10 })
  check('perplexity', { prompt_tokens: 30, completion_tokens: 700, total_tokens: 730, citation_tokens: 2_000, num_search_queries: 20, reasoning_tokens: 7_300 }, { input: 30, output: 700, reasoning: 7_300, citation: 2_000, web_search_requests: 20 })
  check('xai', { prompt_tokens: 12, completion_tokens: 1, total_tokens: 13, prompt_tokens_details: { text_tokens: 4, image_tokens: 8 }, num_sources_used: 3 }, { input: 4, image_input: 8, output: 1, search_sources: 3 })
})

test('usage is found where Groq and Moonshot put it in a stream', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 }
  for (const event of [{ x_groq: { id: 'req', usage } }, { choices: [{ index: 0, delta: {}, usage }] }, { choices: [], usage }]) {
    expect(readProviderUsage({ surface: 'chat', provider: null, events: [{ model: 'a', choices: [], usage: null }, event] }).buckets).toEqual({ input: 7, output: 2 })
  }
})

test('one missing figure follows from the total; two missing ones are reported', () => {
  check(null, { prompt_tokens: 7, total_tokens: 9 }, { input: 7, output: 2 })
  check(null, { completion_tokens: 2, total_tokens: 9 }, { input: 7, output: 2 })
  check(null, { prompt_tokens: 7 }, { input: 7 }, ['missing_count'])
  check(null, { completion_tokens: 7 }, { output: 7 }, ['missing_count'])
  check(null, { total_tokens: 9 }, { reasoning: 9 }, ['missing_count', 'missing_count', 'total_mismatch'])
})

test('a total that the parts do not reach is told, and the larger figure is taken', () => {
  check('openai', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 20 }, { input: 10, output: 5, reasoning: 5 }, ['total_mismatch'])
  check('openai', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 12 }, { input: 10, output: 5 }, ['total_mismatch'])
  check('openai', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 20, completion_tokens_details: { reasoning_tokens: 4 } }, { input: 10, output: 6, reasoning: 4 }, ['total_mismatch'])
})

test('parts that do not fit are cut to their whole, and told', () => {
  check('openai', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 40 } }, { cached_input: 10, output: 5 }, ['part_exceeds_whole'])
  check('openai', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, completion_tokens_details: { audio_tokens: 9 } }, { input: 10, audio_output: 5 }, ['part_exceeds_whole'])
})

test('an answer without usage, or with figures that are none, is never complete', () => {
  for (const usage of [null, undefined, {}, [], 'many', 7, { prompt_tokens: true, completion_tokens: '5' }, { prompt_tokens: -1, completion_tokens: 1.5, total_tokens: Infinity }]) {
    const told = read(usage)
    expect.soft([told.buckets, isComplete(told)], JSON.stringify(usage)).toEqual([{}, false])
  }
  check('openai', { prompt_tokens: 10, completion_tokens: '5', total_tokens: 15 }, { input: 10, output: 5 }, ['invalid_count'])
  expect(isComplete(read({ prompt_tokens: 10, completion_tokens: '5', total_tokens: 15 }))).toBe(false)
  expect(read({ prompt_tokens: true }).problems.map(({ code, field }) => `${code} ${field}`)).toEqual(['invalid_count prompt_tokens', 'no_usage usage'])
})

test('the model and the class of service are those of the answer', () => {
  const told = (event: object) => {
    const { model, tier } = readProviderUsage({ surface: 'chat', provider: 'openai', events: [event] })
    return [model, tier]
  }
  expect(told({ model: 'gpt-5-mini-2025-08-07', service_tier: 'default' })).toEqual(['gpt-5-mini-2025-08-07', 'standard'])
  expect(told({ model: '', service_tier: 'flex' })).toEqual([null, 'flex'])
  expect(told({ service_tier: 'on_demand' })).toEqual([null, 'standard'])
  expect(told({ service_tier: null })).toEqual([null, 'standard'])
})
