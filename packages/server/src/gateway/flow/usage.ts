// From what a provider told to what is booked: the numbers that meters read, and the provider's cost. The figures themselves are
// read by core, which knows how each provider means them; here is only which of them count as usage at all.

import {
  cachedInputTokens, costOfUsage, uncachedCostOf, formatUnits, inputTokens, isComplete, openUsageReader, outputTokens, type Catalog, type CostContext, type Instant, type ProviderUsage, type UsageReader,
} from '@tollgate/core'
import type { Usage } from '../../hot/contract.ts'
import type { FixedUsage, Surface } from '../surface.ts'
import { usualCost, usualUsage } from './usual-usage.ts'

/** Reads the usage of one chat or text completion; `provider` decides what its fields mean. The general reader is opened only for what is not usual. */
export function chatUsageReader(provider: string): UsageReader {
  let usual: { readonly event: unknown; readonly usage: ProviderUsage } | null = null
  let general: UsageReader | null = null
  function add(event: unknown): void {
    const usage = usual === null && general === null ? usualUsage(event) : null
    if (usage !== null) {
      usual = { event, usage }
      return
    }
    general ??= openUsageReader('chat', provider)
    if (usual !== null) general.add(usual.event)
    usual = null
    general.add(event)
  }
  return { add, usage: () => usual?.usage ?? (general ??= openUsageReader('chat', provider)).usage() }
}

/**
 * Null when the provider told none or told nonsense: the caller then counts for itself. So it does where nothing was used by an
 * answer, unless the provider is known to mean it.
 */
export function usableUsage(usage: ProviderUsage, surface: Surface): ProviderUsage | null {
  return isComplete(usage) && (surface.answer.maySayZero === true || hasAny(usage)) ? usage : null
}

function hasAny({ buckets, elsewhere }: ProviderUsage): boolean {
  for (const _ in buckets) return true
  return elsewhere.length > 0
}

/** Usage that the request itself decides. */
export function fixedUsage(told: ProviderUsage, { buckets }: FixedUsage, output: number): ProviderUsage {
  return { ...told, buckets: output > 0 ? { ...buckets, output } : buckets, elsewhere: [], total: { counted: 0, stated: null }, problems: [] }
}

/** Usage that we counted ourselves, of an answer that named this model. */
export function countedUsage(told: ProviderUsage, tokens: { readonly input: number; readonly output: number }): ProviderUsage {
  return { ...told, buckets: tokens, elsewhere: [], total: { counted: tokens.input + tokens.output, stated: null }, problems: [] }
}

/**
 * The numbers of the usage event. `input_tokens`, `cached_input_tokens` and `output_tokens` are all tokens, whatever their kind, those
 * of other models inside the answer too; the kinds among them stand beside, where there are any, and what is counted one by one.
 */
export function quantitiesOf({ buckets, elsewhere }: ProviderUsage): Usage['quantities'] {
  const all = elsewhere.length === 0 ? buckets : summed([buckets, ...elsewhere.map((part) => part.buckets)])
  const cached = cachedInputTokens(all)
  const quantities: Record<string, string> = { requests: '1', input_tokens: String(inputTokens(all) - cached), cached_input_tokens: String(cached), output_tokens: String(outputTokens(all)) }
  for (const bucket in all) {
    if (bucket === 'input' || bucket === 'cached_input' || bucket === 'output') continue
    for (const property of PARTS[bucket] ?? [bucket]) quantities[property] = String(Number(quantities[property] ?? 0) + all[bucket]!)
  }
  return quantities
}

/** Which property tells a kind of tokens. Whatever is not here is counted one by one and has its bucket's name. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  cache_write: ['cache_write_tokens'],
  cache_write_5m: ['cache_write_tokens'],
  cache_write_1h: ['cache_write_tokens', 'cache_write_1h_tokens'],
  reasoning: ['reasoning_tokens'],
  audio_input: ['audio_input_tokens'],
  cached_audio_input: ['audio_input_tokens'],
  audio_output: ['audio_output_tokens'],
  image_input: ['image_input_tokens'],
  cached_image_input: ['image_input_tokens'],
  image_output: ['image_output_tokens'],
  video_input: ['video_input_tokens'],
  cached_video_input: ['video_input_tokens'],
  citation: ['citation_tokens'],
}

function summed(parts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const part of parts) for (const bucket in part) sums[bucket] = (sums[bucket] ?? 0) + part[bucket]!
  return sums
}

/** Provider cost by the rate in force for the model that answered, else for the one asked for; null when anything used has no price. */
export function providerCost(catalog: Catalog, usage: ProviderUsage, call: { readonly modelAsked: string; readonly at: Instant; /** The plan has a price that keeps the savings of the provider's cache. */ readonly needsUncached?: boolean }): { readonly cost: Usage['cost']; readonly missing: readonly string[] } {
  const usual = usualCost(catalog, usage, call)
  const context: CostContext = { card: catalog.rateCard, terms: catalog.providerTerms ?? [], at: call.at, modelAsked: call.modelAsked, class: {} }
  const { cost, missing } = usual !== null ? { cost: usual, missing: [] } : costOfUsage(usage, context)
  if (cost === null) return { cost, missing }
  const told = { amount: formatUnits(cost.units, cost.asset), currency: cost.asset }
  const uncached = call.needsUncached === true ? uncachedCostOf(usage, context).cost : null
  return { cost: uncached === null || uncached.units === cost.units ? told : { ...told, uncached: formatUnits(uncached.units, uncached.asset) }, missing }
}
