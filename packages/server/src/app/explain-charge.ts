// Why an event cost what it did: its stored charges with the lines that sum to each, made anew from the stored aggregates by the
// prices of the catalog that rated it. Nothing is decided here: a charge that does not come out as it was stored is told so.

import { exchangeLookup, explainUsage, exclusionOf, parseDecimal, parseUnits, pricedUsage, quantity, sumOfLines, type ExchangeLookup, type Plan, type Position, type PriceLine, type Quantity, type Units } from '@tollgate/core'
import { findEvent, type StoredCharge, type StoredEvent } from '../store/events.ts'
import type { ControlPlane } from './control-plane.ts'
import { planBy } from './customer-contexts.ts'
import { getCustomer } from './customers.ts'
import { describeLine, type DescribedLine } from './describe-line.ts'
import { Problem } from './problems.ts'

export type ChargeExplanation = StoredCharge & {
  readonly model: string | null
  /** None where the price is not known any more. */
  readonly lines: readonly DescribedLine[]
  /** The lines sum to the stored amount. */
  readonly agrees: boolean
}

export type EventExplanation = { readonly event: StoredEvent; readonly plan: string; readonly charges: readonly ChargeExplanation[]; /** Why the usage is not charged at all; null when it is. */ readonly excluded: string | null }

/** `showsCost`: lines of the provider's cost and of the margin are for the operator alone; others see their sum. */
export async function explainCharge(plane: ControlPlane, input: { readonly customer: string; readonly source: string; readonly id: string; readonly showsCost: boolean }): Promise<EventExplanation> {
  const row = await getCustomer(plane, input.customer)
  const event = await findEvent(plane.sql, input)
  if (event === null) throw new Problem('not_found', `customer ${input.customer} has no event ${input.id} of source ${input.source}`, 'id')
  const facts = (await plane.contexts.facts(plane.sql, new Map([[row.id, row.version]]))).get(row.id)!
  const catalog = await plane.catalogs.version(event.catalogVersion)
  const context = plane.contexts.at(facts, event.time)
  const plan = planBy(context, catalog, event.time)
  const charges = event.charges.lines.map((charge) => explainOne(charge, { event, plan, exchange: exchangeLookup(catalog.exchange, event.time), scale: catalog.meterById.get(charge.meter)?.scale ?? 0, showsCost: input.showsCost }))
  return { event, plan: plan.id, charges, excluded: exclusionOf(plan, event) }
}

function explainOne(charge: StoredCharge, of: { readonly event: StoredEvent; readonly plan: Plan; readonly exchange: ExchangeLookup | null; readonly scale: number; readonly showsCost: boolean }): ChargeExplanation {
  const { event, plan, scale } = of
  const price = plan.prices.find(({ id }) => id === charge.price)
  if (price === undefined) return { ...charge, model: null, lines: [], agrees: charge.price === null }
  const exact = (text: string): Quantity => quantity(parseDecimal(text, scale, charge.meter))
  const before: Position = { billable: exact(charge.before), included: exact(charge.free_before?.quantity ?? '0'), events: charge.free_before?.events ?? 0 }
  // What a price gives away by itself is part of what it was asked for; an allowance's part is not.
  const asked = price.model === 'percentage' ? exact(charge.quantity) : quantity(exact(charge.quantity) - exact(charge.included))
  const amount = parseUnits(charge.amount, event.asset)
  // What is taken back is what the event had been charged: its lines are those of that event.
  if (event.effect === 'reversal' || asked < 0n) return { ...charge, model: price.model, lines: [describeLine(wholeLine(amount), { currency: event.asset, scale })], agrees: true }
  const wasCharged = price.model !== 'outcome' || amount > 0n
  const lines = wasCharged ? explainUsage(price, asked, pricedUsage(event, { exchange: of.exchange }), () => before) : []
  const shown = of.showsCost || price.model !== 'cost_plus' ? lines : lines.length === 0 ? [] : [wholeLine(sumOfLines(lines))]
  return { ...charge, model: price.model, lines: shown.map((line) => describeLine(line, { currency: event.asset, scale })), agrees: sumOfLines(lines) === amount }
}

/** One line in place of all: the price of the usage, without what it is made of. */
function wholeLine(amount: Units): PriceLine {
  return { kind: 'units', tier: null, quantity: null, unitAmount: null, per: null, rate: null, amount }
}
