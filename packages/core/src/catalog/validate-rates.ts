// Checks of the rate card: what providers charge us. A model name must have exactly one entry in force at any time, since
// the look-up goes by name and date; a bucket whose name nothing reports would never be charged to anybody's cost.

import { formatCatalogPath, didYouMean, type CatalogPath, type Report } from './problem.ts'
import type { RateDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { checkAmount, checkCurrency, checkId, checkInteger, checkLabel } from './validate-field.ts'

/** The disjoint usage buckets that requests are counted in. `cached_input` and `reasoning` fall back to input and output. */
export const USAGE_BUCKETS = [
  'input', 'cached_input', 'cache_write', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning',
  'audio_input', 'audio_output', 'image_input', 'image_output',
] as const

/** No model is near it; a larger number would be one digit too many. */
const TOKENS_MAX = 100_000_000

export function validateRateCard(rates: readonly RateDocument[], report: Report): void {
  const earlier = new Map<string, CatalogPath>()
  for (const [index, rate] of rates.entries()) {
    const path = ['rate_card', index]
    validateRate(rate, path, report)
    for (const [position, name] of [rate.model, ...rate.aliases].entries()) {
      const at = position === 0 ? [...path, 'model'] : [...path, 'aliases', position - 1]
      const key = `${rate.from} ${name}`
      const other = earlier.get(key)
      if (other === undefined) earlier.set(key, at)
      else report.error(at, 'duplicate_rate', `${name} has two entries from ${rate.from} (also at ${formatCatalogPath(other)}): which one holds could not be told.`)
    }
  }
}

function validateRate(rate: RateDocument, path: CatalogPath, report: Report): void {
  checkId(rate.provider, [...path, 'provider'], report)
  checkLabel(rate.model, [...path, 'model'], report)
  for (const [index, alias] of rate.aliases.entries()) checkLabel(alias, [...path, 'aliases', index], report)
  checkCurrency(rate.currency, [...path, 'currency'], report)
  if (!isDate(rate.from)) report.error([...path, 'from'], 'invalid_date', `${JSON.stringify(rate.from)} is no day: write it like 2026-03-01.`)
  checkInteger(rate.context_window, { min: 1, max: TOKENS_MAX }, [...path, 'context_window'], report)
  checkInteger(rate.output_max, { min: 1, max: TOKENS_MAX }, [...path, 'output_max'], report)
  for (const [bucket, amount] of Object.entries(rate.per_million)) {
    checkAmount(amount, rate.currency, [...path, 'per_million', bucket], report)
    if ((USAGE_BUCKETS as readonly string[]).includes(bucket)) continue
    const suggestion = nearest(bucket, USAGE_BUCKETS)
    report.warning([...path, 'per_million', bucket], 'unknown_bucket', `no request reports usage as ${bucket}, so this rate would never apply.${didYouMean(suggestion)} Known: ${USAGE_BUCKETS.join(', ')}.`, suggestion)
  }
  if (rate.per_million.input === undefined) {
    report.warning([...path, 'per_million'], 'incomplete_rate', `${rate.model} has no rate for input, so the cost of its requests would be unknown.`)
  }
}

/** A day of the calendar: `2026-02-30` is none. */
function isDate(text: string): boolean {
  const epochMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(text)
}
