// POST /v1/messages, Anthropic's own surface. Its figures are cumulative and may grow on the way; what its server tools read is
// input that nobody sees before, so a request with them holds the model's whole context.

import { openUsageReader, type Rate } from '@tollgate/core'
import type { StreamDialect } from '../flow/stream-dialect.ts'
import { countIn, type Fields, fieldsOf, flagIn, listOf, modelIn, OUTPUT_TOKENS_MAX, outputEdits, readJson, renamed, stringsIn, wrong } from '../json-request.ts'
import { instructMember } from '../instruction.ts'
import { isTold, type Asked, type Surface, type SurfaceRequest } from '../surface.ts'
import { tokenBound, type BoundInput, type UsageBound } from '../usage-bound.ts'
import { ANTHROPIC_SHAPE } from './shape.ts'

const MESSAGES_STREAM: StreamDialect = {
  notable: /"usage" ?:(?!null)|"type": ?"(?:error|message_stop)"/,
  end: /"type": ?"message_stop"/,
  // Bedrock repeats the figures there.
  closing: null,
  endTells: true,
  model: /"model": ?"((?:[^"\\]|\\.){1,200})"/,
  pieceMark: '"delta"',
  pieces: ['"text":', '"thinking":', '"partial_json":'],
  usualPiece: ':{"type":"text_delta","text":"',
  isError: ({ type }) => type === 'error',
}

export const messages: Surface = {
  name: 'messages',
  cache: { tools: ['tools', 'mcp_servers', 'container'], never: [] },
  shape: ANTHROPIC_SHAPE,
  kinds: ['anthropic'],
  event: 'ai.request',
  read: readMessages,
  openReader: (provider) => openUsageReader('messages', provider),
  answer: {
    tell: ({ value, text }) => ({ type: 'message', model: text('model'), stop_reason: text('stop_reason'), usage: value('usage') }),
    textOf: ({ content }) => stringsIn(content),
    stream: MESSAGES_STREAM,
    // A refusal without output is not billed.
    maySayZero: true,
  },
}

/** POST /v1/messages/count_tokens: free at the provider, and an event of its own type here. */
export const countTokens: Surface = {
  ...messages,
  name: 'count_tokens',
  event: 'ai.count_tokens',
  isFree: true,
  read: ({ body }) => {
    const json = readJson(body, DECIDING)
    const model = modelIn(json.value)
    return {
      body, model, isStream: false, wantsUsage: true,
      bound: () => ({ inputTokens: 0, outputTokens: 0 }),
      ask: (upstreamModel) => ({ path: '/messages/count_tokens', body: renamed(json, model, upstreamModel), contentType: 'application/json' }),
      countable: () => null,
      fixed: () => ({ buckets: {}, isEstimated: false }),
    }
  },
  answer: { ...messages.answer, tell: () => null, maySayZero: false },
}

const DECIDING = new Set(['model', 'messages', 'system', 'max_tokens', 'stream', 'tools'])

function readMessages({ body }: Asked): SurfaceRequest {
  const json = readJson(body, DECIDING)
  const { value } = json
  const model = modelIn(value)
  const isStream = flagIn(value, 'stream')
  if (!Array.isArray(value['messages'])) throw wrong('messages', 'must be a list of messages')
  const limits = limitsOf(body, value)
  return {
    body, model, isStream, wantsUsage: true,
    bound: (rate): UsageBound => boundFrom(limits, value, rate),
    canClamp: true,
    prompt: () => `${model} ${JSON.stringify(listOf(value['messages']).at(-1))}`,
    canInstruct: true,
    ask: (upstreamModel, changed) => ({ path: '/messages', body: renamed(json, model, upstreamModel, [...outputEdits(json, ['max_tokens'], changed?.outputTokens), ...(isTold(changed) ? instructMember(json, 'system', changed.instruction) : [])]), contentType: 'application/json' }),
    countable: () => ({ text: stringsIn(value['system']) + listOf(value['messages']).map(stringsIn).join('\n') + (Array.isArray(value['tools']) ? JSON.stringify(value['tools']) : ''), overhead: FRAME_TOKENS * listOf(value['messages']).length }),
  }
}

/** What one request can use at most, read out of its parsed body; `body` is its bytes. */
export function messageBound(body: Buffer, value: Fields, rate: Rate | null): UsageBound {
  return boundFrom(limitsOf(body, value), value, rate)
}

function limitsOf(body: Buffer, value: Fields): BoundInput {
  return { body, model: String(value['model']), outputMax: countIn(value, 'max_tokens', OUTPUT_TOKENS_MAX), choices: 1, hasUnseenInput: hasUnseenInput(value), inputMember: 'messages', outputMember: 'max_tokens' }
}

function boundFrom(limits: BoundInput, value: Fields, rate: Rate | null): UsageBound {
  return { ...tokenBound(limits, rate), writesCache: limits.body.includes('"cache_control"'), units: serverToolUses(value) }
}

const FRAME_TOKENS = 4

const TEXT_BLOCKS = new Set<unknown>(['text', 'thinking', 'redacted_thinking', 'tool_use'])

/** Images, documents, files, and whatever the provider's own tools, skills and servers add. */
function hasUnseenInput(value: Fields): boolean {
  for (const name of ['mcp_servers', 'container', 'context_management'] as const) if (value[name] !== undefined && value[name] !== null) return true
  const all = listOf(value['messages'])
  if (!all.every((message) => typeof message === 'object' && message !== null)) throw wrong('messages', 'must be a list of objects')
  return all.some((message) => !isPlain(fieldsOf(message)['content'])) || !isPlain(value['system']) || listOf(value['tools']).some((tool) => !isOwnTool(fieldsOf(tool)))
}

function isPlain(content: unknown): boolean {
  if (content === undefined || content === null || typeof content === 'string') return true
  return Array.isArray(content) && content.every((block) => {
    const { type, content: inner } = fieldsOf(block)
    return TEXT_BLOCKS.has(type) || (type === 'tool_result' && isPlain(inner))
  })
}

/** A tool that the client itself runs; the provider's have a type of their own. Some of those run at the client too but bring a prompt along. */
function isOwnTool({ type }: Fields): boolean {
  return type === undefined || type === null || type === 'custom'
}

/** Uses of a server tool that are held where the request sets no bound of its own. */
const TOOL_USES_DEFAULT = 10
const BILLED_TOOLS = [[/^web_search_/, 'web_search_requests'], [/^web_fetch_/, 'web_fetch_requests'], [/^code_execution_/, 'code_execution_requests']] as const

function serverToolUses(value: Fields): Readonly<Record<string, number>> {
  const units: Record<string, number> = {}
  for (const tool of listOf(value['tools'])) {
    const { type, max_uses: uses } = fieldsOf(tool)
    const unit = BILLED_TOOLS.find(([pattern]) => typeof type === 'string' && pattern.test(type))?.[1]
    if (unit !== undefined) units[unit] = (units[unit] ?? 0) + (typeof uses === 'number' && Number.isSafeInteger(uses) && uses > 0 ? Math.min(uses, 10_000) : TOOL_USES_DEFAULT)
  }
  return units
}
