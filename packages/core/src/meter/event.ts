// A usage event: the immutable record of consumption. Gateway requests, settled reservations and ingested CloudEvents all
// become this one shape before they are metered; it is corrected only by another event.

import { EVENT_BYTES_MAX } from '../limits.ts'
import type { CustomerId, EntityId } from '../id.ts'
import type { Instant } from '../time.ts'

export type UsageEvent = {
  /** Unique within customer and source, for ever. */
  readonly id: string
  /** Who measured: `tollgate:gateway`, `tollgate:api`, or the CloudEvents `source`. */
  readonly source: string
  /** What happened, such as `ai.request` or `agent.step`; meters select by it. */
  readonly type: string
  readonly customer: CustomerId
  /** Time of the consumption: decides period, price version and hour. */
  readonly time: Instant
  readonly entity: EntityId | null
  readonly feature: string | null
  /** One agent run or user action that ties several events together. */
  readonly run: string | null
  readonly key: string | null
  /** Numbers as decimal text by property, such as `{ input_tokens: "1200" }`; a meter reads them at its own scale. */
  readonly quantities: Readonly<Record<string, string>>
  /** Labels, such as `{ model: "gpt-5-mini" }`. */
  readonly dimensions: Readonly<Record<string, string>>
  /** Provider cost as decimal text with its currency; null when unknown. Never shown to the tenant. */
  readonly cost: EventCost | null
  /** True when the usage was counted by us because the provider told none. */
  readonly estimated: boolean
  /** Catalog version that the decision used; null for ingested events, which are rated with the version in force. */
  readonly catalogVersion: number | null
  /** What the node already took from its leases; null for events that were never authorized. */
  readonly settled: SettledHolds | null
  /** What is kept for explanation: latency, status, upstream, decision. */
  readonly context: Readonly<Record<string, string | number | boolean | null>>
}

/** `uncached` is what it would have cost without the provider's prompt cache; stated only where it differs and a price may ask. */
export type EventCost = { readonly amount: string; readonly currency: string; readonly uncached?: string }

/** The part of a settlement that only the node can decide, because only it knows the other holds in flight. */
export type SettledHolds = {
  readonly node: string
  readonly incarnation: number
  /** Drawn from allowances, by budget id: units of a meter, or, with an empty `meter`, an amount of the charge; integers of the budget's scale. */
  readonly covered: readonly { readonly budget: string; readonly meter: string; readonly quantity: string }[]
  /**
   * What the node took out of its leases of money, in exact units by budget id. It rates by its own knowledge and rounds holds up, so
   * the charge may differ; the lease moves by this, the budget by the charge.
   */
  readonly booked?: Readonly<Record<string, string>>
  /** Of these the node had no lease yet: it used what it was not lent, and its first lease must cover that too. */
  readonly unleased?: readonly string[]
  /** Dimensions that its limits were found by, where the event's own differ; absent for none. */
  readonly scope?: Readonly<Record<string, string>>
}

export type EventResult =
  | { readonly status: 'accepted'; readonly id: string; readonly charge: { readonly amount: string; readonly currency: string } | null }
  | { readonly status: 'duplicate'; readonly id: string }
  | { readonly status: 'conflict'; readonly id: string; readonly reason: string }
  | { readonly status: 'parked'; readonly id: string; readonly reason: string }
  | { readonly status: 'rejected'; readonly id: string | null; readonly field: string | null; readonly reason: string }

/**
 * The text whose hash decides whether the same id came with other content: what was consumed, by whom, when. What the
 * sender did not state is left out: a retried settle measures another latency, and a time that we filled in differs.
 */
export function eventFingerprint(event: UsageEvent, statedTime: boolean): string {
  return JSON.stringify([
    event.type, statedTime ? event.time : null, event.entity, event.feature, event.run,
    Object.entries(event.quantities).sort(byKey), Object.entries(event.dimensions).sort(byKey),
  ])
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

/** Bytes of an event that are counted against {@link EVENT_BYTES_MAX}. */
export function isOversized(json: string): boolean {
  return json.length > EVENT_BYTES_MAX
}
