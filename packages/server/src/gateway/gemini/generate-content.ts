// Gemini's own surface: /v1beta/models/{model}:generateContent, :streamGenerateContent (as events or as one JSON array),
// :countTokens and :embedContent. The model stands in the path. Google reads members in two spellings; both are read here.

import { openUsageReader, type UsageReader } from '@tollgate/core'
import type { StreamDialect } from '../flow/stream-dialect.ts'
import { instructSystem } from '../instruction.ts'
import { countIn, fieldsOf, listOf, OUTPUT_TOKENS_MAX, outputEdits, readJson, stringsIn, wrong, type Fields, type JsonRequest } from '../json-request.ts'
import { insertMember, memberNamed, replaceValue, splice, topLevelMembers, within, type Edit } from '../json-splice.ts'
import type { Asked, Changed, Surface, SurfaceRequest } from '../surface.ts'
import { inputBound, tokenBound, type UsageBound } from '../usage-bound.ts'
import { GEMINI_SHAPE } from './shape.ts'

const GEMINI_STREAM: StreamDialect = {
  notable: /"usageMetadata"|"error"|"groundingMetadata"/,
  // The stream has no last event of its own: its end is the end of the body.
  end: null,
  closing: /"finishReason"/,
  endTells: false,
  model: /"modelVersion": ?"((?:[^"\\]|\\.){1,200})"/,
  pieceMark: '"parts"',
  pieces: ['"text":'],
  usualPiece: null,
  isError: ({ error }) => typeof error === 'object' && error !== null,
}

export const generateContent: Surface = {
  name: 'generate_content',
  cache: { tools: ['tools'], never: ['cachedContent', 'cached_content'] },
  shape: GEMINI_SHAPE,
  kinds: ['gemini'],
  event: 'ai.request',
  read: readGenerate,
  openReader: (provider): UsageReader => openUsageReader('generate_content', provider),
  answer: {
    tell: ({ value, text }) => ({ modelVersion: text('modelVersion'), usageMetadata: value('usageMetadata'), candidates: value('candidates') }),
    textOf: ({ candidates }) => stringsIn(listOf(candidates).map((candidate) => fieldsOf(candidate)['content'])),
    stream: GEMINI_STREAM,
    hasArrayStream: true,
  },
}

export const embedContent: Surface = {
  ...generateContent,
  name: 'embed_content',
  read: ({ body, params, query }) => {
    const { value } = readJson(body, DECIDING)
    const [model, action] = [params[0]!, params[1]!]
    return {
      body, model, isStream: false, wantsUsage: true,
      bound: (rate): UsageBound => ({ inputTokens: inputBound({ body, model, hasUnseenInput: false, inputMember: 'content' }, rate === null ? null : { ...rate, contextWindow: body.length + 32 }), outputTokens: 0 }),
      ask: (upstreamModel) => ask(upstreamModel, action, query, body),
      countable: () => ({ text: stringsIn(value['content'] ?? listOf(value['requests']).map((one) => fieldsOf(one)['content'])), overhead: 0 }),
    }
  },
  answer: { ...generateContent.answer, textOf: () => '', hasArrayStream: false },
}

export const countGeminiTokens: Surface = {
  ...embedContent,
  name: 'count_tokens',
  event: 'ai.count_tokens',
  isFree: true,
  read: ({ body, params, query }) => ({
    body, model: params[0]!, isStream: false, wantsUsage: true,
    bound: () => ({ inputTokens: 0, outputTokens: 0 }),
    ask: (upstreamModel) => ask(upstreamModel, 'countTokens', query, body),
    countable: () => null,
    fixed: () => ({ buckets: {}, isEstimated: false }),
  }),
  answer: { ...embedContent.answer, tell: () => null },
}

const DECIDING = new Set(['contents', 'content', 'requests', 'systemInstruction', 'system_instruction', 'generationConfig', 'generation_config', 'tools', 'cachedContent', 'cached_content'])
const CANDIDATES_MAX = 8

function readGenerate({ body, params, query }: Asked): SurfaceRequest {
  const json = readJson(body, DECIDING)
  const { value } = json
  const [model, action] = [params[0]!, params[1]!]
  if (!Array.isArray(value['contents'])) throw wrong('contents', 'must be a list of contents')
  const config = either(value, 'generationConfig', 'generation_config')
  const outputMax = countIn(either(fieldsOf(config), 'maxOutputTokens', 'max_output_tokens', true), 'value', OUTPUT_TOKENS_MAX)
  const choices = countIn(either(fieldsOf(config), 'candidateCount', 'candidate_count', true), 'value', CANDIDATES_MAX) ?? 1
  const limits = { body, model, outputMax, choices, hasUnseenInput: hasUnseenInput(value), inputMember: 'contents', outputMember: 'generationConfig.maxOutputTokens' }
  return {
    body, model, isStream: action === 'streamGenerateContent', wantsUsage: true,
    bound: (rate): UsageBound => ({ ...tokenBound(limits, rate), units: searches(value) }),
    canClamp: true,
    canInstruct: true,
    prompt: () => `${model} ${JSON.stringify(listOf(value['contents']).at(-1))}`,
    ask: (upstreamModel, changed) => ask(upstreamModel, action, query, changed === undefined || changed === null ? body : splice(body, changes(json, changed, choices))),
    countable: () => ({ text: stringsIn(value['systemInstruction'] ?? value['system_instruction']) + stringsIn(value['contents']), overhead: 0 }),
  }
}

function changes(json: JsonRequest, { outputTokens, instruction }: Changed, choices: number): Edit[] {
  return [...(outputTokens === null ? [] : configEdits(json, outputTokens / choices)), ...(instruction === null ? [] : instructSystem(json, instruction))]
}

/** The output's bound stands inside of the configuration, each in either spelling. */
function configEdits({ text, members }: JsonRequest, outputTokens: number): Edit[] {
  const most = String(Math.max(1, Math.floor(outputTokens)))
  const config = memberNamed(members, 'generationConfig') ?? memberNamed(members, 'generation_config')
  if (config === undefined) return [insertMember(text, 'generationConfig', `{"maxOutputTokens":${most}}`)]
  const inner = text.slice(config.valueStart, config.valueEnd)
  const configured = topLevelMembers(inner)
  if (configured === null) return [replaceValue(config, `{"maxOutputTokens":${most}}`)]
  const spelled = memberNamed(configured, 'max_output_tokens') === undefined ? 'maxOutputTokens' : 'max_output_tokens'
  return outputEdits({ text: inner, members: configured }, [spelled], outputTokens).map((edit) => within(config.valueStart, edit))
}

/** A key in the query is ours, and is not passed on. */
function ask(model: string, action: string, query: string, body: Buffer) {
  const kept = new URLSearchParams(query)
  kept.delete('key')
  const text = kept.toString()
  return { path: `/models/${encodeURIComponent(model)}:${action}${text === '' ? '' : `?${text}`}`, body, contentType: 'application/json' }
}

/** One member under two spellings; with both given nobody knows which one is taken. As `{ value }` for a number. */
function either(value: Fields, camel: string, snake: string, isNumber?: boolean): Fields {
  if (value[camel] !== undefined && value[snake] !== undefined) throw wrong(camel, `is given twice, also as ${snake}`)
  const found = value[camel] ?? value[snake]
  return isNumber === true ? { value: found } : fieldsOf(found)
}

const TEXT_PARTS = ['text', 'functionCall', 'functionResponse', 'function_call', 'function_response'] as const
const OWN_TOOLS = new Set(['functionDeclarations', 'function_declarations'])

function hasUnseenInput(value: Fields): boolean {
  const { cachedContent, cached_content: cached } = value
  if ((cachedContent ?? cached ?? null) !== null) return true
  if (listOf(value['tools']).some((tool) => Object.keys(fieldsOf(tool)).some((name) => !OWN_TOOLS.has(name)))) return true
  const contents = [...listOf(value['contents']), value['systemInstruction'] ?? value['system_instruction'] ?? {}]
  return contents.some((content) => typeof content !== 'string' && listOf(fieldsOf(content)['parts'] ?? []).some((part) => !TEXT_PARTS.some((name) => fieldsOf(part)[name] !== undefined)))
}

/** Searches that are held for a request that may ground its answer. */
const SEARCHES_DEFAULT = 10

function searches(value: Fields): Readonly<Record<string, number>> {
  const may = listOf(value['tools']).some((tool) => Object.keys(fieldsOf(tool)).some((name) => /^google_?search/i.test(name)))
  return may ? { web_search_requests: SEARCHES_DEFAULT, grounded_prompts: 1 } : {}
}
