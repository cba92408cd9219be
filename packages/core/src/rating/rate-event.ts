// Rates one event: the included allowance first, then the price of each meter on what is left. The allowance is drawn in
// the order of consumption; within an event, in the order of the plan's meters. Of several prices of a meter the one with most
// conditions that fits holds. A meter that the plan prices or includes but that has no price for this usage is reported as
// unpriced, never charged zero in silence; a meter that the plan does not mention is only measured.

import { assert } from '../assert.ts'
import type { Plan } from '../catalog/catalog.ts'
import type { Measured } from '../meter/measure.ts'
import { units, ZERO, type Units } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { chargeable, type ChargedUsage } from './chargeable.ts'
import { fits, mayFit } from './matrix.ts'
import { isInsideOutcome } from './outcome.ts'
import { START, type Position } from './position.ts'
import type { UsagePrice } from './price.ts'
import { takeBack, takeBackUnpriced, type TakenBack, type UndoneCharge } from './undo.ts'
import { boundUsage, chargeUsage, isFinalCharge, labelsOf, pricedUsage, type PricedUsage, type RatedUsage, type RatingKnowledge } from './rate-usage.ts'

/** What one event costs by one price, on one aggregate of it. `before` is where that stood: with it the charge can be checked. */
export type Charge = {
  /** Empty where an allowance paid what no price knows. */
  readonly price: string
  /** The entry of a price that dimensions choose; empty for any other. */
  readonly entry: string
  readonly meter: string
  readonly quantity: Quantity
  /** Part of the quantity paid by an allowance, or free by the price itself. */
  readonly included: Quantity
  readonly before: Position
  readonly amount: Units
}

export type RatedEvent = { readonly charges: readonly Charge[]; readonly amount: Units; readonly unpriced: readonly string[]; /** No charge depends on what other nodes settle. */ readonly isFinal: boolean }

/** Units that allowances pay: `budget` is the id of the allowance's budget. An amount that one pays of the charge has an empty `meter`. */
export type Coverage = { readonly budget: string; readonly meter: string; readonly quantity: Quantity }

/**
 * Takes from the allowances what they still hold of what the customer has to pay. `available(allowanceId)` is the remainder now;
 * the caller books what is returned.
 */
export function coverByAllowances(plan: Plan, usage: ChargedUsage, measured: readonly Measured[], available: (allowance: string) => Quantity): Coverage[] {
  if (plan.allowances.length === 0 || !plan.funding.includes('allowance')) return []
  const coverage: Coverage[] = []
  const charged = chargeable(plan, usage, measured)
  for (const allowance of plan.allowances) {
    let remainder: bigint | null = null
    for (const meter of allowance.meters) {
      const wanted = wantedOf(charged, coverage, meter)
      if (wanted <= 0n) continue
      remainder ??= available(allowance.id)
      const taken: bigint = wanted < remainder ? wanted : remainder
      if (taken <= 0n) continue
      coverage.push({ budget: allowanceBudget(allowance.id), meter, quantity: quantity(taken) })
      remainder -= taken
    }
  }
  return coverage
}

/** What of a meter no allowance has paid yet. A usage event has few meters: they are looked through. */
function wantedOf(charged: readonly Measured[], coverage: readonly Coverage[], meter: string): bigint {
  for (const { meter: { id }, quantity: used } of charged) if (id === meter) return coverage.length === 0 ? used : used - includedOf(coverage, meter)
  return 0n
}

/** The id of the budget that an allowance is enforced by. */
export function allowanceBudget(allowance: string): string {
  return `allowance:${allowance}`
}

export type RateInput = {
  readonly plan: Plan
  readonly usage: RatedUsage
  /** All that was measured; what the customer has not to pay is left out here ({@link chargeable}). */
  readonly measured: readonly Measured[]
  readonly coverage: readonly Coverage[]
  /** Where an aggregate stands in the period. */
  readonly before: (price: UsagePrice, entry: string) => Position
  /** What an event that is undone was charged; its quantities come below zero. */
  readonly undone?: readonly UndoneCharge[]
} & RatingKnowledge

/** Charges of the event on top of `coverage`. */
export function rateEvent(input: RateInput): RatedEvent {
  const { plan, before } = input
  const charges: Charge[] = []
  const unpriced: string[] = []
  const usage = pricedUsage(input.usage, input)
  let amount: bigint = ZERO
  let isFinal = true
  for (const { meter, quantity: used } of chargeable(plan, input.usage, input.measured)) {
    if (used < 0n) {
      const back = takenBack(input, usage, meter.id, quantity(-used))
      if (back === null) continue
      charges.push({ ...back, meter: meter.id, quantity: used })
      amount += back.amount
      isFinal = false
      continue
    }
    const included = includedOf(input.coverage, meter.id)
    assert(included <= used, () => `more of ${meter.id} is covered than was used`)
    const price = priceInForce(plan, meter.id, usage)
    const charge = price === null ? null : chargeUsage(price, quantity(used - included), usage, (entry) => before(price, entry))
    if (price === null || charge === null || charge.amount === null) {
      if (included < used && isMentioned(plan, meter.id)) unpriced.push(meter.id)
      if (included > 0n) charges.push({ price: '', entry: '', meter: meter.id, quantity: used, included, before: START, amount: ZERO })
      continue
    }
    if (!isFinalCharge(price, usage)) isFinal = false
    charges.push({ price: price.id, entry: charge.entry, meter: meter.id, quantity: used, included: quantity(included + charge.free), before: charge.before, amount: charge.amount })
    amount += charge.amount
  }
  return { charges, amount: units(amount), unpriced, isFinal }
}

/** Usage below zero, by the price that charged it: an event is undone, or an aggregate has fallen. */
function takenBack({ plan, undone, before }: RateInput, usage: PricedUsage, meter: string, taken: Quantity): (TakenBack & { readonly price: string }) | null {
  const charged = undone?.find((charge) => charge.meter === meter) ?? null
  const price = charged !== null && charged.price !== '' ? (plan.prices.find(({ id }) => id === charged.price) ?? null) : priceInForce(plan, meter, usage)
  const back = price === null ? takeBackUnpriced(charged) : takeBack(price, taken, usage, (entry) => before(price, entry), charged)
  return back === null ? null : { ...back, price: price?.id ?? '' }
}

/** The price of a meter that holds for usage with these dimensions; null when none does. */
export function priceInForce(plan: Plan, meter: string, usage: PricedUsage): UsagePrice | null {
  const prices = plan.pricesByMeter.get(meter)
  if (prices === undefined) return null
  for (const price of prices) if (price.when.size === 0 || fits(price.when, labelsOf(usage.told))) return price
  return null
}

/**
 * The most that `left[i]` units of `bound[i]` can cost, by the dearest price that usage with the known dimensions may meet. Null
 * when some of it may have no price.
 */
export function boundCharge(plan: Plan, bound: readonly Measured[], left: readonly number[], usage: PricedUsage): Units | null {
  let sum = 0n
  for (let index = 0; index < bound.length; index++) {
    const { meter } = bound[index]!
    const count = left[index]!
    if (count === 0) continue
    const most = plan.pricesByMeter.has(meter.id) ? boundMeter(plan, meter.id, quantity(BigInt(count)), usage) : null
    if (most !== null) sum += most
    else if (isMentioned(plan, meter.id)) return null
  }
  return units(sum)
}

/** What the runs that the usage is in will cost with their results: a run may begin only where its result can be paid. */
export function boundOutcomes(plan: Plan, usage: PricedUsage): Units {
  const { run } = usage.told
  if (run === null || plan.outcomes.length === 0) return ZERO
  return units(plan.outcomes.reduce((sum, price) => (isInsideOutcome(price, usage.told) && !usage.isRunCharged(price.id, run) ? sum + price.amount : sum), 0n as bigint))
}

function boundMeter(plan: Plan, meter: string, most: Quantity, usage: PricedUsage): Units | null {
  let dearest: Units | null = null
  for (const price of plan.pricesByMeter.get(meter) ?? []) {
    // What a run costs is held for it once, by boundOutcomes.
    if (price.model === 'outcome' && usage.told.run !== null) return ZERO
    const fit = price.when.size === 0 ? 'yes' : mayFit(price.when, labelsOf(usage.told))
    if (fit === 'no') continue
    const bound = boundUsage(price, most, usage)
    if (bound === null) return null
    if (dearest === null || bound > dearest) dearest = bound
    if (fit === 'yes') return dearest
  }
  // Whatever may fit, something may also fit none.
  return null
}

/** A meter that the plan speaks of must have a price for what is used; any other is only measured. */
function isMentioned(plan: Plan, meter: string): boolean {
  return plan.pricesByMeter.has(meter) || plan.allowances.some(({ meters }) => meters.includes(meter))
}

function includedOf(coverage: readonly Coverage[], meter: string): Quantity {
  let included: bigint = NONE
  for (const covered of coverage) if (covered.meter === meter) included = included === NONE ? covered.quantity : included + covered.quantity
  return quantity(included)
}
