// What one answer cost us: the rate in force for the model that answered (else for the one asked for), at the class of service
// told, less the operator's own terms; what other models used inside it at their own rates. Unknown is null with the reason
// named, never zero and never a part of the whole. `explainUsageCost` says the same line by line; the hot path does not pay.

import { assert } from '../assert.ts'
import type { ProviderTerms, RateCard } from '../catalog/catalog.ts'
import { divideRounded } from '../decimal.ts'
import { units, ZERO, type AssetId, type Money, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { withoutCache, type Buckets } from '../usage/bucket.ts'
import { isComplete, type ProviderUsage } from '../usage/usage.ts'
import { circumstancesOf, costProduct, MILLION, priceFor, type RequestClass } from './cost.ts'
import { termsInForce } from './provider-terms.ts'
import { matchRate, type RateMatch } from './rate-match.ts'
import { pricesOf, type RatePrices } from './rate-variant.ts'
import { ONE, type Ratio } from './ratio.ts'

export type CostContext = {
  readonly card: RateCard
  readonly terms: readonly ProviderTerms[]
  /** Time of the request. */
  readonly at: Instant
  /** The model asked for: speaks where the one that answered is not told or not known. */
  readonly modelAsked: string | null
  /** The provider that sold it, where several sell a model of that name. */
  readonly provider?: string | null
  /** What the answer does not tell: a batch job's class, the region of the endpoint, the quality of an image. It beats the answer. */
  readonly class: Partial<RequestClass>
}

export type UsageCost = {
  /** Null when anything that was used has no price. */
  readonly cost: Money | null
  /** The entry used for the answering model. */
  readonly match: RateMatch | null
  /** What has no price, such as `gpt-x audio_input` or `model gpt-x`. */
  readonly missing: readonly string[]
}

export function costOfUsage(usage: ProviderUsage, context: CostContext): UsageCost {
  const priced = priceParts(usage, context)
  const missing = [...(isComplete(usage) ? [] : ['usage']), ...priced.parts.flatMap((part) => part.missing), ...mixedCurrencies(priced.parts)]
  const currency = priced.parts[0]?.match?.rate.currency ?? null
  if (missing.length > 0 || currency === null) return { cost: null, match: priced.match, missing }
  const amount = priced.parts.reduce((sum, part) => sum + exactCost(part), 0n)
  return { cost: { asset: currency, units: units(amount) }, match: priced.match, missing }
}

/** What the same usage would have cost without the provider's cache: for prices that keep its savings. */
export function uncachedCostOf(usage: ProviderUsage, context: CostContext): UsageCost {
  return costOfUsage({ ...usage, buckets: withoutCache(usage.buckets), elsewhere: usage.elsewhere.map((part) => ({ ...part, buckets: withoutCache(part.buckets) })) }, context)
}

export type CostLine = {
  readonly kind: 'bucket' | 'discount' | 'rounding'
  readonly model: string
  /** Null for what concerns the whole. */
  readonly bucket: string | null
  readonly quantity: number | null
  /** Price as it stands on the list, for `per` units; null where there is none. */
  readonly price: Units | null
  readonly per: bigint | null
  /** The bucket whose price it is: another one where the bucket has none of its own. */
  readonly pricedAs: string | null
  readonly factor: { readonly numerator: bigint; readonly denominator: bigint } | null
  readonly amount: Units | null
}

export type ExplainedCost = UsageCost & { readonly lines: readonly CostLine[]; readonly applied: RatePrices['applied']; readonly discount: Ratio | null; readonly currency: AssetId | null }

/** {@link costOfUsage} with its lines, which sum to the cost exactly. */
export function explainUsageCost(usage: ProviderUsage, context: CostContext): ExplainedCost {
  const result = costOfUsage(usage, context)
  const { parts } = priceParts(usage, context)
  const lines = parts.flatMap(explainPart)
  const own = parts[0]
  const sum = lines.reduce((total, { amount }) => total + (amount ?? ZERO), 0n)
  const rounding = result.cost === null ? 0n : result.cost.units - sum
  const last: CostLine[] = rounding === 0n ? [] : [{ ...NO_LINE, kind: 'rounding', model: own?.model ?? '', amount: units(rounding) }]
  assert(result.cost === null || sum + rounding === result.cost.units, 'the lines of a cost do not sum to it')
  return { ...result, lines: [...lines, ...last], applied: own?.prices?.applied ?? [], discount: own?.discount ?? null, currency: own?.match?.rate.currency ?? null }
}

type PricedPart = {
  readonly model: string
  readonly buckets: Buckets
  readonly match: RateMatch | null
  readonly prices: RatePrices | null
  readonly discount: Ratio | null
  readonly missing: readonly string[]
}

const NO_LINE: Omit<CostLine, 'kind' | 'model'> = { bucket: null, quantity: null, price: null, per: null, pricedAs: null, factor: null, amount: null }

function priceParts(usage: ProviderUsage, context: CostContext): { readonly match: RateMatch | null; readonly parts: readonly PricedPart[] } {
  const of: RequestClass = { tier: context.class.tier ?? usage.tier, region: context.class.region ?? usage.region, labels: { ...usage.labels, ...context.class.labels } }
  const main = pricePart({ names: [usage.model, context.modelAsked], buckets: usage.buckets, isWhole: true }, of, context)
  const others = usage.elsewhere.map((part) => pricePart({ names: [part.model], buckets: part.buckets, isWhole: false }, of, context))
  return { match: main.match, parts: [main, ...others] }
}

function pricePart(part: { readonly names: readonly (string | null)[]; readonly buckets: Buckets; readonly isWhole: boolean }, of: RequestClass, context: CostContext): PricedPart {
  const names = part.names.filter((name) => name !== null)
  const match = names.reduce<RateMatch | null>((found, name) => found ?? matchRate(context.card, name, context.at, context.provider ?? null), null)
  const model = names[0] ?? 'unknown'
  if (match === null) return { model, buckets: part.buckets, match, prices: null, discount: null, missing: [`model ${model}`] }
  const prices = pricesOf(match.rate, circumstancesOf(part.buckets, of))
  // A fee for the request itself is due once, if the rate has one; no answer counts it.
  const buckets = part.isWhole && prices.perUnit.has('requests') ? { ...part.buckets, requests: 1 } : part.buckets
  const terms = termsInForce(context.terms, { provider: match.rate.provider, model, at: context.at })
  const missing: string[] = []
  costProduct(prices, buckets, missing)
  const named = [...(prices.isTierUnknown ? [`service_tier ${of.tier}`] : []), ...missing].map((what) => `${model} ${what}`)
  return { model, buckets, match, prices, discount: terms?.discount ?? null, missing: named }
}

function exactCost({ prices, buckets, discount }: PricedPart): Units {
  const product = prices === null ? null : costProduct(prices, buckets, null)
  assert(product !== null, 'a part without a price has no cost')
  return units(divideRounded(product.numerator * (ONE - (discount ?? 0n)), product.denominator * ONE))
}

function explainPart(part: PricedPart): CostLine[] {
  const lines = Object.entries(part.buckets).filter(([, count]) => count > 0).map(([bucket, quantity]): CostLine => {
    const price = part.prices === null ? null : priceFor(part.prices, bucket)
    if (part.prices === null || price === null) return { ...NO_LINE, kind: 'bucket', model: part.model, bucket, quantity }
    const factor = price.per === MILLION && part.prices.factor.numerator !== part.prices.factor.denominator ? part.prices.factor : null
    const { numerator, denominator } = factor ?? { numerator: 1n, denominator: 1n }
    return {
      kind: 'bucket', model: part.model, bucket, quantity, price: price.amount, per: price.per, pricedAs: price.bucket, factor,
      amount: units(divideRounded(price.amount * BigInt(quantity) * numerator, price.per * denominator)),
    }
  })
  if (part.discount === null || part.discount === 0n || part.missing.length > 0) return lines
  const sum = lines.reduce((total, { amount }) => total + (amount ?? ZERO), 0n)
  return [...lines, { ...NO_LINE, kind: 'discount', model: part.model, amount: units(-divideRounded(sum * part.discount, ONE)) }]
}

/** Amounts of two currencies are not added: a dated exchange rate would have to say how. */
function mixedCurrencies(parts: readonly PricedPart[]): string[] {
  const currencies = new Set(parts.flatMap(({ match }) => (match === null ? [] : [match.rate.currency])))
  return currencies.size > 1 ? [`exchange rate between ${[...currencies].join(' and ')}`] : []
}
