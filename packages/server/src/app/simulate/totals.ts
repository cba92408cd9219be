// What a simulation adds up, by asset: what was charged, what the draft would charge, and what it cost us. A cost in another currency
// without an exchange rate makes the cost unknown, never smaller.

import { convert, units, ZERO, type ExchangeRate, type Span, type Units } from '@tollgate/core'

export type AssetTotals = { readonly current: Units; readonly simulated: Units; readonly cost: Units; /** False where some of the cost is in a currency that nothing converts. */ readonly isCostKnown: boolean }

export type CustomerTotals = {
  readonly customer: string
  readonly name: string
  readonly plan: string
  readonly byAsset: ReadonlyMap<string, AssetTotals>
  readonly add: (asset: string, more: { readonly current?: bigint; readonly simulated?: bigint }) => void
  readonly addCost: (asset: string, cost: Units | null) => void
  /** Simulated minus current over all currencies, in that of `rateOf`. */
  readonly change: (rateOf: (asset: string) => ExchangeRate | null) => bigint
}

export type SimulationResult = {
  readonly span: Span
  readonly catalogVersion: number
  readonly customers: number
  readonly events: number
  /** Events of which the draft does not price something. */
  readonly unpriced: number
  /** Events whose cost nobody knows. */
  readonly costUnknown: number
  /** Customers whose plan the draft does not have. */
  readonly skipped: number
  readonly changed: number
  readonly totals: CustomerTotals
  /** By the plan that customers are on now. */
  readonly byPlan: readonly { readonly own: CustomerTotals; readonly customers: number; readonly changed: number }[]
  /** Those whose bill changes most, from the largest decrease to the largest increase. */
  readonly ranked: readonly { readonly own: CustomerTotals; readonly change: Units }[]
  /** Exchange rates that costs went by. */
  readonly exchange: readonly string[]
}

const NOTHING: AssetTotals = { current: ZERO, simulated: ZERO, cost: ZERO, isCostKnown: true }

export function emptyTotals(customer: string, name: string, plan: string): CustomerTotals {
  const byAsset = new Map<string, AssetTotals>()
  return {
    customer, name, plan, byAsset,
    add: (asset, { current = 0n, simulated = 0n }) => {
      const before = byAsset.get(asset) ?? NOTHING
      byAsset.set(asset, { ...before, current: units(before.current + current), simulated: units(before.simulated + simulated) })
    },
    addCost: (asset, cost) => {
      const before = byAsset.get(asset) ?? NOTHING
      byAsset.set(asset, cost === null ? { ...before, isCostKnown: false } : { ...before, cost: units(before.cost + cost) })
    },
    change: (rateOf) => [...byAsset].reduce((sum, [asset, { current, simulated }]) => {
      const rate = rateOf(asset)
      return rate === null ? sum : sum + convert({ asset, units: units(simulated - current) }, rate).units
    }, 0n),
  }
}
