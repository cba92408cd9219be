// Exchange rates by day: how an amount in one currency is told in another, and by which rate. The rate of a day holds until the next
// one that is known, for at most a week: an older one would be a guess. A pair that nobody quotes is crossed over the currency
// that both are quoted in, and says so.

import { divideRounded } from '../decimal.ts'
import { DAY_MS, instant, type Instant } from '../time.ts'
import { units, type AssetId, type Money } from '../money.ts'
import type { ExchangeRate } from './cost-plus.ts'
import type { ExchangeLookup } from './rate-usage.ts'
import { ONE, parseRatio, type Ratio } from './ratio.ts'

/** One quoted rate: what one `base` was worth in `quote` on a UTC day. */
export type QuotedRateDocument = { readonly day: string; readonly base: string; readonly quote: string; readonly rate: string; readonly source: string }

export type QuotedRate = { readonly day: Instant; readonly base: AssetId; readonly quote: AssetId; readonly rate: Ratio; readonly source: string }

/** Quotes by pair, newest first. */
export type ExchangeTable = ReadonlyMap<string, readonly QuotedRate[]>

/** A quote is good for the days without one behind it: weekends and holidays. */
export const EXCHANGE_AGE_MS_MAX = 7 * DAY_MS

export function compileExchange(documents: readonly QuotedRateDocument[]): ExchangeTable {
  const table = new Map<string, QuotedRate[]>()
  for (const [index, { day, base, quote, rate, source }] of documents.entries()) {
    const quoted: QuotedRate = { day: instant(Date.parse(`${day}T00:00:00Z`)), base, quote, rate: parseRatio(rate, `exchange_rates[${index}].rate`), source }
    const pair = pairOf(base, quote)
    table.set(pair, [...(table.get(pair) ?? []), quoted])
  }
  for (const quotes of table.values()) quotes.sort((a, b) => b.day - a.day)
  return table
}

/** Null where no quote of the last week joins the two. */
export function exchangeAt(table: ExchangeTable, of: { readonly from: AssetId; readonly to: AssetId; readonly at: Instant }): ExchangeRate | null {
  const { from, to, at } = of
  if (from === to) return { from, to, at, rate: ONE, name: 'the same currency' }
  const direct = quoteAt(table, from, to, at)
  if (direct !== null) return { from, to, at: direct.day, rate: direct.rate, name: direct.name }
  for (const base of new Set([...table.values()].flatMap(([first]) => (first === undefined ? [] : [first.base])))) {
    const [a, b] = [quoteAt(table, base, from, at), quoteAt(table, base, to, at)]
    if (a !== null && b !== null) return { from, to, at: instant(Math.min(a.day, b.day)), rate: divideRounded(b.rate * ONE, a.rate) as Ratio, name: `${b.name} over ${a.name}` }
  }
  return null
}

/** Looks up rates at one time; `used` collects the names of those that were asked for. */
export function exchangeLookup(table: ExchangeTable, at: Instant, used: Set<string> | null = null): ExchangeLookup | null {
  if (table.size === 0) return null
  return (from, to) => {
    const found = exchangeAt(table, { from, to, at })
    if (found?.name !== undefined) used?.add(found.name)
    return found
  }
}

export function convert(amount: Money, exchange: ExchangeRate): Money {
  return { asset: exchange.to, units: units(divideRounded(amount.units * exchange.rate, ONE)) }
}

/** A rate from one side to the other, under the name of what was quoted. */
type Found = { readonly rate: Ratio; readonly day: Instant; readonly name: string }

function quoteAt(table: ExchangeTable, base: AssetId, quote: AssetId, at: Instant): Found | null {
  if (base === quote) return { rate: ONE, day: at, name: `${quote} itself` }
  const found = table.get(pairOf(base, quote))?.find(({ day }) => day <= at)
  if (found !== undefined) return at - found.day <= EXCHANGE_AGE_MS_MAX ? { rate: found.rate, day: found.day, name: nameOf(found) } : null
  const inverse = table.get(pairOf(quote, base))?.find(({ day }) => day <= at)
  if (inverse === undefined || at - inverse.day > EXCHANGE_AGE_MS_MAX) return null
  return { rate: divideRounded(ONE * ONE, inverse.rate) as Ratio, day: inverse.day, name: nameOf(inverse) }
}

function nameOf({ base, quote, rate, day, source }: QuotedRate): string {
  return `1 ${base} = ${rate / ONE}.${(rate % ONE).toString().padStart(9, '0').replace(/0{1,5}$/, '')} ${quote} of ${new Date(day).toISOString().slice(0, 10)}, ${source}`
}

function pairOf(base: AssetId, quote: AssetId): string {
  return `${base}/${quote}`
}
