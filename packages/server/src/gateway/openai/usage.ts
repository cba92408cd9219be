// Usage as OpenAI-compatible providers tell it, turned into disjoint counts. OpenAI's prompt_tokens include the cached ones and
// completion_tokens the reasoning; xAI and Gemini leave reasoning out of completion_tokens but not out of the total, so the
// total decides. What is not a plausible count is no usage at all: the caller then counts for itself.

import { costOf, formatUnits, QUANTITY_MAX, rateInForce, type Catalog, type Instant } from '@tollgate/core'
import type { Usage } from '../../hot/contract.ts'

/** The provider's own figures, not yet disjoint. In a stream each field only grows: the largest of all chunks stands. */
export type ReportedUsage = {
  readonly prompt: number
  readonly completion: number
  readonly total: number
  readonly cached: number
  readonly reasoning: number
  readonly audioInput: number
  readonly audioOutput: number
}

/** Disjoint counts, but for reasoning and audio, which are parts of their neighbours. */
export type TokenUsage = {
  /** Input that was not read from a cache. */
  readonly input: number
  readonly cachedInput: number
  /** Reasoning included. */
  readonly output: number
  readonly reasoning: number
  readonly audioInput: number
  readonly audioOutput: number
  /** The provider's total is not the sum of its parts. */
  readonly isOdd: boolean
}

/** Reads a `usage` object; null when it is none or says nothing. */
export function readUsage(value: unknown): ReportedUsage | null {
  if (typeof value !== 'object' || value === null) return null
  const usage = value as Fields
  const input = fieldsOf(usage['prompt_tokens_details'])
  const output = fieldsOf(usage['completion_tokens_details'])
  const reported: ReportedUsage = {
    prompt: count(usage['prompt_tokens']),
    completion: count(usage['completion_tokens']),
    total: count(usage['total_tokens']),
    // DeepSeek and Moonshot name it beside the totals.
    cached: Math.max(count(input['cached_tokens']), count(usage['prompt_cache_hit_tokens']), count(usage['cached_tokens'])),
    reasoning: count(output['reasoning_tokens']),
    audioInput: count(input['audio_tokens']),
    audioOutput: count(output['audio_tokens']),
  }
  return reported.prompt > 0 || reported.completion > 0 || reported.total > 0 ? reported : null
}

export function largerUsage(a: ReportedUsage | null, b: ReportedUsage): ReportedUsage {
  if (a === null) return b
  return {
    prompt: Math.max(a.prompt, b.prompt),
    completion: Math.max(a.completion, b.completion),
    total: Math.max(a.total, b.total),
    cached: Math.max(a.cached, b.cached),
    reasoning: Math.max(a.reasoning, b.reasoning),
    audioInput: Math.max(a.audioInput, b.audioInput),
    audioOutput: Math.max(a.audioOutput, b.audioOutput),
  }
}

export function tokenUsage(reported: ReportedUsage): TokenUsage {
  const cachedInput = Math.min(reported.cached, reported.prompt)
  const output = Math.max(reported.completion, reported.total - reported.prompt)
  return {
    input: reported.prompt - cachedInput,
    cachedInput,
    output,
    reasoning: Math.min(reported.reasoning, output),
    audioInput: Math.min(reported.audioInput, reported.prompt - cachedInput),
    audioOutput: Math.min(reported.audioOutput, output),
    isOdd: reported.total !== 0 && reported.total !== reported.prompt + output,
  }
}

/** Usage that we counted ourselves. */
export function countedUsage(input: number, output: number): TokenUsage {
  return { input, cachedInput: 0, output, reasoning: 0, audioInput: 0, audioOutput: 0, isOdd: false }
}

/** The numbers of the usage event, as meters read them. */
export function quantitiesOf(usage: TokenUsage): Usage['quantities'] {
  return { requests: '1', input_tokens: String(usage.input), cached_input_tokens: String(usage.cachedInput), output_tokens: String(usage.output) }
}

/** Service classes that have prices of their own, which the rate card does not hold: their cost is unknown rather than wrong. */
const OTHER_TARIFFS = new Set(['flex', 'priority', 'batch'])

/** Provider cost by the rate in force for the model returned, else for the one asked for; null when it has no price. */
export function providerCost(
  catalog: Catalog,
  usage: TokenUsage,
  call: { readonly modelReturned: string | null; readonly modelAsked: string; readonly serviceTier: string | null; readonly at: Instant },
): Usage['cost'] {
  if (call.serviceTier !== null && OTHER_TARIFFS.has(call.serviceTier)) return null
  const rate = (call.modelReturned === null ? null : rateInForce(catalog.rateCard, call.modelReturned, call.at)) ?? rateInForce(catalog.rateCard, call.modelAsked, call.at)
  if (rate === null) return null
  const cost = costOf(rate, {
    input: usage.input - usage.audioInput,
    cached_input: usage.cachedInput,
    audio_input: usage.audioInput,
    output: usage.output - usage.audioOutput,
    audio_output: usage.audioOutput,
  })
  return cost === null ? null : { amount: formatUnits(cost.units, cost.asset), currency: cost.asset }
}

type Fields = Readonly<Record<string, unknown>>
const NO_FIELDS: Fields = {}
const COUNT_MAX = Number(QUANTITY_MAX)

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : NO_FIELDS
}

/** A count that is missing, negative, a fraction or absurd says nothing. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= COUNT_MAX ? value : 0
}
