// Which nodes have a customer in memory: they share its rates. Kept in memory, because only who is connected matters; a node that
// comes or goes makes the others ask anew.

import type { CustomerId } from '@tollgate/core'
import type { NodeHub } from './node-hub.ts'

export type Sharers = {
  /** Notes that the node has the customer, and tells how many connected ones do. */
  readonly join: (customer: CustomerId, node: string) => number
  readonly leave: (node: string) => void
}

/** Customers that are remembered; of one that is forgotten each node is taken to be alone until it asks again. */
const CUSTOMERS_MAX = 200_000

export function createSharers(hub: NodeHub): Sharers {
  const nodesOf = new Map<CustomerId, Set<string>>()
  const tell = (customer: CustomerId) => void hub.broadcast({ kind: 'customer', customer })
  return {
    join: (customer, node) => {
      const nodes = nodesOf.get(customer) ?? new Set<string>()
      const isNew = !nodes.has(node)
      nodes.add(node)
      nodesOf.set(customer, nodes)
      if (nodesOf.size > CUSTOMERS_MAX) nodesOf.delete(nodesOf.keys().next().value!)
      if (isNew && nodes.size > 1) tell(customer)
      return nodes.size
    },
    leave: (node) => {
      for (const [customer, nodes] of nodesOf) {
        if (!nodes.delete(node)) continue
        if (nodes.size === 0) nodesOf.delete(customer)
        else tell(customer)
      }
    },
  }
}
