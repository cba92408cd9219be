// Where the usage of an event is counted for a meter: under its feature, entity and the dimensions that the meter keeps. The events of a
// batch share few places, so each is worked out once.

import type { Meter, UsageEvent } from '@tollgate/core'
import type { DimensionValue } from '../../store/dimensions.ts'

export type Place = {
  readonly feature: string
  readonly entity: string
  /** JSON with sorted keys. */
  readonly dimensions: string
  /** Customer, meter and all of the above, as one text. */
  readonly key: string
}

export type PlacedEvent = Pick<UsageEvent, 'customer' | 'entity' | 'feature' | 'dimensions'>
type PlacedMeter = Pick<Meter, 'id' | 'dimensions'>

export type Places = { readonly of: (event: PlacedEvent, meter: PlacedMeter) => Place }

/** `keep` says under which value each value is counted. */
export function createPlaces(keep: (value: DimensionValue) => string): Places {
  const known = new Map<string, Place>()
  return {
    of: (event, meter) => {
      const shape = shapeOf(event, meter)
      let place = known.get(shape)
      if (place === undefined) known.set(shape, (place = placeOf(event, meter, keep)))
      return place
    },
  }
}

/** All values that the places of these readings name, to be looked up before. */
export function valuesOf(readings: Iterable<{ readonly event: PlacedEvent; readonly meter: PlacedMeter }>): DimensionValue[] {
  const values: DimensionValue[] = []
  const places = createPlaces((value) => {
    values.push(value)
    return value.value
  })
  for (const { event, meter } of readings) places.of(event, meter)
  return values
}

function placeOf(event: PlacedEvent, meter: PlacedMeter, keep: (value: DimensionValue) => string): Place {
  const kept = (dimension: string, value: string) => keep({ customer: event.customer, meter: meter.id, dimension, value })
  const parts: Record<string, string> = {}
  for (const name of dimensionsOf(meter)) {
    const value = event.dimensions[name]
    if (value !== undefined && value !== '') parts[name] = kept(name, value)
  }
  const feature = event.feature === null ? '' : kept('feature', event.feature)
  const entity = event.entity === null ? '' : kept('entity', event.entity)
  const dimensions = JSON.stringify(parts)
  return { feature, entity, dimensions, key: `${event.customer} ${meter.id} ${JSON.stringify([feature, entity])} ${dimensions}` }
}

/** No text that is stored holds a null character. */
function shapeOf({ customer, feature, entity, dimensions }: PlacedEvent, meter: PlacedMeter): string {
  let shape = `${customer}\0${meter.id}\0${feature ?? ''}\0${entity ?? ''}`
  for (const name of dimensionsOf(meter)) shape += `\0${dimensions[name] ?? ''}`
  return shape
}

const MODEL_ONLY = ['model'] as const
const sortedDimensions = new WeakMap<readonly string[], readonly string[]>()

/** Sorted, so that one set of values has one text. */
function dimensionsOf({ dimensions }: PlacedMeter): readonly string[] {
  if (dimensions === undefined) return MODEL_ONLY
  let sorted = sortedDimensions.get(dimensions)
  if (sorted === undefined) sortedDimensions.set(dimensions, (sorted = [...dimensions, 'model'].sort()))
  return sorted
}
