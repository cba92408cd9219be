// The event that stands once a correction is applied: what it states replaces what the original said, all else stays, time and type
// always. Rated like the original: in its period, by its catalog.

import type { EntityId, UsageEvent, Meter } from '@tollgate/core'
import { optionalText, readData, readersOf, RESERVED } from './read-data.ts'

/** Throws InputError where the outcome is no event that the meters can read. */
export function correctedEvent(original: UsageEvent, set: Readonly<Record<string, unknown>>, meters: readonly Meter[]): UsageEvent {
  const data = { ...original.dimensions, ...original.quantities, ...set }
  const stated = (name: 'entity' | 'feature' | 'run', lengthMax: number) => (name in set ? optionalText(set[name], `data.set.${name}`, lengthMax) : original[name])
  return {
    ...original,
    ...readData(Object.fromEntries(Object.entries(data).filter(([name]) => !RESERVED.has(name))), readersOf(meters, original.type)),
    entity: stated('entity', 64) as EntityId | null,
    feature: stated('feature', 64),
    run: stated('run', 200),
  }
}
