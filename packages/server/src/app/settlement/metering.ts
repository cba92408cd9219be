// What one event of a batch says to its meters. It is rated by the catalog of its decision; meters that a later catalog brought count
// it in their totals, too, but no price of theirs charges it.

import { LEVEL_EVENT_TYPE, readMeters, type Catalog, type Meter, type UsageEvent } from '@tollgate/core'
import type { Metering } from './batch-state.ts'

/** `later`: meters of neither that have counted it all the same. */
export function meteringOf(event: UsageEvent, catalog: Catalog, current: Catalog, later: readonly Meter[] = []): Metering {
  const further = later.filter(({ id }) => !catalog.meterById.has(id) && !current.meterById.has(id))
  const meters = [...catalog.meters, ...(catalog === current ? [] : current.meters.filter(({ id }) => !catalog.meterById.has(id))), ...further].filter((meter) => mayCount(meter, event))
  return { meters, readings: readMeters(meters, event), rated: catalog.meterById }
}

/** Before filters and properties: most catalogs have meters for several types of event. */
function mayCount(meter: Meter, event: UsageEvent): boolean {
  return meter.eventType === event.type || (event.type === LEVEL_EVENT_TYPE && meter.aggregation === 'weighted_sum')
}
