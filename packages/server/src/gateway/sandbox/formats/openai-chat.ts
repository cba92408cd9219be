// OpenAI's chat completions, and the older text completions. Images and unknown members are accepted and ignored.

import type { Reply } from '../reply.ts'
import { dataEvent, limitOf, modelOf, object, textOf, type Fields, type Format } from './format.ts'

export function openaiError(_status: number, type: string, code: string, message: string): unknown {
  return { error: { message, type, param: null, code } }
}

export function openaiErrorEvent(message: string): string {
  return dataEvent({ error: { message, type: 'server_error', param: null, code: 'sandbox_fault' } })
}

export function chatUsage({ tokens }: Reply): Fields {
  return {
    prompt_tokens: tokens.input,
    completion_tokens: tokens.output,
    total_tokens: tokens.input + tokens.output,
    prompt_tokens_details: { cached_tokens: tokens.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  }
}

export const chat: Format = {
  read: ({ fields }) => {
    const { messages } = fields
    const model = modelOf(fields)
    if (!Array.isArray(messages) || messages.length === 0) throw new RangeError('messages must be a list of at least one message')
    return { model, prompts: messages.map(textOf), limit: limitOf(fields['max_completion_tokens'] ?? fields['max_tokens']), ...shared(fields) }
  },
  body: (reply, hasUsage) => ({ json: chatBody(reply, hasUsage) }),
  events: chatEvents,
  error: openaiError,
  errorEvent: openaiErrorEvent,
}

function shared(fields: Fields) {
  return { choices: Number(fields['n'] ?? 1), isStream: fields['stream'] === true, includesUsage: object(fields['stream_options'])['include_usage'] === true }
}

function chatBody(reply: Reply, hasUsage: boolean): unknown {
  const { id, created, model, answers, tool } = reply
  const toolCalls = tool === null ? {} : { tool_calls: [{ id: `call_${id}`, type: 'function', function: { name: tool.name, arguments: tool.input } }] }
  return {
    id: `chatcmpl-sandbox-${id}`, object: 'chat.completion', created, model,
    choices: answers.map(({ words, isCut }, index) => ({
      index, message: { role: 'assistant', content: tool === null ? words.join('') : null, refusal: null, annotations: [], ...toolCalls }, logprobs: null, finish_reason: reasonOf(reply, isCut),
    })),
    ...(hasUsage ? { usage: chatUsage(reply) } : {}),
    service_tier: 'default',
    system_fingerprint: null,
  }
}

function reasonOf({ tool }: Reply, isCut: boolean): string {
  return tool !== null ? 'tool_calls' : isCut ? 'length' : 'stop'
}

function chatEvents(reply: Reply, hasUsage: boolean): string[] {
  const { id, created, model, answers, tool } = reply
  const asksUsage = reply.includesUsage && hasUsage
  const chunk = (choice: Fields | null, usage: unknown) =>
    dataEvent({ id: `chatcmpl-sandbox-${id}`, object: 'chat.completion.chunk', created, model, service_tier: 'default', system_fingerprint: null, choices: choice === null ? [] : [choice], ...(asksUsage ? { usage } : {}) })
  const piece = (index: number, delta: unknown, finishReason: string | null) => chunk({ index, delta, logprobs: null, finish_reason: finishReason }, null)
  const call = (part: Fields) => ({ tool_calls: [{ index: 0, ...part }] })
  const events = answers.flatMap(({ words, isCut }, index) => [
    piece(index, { role: 'assistant', content: tool === null ? '' : null, refusal: null }, null),
    ...(tool === null
      ? words.map((word) => piece(index, { content: word }, null))
      : [piece(index, call({ id: `call_${id}`, type: 'function', function: { name: tool.name, arguments: '' } }), null), ...halves(tool.input).map((part) => piece(index, call({ function: { arguments: part } }), null))]),
    piece(index, {}, reasonOf(reply, isCut)),
  ])
  return [...events, ...(asksUsage ? [chunk(null, chatUsage(reply))] : []), 'data: [DONE]\n\n']
}

export function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

export const completions: Format = {
  read: ({ fields }) => {
    const { prompt } = fields
    if (typeof prompt !== 'string' && !Array.isArray(prompt)) throw new RangeError('prompt must be a text or a list of texts')
    return { model: modelOf(fields), prompts: [textOf(prompt)], limit: limitOf(fields['max_tokens'] ?? 16), ...shared(fields) }
  },
  body: (reply, hasUsage) => ({
    json: {
      id: `cmpl-sandbox-${reply.id}`, object: 'text_completion', created: reply.created, model: reply.model,
      choices: reply.answers.map(({ words, isCut }, index) => ({ text: words.join(''), index, logprobs: null, finish_reason: isCut ? 'length' : 'stop' })),
      ...(hasUsage ? { usage: chatUsage(reply) } : {}),
    },
  }),
  events: (reply, hasUsage) => {
    const asksUsage = reply.includesUsage && hasUsage
    const chunk = (choices: readonly unknown[], usage: unknown) => dataEvent({ id: `cmpl-sandbox-${reply.id}`, object: 'text_completion', created: reply.created, choices, model: reply.model, ...(asksUsage ? { usage } : {}) })
    const events = reply.answers.flatMap(({ words, isCut }, index) => [
      ...words.map((word) => chunk([{ text: word, index, logprobs: null, finish_reason: null }], null)), chunk([{ text: '', index, logprobs: null, finish_reason: isCut ? 'length' : 'stop' }], null),
    ])
    return [...events, ...(asksUsage ? [chunk([], chatUsage(reply))] : []), 'data: [DONE]\n\n']
  },
  error: openaiError,
  errorEvent: openaiErrorEvent,
}
