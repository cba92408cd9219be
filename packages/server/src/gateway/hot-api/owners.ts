// Which customer each reservation of this node belongs to, so that a customer's key can settle or release its own and no other.
// It lives exactly as long as the node's own memory of reservations; operator keys do not need it.

import { RESERVATIONS_PER_NODE_MAX, type CustomerId } from '@tollgate/core'

export type Owners = {
  readonly remember: (reservation: string, customer: CustomerId) => void
  readonly of: (reservation: string) => CustomerId | null
}

/** Open ones and those kept for replays. */
const OWNERS_MAX = 2 * RESERVATIONS_PER_NODE_MAX

export function createOwners(): Owners {
  const owners = new Map<string, CustomerId>()
  return {
    remember: (reservation, customer) => {
      owners.set(reservation, customer)
      if (owners.size <= OWNERS_MAX) return
      for (const oldest of owners.keys()) return void owners.delete(oldest)
    },
    of: (reservation) => owners.get(reservation) ?? null,
  }
}
