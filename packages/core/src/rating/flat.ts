// A fee for the time of a period, whatever is used: in advance it is due when the period opens, in arrears when it ends. For a
// part of the period it is prorated by the share that was served.

import { units, type Units } from '../money.ts'
import type { Instant, Span } from '../time.ts'
import { line, type PriceLine } from './line.ts'
import type { RecurringPriceOf, Timing } from './price.ts'
import { prorated, type Share } from './proration.ts'

export type RecurringCharge = { readonly amount: Units; readonly dueAt: Instant }

export function flatCharge(price: RecurringPriceOf<'flat'>, period: Span, served: Share): RecurringCharge {
  return { amount: prorated(price.amount, served), dueAt: dueAt(price.timing, period) }
}

/** A whole period is the most that it can cost. */
export function flatBound(price: RecurringPriceOf<'flat'>): Units {
  return price.amount
}

export function flatLines(price: RecurringPriceOf<'flat'>, served: Share): PriceLine[] {
  return [line('flat', prorated(price.amount, served), { quantity: served.part, unitAmount: units(price.amount), per: served.whole })]
}

/** When what is recurring falls due. */
export function dueAt(timing: Timing, period: Span): Instant {
  return timing === 'in_advance' ? period.start : period.end
}
