// The upper bound of what a request can use, which the decision holds. A token of a byte-level encoding is at least one byte of
// text, and JSON never writes text shorter than it is; each message's frame costs a few tokens and its braces and names more bytes
// than that. So the bytes of the body bound the input, and no tokenizer runs before a request.

import type { Catalog, Rate } from '@tollgate/core'
import { invalidRequest } from './refusal.ts'

export type UsageBound = {
  readonly inputTokens: number
  readonly outputTokens: number
  /** The request may write to a provider's cache. */
  readonly writesCache?: boolean
  /** Of many requests at once, the most output that one of them may have. */
  readonly outputOfOne?: number
  /** What is counted one by one: images, seconds, searches. */
  readonly units?: Readonly<Record<string, number>>
}

export type BoundInput = {
  readonly body: Buffer
  readonly model: string
  /** Images, files, searches: input whose tokens the bytes of the body do not bound. */
  readonly hasUnseenInput: boolean
  /** Output tokens asked for at most; null when the request leaves it to the model. */
  readonly outputMax: number | null
  /** Answers asked for. */
  readonly choices: number
  /** The members that a refusal names. */
  readonly inputMember: string
  readonly outputMember: string
}

/** Tokens that providers put in front of a conversation of their own: its start, its end, a date, a tool preamble. */
const PREAMBLE_TOKENS = 32

/** @throws {RequestRefused} when the model is in no rate card and the request itself does not bound its use. */
export function tokenBound(request: BoundInput, rate: Rate | null): UsageBound {
  return { inputTokens: inputBound(request, rate), outputTokens: outputBound(request, rate) }
}

export function inputBound(request: Pick<BoundInput, 'body' | 'model' | 'hasUnseenInput' | 'inputMember'>, rate: Rate | null): number {
  const bytes = request.body.length + PREAMBLE_TOKENS
  if (rate === null) {
    if (!request.hasUnseenInput) return bytes
    throw unbounded(request.model, request.inputMember, 'the tokens of its images, files or searches are', 'send text only')
  }
  return request.hasUnseenInput ? rate.contextWindow : Math.min(bytes, rate.contextWindow)
}

function outputBound(request: BoundInput, rate: Rate | null): number {
  if (rate !== null) return Math.min(request.outputMax ?? rate.outputMax, rate.outputMax) * request.choices
  if (request.outputMax !== null) return request.outputMax * request.choices
  throw unbounded(request.model, request.outputMember, 'its longest answer is', `send ${request.outputMember}`)
}

export function unbounded(model: string, param: string, what: string, remedy: string): Error {
  return invalidRequest(`The model ${model} is in no rate card, so ${what} not known beforehand: ${remedy}, or ask the operator to add the model.`, { param, code: 'unbounded_request' })
}

/** The bound as numbers that meters read. Parts of input and output are bounded by their whole, where a meter reads them. */
export function boundQuantities(bound: UsageBound, catalog: Catalog, event: string): Readonly<Record<string, string>> {
  const quantities: Record<string, string> = { requests: '1', input_tokens: String(bound.inputTokens), output_tokens: String(bound.outputTokens) }
  for (const part of partsRead(catalog, event)) {
    const whole = part.startsWith('cache_write') ? (bound.writesCache === true ? bound.inputTokens : 0) : OUTPUT_PARTS.has(part) ? bound.outputTokens : bound.inputTokens
    if (whole > 0) quantities[part] = String(whole)
  }
  for (const unit in bound.units) quantities[unit] = String(bound.units[unit])
  return quantities
}

const OUTPUT_PARTS: ReadonlySet<string> = new Set(['reasoning_tokens', 'audio_output_tokens', 'image_output_tokens'])
/** Parts of the three totals that usage events tell beside them. */
const PARTS: ReadonlySet<string> = new Set([
  ...OUTPUT_PARTS, 'cache_write_tokens', 'cache_write_1h_tokens', 'audio_input_tokens', 'image_input_tokens', 'video_input_tokens', 'citation_tokens',
])

const READ = new WeakMap<Catalog, Map<string, readonly string[]>>()

/** Which parts some meter of this event type reads: none in most catalogs. */
function partsRead(catalog: Catalog, event: string): readonly string[] {
  let byEvent = READ.get(catalog)
  if (byEvent === undefined) READ.set(catalog, (byEvent = new Map()))
  let parts = byEvent.get(event)
  if (parts === undefined) {
    const properties = new Set(catalog.meters.filter(({ eventType }) => eventType === event).flatMap((meter) => meter.properties))
    parts = [...properties].filter((property) => PARTS.has(property))
    byEvent.set(event, parts)
  }
  return parts
}
