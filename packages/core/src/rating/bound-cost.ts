// The most that a request can cost us before it runs: its bound usage at the dearest price of the rate in force, over all kinds of
// input and output, service tiers and lengths of context. Discounts are left out, because a bound may be too high and never too
// low. Null when the model has no rate: what has no cost has no cost-plus price either.

import type { Catalog, Rate } from '../catalog/catalog.ts'
import { divideUp } from '../decimal.ts'
import { units, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { INPUT_BUCKETS, OUTPUT_BUCKETS, isTokenBucket } from '../usage/bucket.ts'
import { MILLION, rateInForce } from './cost.ts'
import { ONE } from './ratio.ts'
import type { ProviderCost } from './rate-usage.ts'

export type BoundedRequest = { readonly model: string | null; readonly quantities: Readonly<Record<string, string>>; readonly at: Instant }

const UNKNOWN: ProviderCost = { cost: null, uncached: null }

export function boundCost(catalog: Catalog, { model, quantities, at }: BoundedRequest): ProviderCost {
  if (model === null) return UNKNOWN
  const rate = rateInForce(catalog.rateCard, catalog.gatewayModels.get(model)?.model ?? model, at)
  if (rate === null) return UNKNOWN
  const count = (property: string): bigint => BigInt(Math.ceil(Number(quantities[property] ?? '0')))
  const input = dearest(rate, INPUT_BUCKETS)
  const output = dearest(rate, OUTPUT_BUCKETS)
  const read = count('input_tokens') + count('cached_input_tokens')
  const written = count('output_tokens')
  // A model that only reads has no price for output, because it writes none.
  if (input === null && output === null && read + written > 0n) return UNKNOWN
  const tokens = read * (input ?? 0n) + written * (output ?? 0n)
  const factor = dearestFactor(rate)
  const bound = divideUp(tokens * factor, MILLION * ONE) + eachRequest(rate, count)
  const cost = { asset: rate.currency, units: units(bound) }
  return { cost, uncached: cost }
}

/** The highest price of any of `buckets` on the list and on its variants. */
function dearest(rate: Rate, buckets: readonly string[]): Units | null {
  let most: Units | null = null
  for (const prices of [rate.perMillion, ...(rate.variants ?? []).map(({ perMillion }) => perMillion)]) {
    for (const bucket of buckets) {
      const price = prices.get(bucket)
      if (price !== undefined && (most === null || price > most)) most = price
    }
  }
  return most
}

/** All factors that make a request dearer, together: more than one may hold. */
function dearestFactor(rate: Rate): bigint {
  return (rate.variants ?? []).reduce<bigint>((product, { factor }) => (factor !== null && factor > ONE ? divideUp(product * factor, ONE) : product), ONE)
}

function eachRequest(rate: Rate, count: (property: string) => bigint): bigint {
  const prices = new Map<string, Units>()
  for (const perUnit of [rate.perUnit, ...(rate.variants ?? []).map((variant) => variant.perUnit)]) {
    for (const [bucket, amount] of perUnit ?? []) if (!isTokenBucket(bucket) && amount > (prices.get(bucket) ?? 0n)) prices.set(bucket, amount)
  }
  return [...prices].reduce((sum, [bucket, amount]) => sum + amount * (bucket === 'requests' ? 1n : count(bucket)), 0n)
}
