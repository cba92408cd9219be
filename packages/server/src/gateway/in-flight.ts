// Requests in flight per customer on this node: one tenant cannot take all sockets. Counted from admission to the end of
// the settlement, drains of streams whose client has gone included.

import { assert, type CustomerId } from '@tollgate/core'

export type InFlight = {
  /** False when the customer has all it may have. */
  readonly enter: (customer: CustomerId) => boolean
  readonly leave: (customer: CustomerId) => void
  readonly total: () => number
}

export function createInFlight(perCustomerMax: number): InFlight {
  const counts = new Map<CustomerId, number>()
  let total = 0
  return {
    enter: (customer) => {
      const count = counts.get(customer) ?? 0
      if (count >= perCustomerMax) return false
      counts.set(customer, count + 1)
      total += 1
      return true
    },
    leave: (customer) => {
      const count = counts.get(customer)
      assert(count !== undefined, 'a request left that never entered')
      if (count === 1) counts.delete(customer)
      else counts.set(customer, count - 1)
      total -= 1
    },
    total: () => total,
  }
}
