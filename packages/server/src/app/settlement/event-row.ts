// An event as it is stored, with its charges, the aggregate that each met, and who paid: everything that explains it later.

import { formatQuantity, formatUnits, InputError, type Catalog, type Charge, type Instant, type Measured, type Plan, type RatedEvent, type UsageEvent } from '@tollgate/core'
import type { EventRow, StoredCharge, StoredPayment } from '../../store/events.ts'
import type { Paid } from './pay.ts'
import type { Step } from './rate-batch.ts'

export function eventRow(input: { readonly event: UsageEvent; readonly step: Step; readonly periodStart: Instant; readonly catalog: Catalog; readonly plan: Plan; readonly rated: RatedEvent; readonly paid: Paid; readonly measured: readonly Measured[]; /** Exchange rates that the charge went by. */ readonly exchanged: ReadonlySet<string> }): EventRow {
  const { event, step, catalog, rated, paid } = input
  const { asset } = input.plan
  const lines = rated.charges.map((charge) => storedCharge(charge, { scale: catalog.meterById.get(charge.meter)?.scale ?? 0, asset, hasFreeUnits: input.plan.prices.some(({ id, model }) => id === charge.price && model === 'percentage') }))
  const payment: StoredPayment = { ...(paid.included.length === 0 ? {} : { included: paid.included.map(({ budget, amount }) => ({ budget, amount: formatUnits(amount, asset) })) }), draws: paid.draws.map(({ block, amount }) => ({ block, amount: formatUnits(amount, asset) })), accrued: formatUnits(paid.accrued, asset), debt: formatUnits(paid.debt, asset) }
  return {
    customer: event.customer, ...(step.effect === 'use' ? { source: event.source, id: event.id } : step.by), effect: step.effect, corrects: step.effect === 'use' ? null : step.corrects, type: event.type, time: event.time, entity: event.entity, feature: event.feature, run: event.run, key: event.key,
    periodStart: input.periodStart, catalogVersion: catalog.version,
    quantities: storable(event.quantities), dimensions: storable(event.dimensions), charges: JSON.stringify({ lines, paid: payment }),
    cost: event.cost === null ? null : JSON.stringify(event.cost), context: storable(contextOf(event, rated, input.exchanged)),
    amount: formatUnits(rated.amount, asset), asset, estimated: event.estimated,
  }
}

/** As JSON. The database keeps it as it is and would fail whenever it is read with a null character in it. */
function storable(document: object): string {
  const text = JSON.stringify(document)
  if (NULL_CHARACTER.test(text)) throw new InputError({ code: 'invalid_text', field: 'data', message: 'a text of the event holds a null character' })
  return text
}

/** Its escape, and not the end of an escaped backslash before `u0000`. */
const NULL_CHARACTER = /(?<!\\)(?:\\\\)*\\u0000/

function contextOf(event: UsageEvent, { unpriced }: RatedEvent, exchanged: ReadonlySet<string>): UsageEvent['context'] {
  if (unpriced.length === 0 && exchanged.size === 0) return event.context
  return { ...event.context, ...(unpriced.length === 0 ? {} : { unpriced: unpriced.join(',') }), ...(exchanged.size === 0 ? {} : { exchange: [...exchanged].join('; ') }) }
}

/** What is usual is left out: an entry, and what a price with free units of its own started from. */
function storedCharge(charge: Charge, { scale, asset, hasFreeUnits }: { readonly scale: number; readonly asset: string; readonly hasFreeUnits: boolean }): StoredCharge {
  const { before } = charge
  return {
    price: charge.price === '' ? null : charge.price, ...(charge.entry === '' ? {} : { entry: charge.entry }), meter: charge.meter,
    quantity: formatQuantity(charge.quantity, scale), included: formatQuantity(charge.included, scale), before: formatQuantity(before.billable, scale),
    ...(hasFreeUnits ? { free_before: { events: before.events, quantity: formatQuantity(before.included, scale) } } : {}),
    amount: formatUnits(charge.amount, asset),
  }
}
