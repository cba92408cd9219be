// A share of the event's amount, with an optional fixed part, free units, and bounds per event. Per event: only the free units
// remember what came before. An event of amount zero, or one that the free units pay in full, costs nothing at all: neither
// the fixed part nor the minimum is due.

import { assert } from '../assert.ts'
import { divideUp } from '../decimal.ts'
import { units, ZERO, type Units } from '../money.ts'
import { closeLines, line, type PriceLine } from './line.ts'
import type { EventPriceOf } from './price.ts'
import { applyRatio, ONE } from './ratio.ts'

/** What a period used of the free units. */
export type FreeUsed = { readonly events: number; readonly amount: Units }

export const NOTHING_FREE_USED: FreeUsed = { events: 0, amount: ZERO }

export type PercentageCharge = { readonly amount: Units; readonly free: Units; readonly used: FreeUsed }

export function percentageCharge(price: EventPriceOf<'percentage'>, amount: Units, used: FreeUsed): PercentageCharge {
  assert(amount >= 0n, 'percentageCharge: a negative amount')
  const free = freePart(price, amount, used)
  return { amount: chargeOf(price, units(amount - free)), free, used: { events: used.events + 1, amount: units(used.amount + free) } }
}

/** The most that an event of at most `amountMax` can cost: as if nothing were free any more. */
export function percentageBound(price: EventPriceOf<'percentage'>, amountMax: Units): Units {
  if (amountMax === 0n) return ZERO
  return within(price, units(divideUp(amountMax * price.rate, ONE) + price.fixed))
}

export function percentageLines(price: EventPriceOf<'percentage'>, amount: Units, used: FreeUsed): PriceLine[] {
  const { free, amount: charge } = percentageCharge(price, amount, used)
  const chargeable = units(amount - free)
  const lines: PriceLine[] = free === 0n ? [] : [line('free', 0n, { quantity: free })]
  if (chargeable === 0n) return lines
  const share = applyRatio(chargeable, price.rate)
  lines.push(line('percentage', share, { quantity: chargeable, rate: price.rate }))
  if (price.fixed !== 0n) lines.push(line('fixed', price.fixed, { unitAmount: price.fixed }))
  const bare = share + price.fixed
  if (charge > bare) lines.push(line('minimum', charge - bare, { unitAmount: price.minimum }))
  if (charge < bare) lines.push(line('maximum', charge - bare, { unitAmount: price.maximum }))
  return closeLines(lines, charge)
}

function freePart(price: EventPriceOf<'percentage'>, amount: Units, used: FreeUsed): Units {
  const { freeEvents, freeAmount } = price
  if ((freeEvents === null && freeAmount === null) || (freeEvents !== null && used.events >= freeEvents)) return ZERO
  const left = freeAmount === null ? amount : units(freeAmount - used.amount)
  return left <= 0n ? ZERO : left < amount ? left : amount
}

function chargeOf(price: EventPriceOf<'percentage'>, chargeable: Units): Units {
  return chargeable === 0n ? ZERO : within(price, units(applyRatio(chargeable, price.rate) + price.fixed))
}

function within(price: { readonly minimum: Units | null; readonly maximum: Units | null }, amount: Units): Units {
  if (price.maximum !== null && amount > price.maximum) return price.maximum
  return price.minimum !== null && amount < price.minimum ? price.minimum : amount
}
