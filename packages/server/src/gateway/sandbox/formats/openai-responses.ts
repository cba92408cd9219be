// OpenAI's responses: items of output, and a stream of named events whose last one holds the whole response.

import type { Reply } from '../reply.ts'
import { halves, openaiError } from './openai-chat.ts'
import { limitOf, modelOf, textOf, typedEvent, type Fields, type Format } from './format.ts'

export const responses: Format = {
  read: ({ fields }) => {
    const { input } = fields
    if (typeof input !== 'string' && !Array.isArray(input)) throw new RangeError('input must be a text or a list of items')
    const prompts = [textOf(fields['instructions']), ...(typeof input === 'string' ? [input] : input.map(textOf))].filter((text) => text !== '')
    return { model: modelOf(fields), prompts, limit: limitOf(fields['max_output_tokens']), choices: 1, isStream: fields['stream'] === true, includesUsage: true }
  },
  body: (reply, hasUsage) => ({ json: responseOf(reply, hasUsage, statusOf(reply)) }),
  events: eventsOf,
  error: openaiError,
  errorEvent: (message) => typedEvent({ type: 'error', code: 'server_error', message, param: null, sequence_number: 9 }),
}

function statusOf({ answers }: Reply): 'completed' | 'incomplete' {
  return answers[0]!.isCut ? 'incomplete' : 'completed'
}

function responseOf(reply: Reply, hasUsage: boolean, status: 'completed' | 'incomplete' | 'in_progress'): Fields {
  const { id, created, model, tokens } = reply
  return {
    id: `resp_sandbox_${id}`, object: 'response', created_at: created, status, background: false, error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null, instructions: null, max_output_tokens: null, model,
    output: status === 'in_progress' ? [] : [itemOf(reply)], parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: null, summary: null }, service_tier: 'default', store: true, temperature: 1,
    text: { format: { type: 'text' } }, tool_choice: 'auto', tools: [], top_p: 1, truncation: 'disabled',
    usage: status === 'in_progress' || !hasUsage ? null : {
      input_tokens: tokens.input, input_tokens_details: { cached_tokens: tokens.cached }, output_tokens: tokens.output, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: tokens.input + tokens.output,
    },
    user: null, metadata: {},
  }
}

function itemOf(reply: Reply): Fields {
  const { id, answers, tool } = reply
  if (tool !== null) return { type: 'function_call', id: `fc_${id}`, call_id: `call_${id}`, name: tool.name, arguments: tool.input, status: 'completed' }
  return { type: 'message', id: `msg_${id}`, status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: answers[0]!.words.join(''), annotations: [], logprobs: [] }] }
}

function eventsOf(reply: Reply, hasUsage: boolean): string[] {
  let sequence = 0
  const event = (type: string, data: Fields) => typedEvent({ type, sequence_number: sequence++, ...data })
  const item = itemOf(reply)
  const place = { item_id: item['id'], output_index: 0 }
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const text = reply.answers[0]!.words.join('')
  const status = statusOf(reply)
  const begin = [event('response.created', { response: responseOf(reply, hasUsage, 'in_progress') }), event('response.in_progress', { response: responseOf(reply, hasUsage, 'in_progress') })]
  const middle = reply.tool !== null
    ? [
        event('response.output_item.added', { output_index: 0, item: { ...item, arguments: '', status: 'in_progress' } }),
        ...halves(reply.tool.input).map((delta) => event('response.function_call_arguments.delta', { ...place, delta })),
        event('response.function_call_arguments.done', { ...place, name: reply.tool.name, arguments: reply.tool.input }),
      ]
    : [
        event('response.output_item.added', { output_index: 0, item: { ...item, content: [], status: 'in_progress' } }),
        event('response.content_part.added', { ...place, content_index: 0, part }),
        ...reply.answers[0]!.words.map((delta) => event('response.output_text.delta', { ...place, content_index: 0, delta, logprobs: [] })),
        event('response.output_text.done', { ...place, content_index: 0, text, logprobs: [] }),
        event('response.content_part.done', { ...place, content_index: 0, part: { ...part, text } }),
      ]
  return [...begin, ...middle, event('response.output_item.done', { output_index: 0, item }), event(`response.${status}`, { response: responseOf(reply, hasUsage, status) })]
}
