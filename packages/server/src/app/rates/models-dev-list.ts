// Reads the shape of models.dev's list: providers by id, models by id, `cost` in dollars per million tokens, `limit` in tokens.
// `context_over_200k` and `tiers` are prices beyond a length of context.

import type { RateVariantDocument } from '@tollgate/core'
import { fieldsOf, plainDecimal, tokenCount, type Fields } from './list-json.ts'
import { listedRate, noPrices, providerId, seeAsText, type ListedRate, type Prices, type ReadList } from './listed-rate.ts'

const BUCKETS: Readonly<Record<string, string>> = {
  input: 'input', output: 'output', reasoning: 'reasoning', cache_read: 'cached_input', cache_write: 'cache_write_5m', input_audio: 'audio_input', output_audio: 'audio_output',
}

export function readModelsDev(list: Fields, options: { readonly from: string }): ReadList {
  const rates: ListedRate[] = []
  const skipped: Record<string, number> = {}
  const source = 'models.dev'
  for (const [id, value] of Object.entries(list)) {
    for (const [model, fields] of Object.entries(fieldsOf(fieldsOf(value)['models']))) {
      const rate = readModel({ provider: id, model }, fieldsOf(fields), { ...options, source })
      if (rate === null) skipped['no price'] = (skipped['no price'] ?? 0) + 1
      else rates.push(rate)
    }
  }
  return { source, rates, skipped }
}

function readModel(of: { readonly provider: string; readonly model: string }, fields: Fields, options: { readonly from: string; readonly source: string }): ListedRate | null {
  const cost = fieldsOf(fields['cost'])
  const limit = fieldsOf(fields['limit'])
  const reads = fieldsOf(fields['modalities'])['input']
  const sees = { images: Array.isArray(reads) && reads.includes('image'), video: Array.isArray(reads) && reads.includes('video') }
  return listedRate({
    ...options, provider: providerId(of.provider), model: of.model, aliases: [], patterns: [], prices: pricesOf(cost, sees), variants: longer(cost, sees),
    contextWindow: tokenCount(limit['context']), outputMax: tokenCount(limit['output']),
  })
}

function longer(cost: Fields, sees: Parameters<typeof seeAsText>[1]): RateVariantDocument[] {
  const listed = Array.isArray(cost['tiers']) ? cost['tiers'].map(fieldsOf) : []
  const tiers = listed.flatMap((tier) => {
    const above = tokenCount(fieldsOf(tier['tier'])['size'] ?? tier['above'])
    return above === null ? [] : [{ above, prices: tier }]
  })
  const over = cost['context_over_200k']
  const all = over === undefined || tiers.some(({ above }) => above === 200_000) ? tiers : [...tiers, { above: 200_000, prices: fieldsOf(over) }]
  return all.map(({ above, prices }) => ({ input_above: above, per_million: pricesOf({ ...cost, ...prices }, sees).perMillion }))
}

function pricesOf(cost: Fields, sees: Parameters<typeof seeAsText>[1]): Prices {
  const prices = noPrices()
  for (const [field, bucket] of Object.entries(BUCKETS)) {
    const amount = plainDecimal(cost[field], 0)
    if (amount !== null) prices.perMillion[bucket] = amount
  }
  seeAsText(prices, sees)
  return prices
}
