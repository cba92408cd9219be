// A stored row as the usage event that it was.

import type { CustomerId, EntityId, UsageEvent } from '@tollgate/core'
import type { StandingEvent } from '../../store/corrections.ts'

export function eventOf(row: StandingEvent): UsageEvent {
  const { source, id, type, time, feature, run, key, quantities, dimensions, cost, estimated, catalogVersion, context } = row
  return {
    source, id, type, time, feature, run, key, quantities, dimensions, cost, estimated, catalogVersion, customer: row.customer as CustomerId, entity: row.entity as EntityId | null, settled: null,
    context: context as UsageEvent['context'],
  }
}
