// The prices of a rate under the circumstances of one request: its service tier and region, labels such as the quality of an
// image, and the length of its context. A variant either brings its own prices or a factor. Of the variants with prices the
// one that asks most of the request holds, whole: it is not mixed with the standard prices, except that what is counted one
// by one (tool requests) keeps its standard price where the variant names none. Factors multiply. A service tier that no
// variant knows has no price, because it is never the standard one.

import type { Rate, RateVariant } from '../catalog/catalog.ts'
import type { Units } from '../money.ts'
import { ONE } from './ratio.ts'

export type RateCircumstances = {
  /** `standard` or as the provider names it. */
  readonly tier: string
  readonly region: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Tokens read, cached ones included, and tokens in all. */
  readonly inputTokens: number
  readonly totalTokens: number
}

export type RatePrices = {
  readonly perMillion: ReadonlyMap<string, Units>
  readonly perUnit: ReadonlyMap<string, Units>
  /** Factor on prices per million: `numerator / denominator`. */
  readonly factor: { readonly numerator: bigint; readonly denominator: bigint }
  /** The variants that hold. */
  readonly applied: readonly RateVariant[]
  /** The service tier has no price here. */
  readonly isTierUnknown: boolean
}

const NO_PRICES: ReadonlyMap<string, Units> = new Map()
const NO_FACTOR = { numerator: 1n, denominator: 1n }

export function pricesOf(rate: Rate, of: RateCircumstances): RatePrices {
  const perUnit = rate.perUnit ?? NO_PRICES
  if (rate.variants === undefined || rate.variants.length === 0) return { perMillion: rate.perMillion, perUnit, factor: NO_FACTOR, applied: [], isTierUnknown: of.tier !== 'standard' }
  const holding = rate.variants.filter((variant) => holds(variant, of))
  const list = holding.filter(({ factor }) => factor === null).reduce<RateVariant | null>(mostAsking, null)
  const factors = holding.filter(({ factor }) => factor !== null)
  const applied = list === null ? factors : [list, ...factors]
  return {
    perMillion: list === null || list.perMillion.size === 0 ? rate.perMillion : list.perMillion,
    perUnit: list === null || list.perUnit.size === 0 ? perUnit : new Map([...perUnit, ...list.perUnit]),
    factor: factors.reduce((product, { factor }) => ({ numerator: product.numerator * (factor ?? ONE), denominator: product.denominator * ONE }), NO_FACTOR),
    applied,
    isTierUnknown: of.tier !== 'standard' && !applied.some(({ when }) => when.has('service_tier')),
  }
}

function holds(variant: RateVariant, of: RateCircumstances): boolean {
  if (variant.inputAbove !== null && of.inputTokens <= variant.inputAbove) return false
  if (variant.totalAbove !== null && of.totalTokens <= variant.totalAbove) return false
  for (const [label, accepted] of variant.when) {
    const value = label === 'service_tier' ? of.tier : label === 'region' ? of.region : of.labels[label]
    if (value === null || value === undefined || !accepted.includes(value)) return false
  }
  return true
}

/** More conditions first, then the longer context; of equals the one that stands first. */
function mostAsking(best: RateVariant | null, candidate: RateVariant): RateVariant {
  if (best === null) return candidate
  const rank = (variant: RateVariant): number => variant.when.size + Number(variant.inputAbove !== null) + Number(variant.totalAbove !== null)
  const length = (variant: RateVariant): number => Math.max(variant.inputAbove ?? 0, variant.totalAbove ?? 0)
  return rank(candidate) > rank(best) || (rank(candidate) === rank(best) && length(candidate) > length(best)) ? candidate : best
}
