// What one event says to one meter: a quantity that adds up, or a value that the meter aggregates in another way. Readings do
// not know of each other; what they make of an aggregate is in aggregate.ts. Pure and without memory.

import type { Meter } from '../catalog/catalog.ts'
import { assert } from '../assert.ts'
import { pow10 } from '../decimal.ts'
import { NONE, parseQuantity, quantity, type Quantity } from '../quantity.ts'
import type { UsageEvent } from './event.ts'

/** The part of an event that meters look at. */
export type Measurable = Pick<UsageEvent, 'type' | 'feature' | 'quantities' | 'dimensions'> & Partial<Pick<UsageEvent, 'entity' | 'run'>>

/** How rollups of a meter are joined. */
export type RollupKind = 'sum' | 'max' | 'latest' | 'unique'

export type Reading = {
  readonly meter: Meter
  readonly kind: RollupKind
  /** At the meter's scale; one whole unit for a distinct value. */
  readonly value: Quantity
  /** The value that `unique_count` counts once. */
  readonly label: string | null
}

/** Type of the events that say how long a level lasted: what a `weighted_sum` adds up. Its quantity is named as the meter. */
export const LEVEL_EVENT_TYPE = 'tollgate.level'

const KINDS = { sum: 'sum', count: 'sum', weighted_sum: 'sum', max: 'max', latest: 'latest', unique_count: 'unique' } as const satisfies Readonly<Record<Meter['aggregation'], RollupKind>>

export function rollupKind(meter: Pick<Meter, 'aggregation'>): RollupKind {
  return KINDS[meter.aggregation]
}

/** Whether quantities of the meter's events add up, so that each can be decided and rated by itself. */
export function isAdditive(meter: Pick<Meter, 'aggregation'>): boolean {
  return KINDS[meter.aggregation] === 'sum'
}

/** What `event` says to each meter that selects it, in the order of `meters`. Throws InputError on a number that is none. */
export function readMeters(meters: readonly Meter[], event: Measurable): Reading[] {
  const readings: Reading[] = []
  for (const meter of meters) {
    const reading = readMeter(meter, event)
    if (reading !== null) readings.push(reading)
  }
  return readings
}

/** A level that an event reports to a `weighted_sum`; null for other meters and events. */
export function readLevel(meter: Meter, event: Measurable): Quantity | null {
  return meter.aggregation === 'weighted_sum' && selects(meter, event) ? numberOf(meter, event) : null
}

/** What an event adds to a meter whose quantities add up; null for nothing. */
export function readSum(meter: Meter, event: Measurable): Quantity | null {
  if (meter.aggregation === 'weighted_sum') {
    if (event.type !== LEVEL_EVENT_TYPE || event.quantities[meter.id] === undefined) return null
    const value = parseQuantity(event.quantities[meter.id], meter.scale, meter.id)
    return value > NONE ? value : null
  }
  if (!selects(meter, event)) return null
  const value = meter.aggregation === 'count' ? quantity(pow10(meter.scale)) : numberOf(meter, event)
  // A sum of nothing is no usage.
  return value === NONE ? null : value
}

function readMeter(meter: Meter, event: Measurable): Reading | null {
  const kind = KINDS[meter.aggregation]
  if (kind === 'sum') {
    const value = readSum(meter, event)
    return value === null ? null : { meter, kind, value, label: null }
  }
  if (!selects(meter, event)) return null
  if (meter.aggregation === 'unique_count') {
    const label = labelOf(meter, event)
    return label === null ? null : { meter, kind, value: quantity(pow10(meter.scale)), label }
  }
  // Unlike a sum, a maximum or a state of zero says something.
  const value = numberOf(meter, event)
  return value === null ? null : { meter, kind, value, label: null }
}

/** Whether `meter` counts events of this type with these dimensions. */
export function selects(meter: Meter, event: Measurable): boolean {
  if (meter.eventType !== event.type) return false
  if (meter.filter.size === 0) return true
  for (const [dimension, accepted] of meter.filter) {
    const value = dimension === 'feature' ? event.feature : event.dimensions[dimension]
    if (value === undefined || value === null || !accepted.includes(value)) return false
  }
  return true
}

/** Null where the event has none of the meter's properties. */
function numberOf(meter: Meter, event: Measurable): Quantity | null {
  if (meter.evaluate !== undefined && meter.evaluate !== null) return parseQuantity(meter.evaluate(event), meter.scale, meter.id)
  let sum: bigint | null = null
  for (const property of meter.properties) {
    const text = event.quantities[property]
    if (text === undefined) continue
    const value = parseQuantity(text, meter.scale, property)
    sum = sum === null ? value : sum + value
  }
  return sum === null ? null : quantity(sum)
}

function labelOf(meter: Meter, event: Measurable): string | null {
  const [property] = meter.properties
  assert(property !== undefined, `meter ${meter.id} counts distinct values of nothing`)
  if (property === 'entity') return event.entity ?? null
  if (property === 'run') return event.run ?? null
  return event.dimensions[property] ?? event.quantities[property] ?? null
}
