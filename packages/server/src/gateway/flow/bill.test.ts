// A team moves to Tollgate by changing two environment variables, and sees for each request what its provider bills, to the last digit.
// The answers have the shapes that providers send, each with its own idea of what a count includes; the bills are worked out by hand.

import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../../test/gateway.ts'

type Priced = { readonly provider: string; readonly upstream: string; readonly million: string; readonly unit?: string }
/** Dollars a million tokens, and a call. */
const MODELS: Readonly<Record<string, Priced>> = {
  'gpt-5-mini': { provider: 'openai', upstream: 'fixed', million: 'input: 0.25, cached_input: 0.025, output: 2', unit: 'file_search_requests: 0.0025' },
  'babbage-002': { provider: 'openai', upstream: 'fixed', million: 'input: 0.4, output: 0.4' },
  'text-embedding-3-small': { provider: 'openai', upstream: 'fixed', million: 'input: 0.02' },
  'claude-sonnet-4-6': { provider: 'anthropic', upstream: 'fixed-anthropic', million: 'input: 3, cached_input: 0.3, cache_write_5m: 3.75, cache_write_1h: 6, output: 15', unit: 'web_search_requests: 0.01' },
  'gemini-3-pro': { provider: 'google', upstream: 'fixed-gemini', million: 'input: 2, cached_input: 0.2, output: 12' },
  'grok-3-mini': { provider: 'xai', upstream: 'of-xai', million: 'input: 0.3, cached_input: 0.075, output: 0.5' },
  'deepseek-chat': { provider: 'deepseek', upstream: 'of-deepseek', million: 'input: 0.28, cached_input: 0.028, output: 0.42' },
  'llama-3.3-70b': { provider: 'groq', upstream: 'of-groq', million: 'input: 0.59, output: 0.79' },
}
const named = Object.entries(MODELS)
const CATALOG = TEST_CATALOG
  .replace('models: [sandbox-small,', `models: [${named.map(([name]) => JSON.stringify(name)).join(', ')}, sandbox-small,`)
  .replace('gateway:\n', `${named.map(([name, { provider, million, unit }]) => `  - { provider: ${provider}, model: ${JSON.stringify(name)}, patterns: [${JSON.stringify(`${name}-*`)}], from: 2024-01-01, per_million: { ${million} }, ${unit === undefined ? '' : `per_unit: { ${unit} }, `}context_window: 200000, output_max: 4000 }\n`).join('')}gateway:\n`)
  .replace('  models:\n    - { name: sandbox-small,', `  models:\n${named.map(([name, { upstream }]) => `    - { name: ${JSON.stringify(name)}, upstream: ${upstream} }\n`).join('')}    - { name: sandbox-small,`)

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ catalog: CATALOG })
  world.withUpstreams(['xai', 'deepseek', 'groq'].map((provider) => ({ id: `ups_${provider}`, name: `of-${provider}`, kind: 'openai' as const, provider, baseUrl: world.upstream.baseUrl, secret: 'sk', models: [], allowPrivate: true })))
  customer = await world.customer('1000000')
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
  world.upstream.requests.length = 0
})

const MESSAGES = [{ role: 'user', content: 'What is the toll?' }]
const sse = (events: readonly (Record<string, unknown> | '[DONE]')[]) => events.map((event) => `${typeof event === 'object' && typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('')
const chunk = (more: Record<string, unknown>) => ({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, ...more })

type Case = readonly [what: string, path: string, body: Record<string, unknown>, answer: Record<string, unknown> | string, bill: string]
const CASES: readonly Case[] = [
  ['chat: cached input is part of the prompt, reasoning of the completion', '/v1/chat/completions', { model: 'gpt-5-mini', messages: MESSAGES },
    { id: 'c', object: 'chat.completion', model: 'gpt-5-mini-2025-08-07', service_tier: 'default', choices: [{ index: 0, message: { role: 'assistant', content: 'Two.' }, finish_reason: 'stop' }], usage: { prompt_tokens: 1203, completion_tokens: 517, total_tokens: 1720, prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 448, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 } } },
    // 179 × 0.25 + 1,024 × 0.025 + 517 × 2
    '0.00110435'],
  ['chat as a stream: usage comes alone at its end', '/v1/chat/completions', { model: 'gpt-5-mini', messages: MESSAGES, stream: true },
    sse([chunk({ model: 'gpt-5-mini-2025-08-07', choices: [{ index: 0, delta: { role: 'assistant', content: 'Two.' }, finish_reason: null }], usage: null }), chunk({ model: 'gpt-5-mini-2025-08-07', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null }), chunk({ model: 'gpt-5-mini-2025-08-07', choices: [], usage: { prompt_tokens: 1203, completion_tokens: 517, total_tokens: 1720, prompt_tokens_details: { cached_tokens: 1024 }, completion_tokens_details: { reasoning_tokens: 448 } } }), '[DONE]']),
    '0.00110435'],
  ['responses: its tools cost by the call', '/v1/responses', { model: 'gpt-5-mini', input: 'Look it up.', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] },
    { id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-5-mini-2025-08-07', output: [{ type: 'file_search_call', id: 'fs_1', status: 'completed' }, { type: 'file_search_call', id: 'fs_2', status: 'completed' }, { type: 'message', content: [{ type: 'output_text', text: 'Two.' }] }], usage: { input_tokens: 2311, input_tokens_details: { cached_tokens: 768 }, output_tokens: 911, output_tokens_details: { reasoning_tokens: 640 }, total_tokens: 3222 } },
    // 1,543 × 0.25 + 768 × 0.025 + 911 × 2 + 2 calls
    '0.00722695'],
  ['responses as a stream', '/v1/responses', { model: 'gpt-5-mini', input: 'Say two.', stream: true },
    sse([{ type: 'response.created', response: { id: 'resp_1', model: 'gpt-5-mini-2025-08-07', status: 'in_progress', usage: null } }, { type: 'response.output_text.delta', delta: 'Two.' }, { type: 'response.completed', response: { id: 'resp_1', model: 'gpt-5-mini-2025-08-07', status: 'completed', output: [], usage: { input_tokens: 2311, input_tokens_details: { cached_tokens: 768 }, output_tokens: 911, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 3222 } } }]),
    '0.00222695'],
  ['completions as a stream', '/v1/completions', { model: 'babbage-002', prompt: 'One, ', max_tokens: 40, stream: true },
    sse([{ id: 'cmpl', object: 'text_completion', model: 'babbage-002', choices: [{ text: 'two', index: 0, finish_reason: 'length' }], usage: null }, { id: 'cmpl', object: 'text_completion', model: 'babbage-002', choices: [], usage: { prompt_tokens: 37, completion_tokens: 29, total_tokens: 66 } }, '[DONE]']),
    '0.0000264'],
  ['embeddings', '/v1/embeddings', { model: 'text-embedding-3-small', input: 'toll' },
    { object: 'list', model: 'text-embedding-3-small', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], usage: { prompt_tokens: 41, total_tokens: 41 } },
    '0.00000082'],
  ['messages: caches stand beside the input, each with its own price', '/v1/messages', { model: 'claude-sonnet-4-6', max_tokens: 1000, messages: MESSAGES },
    { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6-20260101', content: [{ type: 'text', text: 'Two.' }], stop_reason: 'end_turn', usage: { input_tokens: 11, cache_read_input_tokens: 4096, cache_creation_input_tokens: 2200, cache_creation: { ephemeral_5m_input_tokens: 1500, ephemeral_1h_input_tokens: 700 }, output_tokens: 233, server_tool_use: { web_search_requests: 2 }, service_tier: 'standard' } },
    // 11 × 3 + 4,096 × 0.3 + 1,500 × 3.75 + 700 × 6 + 233 × 15 + 2 searches
    '0.0345818'],
  ['messages as a stream: its last figures hold, what a search read included', '/v1/messages', { model: 'claude-sonnet-4-6', max_tokens: 1000, messages: MESSAGES, stream: true, tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }] },
    sse([{ type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6-20260101', content: [], usage: { input_tokens: 2037, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 1 } } }, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Two.' } }, { type: 'content_block_stop', index: 0 }, { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 9871, cache_read_input_tokens: 2048, cache_creation_input_tokens: 0, output_tokens: 311, server_tool_use: { web_search_requests: 1 } } }, { type: 'message_stop' }]),
    // 9,871 × 3 + 2,048 × 0.3 + 311 × 15 + 1 search
    '0.0448924'],
  ['Gemini: thoughts stand beside the candidates, the cache inside the prompt', '/v1beta/models/gemini-3-pro:generateContent', { contents: [{ parts: [{ text: 'Toll?' }] }] },
    { candidates: [{ content: { parts: [{ text: 'Two.' }] }, finishReason: 'STOP' }], modelVersion: 'gemini-3-pro-preview', usageMetadata: { promptTokenCount: 913, cachedContentTokenCount: 256, candidatesTokenCount: 77, thoughtsTokenCount: 405, totalTokenCount: 1395 } },
    // 657 × 2 + 256 × 0.2 + 482 × 12
    '0.0071492'],
  ['Gemini as a stream: each chunk repeats the sum so far', '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse', { contents: [{ parts: [{ text: 'Toll?' }] }] },
    sse([[20, 100], [50, 300], [77, 405]].map(([candidates, thoughts]) => ({ candidates: [{ content: { parts: [{ text: 'Two' }] }, ...(candidates === 77 ? { finishReason: 'STOP' } : {}) }], modelVersion: 'gemini-3-pro-preview', usageMetadata: { promptTokenCount: 913, cachedContentTokenCount: 256, candidatesTokenCount: candidates, thoughtsTokenCount: thoughts, totalTokenCount: 913 + candidates! + thoughts! } }))),
    '0.0071492'],
  ['xAI: reasoning is not part of the completion', '/v1/chat/completions', { model: 'grok-3-mini', messages: MESSAGES },
    { id: 'x', object: 'chat.completion', model: 'grok-3-mini', choices: [{ index: 0, message: { role: 'assistant', content: 'Two.' }, finish_reason: 'stop' }], usage: { prompt_tokens: 31, completion_tokens: 3, total_tokens: 255, prompt_tokens_details: { cached_tokens: 8, text_tokens: 31, audio_tokens: 0, image_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 221, audio_tokens: 0 } } },
    // 23 × 0.3 + 8 × 0.075 + 224 × 0.5
    '0.0001195'],
  ['DeepSeek: hits and misses of its cache', '/v1/chat/completions', { model: 'deepseek-chat', messages: MESSAGES },
    { id: 'd', object: 'chat.completion', model: 'deepseek-chat', choices: [{ index: 0, message: { role: 'assistant', content: 'Two.' }, finish_reason: 'stop' }], usage: { prompt_tokens: 2047, completion_tokens: 88, total_tokens: 2135, prompt_tokens_details: { cached_tokens: 1920 }, prompt_cache_hit_tokens: 1920, prompt_cache_miss_tokens: 127 } },
    '0.00012628'],
  ['Groq: usage in a member of its own at the end of a stream', '/v1/chat/completions', { model: 'llama-3.3-70b', messages: MESSAGES, stream: true },
    sse([chunk({ model: 'llama-3.3-70b-versatile', choices: [{ index: 0, delta: { content: 'Two.' }, finish_reason: null }] }), chunk({ model: 'llama-3.3-70b-versatile', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], x_groq: { id: 'req_1', usage: { queue_time: 0.1, prompt_tokens: 45, prompt_time: 0.01, completion_tokens: 607, completion_time: 1.5, total_tokens: 652, total_time: 1.51 } } }), '[DONE]']),
    '0.00050608'],
]

test.each(CASES)('%s', async (_, path, body, answer, bill) => {
  const isStream = typeof answer === 'string'
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' }).end(isStream ? answer : JSON.stringify(answer))
  const response = await world.post(path, body, { key })
  await response.text()
  expect(response.status).toBe(200)
  expect(world.settled.map(({ cost, estimated }) => ({ cost, estimated }))).toEqual([{ cost: { amount: bill, currency: 'USD' }, estimated: false }])
})

test('two environment variables move a team here: its code stays as it is, and the operator sees the bill of each request', async () => {
  const admin = await world.key(null, { showsCost: true })
  vi.stubEnv('OPENAI_BASE_URL', `${world.url}/v1`).stubEnv('OPENAI_API_KEY', key).stubEnv('ANTHROPIC_BASE_URL', world.url).stubEnv('ANTHROPIC_API_KEY', key)
  try {
    const answers = new Map(CASES.map(([what, , , answer]) => [what.split(':')[0]!, answer]))
    world.upstream.answer = (response, { path }) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.get(path.includes('messages') ? 'messages' : 'chat')))
    const chat = await new OpenAI().chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'What is the toll?' }] }).withResponse()
    const message = await new Anthropic().messages.create({ model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user', content: 'What is the toll?' }] })
    expect([chat.data.choices[0]!.message.content, message.content]).toEqual(['Two.', [{ type: 'text', text: 'Two.' }]])
    expect(world.settled.map(({ cost }) => cost!.amount)).toEqual(['0.00110435', '0.0345818'])
    // A tenant's key never learns the cost; the operator's does.
    expect(chat.response.headers.get('x-tollgate-cost')).toBe(null)
    const own = await world.post('/v1/chat/completions', { model: 'gpt-5-mini', messages: MESSAGES }, { key: admin, headers: { 'x-tollgate-customer': customer } })
    expect([own.status, own.headers.get('x-tollgate-cost')]).toEqual([200, '0.00110435'])
  } finally {
    vi.unstubAllEnvs()
  }
})
