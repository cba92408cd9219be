// Provider cost from disjoint usage buckets and the rate card entry in force. A missing price is null, never zero; a
// missing price of cached input is the input price, because a cache may only make a request cheaper.

import type { Rate, RateCard } from '../catalog/catalog.ts'
import { divideRounded } from '../decimal.ts'
import { units, type Money } from '../money.ts'
import type { Instant } from '../time.ts'

const MILLION = 1_000_000n

/** The entry for `model` at `at`: exact name or alias, the newest that had begun. Null when none is known. */
export function rateInForce(card: RateCard, model: string, at: Instant): Rate | null {
  const entries = card.get(model) ?? card.get(withoutDate(model))
  return entries?.find((rate) => rate.from <= at) ?? null
}

/** A provider answers with a dated snapshot name such as `gpt-5-mini-2025-08-07`; the card may know only the family. */
export function withoutDate(model: string): string {
  return model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '')
}

/** Cost of disjoint buckets (`input`, `cached_input`, `output`, …); null when a used bucket has no price. */
export function costOf(rate: Rate, buckets: Readonly<Record<string, number>>): Money | null {
  let product = 0n
  for (const [bucket, count] of Object.entries(buckets)) {
    if (count === 0) continue
    const price = rate.perMillion.get(bucket) ?? (bucket === 'cached_input' ? rate.perMillion.get('input') : bucket === 'reasoning' ? rate.perMillion.get('output') : undefined)
    if (price === undefined) return null
    product += price * BigInt(count)
  }
  return { asset: rate.currency, units: units(divideRounded(product, MILLION)) }
}
