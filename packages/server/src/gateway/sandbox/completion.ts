// One chat completion of the sandbox, worked out before a byte is sent: choices, finish reasons and usage, from the request and
// its controls. Tools, images and unknown members are accepted and ignored.

import type { Controls } from './controls.ts'
import { countTokens, digestOf, wordsFor } from './words.ts'

export type Completion = {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly isStream: boolean
  readonly includesUsage: boolean
  readonly choices: readonly { readonly words: readonly string[]; readonly finishReason: 'stop' | 'length' }[]
  readonly usage: Readonly<Record<string, unknown>>
}

type Body = Readonly<Record<string, unknown>>

/** Providers cache whole blocks of a prompt's beginning, from a minimum on. */
const CACHE_MIN_TOKENS = 1_024
const CACHE_BLOCK_TOKENS = 128
/** Tokens around each message and before the answer. */
const MESSAGE_TOKENS = 4
const ANSWER_START_TOKENS = 3
const CHOICES_MAX = 128

/** @throws {RangeError} when the request is not one for a chat completion. */
export function completionFor(body: unknown, controls: Controls, now: number): Completion {
  const request = object(body)
  const { model, messages } = request
  if (typeof model !== 'string' || model === '') throw new RangeError('model is missing')
  if (!Array.isArray(messages) || messages.length === 0) throw new RangeError('messages must be a list of at least one message')
  const prompt = messages.map(textOf)
  const limit = limitOf(request)
  const choices = Array.from({ length: Math.min(CHOICES_MAX, Number(request['n'] ?? 1)) }, (_, index) => {
    const words = wordsFor(prompt.join('\n'), index, controls.outputTokens)
    return { words: words.slice(0, limit), finishReason: words.length > limit ? ('length' as const) : ('stop' as const) }
  })
  return {
    id: `chatcmpl-sandbox-${digestOf(JSON.stringify(request))}`,
    created: Math.floor(now / 1_000),
    model,
    isStream: request['stream'] === true,
    includesUsage: object(request['stream_options'])['include_usage'] === true,
    choices,
    usage: usageOf(prompt, choices.reduce((sum, { words }) => sum + words.length, 0), controls),
  }
}

function usageOf(prompt: readonly string[], output: number, controls: Controls): Completion['usage'] {
  const counts = prompt.map((text) => countTokens(text) + MESSAGE_TOKENS)
  const input = controls.inputTokens ?? counts.reduce((sum, count) => sum + count, ANSWER_START_TOKENS)
  // All but the last message: what a provider has seen in the turn before.
  const seen = counts.slice(0, -1).reduce((sum, count) => sum + count, 0)
  const cached = controls.cachedTokens ?? (input >= CACHE_MIN_TOKENS ? seen - (seen % CACHE_BLOCK_TOKENS) : 0)
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: Math.min(cached, input), audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  }
}

function limitOf(request: Body): number {
  const limit = request['max_completion_tokens'] ?? request['max_tokens']
  return typeof limit === 'number' ? limit : Infinity
}

function textOf(message: unknown): string {
  const { content } = object(message)
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => object(part)['text'] ?? '').join(' ') : ''
}

function object(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {}
}
