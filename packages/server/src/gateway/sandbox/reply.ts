// One answer of the sandbox, worked out before a byte is sent: words, why they end, and what was used, from what was asked and the
// request's controls. It knows no format; formats/ writes it down as each API would.

import type { Controls } from './controls.ts'
import { countTokens, digestOf, wordsFor } from './words.ts'

/** What a request asks, whatever its format. */
export type Question = {
  readonly model: string
  /** Texts of the conversation, oldest first. */
  readonly prompts: readonly string[]
  /** Tokens of each answer at most. */
  readonly limit: number
  readonly choices: number
  readonly isStream: boolean
  /** The client wants usage at the end of a stream, where the format asks. */
  readonly includesUsage: boolean
}

export type Reply = Question & {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly answers: readonly { readonly words: readonly string[]; readonly isCut: boolean }[]
  /** The tool that the answer calls in place of words; null for none. */
  readonly tool: { readonly name: string; readonly input: string } | null
  /** Input includes what was cached. */
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
}

/** Providers cache whole blocks of a prompt's beginning, from a minimum on. */
const CACHE_MIN_TOKENS = 1_024
const CACHE_BLOCK_TOKENS = 128
/** Tokens around each message and before the answer. */
const MESSAGE_TOKENS = 4
const ANSWER_START_TOKENS = 3
const CHOICES_MAX = 128

export function replyTo(question: Question, controls: Controls, now: number): Reply {
  const answers = Array.from({ length: Math.min(CHOICES_MAX, question.choices) }, (_, index) => {
    const words = wordsFor(question.prompts.join('\n'), index, controls.outputTokens)
    return { words: words.slice(0, question.limit), isCut: words.length > question.limit }
  })
  return {
    ...question,
    id: digestOf(JSON.stringify(question)),
    created: Math.floor(now / 1_000),
    answers,
    tool: controls.tool === null ? null : { name: controls.tool, input: JSON.stringify({ text: wordsFor(question.prompts.join('\n'), 0, 3).join('') }) },
    tokens: tokensOf(question.prompts, answers.reduce((sum, { words }) => sum + words.length, 0), controls),
  }
}

function tokensOf(prompts: readonly string[], output: number, controls: Controls): Reply['tokens'] {
  const counts = prompts.map((text) => countTokens(text) + MESSAGE_TOKENS)
  const input = controls.inputTokens ?? counts.reduce((sum, count) => sum + count, ANSWER_START_TOKENS)
  // All but the last message: what a provider has seen in the turn before.
  const seen = counts.slice(0, -1).reduce((sum, count) => sum + count, 0)
  const cached = controls.cachedTokens ?? (input >= CACHE_MIN_TOKENS ? seen - (seen % CACHE_BLOCK_TOKENS) : 0)
  return { input, cached: Math.min(cached, input), output }
}
