// Why this number: the lines of a cumulative total and of one charge on it. The charge of an event that crosses
// tiers is the difference of two explained totals, so a volume discount shows as the old tier's units taken back and the new
// tier's put in. Only explanations call this; the amounts are those of rate.ts.

import { unreachable } from '../assert.ts'
import { roundToMinor, units, type AssetId, type Units } from '../money.ts'
import { quantity, type Quantity } from '../quantity.ts'
import { graduatedLines } from './graduated.ts'
import { closeLines, line, type PriceLine } from './line.ts'
import { packageLines } from './package.ts'
import { perUnitLines } from './per-unit.ts'
import type { PriceModel } from './price.ts'
import { rateAdded, rateTotal } from './rate.ts'
import { volumeLines } from './volume.ts'

export type Explained = { readonly amount: Units; readonly lines: readonly PriceLine[] }

/** R(price, aggregate) line by line. */
export function explainTotal(price: PriceModel, aggregate: Quantity): Explained {
  const amount = rateTotal(price, aggregate)
  return { amount, lines: closeLines(linesOf(price, aggregate), amount) }
}

/** The charge of `added` units on top of `before`, line by line. */
export function explainAdded(price: PriceModel, before: Quantity, added: Quantity): Explained {
  const amount = rateAdded(price, before, added)
  const lines = difference(linesOf(price, before), linesOf(price, quantity(before + added)))
  return { amount, lines: closeLines(lines, amount) }
}

/** An amount as it is printed, with what the rounding of the line took or gave. */
export function explainPrinted(exact: Units, currency: AssetId): { readonly exact: Units; readonly printed: Units; readonly rounding: Units } {
  const printed = roundToMinor(exact, currency)
  return { exact, printed, rounding: units(printed - exact) }
}

function linesOf(price: PriceModel, aggregate: Quantity): PriceLine[] {
  switch (price.model) {
    case 'per_unit':
      return perUnitLines(price, aggregate)
    case 'graduated':
      return graduatedLines(price, aggregate)
    case 'volume':
      return volumeLines(price, aggregate)
    case 'package':
      return packageLines(price, aggregate)
    default:
      return unreachable(price)
  }
}

/** What changed from one total to the other, line by line; what is the same on both sides falls out. */
function difference(before: readonly PriceLine[], after: readonly PriceLine[]): PriceLine[] {
  const keyOf = ({ kind, tier }: PriceLine): string => `${kind} ${tier}`
  const olds = new Map(before.map((old) => [keyOf(old), old]))
  const news = new Set(after.map(keyOf))
  const kept = after.map((now) => {
    const old = olds.get(keyOf(now))
    return { ...now, quantity: now.quantity === null ? null : now.quantity - (old?.quantity ?? 0n), amount: units(now.amount - (old?.amount ?? 0n)) }
  })
  const gone = before.filter((old) => !news.has(keyOf(old))).map((old) => line(old.kind, -old.amount, { ...old, quantity: old.quantity === null ? null : -old.quantity }))
  return [...gone, ...kept].filter(({ quantity: count, amount }) => amount !== 0n || (count !== null && count !== 0n))
}
