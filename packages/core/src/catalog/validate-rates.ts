// Checks of the rate card: what providers charge us. A model name must have exactly one entry in force at any time, since
// the look-up goes by name and date; a bucket whose name nothing reports would never be charged to anybody's cost.

import { InputError } from '../assert.ts'
import { parseRatio, parseShare } from '../rating/ratio.ts'
import { TOKEN_BUCKETS, UNIT_BUCKETS } from '../usage/bucket.ts'
import { formatCatalogPath, didYouMean, openReport, type CatalogPath, type CatalogProblem, type Report } from './problem.ts'
import type { ProviderTermsDocument, RateDocument, RateVariantDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { checkAmount, checkCurrency, checkId, checkInteger, checkLabel } from './validate-field.ts'

/** The disjoint usage buckets that tokens are counted in: `per_million`. */
export const USAGE_BUCKETS = TOKEN_BUCKETS

/** No model is near it; a larger number would be one digit too many. */
const TOKENS_MAX = 100_000_000

/** What is wrong with entries that stand outside a catalog. */
export function validateRates(rates: readonly RateDocument[]): readonly CatalogProblem[] {
  const report = openReport()
  validateRateCard(rates, report)
  return report.problems
}

export function validateRateCard(rates: readonly RateDocument[], report: Report): void {
  const earlier = new Map<string, CatalogPath>()
  for (const [index, rate] of rates.entries()) {
    const path = ['rate_card', index]
    validateRate(rate, path, report)
    for (const { name, at } of namesOf(rate, path)) {
      const key = `${rate.from} ${name}`
      const other = earlier.get(key)
      if (other === undefined) earlier.set(key, at)
      else report.error(at, 'duplicate_rate', `${name} has two entries from ${rate.from} (also at ${formatCatalogPath(other)}): which one holds could not be told.`)
    }
  }
}

/** What the operator agreed with providers: a day, a share, and models that could exist. */
export function validateTerms(terms: readonly ProviderTermsDocument[], rates: readonly RateDocument[], report: Report): void {
  const providers = new Set(rates.map(({ provider }) => provider))
  for (const [index, { provider, models, from, discount_percent: discount }] of terms.entries()) {
    const path = ['provider_terms', index]
    checkId(provider, [...path, 'provider'], report)
    if (!providers.has(provider)) {
      const suggestion = nearest(provider, providers)
      report.warning([...path, 'provider'], 'unknown_provider', `no rate is of the provider ${provider}, so its terms would never apply.${didYouMean(suggestion)}`, suggestion)
    }
    for (const [position, pattern] of (models ?? []).entries()) checkLabel(pattern, [...path, 'models', position], report)
    if (!isDay(from)) report.error([...path, 'from'], 'invalid_date', `${JSON.stringify(from)} is no day: write it like 2026-03-01.`)
    checkRatio(() => parseShare(discount, 'discount_percent'), [...path, 'discount_percent'], report)
  }
}

function namesOf(rate: RateDocument, path: CatalogPath): { readonly name: string; readonly at: CatalogPath }[] {
  return [
    { name: rate.model, at: [...path, 'model'] },
    ...rate.aliases.map((name, position) => ({ name, at: [...path, 'aliases', position] })),
    ...(rate.patterns ?? []).map((name, position) => ({ name, at: [...path, 'patterns', position] })),
  ]
}

function validateRate(rate: RateDocument, path: CatalogPath, report: Report): void {
  checkId(rate.provider, [...path, 'provider'], report)
  checkLabel(rate.model, [...path, 'model'], report)
  for (const [index, alias] of rate.aliases.entries()) checkLabel(alias, [...path, 'aliases', index], report)
  for (const [index, pattern] of (rate.patterns ?? []).entries()) validatePattern(pattern, [...path, 'patterns', index], report)
  checkCurrency(rate.currency, [...path, 'currency'], report)
  if (!isDay(rate.from)) report.error([...path, 'from'], 'invalid_date', `${JSON.stringify(rate.from)} is no day: write it like 2026-03-01.`)
  checkInteger(rate.context_window, { min: 1, max: TOKENS_MAX }, [...path, 'context_window'], report)
  checkInteger(rate.output_max, { min: 1, max: TOKENS_MAX }, [...path, 'output_max'], report)
  validatePrices(rate, rate.currency, path, report)
  for (const [index, variant] of (rate.variants ?? []).entries()) validateVariant(variant, rate.currency, [...path, 'variants', index], report)
  if (rate.per_million.input === undefined && rate.per_unit === undefined) {
    report.warning([...path, 'per_million'], 'incomplete_rate', `${rate.model} has no rate for input, so the cost of its requests would be unknown.`)
  }
}

function validatePrices(prices: Pick<RateVariantDocument, 'per_million' | 'per_unit'>, currency: string, path: CatalogPath, report: Report): void {
  const checkBuckets = (field: 'per_million' | 'per_unit', known: readonly string[], others: readonly string[]): void => {
    for (const [bucket, amount] of Object.entries(prices[field] ?? {})) {
      checkAmount(amount, currency, [...path, field, bucket], report)
      if (known.includes(bucket)) continue
      const suggestion = nearest(bucket, known)
      const elsewhere = others.includes(bucket) ? ` It is priced ${field === 'per_unit' ? 'per_million' : 'per_unit'}.` : ''
      report.warning([...path, field, bucket], 'unknown_bucket', `no request reports usage as ${bucket}, so this rate would never apply.${elsewhere}${didYouMean(suggestion)} Known: ${known.join(', ')}.`, suggestion)
    }
  }
  checkBuckets('per_million', USAGE_BUCKETS, UNIT_BUCKETS)
  checkBuckets('per_unit', UNIT_BUCKETS, USAGE_BUCKETS)
}

function validateVariant(variant: RateVariantDocument, currency: string, path: CatalogPath, report: Report): void {
  const conditions = Object.entries(variant.when ?? {})
  for (const [label, accepted] of conditions) if (accepted.length === 0) report.error([...path, 'when', label], 'empty_list', `no value of ${label} is accepted, so the variant would never hold.`)
  if (conditions.length === 0 && variant.input_above === undefined && variant.total_above === undefined) {
    report.error(path, 'variant_unconditional', 'a variant says when it holds: give it `when`, `input_above` or `total_above`.')
  }
  for (const field of ['input_above', 'total_above'] as const) {
    const tokens = variant[field]
    if (tokens !== undefined) checkInteger(tokens, { min: 1, max: TOKENS_MAX }, [...path, field], report)
  }
  const hasPrices = variant.per_million !== undefined || variant.per_unit !== undefined
  if (hasPrices === (variant.factor !== undefined)) report.error(path, 'variant_mixed', 'a variant brings either prices (`per_million`, `per_unit`) or a `factor` on the standard ones.')
  const { factor } = variant
  if (factor !== undefined) checkRatio(() => parseRatio(factor, 'factor'), [...path, 'factor'], report)
  validatePrices(variant, currency, path, report)
}

function validatePattern(pattern: string, path: CatalogPath, report: Report): void {
  checkLabel(pattern, path, report)
  if (!pattern.includes('*')) report.error(path, 'invalid_pattern', `${pattern} is no pattern: write * for any letters, or list the name under aliases.`)
  else if (pattern.replaceAll('*', '') === '') report.error(path, 'invalid_pattern', `${pattern} would speak for every model of every provider: name a part of the model.`)
}

function checkRatio(read: () => unknown, path: CatalogPath, report: Report): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report.error(path, error.code === 'too_many_digits' || error.code === 'out_of_range' ? error.code : 'invalid_decimal', `${error.message}.`)
  }
}

/** A day of the calendar: `2026-02-30` is none. */
export function isDay(text: string): boolean {
  const epochMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(text)
}
