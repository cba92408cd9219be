// Aggregates that are no sum, as the difference that one event makes to them: A(A ∪ e) − A(A). Prices charge that difference
// like any quantity, so that the charges of a period are R of its aggregate whatever the order of arrival. It is below zero
// where a later value is lower, and where an event is undone; then the aggregate is taken anew from the readings that are left.

import { NONE, quantity, type Quantity } from '../quantity.ts'
import type { Instant } from '../time.ts'

/** A reading with its place in time: of two at one instant the one with the greater key is the later. */
export type PlacedValue = { readonly value: Quantity; readonly at: Instant; readonly by: string }

/** What is known of a meter's period: the largest value, the latest one, or how many distinct ones there are. */
export type Aggregate =
  | { readonly kind: 'max'; readonly largest: Quantity | null }
  | { readonly kind: 'latest'; readonly latest: PlacedValue | null }
  | { readonly kind: 'unique'; readonly distinct: Quantity }

export function emptyAggregate(kind: Aggregate['kind']): Aggregate {
  return kind === 'max' ? { kind, largest: null } : kind === 'latest' ? { kind, latest: null } : { kind, distinct: NONE }
}

/** The figure that a price sees. */
export function aggregateValue(aggregate: Aggregate): Quantity {
  if (aggregate.kind === 'max') return aggregate.largest ?? NONE
  return aggregate.kind === 'latest' ? (aggregate.latest?.value ?? NONE) : aggregate.distinct
}

/** The aggregate with one more reading; `isNew` says whether its label was not counted before. */
export function withReading(aggregate: Aggregate, reading: PlacedValue & { readonly isNew: boolean }): Aggregate {
  switch (aggregate.kind) {
    case 'max':
      return aggregate.largest === null || reading.value > aggregate.largest ? { kind: 'max', largest: reading.value } : aggregate
    case 'latest':
      return aggregate.latest === null || isLater(reading, aggregate.latest) ? { kind: 'latest', latest: { value: reading.value, at: reading.at, by: reading.by } } : aggregate
    case 'unique':
      return reading.isNew ? { kind: 'unique', distinct: quantity(aggregate.distinct + reading.value) } : aggregate
  }
}

export function isLater(a: Omit<PlacedValue, 'value'>, b: Omit<PlacedValue, 'value'>): boolean {
  return a.at === b.at ? a.by > b.by : a.at > b.at
}
