// An event as it is stored, with its charges, the aggregate that each met, and who paid: everything that explains it later.

import { formatQuantity, formatUnits, type Catalog, type Instant, type Measured, type RatedEvent, type UsageEvent } from '@tollgate/core'
import type { EventRow, StoredPayment } from '../../store/events.ts'
import type { Paid } from './pay.ts'

export function eventRow(input: { readonly event: UsageEvent; readonly periodStart: Instant; readonly catalog: Catalog; readonly rated: RatedEvent; readonly paid: Paid; readonly measured: readonly Measured[] }): EventRow {
  const { event, catalog, rated, paid } = input
  const { currency } = catalog
  const lines = rated.charges.map((charge) => {
    const scale = catalog.meterById.get(charge.meter)?.scale ?? 0
    return {
      price: charge.price === '' ? null : charge.price, meter: charge.meter, quantity: formatQuantity(charge.quantity, scale), included: formatQuantity(charge.included, scale),
      before: formatQuantity(charge.before, scale), amount: formatUnits(charge.amount, currency),
    }
  })
  const payment: StoredPayment = { draws: paid.draws.map(({ block, amount }) => ({ block, amount: formatUnits(amount, currency) })), accrued: formatUnits(paid.accrued, currency), debt: formatUnits(paid.debt, currency) }
  return {
    customer: event.customer, source: event.source, id: event.id, type: event.type, time: event.time, entity: event.entity, feature: event.feature, run: event.run, key: event.key,
    periodStart: input.periodStart, catalogVersion: catalog.version,
    quantities: JSON.stringify(event.quantities), dimensions: JSON.stringify(event.dimensions), charges: JSON.stringify({ lines, paid: payment }),
    cost: event.cost === null ? null : JSON.stringify(event.cost), context: JSON.stringify(rated.unpriced.length === 0 ? event.context : { ...event.context, unpriced: rated.unpriced.join(',') }),
    amount: formatUnits(rated.amount, currency), asset: currency, estimated: event.estimated,
  }
}
