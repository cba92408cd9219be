// Why an event cost what it did: each of its charges with what allowances paid and the lines of the rest. Made on demand, from
// the same inputs as the charge.

import { quantity } from '../quantity.ts'
import type { PriceLine } from './line.ts'
import { priceInForce, rateEvent, type Charge, type Coverage, type RatedEvent, type RateInput } from './rate-event.ts'
import { explainUsage, pricedUsage } from './rate-usage.ts'

/** A charge of an event with what each allowance paid of it and the lines of the rest. */
export type ExplainedCharge = Charge & { readonly coverage: readonly Coverage[]; readonly lines: readonly PriceLine[] }

/** {@link rateEvent} with the lines of each charge. */
export function explainEvent(input: RateInput): Omit<RatedEvent, 'charges'> & { readonly charges: readonly ExplainedCharge[] } {
  const rated = rateEvent(input)
  const usage = pricedUsage(input.usage, input)
  const charges = rated.charges.map((charge): ExplainedCharge => {
    const price = charge.price === '' ? null : priceInForce(input.plan, charge.meter, usage)
    const covered = input.coverage.filter(({ meter }) => meter === charge.meter)
    const billable = quantity(charge.quantity - covered.reduce((sum, { quantity: paid }) => sum + paid, 0n))
    return { ...charge, coverage: covered, lines: price === null ? [] : explainUsage(price, billable, usage, () => charge.before) }
  })
  return { ...rated, charges }
}
