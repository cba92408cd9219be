// Requests in flight on this node, and who may begin another: so many for each key, each customer and all together. While the node is
// busy (half of what it takes is taken, or its thread is late) nobody may have more than a fair part, weighed by the priority
// of its plan: whoever floods it is shed first, and whoever asks little is not touched. Counted from admission to the end of the
// settlement, drains of streams whose client has gone included. Each process counts for itself.

import { assert, type CustomerId, type PlanPriority } from '@tollgate/core'

/** Which bound a request met. `fair_part`: the node is busy. */
export type Shed = 'customer' | 'key' | 'node' | 'fair_part'

export type InFlight = {
  /** Null when the request may begin: it is counted, and must {@link InFlight.leave}. */
  readonly enter: (customer: CustomerId, key: string) => Shed | null
  readonly leave: (customer: CustomerId, key: string) => void
  /** What the customer's plan says, for its next requests: known once its snapshot is. */
  readonly weigh: (customer: CustomerId, priority: PlanPriority) => void
  readonly total: () => number
  /** More than one customer has requests here. */
  readonly isShared: () => boolean
}

export type InFlightBounds = {
  readonly inFlightMax: number
  readonly inFlightPerCustomerMax: number
  readonly inFlightPerKeyMax: number
  /** A fair part is never less: a handful of requests at once is no flood. */
  readonly fairPartMin: number
}

/** Parts of a busy node, by the priority of a customer's plan. */
export const PRIORITY_WEIGHTS: Readonly<Record<PlanPriority, number>> = { low: 1, normal: 4, high: 16 }

/** Whoever has so many times its part of what a late thread has taken. */
const FLOODS_AT = 1.5

type Held = { count: number; weight: number }

/** @param isLate whether the thread is behind with its work. */
export function createInFlight(bounds: InFlightBounds, isLate: () => boolean): InFlight {
  const customers = new Map<CustomerId, Held>()
  const keys = new Map<string, number>()
  let total = 0
  let weights = 0

  function fairPart(weight: number): number {
    // There is always a part left for one who is not here yet.
    const ofRoom = Math.floor((bounds.inFlightMax * weight) / (weights + PRIORITY_WEIGHTS.normal))
    // A late thread has no room at all: what it has taken is what is shared. Where all have alike nobody floods it, and alone nobody takes anything from anybody.
    const ofTaken = isLate() && customers.size > 1 ? Math.floor((FLOODS_AT * total * weight) / weights) : Infinity
    return Math.max(bounds.fairPartMin, Math.min(ofRoom, ofTaken))
  }

  function shed(held: Held | undefined, ofKey: number): Shed | null {
    if (total >= bounds.inFlightMax) return 'node'
    if (ofKey >= bounds.inFlightPerKeyMax) return 'key'
    if (held === undefined) return null
    if (held.count >= bounds.inFlightPerCustomerMax) return 'customer'
    const isBusy = total >= bounds.inFlightMax / 2 || isLate()
    return isBusy && held.count >= fairPart(held.weight) ? 'fair_part' : null
  }

  return {
    enter: (customer, key) => {
      const held = customers.get(customer)
      const ofKey = keys.get(key) ?? 0
      const refused = shed(held, ofKey)
      if (refused !== null) return refused
      if (held === undefined) {
        customers.set(customer, { count: 1, weight: PRIORITY_WEIGHTS.normal })
        weights += PRIORITY_WEIGHTS.normal
      } else {
        held.count += 1
      }
      keys.set(key, ofKey + 1)
      total += 1
      return null
    },
    leave: (customer, key) => {
      const held = customers.get(customer)
      const ofKey = keys.get(key)
      assert(held !== undefined && ofKey !== undefined, 'a request left that never entered')
      total -= 1
      if (ofKey === 1) keys.delete(key)
      else keys.set(key, ofKey - 1)
      held.count -= 1
      if (held.count > 0) return
      customers.delete(customer)
      weights -= held.weight
    },
    weigh: (customer, priority) => {
      const held = customers.get(customer)
      if (held === undefined) return
      weights += PRIORITY_WEIGHTS[priority] - held.weight
      held.weight = PRIORITY_WEIGHTS[priority]
    },
    total: () => total,
    isShared: () => customers.size > 1,
  }
}
