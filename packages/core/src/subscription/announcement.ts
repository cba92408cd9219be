// What the outbox tells of a subscription, and how what was told is reconciled with what is known now. An announcement is the same
// one whenever it is computed: its key holds what happened and when it took effect, never when we heard of it. Where a late fact shows
// that something told did not happen so, it is voided by another event; nothing told is ever changed.

import type { Instant } from '../time.ts'
import type { AddOnQuantity } from './fact.ts'
import type { SubscriptionState } from './state.ts'

export type Announcement = {
  /** Such as `subscription.grace_entered`. */
  readonly name: string
  readonly subscription: string
  /** When it took effect. */
  readonly at: Instant
  readonly state: SubscriptionState
  readonly plan: string
  /** Why, for a person. */
  readonly reason: string
  readonly data: AnnouncementData
}

export type AnnouncementData = {
  readonly seats?: number
  readonly addOns?: readonly AddOnQuantity[]
  readonly plan?: string
  readonly schedule?: string
  /** When what was scheduled takes effect, a trial or grace ends. */
  readonly takesEffectAt?: Instant | null
  readonly period?: { readonly start: Instant; readonly end: Instant }
  /** Day of dunning, and what the tenant is told. */
  readonly day?: number
  readonly message?: string
  readonly ref?: string
}

/** Told before, as stored; a voided one is not there any more. */
export type Told = { readonly sequence: number; readonly key: string }

export function announcementKey({ name, subscription, at, state, plan, data }: Announcement): string {
  const { message: _, ...fixed } = data
  return JSON.stringify([subscription, at, name, state, plan, Object.entries(fixed).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** What must be told now, and what was told that did not happen. */
export function reconcile(told: readonly Told[], known: readonly Announcement[]): { readonly tell: readonly Announcement[]; readonly voided: readonly Told[] } {
  const left = new Map<string, Told[]>()
  for (const one of told) left.set(one.key, [...(left.get(one.key) ?? []), one])
  const tell = known.filter((announcement) => left.get(announcementKey(announcement))?.shift() === undefined)
  return { tell, voided: [...left.values()].flat().sort((a, b) => a.sequence - b.sequence) }
}
