// Rates one event: the included allowance first, then the price of each meter on what is left. The allowance is drawn in
// the order of consumption; within an event, in the order of the plan's meters. A meter that an allowance
// includes but that has no price beyond it is reported as unpriced, never charged zero in silence; a meter that the plan
// does not mention is only measured.

import { assert } from '../assert.ts'
import type { Plan } from '../catalog/catalog.ts'
import type { Measured } from '../meter/measure.ts'
import { units, ZERO, type Units } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { rateAdded } from './rate.ts'

/** What one event costs by one price. `before` is the billable aggregate that it met: with it the charge can be checked. */
export type Charge = {
  readonly price: string
  readonly meter: string
  readonly quantity: Quantity
  /** Part of the quantity paid by an allowance. */
  readonly included: Quantity
  readonly before: Quantity
  readonly amount: Units
}

export type RatedEvent = { readonly charges: readonly Charge[]; readonly amount: Units; readonly unpriced: readonly string[] }

/** Units that allowances pay: `budget` is the id of the allowance's budget. */
export type Coverage = { readonly budget: string; readonly meter: string; readonly quantity: Quantity }

/**
 * Takes from the allowances what they still hold. `available(allowanceId)` is the remainder now; the caller books what
 * is returned.
 */
export function coverByAllowances(plan: Plan, measured: readonly Measured[], available: (allowance: string) => Quantity): Coverage[] {
  if (plan.allowances.length === 0 || !plan.funding.includes('allowance')) return []
  const coverage: Coverage[] = []
  const left = new Map(measured.map(({ meter, quantity: used }) => [meter.id, used]))
  for (const allowance of plan.allowances) {
    let remainder: bigint = available(allowance.id)
    for (const meter of allowance.meters) {
      const wanted = left.get(meter) ?? NONE
      const taken = wanted < remainder ? wanted : remainder
      if (taken <= 0n) continue
      coverage.push({ budget: allowanceBudget(allowance.id), meter, quantity: quantity(taken) })
      left.set(meter, quantity(wanted - taken))
      remainder -= taken
    }
  }
  return coverage
}

/** The id of the budget that an allowance is enforced by. */
export function allowanceBudget(allowance: string): string {
  return `allowance:${allowance}`
}

/** Charges of the event on top of `coverage`. `billableBefore(priceId)` is the aggregate of that price in the period. */
export function rateEvent(input: {
  readonly plan: Plan
  readonly measured: readonly Measured[]
  readonly coverage: readonly Coverage[]
  readonly billableBefore: (price: string) => Quantity
}): RatedEvent {
  const charges: Charge[] = []
  const unpriced: string[] = []
  let amount: bigint = ZERO
  for (const { meter, quantity: used } of input.measured) {
    const price = input.plan.priceByMeter.get(meter.id)
    let included = 0n
    for (const covered of input.coverage) if (covered.meter === meter.id) included += covered.quantity
    assert(included <= used, `more of ${meter.id} is covered than was used`)
    if (price === undefined) {
      if (included < used && input.plan.allowances.some(({ meters }) => meters.includes(meter.id))) unpriced.push(meter.id)
      if (included > 0n) charges.push({ price: '', meter: meter.id, quantity: used, included: quantity(included), before: NONE, amount: ZERO })
      continue
    }
    const before = input.billableBefore(price.id)
    const charge = rateAdded(price, before, quantity(used - included))
    charges.push({ price: price.id, meter: meter.id, quantity: used, included: quantity(included), before, amount: charge })
    amount += charge
  }
  return { charges, amount: units(amount), unpriced }
}
