// Slots at one upstream: so many requests run there at once, and further ones wait, bounded in number and time. A slot that
// comes free goes to the customer who has fewest for the weight of its plan, so that one tenant's slow answers do not stand before
// another's. A full queue drops who weighs least for whoever weighs more.

import type { CustomerId } from '@tollgate/core'

export type SlotBounds = {
  readonly upstreamSlotsMax: number
  /** Requests that wait for one upstream. */
  readonly upstreamQueueMax: number
  readonly upstreamQueueMs: number
}

export type Slots = {
  /** True at once where there is room; else whether a slot came in time. Whoever has one must {@link Slots.leave}. */
  readonly enter: (customer: CustomerId, weight: number) => boolean | Promise<boolean>
  readonly leave: (customer: CustomerId) => void
  readonly running: () => number
  readonly waiting: () => number
}

type Waiter = { readonly customer: CustomerId; readonly weight: number; readonly decide: (hasSlot: boolean) => void }

export function createSlots(bounds: SlotBounds): Slots {
  const held = new Map<CustomerId, number>()
  let waiters: Waiter[] = []
  let running = 0

  function take(customer: CustomerId): void {
    running += 1
    held.set(customer, (held.get(customer) ?? 0) + 1)
  }

  /** Whoever has fewest slots for its weight; of equals who came first. */
  function next(): Waiter | null {
    let best: Waiter | null = null
    let least = Infinity
    for (const waiter of waiters) {
      const part = ((held.get(waiter.customer) ?? 0) + 1) / waiter.weight
      if (part < least) [best, least] = [waiter, part]
    }
    return best
  }

  /** Makes room in a full queue for one that weighs more than its lightest, the latest of those. */
  function makeRoom(weight: number): boolean {
    if (waiters.length < bounds.upstreamQueueMax) return true
    const lightest = waiters.reduce<Waiter | null>((found, waiter) => (found === null || waiter.weight <= found.weight ? waiter : found), null)
    if (lightest === null || lightest.weight >= weight) return false
    end(lightest, false)
    return true
  }

  function end(waiter: Waiter, hasSlot: boolean): void {
    waiters = waiters.filter((one) => one !== waiter)
    waiter.decide(hasSlot)
  }

  return {
    enter: (customer, weight) => {
      if (running < bounds.upstreamSlotsMax) {
        take(customer)
        return true
      }
      if (!makeRoom(weight)) return false
      return new Promise((resolve) => {
        const waiter: Waiter = { customer, weight, decide: (hasSlot) => { clearTimeout(timer); resolve(hasSlot) } }
        const timer = setTimeout(() => end(waiter, false), bounds.upstreamQueueMs)
        waiters.push(waiter)
      })
    },
    leave: (customer) => {
      running -= 1
      const count = held.get(customer) ?? 0
      if (count <= 1) held.delete(customer)
      else held.set(customer, count - 1)
      const waiter = running < bounds.upstreamSlotsMax ? next() : null
      if (waiter === null) return
      take(waiter.customer)
      end(waiter, true)
    },
    running: () => running,
    waiting: () => waiters.length,
  }
}
