// POST /v1/responses: items in and out, tools that run at the provider, conversations that it keeps. What the request does not show
// (an earlier response, a stored prompt, a file, the finds of a tool) holds the model's whole context.

import { openUsageReader } from '@tollgate/core'
import type { StreamDialect } from '../flow/stream-dialect.ts'
import { countIn, fieldsOf, flagIn, listOf, modelIn, OUTPUT_TOKENS_MAX, readJson, renamed, stringsIn, wrong, type Fields, outputEdits } from '../json-request.ts'
import { invalidRequest } from '../refusal.ts'
import { instructMember } from '../instruction.ts'
import { isTold, type Asked, type Surface, type SurfaceRequest } from '../surface.ts'
import { tokenBound, type UsageBound } from '../usage-bound.ts'
import { OPENAI_SHAPE } from './shape.ts'

const RESPONSES_STREAM: StreamDialect = {
  notable: /"usage" ?:(?!null)|"type": ?"(?:error|response\.(?:completed|incomplete|failed|output_item\.done))"/,
  end: /"type": ?"response\.(?:completed|incomplete|failed)"/,
  closing: null,
  endTells: true,
  model: /"model": ?"((?:[^"\\]|\\.){1,200})"/,
  // Inside of the type: response.output_text.delta, response.function_call_arguments.delta.
  pieceMark: '.delta"',
  pieces: ['"delta":'],
  usualPiece: null,
  isError: ({ type }) => type === 'error' || type === 'response.failed',
}

export const responses: Surface = {
  name: 'responses',
  cache: { tools: ['tools'], never: ['conversation', 'previous_response_id', 'prompt'] },
  shape: OPENAI_SHAPE,
  kinds: ['openai', 'azure'],
  event: 'ai.request',
  read: readResponses,
  openReader: (provider) => openUsageReader('responses', provider),
  answer: {
    tell: ({ value, text }) => ({ id: text('id'), model: text('model'), service_tier: text('service_tier'), output: value('output'), usage: value('usage') }),
    textOf: ({ output }) => stringsIn(output),
    stream: RESPONSES_STREAM,
  },
}

const DECIDING = new Set(['model', 'input', 'instructions', 'max_output_tokens', 'stream', 'tools', 'background', 'previous_response_id', 'conversation', 'prompt', 'max_tool_calls'])

function readResponses({ body }: Asked): SurfaceRequest {
  const json = readJson(body, DECIDING)
  const { value } = json
  const model = modelIn(value)
  const isStream = flagIn(value, 'stream')
  const isBackground = flagIn(value, 'background')
  if (isBackground && isStream) throw invalidRequest('A response in the background cannot be streamed here: leave out one of both, and ask for it with GET /v1/responses/{id}.', { code: 'background_stream_not_served', param: 'stream' })
  const { input } = value
  if (input !== undefined && input !== null && typeof input !== 'string' && !Array.isArray(input)) throw wrong('input', 'must be a text or a list of items')
  const limits = {
    body, model, outputMax: countIn(value, 'max_output_tokens', OUTPUT_TOKENS_MAX), choices: 1, hasUnseenInput: hasUnseenInput(value), inputMember: 'input', outputMember: 'max_output_tokens',
  }
  return {
    body, model, isStream, wantsUsage: true, ...(isBackground ? { background: 'response' as const } : {}),
    bound: (rate): UsageBound => ({ ...tokenBound(limits, rate), units: toolCalls(value) }),
    canClamp: true,
    prompt: () => `${model} ${JSON.stringify(Array.isArray(value['input']) ? value['input'].at(-1) : value['input'])}`,
    canInstruct: true,
    ask: (upstreamModel, changed) => ({ path: '/responses', body: renamed(json, model, upstreamModel, [...outputEdits(json, ['max_output_tokens'], changed?.outputTokens), ...(isTold(changed) ? instructMember(json, 'instructions', changed.instruction) : [])]), contentType: 'application/json' }),
    countable: () => ({ text: stringsIn(value['instructions']) + stringsIn(input) + (Array.isArray(value['tools']) ? JSON.stringify(value['tools']) : ''), overhead: 3 + 4 * Math.max(1, listOf(input).length) }),
  }
}

const STORED = ['previous_response_id', 'conversation', 'prompt', 'context_management'] as const
const TEXT_PARTS = new Set<unknown>(['input_text', 'output_text', 'text', 'refusal', 'summary_text', 'reasoning_text'])
const TEXT_ITEMS = new Set<unknown>([undefined, 'message', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output', 'reasoning'])
const OWN_TOOLS = new Set<unknown>(['function', 'custom'])

function hasUnseenInput(value: Fields): boolean {
  if (STORED.some((name) => value[name] !== undefined && value[name] !== null)) return true
  if (listOf(value['tools']).some((tool) => !OWN_TOOLS.has(fieldsOf(tool)['type']))) return true
  return listOf(value['input']).some((item) => {
    const { type, content, output, summary } = fieldsOf(item)
    return !TEXT_ITEMS.has(type) || ![content, output, summary].every(isText)
  })
}

function isText(content: unknown): boolean {
  return content === undefined || content === null || typeof content === 'string' || (Array.isArray(content) && content.every((part) => TEXT_PARTS.has(fieldsOf(part)['type'])))
}

/** Calls of the provider's tools that are held where the request sets no bound of its own. */
const TOOL_CALLS_DEFAULT = 10
const BILLED_TOOLS: Readonly<Record<string, string>> = {
  web_search: 'web_search_requests', web_search_preview: 'web_search_requests', web_search_2025_08_26: 'web_search_requests', web_search_preview_2025_03_11: 'web_search_requests',
  file_search: 'file_search_requests', code_interpreter: 'code_interpreter_containers', image_generation: 'image_generation_requests',
}

function toolCalls(value: Fields): Readonly<Record<string, number>> {
  const most = countIn(value, 'max_tool_calls', 10_000) ?? TOOL_CALLS_DEFAULT
  const units: Record<string, number> = {}
  for (const tool of listOf(value['tools'])) {
    const unit = BILLED_TOOLS[String(fieldsOf(tool)['type'])]
    if (unit !== undefined) units[unit] = most
  }
  return units
}
