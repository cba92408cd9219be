// Reads the body of POST /v1/chat/completions as far as a decision needs: model, stream, and what bounds its cost. Everything
// else is the provider's business and passes unread. Members that decide the cost may come only once and spelled exactly:
// servers differ in which duplicate they take and whether case matters, and a hold must not be passed by that.

import { isAscii, isUtf8 } from 'node:buffer'
import { insertMember, memberNamed, replaceValue, splice, topLevelMembers, within, type Edit, type Member } from '../json-splice.ts'
import { invalidRequest, type RequestRefused } from './errors.ts'

export type ChatRequest = {
  readonly body: Buffer
  /** The body with one character per byte. */
  readonly text: string
  readonly members: readonly Member[]
  readonly model: string
  readonly isStream: boolean
  /** The client asked for the usage chunk of a stream. */
  readonly wantsUsage: boolean
  /** Output tokens asked for at most, for each choice; null when the request leaves it to the model. */
  readonly outputMax: number | null
  readonly choices: number
  /** Images, files, audio, searches: input whose tokens the bytes of the body do not bound. */
  readonly hasUnseenInput: boolean
}

/** Choices that one request may ask for: the bound of OpenAI's API. */
const CHOICES_MAX = 128
const MODEL_LENGTH_MAX = 200
/** Far beyond any model, and small enough to be multiplied by choices and prices. */
const OUTPUT_TOKENS_MAX = 1_000_000_000

/** @throws {RequestRefused} 400 with the member at fault. */
export function readChatRequest(body: Buffer): ChatRequest {
  const text = body.toString('latin1')
  const value = parse(body, text)
  const members = topLevelMembers(text)
  if (members === null) throw invalidRequest('The body must be a JSON object.')
  refuseAmbiguous(members)
  const { model, stream } = value
  if (typeof model !== 'string' || model === '' || model.length > MODEL_LENGTH_MAX) throw wrong('model', 'must be the name of a model')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') throw wrong('stream', 'must be true or false')
  if (!Array.isArray(value['messages'])) throw wrong('messages', 'must be a list of messages')
  return {
    body, text, members, model,
    isStream: stream === true,
    wantsUsage: wantsUsage(value['stream_options']),
    outputMax: outputMax(value),
    choices: count(value, 'n', CHOICES_MAX) ?? 1,
    hasUnseenInput: hasUnseenInput(value),
  }
}

/** The body as the upstream gets it: its own name for the model, and usage at the end of a stream. Otherwise byte for byte. */
export function upstreamBody(request: ChatRequest, upstreamModel: string): Buffer {
  const edits: Edit[] = []
  const model = memberNamed(request.members, 'model')
  if (model !== undefined && request.model !== upstreamModel) edits.push(replaceValue(model, JSON.stringify(upstreamModel)))
  if (request.isStream && !request.wantsUsage) edits.push(usageEdit(request))
  return splice(request.body, edits)
}

function usageEdit({ text, members }: ChatRequest): Edit {
  const options = memberNamed(members, 'stream_options')
  if (options === undefined) return insertMember(text, 'stream_options', '{"include_usage":true}')
  const inner = text.slice(options.valueStart, options.valueEnd)
  if (inner === 'null') return replaceValue(options, '{"include_usage":true}')
  const asked = memberNamed(topLevelMembers(inner) ?? [], 'include_usage')
  return within(options.valueStart, asked === undefined ? insertMember(inner, 'include_usage', 'true') : replaceValue(asked, 'true'))
}

type Body = Readonly<Record<string, unknown>>

function parse(body: Buffer, text: string): Body {
  if (!isUtf8(body)) throw invalidRequest('The body is not valid UTF-8.', { code: 'invalid_json' })
  try {
    const value: unknown = JSON.parse(isAscii(body) ? text : body.toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  } catch (error) {
    throw invalidRequest(`The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`, { code: 'invalid_json' })
  }
  throw invalidRequest('The body must be a JSON object.', { code: 'invalid_json' })
}

const DECIDING = new Set(['model', 'messages', 'max_tokens', 'max_completion_tokens', 'n', 'stream', 'stream_options'])

function refuseAmbiguous(members: readonly Member[]): void {
  const seen = new Set<string>()
  for (const { name } of members) {
    const folded = DECIDING.has(name) ? name : fold(name)
    if (!DECIDING.has(folded)) continue
    if (seen.has(folded)) throw wrong(folded, 'is given twice, and providers differ in which one they take')
    if (folded !== name) throw wrong(folded, `must be spelled exactly so, got ${JSON.stringify(name.slice(0, 60))}`)
    seen.add(folded)
  }
}

/** Some servers match names without case, by Unicode's folding: the Kelvin sign is a k to them, the long s an s. */
function fold(name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase()
  const decoded = /^[\0-\xff]*$/.test(name) ? Buffer.from(name, 'latin1').toString() : name
  return decoded.normalize('NFKC').toLowerCase()
}

function wantsUsage(options: unknown): boolean {
  if (options === undefined || options === null) return false
  if (typeof options !== 'object' || Array.isArray(options)) throw wrong('stream_options', 'must be an object such as {"include_usage": true}')
  return (options as Body)['include_usage'] === true
}

/** Of two limits the higher: which of them an upstream obeys is its own affair. */
function outputMax(value: Body): number | null {
  const older = count(value, 'max_tokens', OUTPUT_TOKENS_MAX)
  const newer = count(value, 'max_completion_tokens', OUTPUT_TOKENS_MAX)
  return older === null ? newer : newer === null ? older : Math.max(older, newer)
}

function count(value: Body, name: string, max: number): number | null {
  const given = value[name]
  if (given === undefined || given === null) return null
  if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < 1 || given > max) {
    throw wrong(name, `must be a whole number from 1 to ${max}`)
  }
  return given
}

const TEXT_PARTS = new Set<unknown>(['text', 'refusal', 'input_text'])
const TEXT_TOOLS = new Set<unknown>(['function', 'custom'])
/** Members with which providers add what they find or keep to the input. */
const SEARCHES = ['web_search_options', 'search_parameters', 'plugins', 'data_sources'] as const

function hasUnseenInput(value: Body): boolean {
  for (const name of SEARCHES) if (value[name] !== undefined && value[name] !== null) return true
  for (const message of value['messages'] as readonly unknown[]) {
    if (typeof message !== 'object' || message === null) throw wrong('messages', 'must be a list of objects')
    const { content, audio } = message as Body
    if (audio !== undefined && audio !== null) return true
    if (typeof content === 'string' || content === undefined || content === null) continue
    if (!Array.isArray(content) || !content.every((part: unknown) => typeof part === 'string' || TEXT_PARTS.has((part as Body | null)?.['type']))) return true
  }
  const tools = value['tools']
  return Array.isArray(tools) && !tools.every((tool: unknown) => TEXT_TOOLS.has((tool as Body | null)?.['type']))
}

function wrong(param: string, what: string): RequestRefused {
  return invalidRequest(`${param} ${what}.`, { param, code: 'invalid_value' })
}
