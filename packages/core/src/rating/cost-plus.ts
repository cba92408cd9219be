// The provider's cost and a margin on it. Where the provider is paid in another currency a dated exchange rate joins the two,
// and without one there is no price. A cost that is unknown has no price either: null, never zero.

import { assert } from '../assert.ts'
import { divideRounded, divideUp } from '../decimal.ts'
import { units, type AssetId, type Money, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { closeLines, line, type PriceLine } from './line.ts'
import type { EventPriceOf } from './price.ts'
import { ONE, type Ratio } from './ratio.ts'

/** What one unit of `from` was worth in `to`. */
export type ExchangeRate = { readonly from: AssetId; readonly to: AssetId; readonly at: Instant; readonly rate: Ratio; /** Says which rate it is, for a person. */ readonly name?: string }

export type CostFact = {
  readonly cost: Money | null
  /** What the same request would have cost without the provider's prompt cache; needed only by a price that keeps its savings. */
  readonly costUncached: Money | null
  readonly exchange: ExchangeRate | null
}

export function costPlusCharge(price: EventPriceOf<'cost_plus'>, fact: CostFact): Units | null {
  const base = baseOf(price, fact)
  if (base === null) return null
  const charge = units(base.exchange === ONE ? divideRounded(base.cost * (ONE + price.margin), ONE) : divideRounded(base.cost * base.exchange * (ONE + price.margin), ONE * ONE))
  return price.minimum !== null && charge < price.minimum ? price.minimum : charge
}

/** The most that a request can be charged whose cost is at most `fact`'s. */
export function costPlusBound(price: EventPriceOf<'cost_plus'>, fact: CostFact): Units | null {
  const base = baseOf(price, fact)
  if (base === null) return null
  const bound = units(divideUp(base.cost * base.exchange * (ONE + price.margin), ONE * ONE))
  return price.minimum !== null && bound < price.minimum ? price.minimum : bound
}

export function costPlusLines(price: EventPriceOf<'cost_plus'>, fact: CostFact): PriceLine[] {
  const base = baseOf(price, fact)
  const charge = costPlusCharge(price, fact)
  if (base === null || charge === null) return []
  const cost = divideRounded(base.cost * base.exchange, ONE)
  const margin = divideRounded(cost * price.margin, ONE)
  const lines = [line('cost', cost, base.exchange === ONE ? {} : { rate: base.exchange }), line('margin', margin, { rate: price.margin })]
  if (price.minimum === charge && cost + margin < charge) lines.push(line('minimum', charge - cost - margin, { unitAmount: price.minimum }))
  return closeLines(lines, charge)
}

function baseOf(price: EventPriceOf<'cost_plus'>, fact: CostFact): { readonly cost: Units; readonly exchange: Ratio } | null {
  const cost = price.cacheSavings === 'kept' ? fact.costUncached : fact.cost
  if (cost === null) return null
  assert(cost.units >= 0n, 'costPlusCharge: a negative cost')
  if (cost.asset === price.currency) return { cost: cost.units, exchange: ONE }
  const { exchange } = fact
  return exchange !== null && exchange.from === cost.asset && exchange.to === price.currency ? { cost: cost.units, exchange: exchange.rate } : null
}
