// Where an aggregate of a price stands in its period: what the next charge starts from. A price has one aggregate, a price that
// dimensions choose has one for each entry. The text form travels to nodes in a customer's snapshot.

import { assert } from '../assert.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'

export type Position = {
  /** What was charged so far: tiers and packages go by it. */
  readonly billable: Quantity
  /** What was free so far, by an allowance or by the price itself. */
  readonly included: Quantity
  /** Events so far. */
  readonly events: number
}

export const START: Position = { billable: NONE, included: NONE, events: 0 }

/** Names an aggregate among all of a customer and period; `entry` is empty for a price that has one only. */
export function positionKey(price: string, entry: string): string {
  return entry === '' ? price : `${price}/${entry}`
}

export function formatPosition({ billable, included, events }: Position): string {
  return `${billable} ${included} ${events}`
}

export function parsePosition(text: string): Position {
  const [billable, included, events] = text.split(' ')
  assert(billable !== undefined && included !== undefined && events !== undefined, `no position: ${text}`)
  return { billable: quantity(BigInt(billable)), included: quantity(BigInt(included)), events: Number(events) }
}

/** The further of two views of one aggregate that only grows. */
export function laterPosition(a: Position, b: Position): Position {
  return a.events > b.events || (a.events === b.events && a.billable + a.included >= b.billable + b.included) ? a : b
}
