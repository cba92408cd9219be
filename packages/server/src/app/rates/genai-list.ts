// Reads the list of pydantic's genai-prices: providers with models, amounts per million tokens. Its rules of matching become
// aliases and patterns where they are plain beginnings; "contains" would speak for models that do not exist yet, so it is left.
// Prices that hold only for hours of a day are left too: the standard ones stand for the whole day, which is never too little.

import type { RateVariantDocument } from '@tollgate/core'
import { fieldsOf, plainDecimal, tokenCount, type Fields } from './list-json.ts'
import { listedRate, noPrices, providerId, type ListedRate, type Prices, type ReadList } from './listed-rate.ts'

const BUCKETS: ReadonlyMap<string, string> = new Map(Object.entries({
  input_mtok: 'input', output_mtok: 'output', cache_read_mtok: 'cached_input', cache_write_mtok: 'cache_write_5m', input_audio_mtok: 'audio_input', output_audio_mtok: 'audio_output', cache_audio_read_mtok: 'cached_audio_input',
}))

export function readGenai(list: readonly unknown[], options: { readonly from: string }): ReadList {
  const rates: ListedRate[] = []
  const skipped: Record<string, number> = {}
  const source = 'genai-prices'
  for (const value of list) {
    const provider = fieldsOf(value)
    for (const model of Array.isArray(provider['models']) ? provider['models'] : []) {
      const read = readModel(String(provider['id']), fieldsOf(model), { ...options, source })
      rates.push(...read)
      if (read.length === 0) skipped['no price'] = (skipped['no price'] ?? 0) + 1
    }
  }
  return { source, rates, skipped }
}

function readModel(provider: string, model: Fields, options: { readonly from: string; readonly source: string }): ListedRate[] {
  const { id } = model
  if (typeof id !== 'string') return []
  const { aliases, patterns } = readMatch(model['match'])
  return datedPrices(model['prices']).flatMap(({ from, prices }) => {
    const { standard, variants } = readPrices(prices)
    const rate = listedRate({
      ...options, provider: providerId(provider), model: id, aliases: aliases.filter((name) => name !== id), patterns: from === null ? patterns : [], from: from ?? options.from, prices: standard, variants,
      contextWindow: tokenCount(model['context_window']), outputMax: null,
    })
    return rate === null ? [] : [rate]
  })
}

/** Entries with a first day keep it; the one without is what holds now. */
function datedPrices(prices: unknown): readonly { readonly from: string | null; readonly prices: Fields }[] {
  if (!Array.isArray(prices)) return [{ from: null, prices: fieldsOf(prices) }]
  const dated = prices.map(fieldsOf).flatMap((entry) => {
    const constraint = fieldsOf(entry['constraint'])
    const start = constraint['start_date']
    if (constraint['start_time'] !== undefined) return []
    return [{ from: typeof start === 'string' ? start : null, prices: fieldsOf(entry['prices']) }]
  })
  const [newest] = dated.filter(({ from }) => from !== null).sort((a, b) => (a.from! < b.from! ? 1 : -1))
  return newest === undefined ? dated.slice(0, 1) : [newest]
}

function readPrices(fields: Fields): { readonly standard: Prices; readonly variants: readonly RateVariantDocument[] } {
  const standard = noPrices()
  const above = new Map<number, Record<string, string>>()
  for (const [field, value] of Object.entries(fields)) {
    if (field === 'requests_kcount') {
      const each = plainDecimal(value, -3)
      if (each !== null) standard.perUnit['requests'] = each
    }
    const bucket = BUCKETS.get(field)
    if (bucket === undefined) continue
    const base = plainDecimal(typeof value === 'string' ? value : fieldsOf(value)['base'], 0)
    if (base !== null) standard.perMillion[bucket] = base
    const tiers = fieldsOf(value)['tiers']
    for (const tier of Array.isArray(tiers) ? tiers.map(fieldsOf) : []) {
      const start = tokenCount(tier['start'])
      const price = plainDecimal(tier['price'], 0)
      if (start !== null && price !== null) above.set(start, { ...above.get(start), [bucket]: price })
    }
  }
  // A variant holds whole: what keeps its price above the length is named there too.
  return { standard, variants: [...above].map(([start, prices]) => ({ input_above: start, per_million: { ...standard.perMillion, ...prices } })) }
}

function readMatch(match: unknown): { readonly aliases: readonly string[]; readonly patterns: readonly string[] } {
  const rule = fieldsOf(match)
  const any = rule['or']
  const parts = Array.isArray(any) ? any.map(fieldsOf) : [rule]
  return {
    aliases: parts.flatMap(({ equals }) => (typeof equals === 'string' ? [equals] : [])),
    patterns: parts.flatMap(({ starts_with: start }) => (typeof start === 'string' && start.length > 2 ? [`${start}*`] : [])),
  }
}
