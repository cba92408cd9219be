// What the readers of public price lists share: prices collected by bucket and condition, and the entry made of them. A list that
// leaves the limits of a model open gets ones that no model exceeds, so that a hold is never too small, and the entry says so.

import type { RateDocument, RateVariantDocument } from '@tollgate/core'
import { isZero } from './list-json.ts'

/** An entry as a list tells it; `assumed` names what the list left open. */
export type ListedRate = { readonly rate: RateDocument; readonly assumed: readonly string[] }
export type ReadList = { readonly source: string; readonly rates: readonly ListedRate[]; /** Models that were passed over, by reason. */ readonly skipped: Readonly<Record<string, number>> }

/** No model reads or writes more. */
const WINDOW_ASSUMED = 2_000_000
const OUTPUT_ASSUMED = 131_072

export type Prices = { readonly perMillion: Record<string, string>; readonly perUnit: Record<string, string> }

export function noPrices(): Prices {
  return { perMillion: {}, perUnit: {} }
}

/** A model that sees images or video reads them at the price of text, where the list has no price of its own for them. */
export function seeAsText(prices: Prices, sees: { readonly images: boolean; readonly video: boolean }): void {
  const { input } = prices.perMillion
  if (input === undefined) return
  if (sees.images) prices.perMillion['image_input'] ??= input
  if (sees.video) prices.perMillion['video_input'] ??= input
}

/** Null where nothing has a price above zero: a list writes zero for free and for unknown alike. */
export function listedRate(input: {
  readonly provider: string
  readonly model: string
  readonly aliases: readonly string[]
  readonly patterns: readonly string[]
  readonly from: string
  readonly source: string
  readonly prices: Prices
  readonly variants: readonly RateVariantDocument[]
  readonly contextWindow: number | null
  readonly outputMax: number | null
}): ListedRate | null {
  const { prices } = input
  // A model that is paid for and writes for nothing is a gap of the list: unknown, not free.
  if (isZero(prices.perMillion['output'] ?? '') && !isZero(prices.perMillion['input'] ?? '0')) delete prices.perMillion['output']
  if ([...Object.values(prices.perMillion), ...Object.values(prices.perUnit)].every(isZero)) return null
  const variants = input.variants.filter((variant) => variant.factor !== undefined || Object.keys(variant.per_million ?? {}).length + Object.keys(variant.per_unit ?? {}).length > 0)
  return {
    rate: {
      provider: input.provider, model: input.model, aliases: input.aliases, ...(input.patterns.length === 0 ? {} : { patterns: input.patterns }),
      from: input.from, currency: 'USD', per_million: prices.perMillion,
      ...(Object.keys(prices.perUnit).length === 0 ? {} : { per_unit: prices.perUnit }),
      ...(variants.length === 0 ? {} : { variants }),
      context_window: input.contextWindow ?? WINDOW_ASSUMED,
      output_max: input.outputMax ?? Math.min(input.contextWindow ?? OUTPUT_ASSUMED, OUTPUT_ASSUMED),
      source: input.source,
    },
    assumed: [...(input.contextWindow === null ? ['context_window'] : []), ...(input.outputMax === null ? ['output_max'] : [])],
  }
}

/** Names of providers as the rate card has them, whatever the list calls them. */
export function providerId(name: string): string {
  const known = PROVIDERS.get(name)
  if (known !== undefined) return known
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 64)
  return word === '' ? 'unknown' : word
}

/** Maps, because a list may name a provider `toString`. */
const PROVIDERS: ReadonlyMap<string, string> = new Map(Object.entries({
  gemini: 'google', 'text-completion-openai': 'openai', azure_ai: 'azure', azure_text: 'azure', cohere_chat: 'cohere', codestral: 'mistral', together_ai: 'together', togetherai: 'together',
  bedrock_converse: 'bedrock', aws: 'bedrock', 'amazon-bedrock': 'bedrock', 'x-ai': 'xai', moonshotai: 'moonshot', zhipuai: 'zai', fireworks_ai: 'fireworks', 'fireworks-ai': 'fireworks',
  'fireworks_ai-embedding-models': 'fireworks', voyageai: 'voyage', 'google-vertex': 'vertex', 'vertex_ai-language-models': 'vertex', vertex_ai: 'vertex', 'vertex_ai-anthropic_models': 'vertex',
}))
