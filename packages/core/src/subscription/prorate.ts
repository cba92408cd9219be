// What a change in mid-period costs: for each recurring amount the time that is not used any more and the time that remains. Pure: plan,
// seats and add-ons before and after, the period and the instant. Whether and when it is invoiced is not decided here.

import type { AddOn } from '../catalog/subscription-catalog.ts'
import type { Plan } from '../catalog/catalog.ts'
import { units, type Units } from '../money.ts'
import type { Timing } from '../rating/price.ts'
import { elapsedSeconds, prorateChange, type ProrationLine } from '../rating/proration.ts'
import type { Instant, Span } from '../time.ts'

export type Agreed = { readonly plan: Plan; readonly seats: number; readonly addOns: readonly { readonly addOn: AddOn; readonly quantity: number }[] }

/** One recurring amount of an agreement for a whole period. */
export type Recurring = { readonly id: string; readonly name: string; readonly amount: Units; readonly timing: Timing }

export type ChangeLine = ProrationLine & { readonly id: string; readonly name: string }

export function recurringOf({ plan, seats, addOns }: Agreed): Recurring[] {
  return [
    ...plan.recurring.map((price): Recurring => ({ id: price.id, name: price.name, timing: price.timing, amount: price.model === 'seat' ? units(price.amount * BigInt(seats)) : price.amount })),
    ...addOns.flatMap(({ addOn, quantity }): Recurring[] => (addOn.fee === null ? [] : [{ id: `${addOn.id}.${addOn.fee.id}`, name: addOn.fee.name, timing: 'in_advance', amount: units(addOn.fee.amount * BigInt(quantity)) }])),
  ]
}

export function recurringTotal(agreed: Agreed): Units {
  return units(recurringOf(agreed).reduce((sum, { amount }) => sum + amount, 0n))
}

/** More is an upgrade and takes effect at once; less, or another length of the period at no more, waits for its end. */
export function isUpgrade(before: Agreed, after: Agreed): boolean {
  const perYear = (agreed: Agreed) => recurringTotal(agreed) * (agreed.plan.period === 'month' ? 12n : 1n)
  return perYear(after) > perYear(before)
}

/** Lines of what differs; the period of `before` is the one that runs. An amount that stays has no line. */
export function changeLines(input: { readonly before: Agreed; readonly after: Agreed; readonly period: Span; readonly at: Instant }): ChangeLine[] {
  const elapsed = elapsedSeconds(input.period, input.at)
  const olds = new Map(recurringOf(input.before).map((one) => [one.id, one]))
  const news = new Map(recurringOf(input.after).map((one) => [one.id, one]))
  const isSamePlan = input.before.plan.id === input.after.plan.id
  return [...new Set([...olds.keys(), ...news.keys()])].flatMap((id) => {
    const [from, to] = [olds.get(id), news.get(id)]
    if (isSamePlan && from?.amount === to?.amount) return []
    const { name, timing } = (to ?? from)!
    return prorateChange({ from: from?.amount ?? null, to: to?.amount ?? null, elapsed, timing }).map((line) => ({ ...line, id, name: line.kind === 'remaining_time' ? name : (from?.name ?? name) }))
  })
}
