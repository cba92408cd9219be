// What differs between two entries of one model, price by price, and by how many percent. Exact: decimals are compared as integers,
// and a percentage has one decimal place, rounded away from zero so that a threshold is never passed unseen.

import { divideUp, parseDecimal, type RateDocument } from '@tollgate/core'

export type PriceChange = {
  /** Which price: `input`, `output if service_tier is flex`, `input above 200000`. */
  readonly price: string
  readonly before: string | null
  readonly after: string | null
  /** Signed, such as `-12.5`; null where one side has no price above zero. */
  readonly percent: string | null
}

const SCALE = 12

export function comparePrices(before: RateDocument, after: RateDocument): readonly PriceChange[] {
  const olds = pricesOf(before)
  const news = pricesOf(after)
  const names = [...new Set([...olds.keys(), ...news.keys()])]
  const changes = names.flatMap((price): PriceChange[] => {
    const [old, now] = [olds.get(price) ?? null, news.get(price) ?? null]
    if (old !== null && now !== null && exact(old) === exact(now)) return []
    return [{ price, before: old, after: now, percent: old === null || now === null ? null : percentOf(old, now) }]
  })
  return before.currency === after.currency ? changes : [{ price: 'currency', before: before.currency, after: after.currency, percent: null }, ...changes]
}

/** The largest change in either direction, in tenths of a percent; null where any has no percentage. */
export function largestPerMille(changes: readonly PriceChange[]): bigint | null {
  let largest = 0n
  for (const { percent, before, price } of changes) {
    // A price that was not there before makes nothing dearer that was known.
    if (before === null && price !== 'currency') continue
    if (percent === null) return null
    const tenths = parseDecimal(percent, 1, 'percent')
    const size = tenths < 0n ? -tenths : tenths
    if (size > largest) largest = size
  }
  return largest
}

/** Every price of an entry by name: what two sources are compared by. */
export function pricesOf(rate: RateDocument): ReadonlyMap<string, string> {
  const prices = new Map<string, string>([...Object.entries(rate.per_million), ...Object.entries(rate.per_unit ?? {})])
  for (const variant of rate.variants ?? []) {
    const conditions = [
      ...Object.entries(variant.when ?? {}).map(([label, accepted]) => `if ${label} is ${accepted.join(' or ')}`),
      ...(variant.input_above === undefined ? [] : [`above ${variant.input_above}`]), ...(variant.total_above === undefined ? [] : [`above ${variant.total_above} in all`]),
    ].join(' ')
    for (const [bucket, amount] of [...Object.entries(variant.per_million ?? {}), ...Object.entries(variant.per_unit ?? {})]) prices.set(`${bucket} ${conditions}`, amount)
    if (variant.factor !== undefined) prices.set(`factor ${conditions}`, variant.factor)
  }
  return prices
}

function percentOf(before: string, after: string): string | null {
  const [old, now] = [exact(before), exact(after)]
  if (old === 0n) return null
  const difference = now - old
  const tenths = divideUp((difference < 0n ? -difference : difference) * 1000n, old)
  return `${difference < 0n ? '-' : ''}${tenths / 10n}.${tenths % 10n}`.replace(/\.0$/, '')
}

function exact(text: string): bigint {
  return parseDecimal(text, SCALE, 'price')
}
