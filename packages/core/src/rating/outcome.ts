// A result has a price: a successful task, one blog post. What was used on the way to it, in the same run and for the features
// that the price names, is metered at cost and charged nothing, whatever the result. Without results that it waits for, the run
// itself has the price, and its first event is charged it. A run is charged once, however often its result is reported.

import { units, ZERO, type Units } from '../money.ts'
import { line, type PriceLine } from './line.ts'
import type { EventPriceOf } from './price.ts'

/** The charge of a reported result; zero for one that the price does not charge. */
export function outcomeCharge(price: EventPriceOf<'outcome'>, result: string | null): Units {
  return isRunPrice(price) || (result !== null && price.chargedOn.includes(result)) ? price.amount : ZERO
}

export function outcomeBound(price: EventPriceOf<'outcome'>): Units {
  return price.amount
}

/** Whether the run has the price by itself, with its first event. */
export function isRunPrice(price: EventPriceOf<'outcome'>): boolean {
  return price.chargedOn.length === 0
}

/** Whether usage is inside a run that is charged by its result. No features named means all. */
export function isInsideOutcome(price: EventPriceOf<'outcome'>, usage: { readonly run: string | null; readonly feature: string | null }): boolean {
  return usage.run !== null && (price.features.length === 0 || (usage.feature !== null && price.features.includes(usage.feature)))
}

export function outcomeLines(price: EventPriceOf<'outcome'>, result: string | null): PriceLine[] {
  const amount = outcomeCharge(price, result)
  return [line('outcome', amount, { quantity: amount === ZERO ? 0n : 1n, unitAmount: units(price.amount), per: 1n })]
}
