// Responses with their tools, embeddings, images and audio.

import { expect, test } from 'vitest'
import type { Buckets } from './bucket.ts'
import { readProviderUsage, type UsageSurface } from './read-usage.ts'

const read = (surface: UsageSurface, events: readonly unknown[], provider = 'openai') => readProviderUsage({ surface, provider, events })
const check = (surface: UsageSurface, events: readonly unknown[], expected: Buckets, problems: readonly string[] = []) => {
  const told = read(surface, events)
  expect.soft(told.buckets, JSON.stringify(events)).toEqual(expected)
  expect.soft(told.problems.map(({ code, field }) => `${code} ${field}`), JSON.stringify(events)).toEqual(problems)
}

const USAGE = { input_tokens: 300, input_tokens_details: { cached_tokens: 128 }, output_tokens: 90, output_tokens_details: { reasoning_tokens: 64 }, total_tokens: 390 }
const BUCKETS = { input: 172, cached_input: 128, output: 26, reasoning: 64 }

test('a response tells the same as a body and as the last event of its stream', () => {
  const response = { id: 'resp_1', object: 'response', model: 'gpt-5', service_tier: 'default', output: [], usage: USAGE }
  check('responses', [response], BUCKETS)
  check('responses', [{ type: 'response.created', response: { ...response, usage: null } }, { type: 'response.output_text.delta', delta: 'x' }, { type: 'response.completed', response }], BUCKETS)
  check('responses', [{ type: 'response.incomplete', response }, { type: 'response.incomplete', response }], BUCKETS)
  check('responses', [{ type: 'response.failed', response: { ...response, usage: null } }], {}, ['no_usage usage'])
})

test('several responses on one connection add up', () => {
  const one = { type: 'response.completed', response: { id: 'resp_1', output: [], usage: USAGE } }
  const two = { type: 'response.completed', response: { id: 'resp_2', output: [], usage: { input_tokens: 10, output_tokens: 4, total_tokens: 14 } } }
  check('responses', [one, two, one], { ...BUCKETS, input: 182, output: 30 })
  expect(read('responses', [one, two]).total).toEqual({ counted: 404, stated: 404 })
})

test('each tool call is counted once, however often its item is mentioned; failed calls and opened pages are not', () => {
  const items = [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'a' } },
    { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'open_page', url: 'b' } },
    { type: 'web_search_call', id: 'ws_3', status: 'failed', action: { type: 'search', query: 'c' } },
    { type: 'file_search_call', id: 'fs_1', status: 'completed' },
    { type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1', status: 'completed' },
    { type: 'code_interpreter_call', id: 'ci_2', container_id: 'cntr_1', status: 'completed' },
    { type: 'image_generation_call', id: 'ig_1', status: 'completed' },
    { type: 'message', id: 'msg_1' },
  ]
  const tools = { web_search_requests: 1, file_search_requests: 1, code_interpreter_containers: 1, image_generation_requests: 1 }
  const done = { type: 'response.completed', response: { id: 'resp_1', output: items, usage: USAGE } }
  check('responses', [done], { ...BUCKETS, ...tools })
  check('responses', [...items.map((item) => ({ type: 'response.output_item.done', item })), done], { ...BUCKETS, ...tools })
  check('responses', [...items.map((item) => ({ type: 'response.output_item.done', item })), { type: 'response.completed', response: { id: 'resp_1', output: [], usage: USAGE } }], { ...BUCKETS, ...tools })
})

test('a response whose total does not fit is told', () => {
  check('responses', [{ id: 'r', usage: { ...USAGE, total_tokens: 400 } }], { ...BUCKETS, output: 36 }, ['total_mismatch total_tokens'])
  check('responses', [{ id: 'r', usage: { input_tokens: 3 } }], { input: 3 }, ['missing_count output_tokens'])
  expect(read('responses', [{ id: 'r', usage: { input_tokens: 3, output_tokens: 2, output_tokens_details: { reasoning_tokens: 50 }, total_tokens: 55 } }], 'xai').buckets).toEqual({ input: 3, output: 2, reasoning: 50 })
})

test('embeddings have input only, told by its name or as the total', () => {
  check('embeddings', [{ model: 'e', usage: { prompt_tokens: 21, total_tokens: 21 } }], { input: 21 })
  check('embeddings', [{ model: 'e', usage: { total_tokens: 21 } }], { input: 21 })
  check('embeddings', [{ model: 'e', usage: { prompt_tokens: 21, total_tokens: 25 } }], { input: 25 }, ['total_mismatch total_tokens'])
  check('embeddings', [{ model: 'e' }], {}, ['no_usage usage'])
})

test('images are tokens where the answer tells them, and else images with their quality and size', () => {
  const usage = { input_tokens: 60, input_tokens_details: { text_tokens: 20, image_tokens: 40 }, output_tokens: 1_000, total_tokens: 1_060 }
  check('images', [{ data: [{}], usage }], { input: 20, image_input: 40, image_output: 1_000 })
  check('images', [{ data: [{}], usage: { ...usage, output_tokens_details: { text_tokens: 100, image_tokens: 900 } } }], { input: 20, image_input: 40, output: 100, image_output: 900 })
  check('images', [{ type: 'image_generation.partial_image', b64_json: '' }, { type: 'image_generation.completed', quality: 'high', size: '1024x1024', usage }], { input: 20, image_input: 40, image_output: 1_000 })
  check('images', [{ data: [{}, {}] }], { images: 2 })
  check('images', [{ error: {} }], {}, ['no_usage usage'])
  expect(read('images', [{ data: [{}], quality: 'high', size: '1024x1024', background: 'opaque' }]).labels).toEqual({ quality: 'high', size: '1024x1024' })
})

test('audio is tokens or seconds; a fraction of a second is a second', () => {
  check('audio', [{ text: 'x', usage: { type: 'tokens', input_tokens: 18, input_token_details: { text_tokens: 0, audio_tokens: 18 }, output_tokens: 33, total_tokens: 51 } }], { audio_input: 18, output: 33 })
  check('audio', [{ text: 'x', usage: { type: 'duration', seconds: 52 }, duration: 51.3 }], { audio_seconds: 52 })
  check('audio', [{ text: 'x', duration: 8.02 }], { audio_seconds: 9 })
  check('audio', [{ text: 'x', duration: '8.02' }], { audio_seconds: 9 })
  check('audio', [{ text: 'x' }], {}, ['no_usage usage'])
  check('audio', [{ type: 'transcript.text.delta', delta: 'x' }, { type: 'transcript.text.done', text: 'x', usage: { type: 'tokens', input_tokens: 14, input_token_details: { text_tokens: 4, audio_tokens: 10 }, output_tokens: 5, total_tokens: 19 } }], { input: 4, audio_input: 10, output: 5 })
  check('audio', [{ type: 'speech.audio.delta', audio: '' }, { type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } }], { input: 14, audio_output: 101 })
})
