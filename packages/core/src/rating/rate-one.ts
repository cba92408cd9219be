// f(event): the charge of one event by a price that looks at the event alone. Null means that the event does not tell what the
// price needs, which is unpriced and never free. Cumulative prices do not pass through here (rate.ts).

import { unreachable } from '../assert.ts'
import type { Units } from '../money.ts'
import { costPlusBound, costPlusCharge, costPlusLines, type CostFact } from './cost-plus.ts'
import { dynamicBound, dynamicCharge, dynamicLines } from './dynamic.ts'
import type { PriceLine } from './line.ts'
import { outcomeBound, outcomeCharge, outcomeLines } from './outcome.ts'
import { percentageBound, percentageCharge, percentageLines, type FreeUsed } from './percentage.ts'
import type { EventPriceModel } from './price.ts'

/** What an event tells that prices by event look at. */
export type EventFact = CostFact & {
  /** The amount of which a percentage is taken, or that a dynamic price charges, in the price's currency. */
  readonly amount: Units | null
  /** What a run came to, such as `succeeded`. */
  readonly result: string | null
}

export type EventCharge = { readonly amount: Units | null; readonly used: FreeUsed }

/** The charge of one event, and the free units used after it. */
export function chargeEvent(price: EventPriceModel, fact: EventFact, used: FreeUsed): EventCharge {
  switch (price.model) {
    case 'percentage':
      return fact.amount === null ? { amount: null, used } : percentageCharge(price, fact.amount, used)
    case 'cost_plus':
      return { amount: costPlusCharge(price, fact), used }
    case 'dynamic':
      return { amount: dynamicCharge(price, fact.amount), used }
    case 'outcome':
      return { amount: outcomeCharge(price, fact.result), used }
    default:
      return unreachable(price)
  }
}

/** An upper bound of {@link chargeEvent} for every event that tells at most `most`, whatever was free before. */
export function boundEvent(price: EventPriceModel, most: EventFact): Units | null {
  switch (price.model) {
    case 'percentage':
      return most.amount === null ? price.maximum : percentageBound(price, most.amount)
    case 'cost_plus':
      return costPlusBound(price, most)
    case 'dynamic':
      return dynamicBound(price, most.amount)
    case 'outcome':
      return outcomeBound(price)
    default:
      return unreachable(price)
  }
}

/** {@link chargeEvent} line by line. */
export function explainCharge(price: EventPriceModel, fact: EventFact, used: FreeUsed): readonly PriceLine[] {
  switch (price.model) {
    case 'percentage':
      return fact.amount === null ? [] : percentageLines(price, fact.amount, used)
    case 'cost_plus':
      return costPlusLines(price, fact)
    case 'dynamic':
      return dynamicLines(price, fact.amount)
    case 'outcome':
      return outcomeLines(price, fact.result)
    default:
      return unreachable(price)
  }
}
