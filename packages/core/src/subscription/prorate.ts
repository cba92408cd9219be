// What a change in mid-period costs: for each recurring amount the time that is not used any more and the time that remains. Pure: plan,
// seats and add-ons before and after, the period and the instant. Whether and when it is invoiced is not decided here.

import type { AddOn } from '../catalog/subscription-catalog.ts'
import type { Plan } from '../catalog/catalog.ts'
import { units, type Units } from '../money.ts'
import type { RecurringPrice, Timing } from '../rating/price.ts'
import { elapsedSeconds, prorateChange, type ProrationLine, type Share } from '../rating/proration.ts'
import type { Instant, Span } from '../time.ts'

export type Agreed = { readonly plan: Plan; readonly seats: number; readonly addOns: readonly { readonly addOn: AddOn; readonly quantity: number }[] }

/** One recurring amount of an agreement for a whole period. */
export type Recurring = { readonly id: string; readonly name: string; readonly amount: Units; readonly timing: Timing }

export type ChangeLine = ProrationLine & { readonly id: string; readonly name: string }

/** What an agreement asks for time, in the currency of its plan: the recurring prices of the plan, and the fees of its add-ons. */
export function recurringPrices({ plan, addOns }: Omit<Agreed, 'seats'>): RecurringPrice[] {
  return [
    ...plan.recurring,
    ...addOns.flatMap(({ addOn: { id, fee }, quantity }): RecurringPrice[] => {
      const amount = fee?.amounts.get(plan.currency)
      return fee === null || amount === undefined ? [] : [{ id: `${id}.${fee.id}`, name: fee.name, model: 'flat', timing: 'in_advance', amount: units(amount * BigInt(quantity)) }]
    }),
  ]
}

export function recurringOf(agreed: Agreed): Recurring[] {
  return recurringPrices(agreed).map((price): Recurring => ({ id: price.id, name: price.name, timing: price.timing, amount: price.model === 'seat' ? units(price.amount * BigInt(agreed.seats)) : price.amount }))
}

export function recurringTotal(agreed: Agreed): Units {
  return units(recurringOf(agreed).reduce((sum, { amount }) => sum + amount, 0n))
}

/** More is an upgrade and takes effect at once; less, or another length of the period at no more, waits for its end. */
export function isUpgrade(before: Agreed, after: Agreed): boolean {
  const perYear = (agreed: Agreed) => recurringTotal(agreed) * (agreed.plan.period === 'month' ? 12n : 1n)
  return perYear(after) > perYear(before)
}

/**
 * Lines of what differs; the period of `before` is the one that runs. An amount that stays has no line. Where the length of the period
 * changes, it ends here and another begins, which is asked for whole.
 */
export function changeLines(input: { readonly before: Agreed; readonly after: Agreed; readonly period: Span; readonly at: Instant }): ChangeLine[] {
  const elapsed = elapsedSeconds(input.period, input.at)
  const isAnew = input.before.plan.period !== input.after.plan.period
  const begun: Share = isAnew ? { part: 0n, whole: elapsed.whole } : elapsed
  const olds = new Map(recurringOf(input.before).map((one) => [one.id, one]))
  const news = new Map(recurringOf(input.after).map((one) => [one.id, one]))
  const isSamePlan = input.before.plan.id === input.after.plan.id
  return [...new Set([...olds.keys(), ...news.keys()])].flatMap((id) => {
    const [from, to] = [olds.get(id), news.get(id)]
    if (isSamePlan && !isAnew && from?.amount === to?.amount) return []
    const { name } = (to ?? from)!
    const [gone, comes] = [from === undefined ? [] : prorateChange({ from: from.amount, to: null, elapsed, timing: from.timing }), to === undefined ? [] : prorateChange({ from: null, to: to.amount, elapsed: begun, timing: to.timing })]
    return [...gone, ...comes].map((line) => ({ ...line, id, name: line.kind === 'remaining_time' ? name : (from?.name ?? name) }))
  })
}
