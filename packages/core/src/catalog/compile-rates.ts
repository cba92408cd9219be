// The rate card of a document → the look-up that costs are made of: by name and alias, by pattern, newest first, with
// variants. Throws InputError with the path of the first field that cannot be compiled.

import { parseUnits, type Units } from '../money.ts'
import { sortMatchers } from '../rating/rate-match.ts'
import { parseRatio, parseShare } from '../rating/ratio.ts'
import type { ProviderTerms, Rate, RateCard, RateVariant } from './catalog.ts'
import type { ProviderTermsDocument, RateDocument, RateVariantDocument } from './document.ts'

export function compileRateCard(documents: readonly RateDocument[]): RateCard {
  const byName = new Map<string, readonly Rate[]>()
  const byPattern = new Map<string, readonly Rate[]>()
  for (const [index, document] of documents.entries()) {
    const rate = compileRate(document, `rate_card[${index}]`)
    for (const name of [document.model, ...document.aliases]) byName.set(name, newestFirst(byName.get(name), rate))
    for (const pattern of document.patterns ?? []) byPattern.set(pattern, newestFirst(byPattern.get(pattern), rate))
  }
  const matchers = sortMatchers([...byPattern].map(([pattern, rates]) => ({ pattern, rates })))
  return matchers.length === 0 ? byName : Object.assign(byName, { matchers })
}

export function compileTerms(documents: readonly ProviderTermsDocument[]): readonly ProviderTerms[] {
  return documents.map((document, index) => ({
    provider: document.provider,
    models: document.models ?? ['*'],
    from: dayStart(document.from),
    discount: parseShare(document.discount_percent, `provider_terms[${index}].discount_percent`),
  }))
}

function compileRate(document: RateDocument, path: string): Rate {
  const { currency } = document
  return {
    provider: document.provider,
    model: document.model,
    from: dayStart(document.from),
    currency,
    perMillion: amounts(document.per_million, currency, `${path}.per_million`),
    ...(document.per_unit === undefined ? {} : { perUnit: amounts(document.per_unit, currency, `${path}.per_unit`) }),
    ...(document.variants === undefined ? {} : { variants: document.variants.map((variant, index) => compileVariant(variant, currency, `${path}.variants[${index}]`)) }),
    contextWindow: document.context_window,
    outputMax: document.output_max,
    ...(document.source === undefined ? {} : { source: document.source }),
  }
}

function compileVariant(document: RateVariantDocument, currency: string, path: string): RateVariant {
  return {
    when: new Map(Object.entries(document.when ?? {})),
    inputAbove: document.input_above ?? null,
    totalAbove: document.total_above ?? null,
    perMillion: amounts(document.per_million ?? {}, currency, `${path}.per_million`),
    perUnit: amounts(document.per_unit ?? {}, currency, `${path}.per_unit`),
    factor: document.factor === undefined ? null : parseRatio(document.factor, `${path}.factor`),
  }
}

function amounts(texts: Readonly<Record<string, string>>, currency: string, path: string): ReadonlyMap<string, Units> {
  return new Map(Object.entries(texts).map(([bucket, text]) => [bucket, parseUnits(text, currency, `${path}.${bucket}`)]))
}

function newestFirst(rates: readonly Rate[] | undefined, rate: Rate): readonly Rate[] {
  return [...(rates ?? []), rate].sort((a, b) => b.from - a.from)
}

function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}
