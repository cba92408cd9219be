// Provider cost from disjoint usage buckets and the rate card entry in force. A missing price is null, never zero; a
// missing price of cached input is the input price, because a cache may only make a request cheaper.

import type { Rate, RateCard } from '../catalog/catalog.ts'
import { divideRounded } from '../decimal.ts'
import { units, type Money, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { inputTokens, isTokenBucket, outputTokens, type Buckets } from '../usage/bucket.ts'
import { bucketPrice } from './bucket-price.ts'
import { matchRate } from './rate-match.ts'
import { pricesOf, type RateCircumstances, type RatePrices } from './rate-variant.ts'

export { withoutDate } from './rate-match.ts'

export const MILLION = 1_000_000n

/** The entry for `model` at `at`: exact name or alias, then family, then pattern; the newest that had begun. Null when none is known. */
export function rateInForce(card: RateCard, model: string, at: Instant): Rate | null {
  return matchRate(card, model, at)?.rate ?? null
}

/** What the request was like beyond its tokens; standard unless told. */
export type RequestClass = { readonly tier: string; readonly region: string | null; readonly labels: Readonly<Record<string, string>> }

const STANDARD: RequestClass = { tier: 'standard', region: null, labels: {} }

/** Cost of disjoint buckets (`input`, `cached_input`, `output`, …); null when a used bucket or the service tier has no price. */
export function costOf(rate: Rate, buckets: Buckets, of: RequestClass = STANDARD): Money | null {
  const prices = pricesOf(rate, circumstancesOf(buckets, of))
  const product = prices.isTierUnknown ? null : costProduct(prices, buckets, null)
  return product === null ? null : { asset: rate.currency, units: units(divideRounded(product.numerator, product.denominator)) }
}

export function circumstancesOf(buckets: Buckets, of: RequestClass): RateCircumstances {
  const input = inputTokens(buckets)
  return { ...of, inputTokens: input, totalTokens: input + outputTokens(buckets) }
}

/**
 * The exact cost as a fraction, so that whatever multiplies it further is still divided once. Buckets without a price
 * are added to `missing` and make it null.
 */
export function costProduct(prices: RatePrices, buckets: Buckets, missing: string[] | null): { readonly numerator: bigint; readonly denominator: bigint } | null {
  let tokens = 0n
  let others = 0n
  let isPriced = true
  for (const [bucket, count] of Object.entries(buckets)) {
    if (count === 0) continue
    const price = priceFor(prices, bucket)
    if (price === null) {
      isPriced = false
      missing?.push(bucket)
    } else if (price.per === MILLION) tokens += price.amount * BigInt(count)
    else others += price.amount * BigInt(count)
  }
  if (!isPriced) return null
  const { numerator, denominator } = prices.factor
  return { numerator: tokens * numerator + others * MILLION * denominator, denominator: MILLION * denominator }
}

/** What a bucket costs: per unit what is counted one by one, per million all else. */
export function priceFor(prices: RatePrices, bucket: string): { readonly amount: Units; readonly per: bigint; readonly bucket: string } | null {
  const each = isTokenBucket(bucket) ? undefined : prices.perUnit.get(bucket)
  if (each !== undefined) return { amount: each, per: 1n, bucket }
  const price = bucketPrice(prices.perMillion, bucket)
  return price === null ? null : { ...price, per: MILLION }
}
