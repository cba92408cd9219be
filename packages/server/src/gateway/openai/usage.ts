// From what a provider told to what is booked: the numbers that meters read, and the provider's cost. The figures themselves are
// read by core, which knows how each provider means them; here is only which of them count as usage at all.

import {
  costOfUsage, formatUnits, inputTokens, isComplete, openUsageReader, outputTokens, type Catalog, type Instant, type ProviderUsage, type UsageReader,
} from '@tollgate/core'
import type { Usage } from '../../hot/contract.ts'
import { usualCost, usualUsage } from './usual-usage.ts'

/** Reads the usage of one chat answer; `provider` decides what its fields mean. The general reader is opened only for what is not usual. */
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

/** Null when the provider told none, told nonsense, or told that nothing was used: the caller then counts for itself. */
export function usableUsage(usage: ProviderUsage): ProviderUsage | null {
  return isComplete(usage) && tokensOf(usage) > 0 ? usage : null
}

/** Usage that we counted ourselves, of an answer that named this model. */
export function countedUsage(told: ProviderUsage, tokens: { readonly input: number; readonly output: number }): ProviderUsage {
  return { ...told, buckets: tokens, elsewhere: [], total: { counted: tokens.input + tokens.output, stated: null }, problems: [] }
}

/** The numbers of the usage event. Input read from a cache is apart; reasoning is part of the output. */
export function quantitiesOf({ buckets }: ProviderUsage): Usage['quantities'] {
  const cached = CACHED.reduce((sum, bucket) => sum + (buckets[bucket] ?? 0), 0)
  return { requests: '1', input_tokens: String(inputTokens(buckets) - cached), cached_input_tokens: String(cached), output_tokens: String(outputTokens(buckets)) }
}

/** Provider cost by the rate in force for the model that answered, else for the one asked for; null when anything used has no price. */
export function providerCost(catalog: Catalog, usage: ProviderUsage, call: { readonly modelAsked: string; readonly at: Instant }): { readonly cost: Usage['cost']; readonly missing: readonly string[] } {
  const usual = usualCost(catalog, usage, call)
  const { cost, missing } = usual !== null ? { cost: usual, missing: [] } : costOfUsage(usage, { card: catalog.rateCard, terms: catalog.providerTerms ?? [], at: call.at, modelAsked: call.modelAsked, class: {} })
  return { cost: cost === null ? null : { amount: formatUnits(cost.units, cost.asset), currency: cost.asset }, missing }
}

export function tokensOf({ buckets }: ProviderUsage): number {
  return inputTokens(buckets) + outputTokens(buckets)
}

const CACHED = ['cached_input', 'cached_audio_input', 'cached_image_input', 'cached_video_input'] as const
