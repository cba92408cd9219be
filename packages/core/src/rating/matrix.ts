// A price that the dimensions of the usage choose: of the entries whose conditions all hold the one with the most, of equals the
// first; else the default; else nothing, which is unpriced. Each entry has its own aggregate under its own id, so that tiers
// are climbed by what belongs to them and the charges of an entry sum to its R(total) in any order.

import type { Conditions, MatrixEntry, PriceModel, SelectedPriceOf } from './price.ts'

/** The id of the aggregate that the default collects. */
export const OTHERWISE = 'otherwise'

export type Dimensions = Readonly<Record<string, string>>
export type Selected = { readonly entry: string; readonly price: PriceModel }

/** The price that holds for `dimensions`; null when none does. */
export function matrixPrice(price: SelectedPriceOf<'matrix'>, dimensions: Dimensions): Selected | null {
  const entry = selectEntry(price.entries, dimensions)
  if (entry !== null) return { entry: entry.id, price: entry.value }
  return price.otherwise === null ? null : { entry: OTHERWISE, price: price.otherwise }
}

/** The entry that asks most of `dimensions` and gets it. */
export function selectEntry<Value>(entries: readonly MatrixEntry<Value>[], dimensions: Dimensions): MatrixEntry<Value> | null {
  let best: MatrixEntry<Value> | null = null
  for (const entry of entries) if (fits(entry.when, dimensions) && (best === null || entry.when.size > best.when.size)) best = entry
  return best
}

export function fits(when: Conditions, dimensions: Dimensions): boolean {
  for (const [dimension, accepted] of when) {
    const value = dimensions[dimension]
    if (value === undefined || !accepted.includes(value)) return false
  }
  return true
}

/** Whether usage whose dimensions are known in part may fit: it certainly does, it may, or it cannot any more. */
export function mayFit(when: Conditions, known: Dimensions): 'yes' | 'maybe' | 'no' {
  let isCertain = true
  for (const [dimension, accepted] of when) {
    const value = known[dimension]
    if (value === undefined) isCertain = false
    else if (!accepted.includes(value)) return 'no'
  }
  return isCertain ? 'yes' : 'maybe'
}
