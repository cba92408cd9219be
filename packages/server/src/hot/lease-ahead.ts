// How much a node borrows ahead, and when it asks again. A lease is sized by how fast the last one was drawn, to last some seconds,
// and is renewed in the background while a part of it is left, so that no request waits for a round trip that could be foreseen.
// The authority gives at most half of what is left: a wish costs nobody, and near exhaustion each request asks for itself.

import { freeOf, LEASE_UNITS_MAX, type Hold, type Instant, type LeaseNeed, type Slice } from '@tollgate/core'
import type { CustomerState } from './customer-state.ts'

/** How long a lease should last at the pace of the last one: long enough that renewals are rare, short enough that other nodes find something. */
const LEASE_LASTS_MS = 2_000
/** The part of a lease whose being left starts its renewal: half a second of it at an even pace, many round trips. */
const RENEWED_AT = 1 / 4
/** A lease of fewer requests than this is not renewed ahead: its budget is nearly used up, and what is left belongs to whoever needs it. */
const REQUESTS_AHEAD_MIN = 8
/** Requests that are leased for where no pace is known, and how many times that a node wishes for at most. */
const REQUESTS_WISHED = 32
const WISH_MAX = 1_024

/** What was free of a slice when it was leased last, and when. */
export type Drawn = { readonly at: Instant; readonly free: number }

/** What to ask for beyond what is needed now. */
export function wishOf(state: CustomerState, need: LeaseNeed, slice: Slice, now: Instant): LeaseNeed {
  const last = state.drawn.get(need.budget.id)
  const perMs = last === undefined ? 0 : Math.max(0, last.free - freeOf(slice)) / Math.max(1, now - last.at)
  const wish = Math.min(Math.ceil(perMs * LEASE_LASTS_MS), need.want * WISH_MAX, LEASE_UNITS_MAX)
  return { ...need, want: Math.max(need.want, wish) }
}

/** Notes that a slice was leased into: when it is renewed, and where its pace is measured from. */
export function leased(state: CustomerState, slice: Slice, now: Instant): void {
  const free = Math.max(0, freeOf(slice))
  slice.renewBelow = Math.floor(free * RENEWED_AT)
  state.drawn.set(slice.budget, { at: now, free })
}

/** What of these holds was nearly used up by them, to be asked for before anybody needs it. Each lease says so once: what comes of it is noted when it has come. */
export function nearlyUsed(state: CustomerState, holds: readonly Hold[]): LeaseNeed[] {
  const needs: LeaseNeed[] = []
  for (const { slice, budget, amount } of holds) {
    if (freeOf(slice) >= slice.renewBelow) continue
    const isWorth = slice.renewBelow >= REQUESTS_AHEAD_MIN * amount * RENEWED_AT && slice.refused === null && !state.acquiring.has(budget.id)
    slice.renewBelow = 0
    if (isWorth) needs.push({ budget, min: 0, need: 0, want: amount * REQUESTS_WISHED })
  }
  return needs
}
