// What an event adds to the totals of its meters, by hour and minute, feature, entity and dimensions. The sum of amounts is the
// sum of the charges, because both come out of the same pass. Undone events take away what they added; what does not add up is
// then taken anew from the readings that are left (readings.ts).

import { createHash } from 'node:crypto'
import { DISTINCT_HASHES_MAX, distinctHash, hourOf, MINUTE_ROLLUPS_MS, minuteOf, type Instant, type RatedEvent, type Reading, type UsageEvent } from '@tollgate/core'
import type { RollupRow } from '../../store/rollups.ts'
import type { Place, Places } from './places.ts'

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
  readonly places: Places
}

export function emptyRollups(): Rollups {
  return { hours: new Map(), minutes: new Map() }
}

export function rollUp(output: Rollups, input: RolledUp): void {
  const { event, readings, now } = input
  const hour = hourOf(event.time, input.offsetMs)
  const minute = event.time >= now - MINUTE_ROLLUPS_MS ? minuteOf(event.time) : null
  for (const reading of readings) {
    const place = input.places.of(event, reading.meter)
    let amount = 0n
    for (const charge of input.charges) if (charge.meter === reading.meter.id) amount += charge.amount
    add(output.hours, input, { start: hour, place, reading, amount })
    if (minute !== null) add(output.minutes, input, { start: minute, place, reading, amount })
  }
}

type Added = { readonly start: Instant; readonly place: Place; readonly reading: Reading; readonly amount: bigint }

function add(rows: Map<string, RollupRow>, { event, periodStart, asset, sign }: RolledUp, { start, place, reading, amount }: Added): void {
  const { kind } = reading
  const key = `${start} ${periodStart} ${asset} ${place.key}`
  let row = rows.get(key)
  if (row === undefined) {
    row = {
      customer: event.customer, meter: reading.meter.id, start, periodStart, feature: place.feature, entity: place.entity, dimensions: place.dimensions, kind, scale: reading.meter.scale, asset, quantity: 0n, amount: 0n, events: 0,
      latestAt: null, latestBy: null, hashes: kind === 'unique' ? new Set() : null,
    }
    rows.set(key, row)
  }
  row.amount += amount
  row.events += sign
  if (kind === 'sum') row.quantity += sign === 1 ? reading.value : -reading.value
  else if (sign === 1) join(row, event, reading)
}

function join(row: RollupRow, event: RolledUp['event'], reading: Reading): void {
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
