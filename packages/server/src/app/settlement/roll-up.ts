// What an event adds to the totals of its meters, by hour and minute, feature, entity and dimensions. The sum of amounts is the
// sum of the charges, because both come out of the same pass. Undone events take away what they added; what does not add up is
// then taken anew from the readings that are left (readings.ts).

import { createHash } from 'node:crypto'
import { DISTINCT_HASHES_MAX, distinctHash, hourOf, MINUTE_ROLLUPS_MS, minuteOf, type Instant, type Meter, type RatedEvent, type Reading, type UsageEvent } from '@tollgate/core'
import type { DimensionValue } from '../../store/dimensions.ts'
import type { RollupRow } from '../../store/rollups.ts'

/** Where rows of one batch are gathered. */
export type Rollups = { readonly hours: Map<string, RollupRow>; readonly minutes: Map<string, RollupRow> }

export type RolledUp = {
  readonly event: Pick<UsageEvent, 'customer' | 'source' | 'id' | 'time' | 'entity' | 'feature' | 'dimensions'>
  readonly periodStart: Instant
  readonly readings: readonly Reading[]
  readonly charges: RatedEvent['charges']
  readonly asset: string
  /** −1 for what is undone. */
  readonly sign: 1 | -1
  readonly now: Instant
  /** Of the hours of the customer's zone. */
  readonly offsetMs: number
  readonly keep: (value: DimensionValue) => string
}

export function emptyRollups(): Rollups {
  return { hours: new Map(), minutes: new Map() }
}

export function rollUp(output: Rollups, input: RolledUp): void {
  const { event, readings, now } = input
  for (const reading of readings) {
    const place = placeOf(input, reading.meter)
    const amount = input.charges.reduce((sum, charge) => (charge.meter === reading.meter.id ? sum + charge.amount : sum), 0n)
    add(output.hours, hourOf(event.time, input.offsetMs), place, { ...input, reading, amount })
    if (event.time >= now - MINUTE_ROLLUPS_MS) add(output.minutes, minuteOf(event.time), place, { ...input, reading, amount })
  }
}

type Place = { readonly feature: string; readonly entity: string; readonly dimensions: string }

/** Feature, entity and dimensions under which the usage of an event is counted for a meter. */
export function placeOf(input: Pick<RolledUp, 'event' | 'keep'>, meter: Pick<Meter, 'id' | 'dimensions'>): Place {
  const { event, keep } = input
  const kept = (dimension: string, value: string) => keep({ customer: event.customer, meter: meter.id, dimension, value })
  const parts: Record<string, string> = {}
  for (const name of dimensionsOf(meter)) {
    const value = event.dimensions[name]
    if (value !== undefined && value !== '') parts[name] = kept(name, value)
  }
  return {
    feature: event.feature === null ? '' : kept('feature', event.feature),
    entity: event.entity === null ? '' : kept('entity', event.entity),
    dimensions: JSON.stringify(parts),
  }
}

/** Sorted, so that one set of values has one text. */
export function dimensionsOf(meter: Pick<Meter, 'dimensions'>): readonly string[] {
  return meter.dimensions === undefined ? MODEL_ONLY : [...meter.dimensions, 'model'].sort()
}

const MODEL_ONLY = ['model'] as const

/** All values that the places of these readings name, to be looked up before {@link rollUp}. */
export function valuesOf(event: RolledUp['event'], readings: readonly { readonly meter: Pick<Meter, 'id' | 'dimensions'> }[]): DimensionValue[] {
  const values: DimensionValue[] = []
  const collect = (value: DimensionValue) => {
    values.push(value)
    return value.value
  }
  for (const { meter } of readings) placeOf({ event, keep: collect }, meter)
  return values
}

type Added = RolledUp & { readonly reading: Reading; readonly amount: bigint }

function add(rows: Map<string, RollupRow>, start: Instant, place: Place, added: Added): void {
  const { event, periodStart, reading, asset, sign } = added
  const { meter, kind } = reading
  const key = `${event.customer} ${meter.id} ${start} ${periodStart} ${JSON.stringify([place.feature, place.entity])} ${place.dimensions} ${asset}`
  let row = rows.get(key)
  if (row === undefined) {
    row = {
      customer: event.customer, meter: meter.id, start, periodStart, ...place, kind, scale: meter.scale, asset, quantity: 0n, amount: 0n, events: 0,
      latestAt: null, latestBy: null, hashes: kind === 'unique' ? new Set() : null,
    }
    rows.set(key, row)
  }
  row.amount += added.amount
  row.events += sign
  if (kind === 'sum') row.quantity += BigInt(sign) * reading.value
  else if (sign === 1) join(row, added)
}

function join(row: RollupRow, { event, reading }: Added): void {
  if (reading.kind === 'max') {
    if (row.quantity < reading.value || row.latestAt === null) row.quantity = reading.value
    row.latestAt ??= event.time
  } else if (reading.kind === 'unique') {
    row.hashes?.add(hashOf(reading.label ?? ''))
    // As many as a row keeps: past that reports estimate.
    row.quantity = BigInt(Math.min(row.hashes?.size ?? 0, DISTINCT_HASHES_MAX)) * reading.value
  } else {
    const by = readingKey(event)
    if (row.latestAt !== null && (event.time < row.latestAt || (event.time === row.latestAt && by < (row.latestBy ?? '')))) return
    row.quantity = reading.value
    row.latestAt = event.time
    row.latestBy = by
  }
}

/** Orders readings of one instant. */
export function readingKey(event: { readonly source: string; readonly id: string }): string {
  return `${event.source} ${event.id}`
}

export function hashOf(label: string): bigint {
  return distinctHash(createHash('sha256').update(label).digest())
}
