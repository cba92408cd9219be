// POST /v1/chat/completions, as OpenAI and all who copied its format speak it.

import type { StreamDialect } from '../flow/stream-dialect.ts'
import { chatUsageReader } from '../flow/usage.ts'
import { countIn, type Fields, fieldsOf, flagIn, type JsonRequest, listOf, modelIn, OUTPUT_TOKENS_MAX, outputEdits, readJson, renamed, stringsIn, wrong } from '../json-request.ts'
import { insertMember, memberNamed, replaceValue, topLevelMembers, within, type Edit } from '../json-splice.ts'
import { instructMessages } from '../instruction.ts'
import type { Asked, Changed, Surface, SurfaceRequest } from '../surface.ts'
import { tokenBound } from '../usage-bound.ts'
import { OPENAI_SHAPE } from './shape.ts'

export const CHAT_STREAM: StreamDialect = {
  notable: /"usage" ?:(?!null)|"error"|\[DONE\]/,
  end: /(?:^|\n)data: ?\[DONE\]/,
  closing: null,
  endTells: false,
  model: /"model": ?"((?:[^"\\]|\\.){1,200})"/,
  pieceMark: '"delta"',
  // Content first, because a delta that has it has no other.
  pieces: ['"content":', '"arguments":', '"reasoning_content":', '"reasoning":', '"refusal":'],
  usualPiece: ':{"content":"',
  isError: ({ error }) => typeof error === 'object' && error !== null,
}

export const chat: Surface = {
  name: 'chat',
  cache: { tools: ['tools', 'functions', 'web_search_options', 'search_parameters', 'plugins', 'data_sources'], never: ['store'] },
  shape: OPENAI_SHAPE,
  kinds: ['openai', 'azure'],
  event: 'ai.request',
  read: readChat,
  openReader: chatUsageReader,
  answer: {
    tell: ({ value, text }) => ({ model: text('model'), service_tier: text('service_tier'), usage: value('usage') }),
    textOf: ({ choices }) => listOf(choices).map((choice) => stringsIn(fieldsOf(choice)['message'])).join(''),
    stream: CHAT_STREAM,
  },
}

/** Choices that one request may ask for: the bound of OpenAI's API. */
export const CHOICES_MAX = 128
const DECIDING = new Set(['model', 'messages', 'max_tokens', 'max_completion_tokens', 'n', 'stream', 'stream_options'])

function readChat({ body }: Asked): SurfaceRequest {
  const json = readJson(body, DECIDING)
  const { value } = json
  const model = modelIn(value)
  const isStream = flagIn(value, 'stream')
  if (!Array.isArray(value['messages'])) throw wrong('messages', 'must be a list of messages')
  const wantsUsage = asksUsage(value)
  const limits = { body, model, outputMax: outputMax(value), choices: countIn(value, 'n', CHOICES_MAX) ?? 1, hasUnseenInput: hasUnseenInput(value), inputMember: 'messages', outputMember: 'max_completion_tokens' }
  return {
    body, model, isStream, wantsUsage,
    bound: (rate) => tokenBound(limits, rate),
    canClamp: true,
    prompt: () => `${model} ${JSON.stringify(listOf(value['messages']).at(-1))}`,
    canInstruct: true,
    ask: (upstreamModel, changed) => ({
      path: '/chat/completions', contentType: 'application/json',
      body: renamed(json, model, upstreamModel, [...(isStream && !wantsUsage ? [usageEdit(json)] : []), ...(changed === undefined || changed === null ? [] : changes(json, changed, limits.choices))]),
    }),
    countable: () => textOfChat(value),
  }
}

function changes(json: JsonRequest, { outputTokens, instruction }: Changed, choices: number): Edit[] {
  return [...(outputTokens === null ? [] : outputEdits(json, ['max_completion_tokens', 'max_tokens'], outputTokens / choices)), ...(instruction === null ? [] : instructMessages(json, instruction))]
}

/** Tokens that frame each message and start the answer, by OpenAI's own recipe for counting. */
const MESSAGE_FRAME_TOKENS = 4
const ANSWER_START_TOKENS = 3

function textOfChat({ messages, tools }: Fields): { readonly text: string; readonly overhead: number } {
  const all = listOf(messages)
  return { text: all.map(stringsIn).join('\n') + (Array.isArray(tools) ? JSON.stringify(tools) : ''), overhead: all.length * MESSAGE_FRAME_TOKENS + ANSWER_START_TOKENS }
}

/** Usage at the end of a stream, for a client that did not ask for it. */
export function usageEdit({ text, members }: Pick<JsonRequest, 'text' | 'members'>): Edit {
  const options = memberNamed(members, 'stream_options')
  if (options === undefined) return insertMember(text, 'stream_options', '{"include_usage":true}')
  const inner = text.slice(options.valueStart, options.valueEnd)
  if (inner === 'null') return replaceValue(options, '{"include_usage":true}')
  const asked = memberNamed(topLevelMembers(inner) ?? [], 'include_usage')
  return within(options.valueStart, asked === undefined ? insertMember(inner, 'include_usage', 'true') : replaceValue(asked, 'true'))
}

export function asksUsage(value: Fields): boolean {
  const options = value['stream_options']
  if (options === undefined || options === null) return false
  if (typeof options !== 'object' || Array.isArray(options)) throw wrong('stream_options', 'must be an object such as {"include_usage": true}')
  return (options as Fields)['include_usage'] === true
}

/** Of two limits the higher: which of them an upstream obeys is its own affair. */
function outputMax(value: Fields): number | null {
  const older = countIn(value, 'max_tokens', OUTPUT_TOKENS_MAX)
  const newer = countIn(value, 'max_completion_tokens', OUTPUT_TOKENS_MAX)
  return older === null ? newer : newer === null ? older : Math.max(older, newer)
}

const TEXT_PARTS = new Set<unknown>(['text', 'refusal', 'input_text'])
const TEXT_TOOLS = new Set<unknown>(['function', 'custom'])
/** Members with which providers add what they find or keep to the input. */
const SEARCHES = ['web_search_options', 'search_parameters', 'plugins', 'data_sources'] as const

function hasUnseenInput(value: Fields): boolean {
  for (const name of SEARCHES) if (value[name] !== undefined && value[name] !== null) return true
  for (const message of value['messages'] as readonly unknown[]) {
    if (typeof message !== 'object' || message === null) throw wrong('messages', 'must be a list of objects')
    const { content, audio } = message as Fields
    if (audio !== undefined && audio !== null) return true
    if (typeof content === 'string' || content === undefined || content === null) continue
    if (!Array.isArray(content) || !content.every((part: unknown) => typeof part === 'string' || TEXT_PARTS.has((part as Fields | null)?.['type']))) return true
  }
  const tools = value['tools']
  return Array.isArray(tools) && !tools.every((tool: unknown) => TEXT_TOOLS.has((tool as Fields | null)?.['type']))
}
