// What a new subscription is made of: its plan with the terms of the catalog in force, trial, seats, add-ons, first payment and term.

import { didYouMean, InputError, nearest, termsOf, type AddOnQuantity, type Catalog, type Fact, type Instant, type Plan } from '@tollgate/core'
import { calendarOf } from '@tollgate/core/subscription'

export type NewAgreement = {
  readonly seats?: number
  readonly addOns?: readonly AddOnQuantity[]
  /** Days of trial; left out, as the plan says; 0 for none. */
  readonly trialDays?: number | null
  /** It waits for its first payment before anything may be used. */
  readonly awaitsPayment?: boolean
  readonly endsAt?: Instant | null
}

/** How long a subscription waits for its first payment before it expires. */
const FIRST_PAYMENT_DAYS = 1
type Catalogued = { readonly catalogs: { readonly current: () => Catalog; /** What takes force next. */ readonly coming?: () => Catalog | null } }

/** @throws {InputError} unknown_plan. */
export function planNamed(plane: Catalogued, id: string, field = 'plan'): Plan {
  const { plans } = plane.catalogs.current()
  const plan = plans.get(id)
  if (plan === undefined) throw new InputError({ code: 'unknown_plan', field, message: `the catalog in force has no plan ${id}; it has ${[...plans.keys()].join(', ') || 'none: apply a catalog first'}` })
  if (plane.catalogs.coming?.()?.plans.has(id) === false) throw new InputError({ code: 'unknown_plan', field, message: `plan ${id} is not in the catalog that is scheduled: who came onto it would have none then` })
  return plan
}

/** The plan in the currency that a customer is billed in. @throws {InputError} unknown_plan, invalid_currency. */
export function planIn(plane: Catalogued, id: string, money: string): Plan {
  const plan = planNamed(plane, id)
  if (money === plan.currency) return plan
  const own = plan.inCurrency.get(money)
  if (own === undefined) throw new InputError({ code: 'invalid_currency', field: 'plan', message: `the customer is billed in ${money}, and plan ${id} has prices in ${[plan.currency, ...plan.inCurrency.keys()].join(', ')} only` })
  return own
}

/** For a customer that is billed in the currency of `plan`. @throws {InputError} unknown_add_on, add_on_not_for_plan, out_of_range, invalid_currency. */
export function checkAddOns(plane: Catalogued, plan: Plan, addOns: readonly AddOnQuantity[]): readonly AddOnQuantity[] {
  const known = plane.catalogs.current().addOns
  const seen = new Set<string>()
  for (const { id, quantity } of addOns) {
    const addOn = known.get(id)
    if (addOn === undefined) throw new InputError({ code: 'unknown_add_on', field: 'add_ons', message: `the catalog in force has no add-on ${id}.${didYouMean(nearest(id, known.keys()))}` })
    if (seen.has(id)) throw new InputError({ code: 'duplicate_id', field: 'add_ons', message: `add-on ${id} is named twice: give its quantity once` })
    seen.add(id)
    if (!addOn.plans.includes('*') && !addOn.plans.includes(plan.id)) throw new InputError({ code: 'add_on_not_for_plan', field: 'add_ons', message: `add-on ${id} is for ${addOn.plans.join(', ')}, not for ${plan.id}` })
    if (addOn.fee !== null && !addOn.fee.amounts.has(plan.currency)) throw new InputError({ code: 'invalid_currency', field: 'add_ons', message: `the fee of add-on ${id} is in ${[...addOn.fee.amounts.keys()].join(', ')}, and the customer is billed in ${plan.currency}` })
    if (quantity > addOn.quantity_max) throw new InputError({ code: 'out_of_range', field: 'add_ons', message: `at most ${addOn.quantity_max} of add-on ${id} fit one subscription` })
  }
  return addOns.filter(({ quantity }) => quantity > 0)
}

export function startFact(input: { readonly id: string; readonly subscription: string; readonly plan: Plan; readonly startsAt: Instant; readonly timeZone: string; readonly agreement: NewAgreement; readonly reason?: string }): Fact {
  const { plan, startsAt, agreement } = input
  const calendar = calendarOf(input.timeZone)
  const trialDays = agreement.trialDays ?? plan.trial?.days ?? 0
  const awaitsPayment = agreement.awaitsPayment ?? false
  return {
    id: input.id,
    subscription: input.subscription,
    source: 'tollgate',
    at: startsAt,
    reason: input.reason ?? 'the customer subscribed',
    body: {
      kind: 'started',
      plan: plan.id,
      seats: agreement.seats ?? 1,
      addOns: agreement.addOns ?? [],
      terms: termsOf(plan),
      anchorAt: startsAt,
      trialEndsAt: trialDays === 0 ? null : calendar.addDays(startsAt, trialDays),
      awaitsPayment,
      endsAt: agreement.endsAt ?? (awaitsPayment ? calendar.addDays(startsAt, FIRST_PAYMENT_DAYS) : null),
    },
  }
}
