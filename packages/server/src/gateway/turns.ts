// Who begins next where many begin at once. The thread takes so many in one turn of its event loop and then looks at everything else that is
// ready; of those that wait each customer has its turn, by the weight of its plan, so that whoever sends five hundred at once waits
// behind itself and not before the others. Alone nobody waits. What waits is in flight already, and bounded there.

import { setImmediate as onNextTurn } from 'node:timers'
import type { CustomerId } from '@tollgate/core'

export type Turns = {
  /** Undefined where it may begin now; else resolves when it may. */
  readonly enter: (customer: CustomerId, weight: number) => Promise<void> | undefined
  readonly waiting: () => number
}

/** About a millisecond of work: with more the answers of the others wait behind it, with fewer the loop turns for little. */
const BEGIN_PER_TURN = 4

/** @param isShared whether more than one customer has requests here. */
export function createTurns(isShared: () => boolean, perTurn: number = BEGIN_PER_TURN): Turns {
  /** Customers in the order of their turns, each with those that wait. */
  const queues = new Map<CustomerId, Queue>()
  let begun = 0
  let waiting = 0
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    onNextTurn(nextTurn)
  }

  function nextTurn(): void {
    isScheduled = false
    begun = 0
    while (waiting > 0 && begun < perTurn) beginNext()
    if (begun > 0) schedule()
  }

  /** The first customer has as many as its weight says, and goes to the end. */
  function beginNext(): void {
    const [[customer, queue]] = queues as unknown as [[CustomerId, Queue]]
    queues.delete(customer)
    const count = Math.min(queue.weight, queue.waiters.length - queue.next, perTurn - begun)
    for (let index = 0; index < count; index++) queue.waiters[queue.next++]!()
    begun += count
    waiting -= count
    if (queue.next < queue.waiters.length) queues.set(customer, queue)
  }

  return {
    enter: (customer, weight) => {
      if (waiting === 0 && (begun < perTurn || !isShared())) {
        begun += 1
        schedule()
        return undefined
      }
      waiting += 1
      schedule()
      return new Promise((resolve) => {
        const queue = queues.get(customer)
        if (queue === undefined) queues.set(customer, { weight: Math.max(1, Math.round(weight)), waiters: [resolve], next: 0 })
        else queue.waiters.push(resolve)
      })
    },
    waiting: () => waiting,
  }
}

type Queue = { readonly weight: number; readonly waiters: (() => void)[]; next: number }
