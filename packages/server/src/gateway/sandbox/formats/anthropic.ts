// Anthropic's messages and the counting of their tokens. What a cache held stands beside the input, not inside of it.

import type { Reply } from '../reply.ts'
import { halves } from './openai-chat.ts'
import { limitOf, modelOf, textOf, typedEvent, type Fields, type Format } from './format.ts'

const ERROR_TYPES: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error', 429: 'rate_limit_error', 529: 'overloaded_error' }

export const messages: Format = {
  read: ({ fields }) => {
    const { messages: all, system } = fields
    const model = modelOf(fields)
    if (!Array.isArray(all) || all.length === 0) throw new RangeError('messages must be a list of at least one message')
    return { model, prompts: [textOf(system), ...all.map(textOf)].filter((text) => text !== ''), limit: limitOf(fields['max_tokens']), choices: 1, isStream: fields['stream'] === true, includesUsage: true }
  },
  body: (reply, hasUsage) => ({ json: messageOf(reply, hasUsage) }),
  events: eventsOf,
  error: (status, _type, _code, message) => ({ type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message }, request_id: 'req_sandbox' }),
  errorEvent: (message) => typedEvent({ type: 'error', error: { type: 'overloaded_error', message } }),
}

export const countTokens: Format = { ...messages, body: ({ tokens }) => ({ json: { input_tokens: tokens.input } }), events: null }

function usageOf({ tokens }: Reply, output: number): Fields {
  return {
    input_tokens: tokens.input - tokens.cached, cache_creation_input_tokens: 0, cache_read_input_tokens: tokens.cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 }, output_tokens: output, service_tier: 'standard',
  }
}

function stopOf({ tool, answers }: Reply): string {
  return tool !== null ? 'tool_use' : answers[0]!.isCut ? 'max_tokens' : 'end_turn'
}

function messageOf(reply: Reply, hasUsage: boolean): Fields {
  const { id, model, answers, tool, tokens } = reply
  const content = tool === null ? { type: 'text', text: answers[0]!.words.join('') } : { type: 'tool_use', id: `toolu_${id}`, name: tool.name, input: JSON.parse(tool.input) as unknown }
  return { id: `msg_sandbox_${id}`, type: 'message', role: 'assistant', model, content: [content], stop_reason: stopOf(reply), stop_sequence: null, ...(hasUsage ? { usage: usageOf(reply, tokens.output) } : {}) }
}

function eventsOf(reply: Reply, hasUsage: boolean): string[] {
  const { id, answers, tool, tokens } = reply
  const block = tool === null ? { type: 'text', text: '' } : { type: 'tool_use', id: `toolu_${id}`, name: tool.name, input: {} }
  const deltas = tool === null
    ? answers[0]!.words.map((text) => ({ type: 'text_delta', text }))
    : halves(tool.input).map((part) => ({ type: 'input_json_delta', partial_json: part }))
  return [
    typedEvent({ type: 'message_start', message: { ...messageOf(reply, false), content: [], stop_reason: null, ...(hasUsage ? { usage: usageOf(reply, 1) } : {}) } }),
    typedEvent({ type: 'content_block_start', index: 0, content_block: block }),
    typedEvent({ type: 'ping' }),
    ...deltas.map((delta) => typedEvent({ type: 'content_block_delta', index: 0, delta })),
    typedEvent({ type: 'content_block_stop', index: 0 }),
    typedEvent({ type: 'message_delta', delta: { stop_reason: stopOf(reply), stop_sequence: null }, ...(hasUsage ? { usage: { ...usageOf(reply, tokens.output), service_tier: undefined } } : {}) }),
    typedEvent({ type: 'message_stop' }),
  ]
}
