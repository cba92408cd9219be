// Requests that wait for a rate: a bounded number of them, and of each customer a bounded share. Who finds no room is refused at once, as it
// would have been without a queue.

import { setTimeout as delay } from 'node:timers/promises'
import { QUEUED_MAX, QUEUED_PER_CUSTOMER_MAX } from '@tollgate/core'

export type WaitingRoom = {
  readonly hasRoom: (customer: string) => boolean
  /** Resolves when the time is over. */
  readonly wait: (customer: string, waitMs: number) => Promise<void>
}

export function createWaitingRoom(): WaitingRoom {
  const waiting = new Map<string, number>()
  let total = 0
  return {
    hasRoom: (customer) => total < QUEUED_MAX && (waiting.get(customer) ?? 0) < QUEUED_PER_CUSTOMER_MAX,
    wait: async (customer, waitMs) => {
      total += 1
      waiting.set(customer, (waiting.get(customer) ?? 0) + 1)
      await delay(waitMs)
      total -= 1
      const left = waiting.get(customer)! - 1
      if (left === 0) waiting.delete(customer)
      else waiting.set(customer, left)
    },
  }
}
