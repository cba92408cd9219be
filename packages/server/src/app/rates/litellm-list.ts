// Reads the price map that LiteLLM publishes: one object, model → fields, amounts per single unit. Conditions hide in the names of
// its fields (`…_above_200k_tokens`, `…_flex`, `…_batches`); they become variants. Models of modes that Tollgate does not meter
// (video, optical recognition) are passed over and counted.

import type { RateVariantDocument } from '@tollgate/core'
import { fieldsOf, plainDecimal, tokenCount, type Fields } from './list-json.ts'
import { listedRate, noPrices, providerId, seeAsText, type ListedRate, type Prices, type ReadList } from './listed-rate.ts'

const MODES = new Set(['chat', 'completion', 'responses', 'embedding', 'rerank', 'image_generation', 'audio_transcription', 'audio_speech', 'realtime'])

const PER_TOKEN = new Map(Object.entries({
  input_cost_per_token: 'input', output_cost_per_token: 'output', cache_read_input_token_cost: 'cached_input', cache_creation_input_token_cost: 'cache_write_5m',
  cache_creation_input_token_cost_above_1hr: 'cache_write_1h', output_cost_per_reasoning_token: 'reasoning', input_cost_per_audio_token: 'audio_input', output_cost_per_audio_token: 'audio_output',
  cache_read_input_audio_token_cost: 'cached_audio_input', input_cost_per_image_token: 'image_input', output_cost_per_image_token: 'image_output', citation_cost_per_token: 'citation',
}))
const PER_UNIT = new Map(Object.entries({ input_cost_per_request: 'requests', input_cost_per_query: 'search_units', output_cost_per_image: 'images', input_cost_per_second: 'audio_seconds', code_interpreter_cost_per_session: 'code_interpreter_containers' }))
const TIERS = new Map(Object.entries({ flex: 'flex', priority: 'priority', batches: 'batch' }))

export function readLitellm(list: Fields, options: { readonly from: string }): ReadList {
  const rates: ListedRate[] = []
  const skipped: Record<string, number> = {}
  const source = 'litellm'
  for (const [key, value] of Object.entries(list)) {
    const entry = fieldsOf(value)
    const outcome = readEntry(key, entry, { ...options, source })
    if (typeof outcome === 'string') skipped[outcome] = (skipped[outcome] ?? 0) + 1
    else rates.push(outcome)
  }
  return { source, rates, skipped }
}

function readEntry(key: string, entry: Fields, options: { readonly from: string; readonly source: string }): ListedRate | string {
  const { litellm_provider: listed, mode } = entry
  if (typeof listed !== 'string' || key === 'sample_spec') return 'no provider'
  if (typeof mode !== 'string' || !MODES.has(mode)) return `mode ${String(mode)}`
  if (entry['tiered_pricing'] !== undefined) return 'prices by span of tokens'
  const sees = { images: entry['supports_vision'] === true, video: entry['supports_video_input'] === true }
  const byCondition = collect(entry)
  const standard = byCondition.get('') ?? { condition: {}, prices: noPrices() }
  addTools(entry, standard.prices)
  for (const { prices } of byCondition.values()) seeAsText(prices, sees)
  const provider = providerId(listed)
  const variants = [...byCondition].filter(([condition]) => condition !== '').map(([, { condition, prices }]): RateVariantDocument => ({ ...condition, per_million: prices.perMillion }))
  return listedRate({
    ...options, provider, model: modelName(key, listed), aliases: [], patterns: [], prices: standard.prices, variants: [...variants, ...regions(entry)],
    ...limitsOf(entry, provider),
  }) ?? 'no price'
}

/** OpenAI's window is said as what may be read; what may be written comes on top. */
function limitsOf(entry: Fields, provider: string): { readonly contextWindow: number | null; readonly outputMax: number | null } {
  const read = tokenCount(entry['max_input_tokens']) ?? tokenCount(entry['max_tokens'])
  const outputMax = tokenCount(entry['max_output_tokens']) ?? (entry['mode'] === 'chat' ? tokenCount(entry['max_tokens']) : read)
  return { contextWindow: read !== null && outputMax !== null && (provider === 'openai' || provider === 'azure') ? read + outputMax : read, outputMax }
}

type Condition = Pick<RateVariantDocument, 'when' | 'input_above'>

/** Prices by condition; the standard ones under the empty text. */
function collect(entry: Fields): Map<string, { readonly condition: Condition; readonly prices: Prices }> {
  const found = new Map<string, { readonly condition: Condition; readonly prices: Prices }>()
  for (const [field, value] of Object.entries(entry)) {
    const { base, tier, above } = readName(field)
    const bucket = PER_TOKEN.get(base)
    const unit = PER_UNIT.get(base)
    if (bucket === undefined && (unit === undefined || tier !== null || above !== null)) continue
    const amount = plainDecimal(value, bucket === undefined ? 0 : 6)
    if (amount === null) continue
    const condition: Condition = { ...(tier === null ? {} : { when: { service_tier: [tier] } }), ...(above === null ? {} : { input_above: above }) }
    const name = tier === null && above === null ? '' : `${tier} ${above}`
    const place = found.get(name) ?? { condition, prices: noPrices() }
    found.set(name, place)
    if (bucket !== undefined) place.prices.perMillion[bucket] = amount
    else place.prices.perUnit[unit!] = amount
  }
  return found
}

/** `input_cost_per_token_above_200k_tokens_priority` → its price, tier and length of context. */
function readName(field: string): { readonly base: string; readonly tier: string | null; readonly above: number | null } {
  const [, rest = field, suffix] = /^(.*)_(flex|priority|batches)$/.exec(field) ?? []
  const [, base = rest, thousands] = /^(.*)_above_(\d{2,4})k_tokens$/.exec(rest) ?? []
  return { base, tier: suffix === undefined ? null : TIERS.get(suffix)!, above: thousands === undefined ? null : Number(thousands) * 1000 }
}

function addTools(entry: Fields, prices: Prices): void {
  const search = plainDecimal(fieldsOf(entry['search_context_cost_per_query'])['search_context_size_medium'], 0)
  if (search !== null) prices.perUnit[providerId(String(entry['litellm_provider'])) === 'google' ? 'grounded_prompts' : 'web_search_requests'] = search
  const files = plainDecimal(entry['file_search_cost_per_1k_calls'], -3)
  if (files !== null) prices.perUnit['file_search_requests'] = files
}

function regions(entry: Fields): RateVariantDocument[] {
  return ['eu', 'us'].flatMap((region) => {
    const factor = plainDecimal(entry[`regional_processing_uplift_multiplier_${region}`], 0)
    return factor === null ? [] : [{ when: { region: [region] }, factor }]
  })
}

/** Keys repeat the provider in front where the name alone would not do: `groq/llama-3.3-70b`. */
function modelName(key: string, provider: string): string {
  for (const prefix of [provider, ...(PREFIXES.get(provider) ?? [])]) if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1)
  return key
}

const PREFIXES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({ cohere_chat: ['cohere'], bedrock_converse: ['bedrock'], azure_ai: ['azure'], 'text-completion-openai': ['openai'], 'fireworks_ai-embedding-models': ['fireworks_ai'] }))
