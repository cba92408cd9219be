// POST /v1/completions: the older text completions. Prompts may be many, and `best_of` bills answers that nobody sees.

import { chatUsageReader } from '../flow/usage.ts'
import { countIn, fieldsOf, flagIn, listOf, modelIn, OUTPUT_TOKENS_MAX, outputEdits, readJson, renamed, stringsIn, wrong, type Fields } from '../json-request.ts'
import type { Surface } from '../surface.ts'
import { tokenBound } from '../usage-bound.ts'
import { asksUsage, CHAT_STREAM, chat, CHOICES_MAX, usageEdit } from './chat.ts'

const DECIDING = new Set(['model', 'prompt', 'max_tokens', 'n', 'best_of', 'stream', 'stream_options'])
/** What the API takes when the request says nothing. */
const OUTPUT_DEFAULT = 16
const PROMPTS_MAX = 2_048

export const completions: Surface = {
  ...chat,
  name: 'completions',
  cache: { tools: [], never: [] },
  read: ({ body }) => {
    const json = readJson(body, DECIDING)
    const { value } = json
    const model = modelIn(value)
    const isStream = flagIn(value, 'stream')
    const wantsUsage = asksUsage(value)
    const choices = Math.max(countIn(value, 'n', CHOICES_MAX) ?? 1, countIn(value, 'best_of', CHOICES_MAX) ?? 1) * promptsIn(value)
    const limits = { body, model, outputMax: countIn(value, 'max_tokens', OUTPUT_TOKENS_MAX) ?? OUTPUT_DEFAULT, choices, hasUnseenInput: false, inputMember: 'prompt', outputMember: 'max_tokens' }
    return {
      body, model, isStream, wantsUsage,
      bound: (rate) => tokenBound(limits, rate),
      canClamp: true,
      ask: (upstreamModel, changed) => ({ path: '/completions', body: renamed(json, model, upstreamModel, [...(isStream && !wantsUsage ? [usageEdit(json)] : []), ...outputEdits(json, ['max_tokens'], changed?.outputTokens === null || changed?.outputTokens === undefined ? null : changed.outputTokens / choices)]), contentType: 'application/json' }),
      countable: () => ({ text: stringsIn(value['prompt']), overhead: 0 }),
    }
  },
  openReader: chatUsageReader,
  answer: {
    ...chat.answer,
    textOf: ({ choices }) => listOf(choices).map((choice) => stringsIn(fieldsOf(choice)['text'])).join(''),
    stream: { ...CHAT_STREAM, pieceMark: '"choices"', pieces: ['"text":'], usualPiece: null },
  },
}

/** A text, a list of texts, a list of tokens, or a list of those. */
function promptsIn({ prompt }: Fields): number {
  if (prompt === undefined || prompt === null || typeof prompt === 'string') return 1
  if (!Array.isArray(prompt) || prompt.length === 0) throw wrong('prompt', 'must be a text or a list')
  const count = typeof prompt[0] === 'number' ? 1 : prompt.length
  if (count > PROMPTS_MAX) throw wrong('prompt', `must be at most ${PROMPTS_MAX} prompts`)
  return count
}
