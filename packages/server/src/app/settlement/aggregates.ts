// Meters that do not add up, inside one batch: the working copies of their aggregates, and the difference that each event makes to them.
// That difference is the quantity that prices and allowances see, so that the charges of a period are R of the aggregate.

import {
  aggregateValue, emptyAggregate, formatQuantity, isAdditive, NONE, parseQuantity, quantity, readLevel, withReading,
  type Aggregate, type Instant, type Measured, type Meter, type Reading, type UsageEvent,
} from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { readExtremes, readLabels, type AggregateKey, type LabelKey, type ReadingKey, type ReadingRow } from '../../store/readings.ts'
import type { Places } from './places.ts'
import { readingKey } from './roll-up.ts'

export type Aggregates = {
  readonly states: Map<string, Aggregate>
  /** Labels that are counted, by {@link labelKey}. */
  readonly labels: Set<string>
}

/** One reading with the period that it belongs to. */
export type PlacedReading = { readonly event: UsageEvent; readonly periodStart: Instant; readonly reading: Reading }

/** Loads the aggregates of all readings that do not add, as they are without the readings of `without`. */
export async function loadAggregates(tx: Transaction, placed: readonly PlacedReading[], without: readonly ReadingKey[] = []): Promise<Aggregates> {
  const own = placed.filter(({ reading }) => reading.kind !== 'sum')
  const aggregates: Aggregates = { states: new Map(), labels: new Set() }
  if (own.length === 0) return aggregates
  const extremes = new Map<string, { readonly key: AggregateKey; readonly reading: Reading }>()
  const labels = new Map<string, LabelKey>()
  for (const { event, periodStart, reading } of own) {
    const key = { customer: event.customer, meter: reading.meter.id, periodStart }
    if (reading.label === null) extremes.set(stateKey(key), { key, reading })
    else labels.set(labelKey({ ...key, label: reading.label }), { ...key, label: reading.label })
  }
  const [found, counted] = await Promise.all([readExtremes(tx, [...extremes.values()].map(({ key }) => key), without), readLabels(tx, [...labels.values()], without)])
  for (const row of found) {
    const { reading: { kind, meter } } = extremes.get(stateKey(row))!
    const exact = (text: string) => parseQuantity(text, meter.scale, meter.id)
    if (kind === 'max') aggregates.states.set(stateKey(row), { kind, largest: row.largest === null ? null : exact(row.largest) })
    if (kind === 'latest') aggregates.states.set(stateKey(row), { kind, latest: row.latest === null ? null : { value: exact(row.latest), at: row.latestAt!, by: row.latestBy! } })
  }
  for (const label of counted) aggregates.labels.add(labelKey(label))
  return aggregates
}

/**
 * What each reading adds to its aggregate, in the order of the readings; an additive one adds itself. One that changes nothing adds
 * zero, so that the events of a price are counted whatever their order.
 */
export function quantitiesOf(aggregates: Aggregates, event: UsageEvent, periodStart: Instant, readings: readonly Reading[]): Measured[] {
  return readings.map((reading) => ({ meter: reading.meter, quantity: differenceOf(aggregates, { event, periodStart, reading }) }))
}

function differenceOf(aggregates: Aggregates, { event, periodStart, reading }: PlacedReading) {
  const { kind, meter } = reading
  if (kind === 'sum') return reading.value
  const key = { customer: event.customer, meter: meter.id, periodStart }
  const label = labelKey({ ...key, label: reading.label ?? '' })
  const before = aggregates.states.get(stateKey(key)) ?? emptyAggregate(kind)
  const after = withReading(before, { value: reading.value, at: event.time, by: readingKey(event), isNew: kind === 'unique' && !aggregates.labels.has(label) })
  aggregates.states.set(stateKey(key), after)
  if (kind === 'unique') aggregates.labels.add(label)
  return quantity(aggregateValue(after) - aggregateValue(before))
}

/** What an event that is undone takes from its meters: from a sum itself, else the difference to the aggregate without it. */
export function lossesOf(aggregates: Aggregates, left: Aggregates, event: UsageEvent, periodStart: Instant, readings: readonly Reading[]): Measured[] {
  return readings.map(({ meter, kind, value, label }): Measured => {
    if (kind === 'sum') return { meter, quantity: quantity(-value) }
    const key = { customer: event.customer, meter: meter.id, periodStart }
    if (kind === 'unique') return { meter, quantity: left.labels.has(labelKey({ ...key, label: label ?? '' })) ? NONE : quantity(-value) }
    const of = (state: Aggregates) => aggregateValue(state.states.get(stateKey(key)) ?? emptyAggregate(kind))
    return { meter, quantity: quantity(of(left) - of(aggregates)) }
  })
}

/** The rows that keep what an event says to meters that do not add, levels included. */
export function readingRows(input: { readonly event: UsageEvent; readonly periodStart: Instant; readonly readings: readonly Reading[]; readonly meters: readonly Meter[]; readonly rated: Pick<ReadonlySet<string>, 'has'>; readonly places: Places }): ReadingRow[] {
  const { event, periodStart } = input
  const row = (meter: Meter, value: Reading['value'], label: string | null): ReadingRow => {
    const { feature, entity, dimensions } = input.places.of(event, meter)
    return {
      customer: event.customer, meter: meter.id, periodStart, time: event.time, source: event.source, id: event.id, feature, entity, dimensions, value: formatQuantity(value, meter.scale), label,
      isRated: input.rated.has(meter.id), isLevel: meter.aggregation === 'weighted_sum',
    }
  }
  const rows = input.readings.filter(({ meter }) => !isAdditive(meter)).map(({ meter, value, label }) => row(meter, value, label))
  for (const meter of input.meters) {
    const level = readLevel(meter, event)
    if (level !== null) rows.push(row(meter, level, null))
  }
  return rows
}

function stateKey({ customer, meter, periodStart }: AggregateKey): string {
  return `${customer} ${meter} ${periodStart}`
}

function labelKey(key: LabelKey): string {
  return `${stateKey(key)} ${key.label}`
}
