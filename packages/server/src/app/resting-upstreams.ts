// Upstreams that rest at some gateway, as the gateways tell: in memory, because it is over in moments. What is not told again is forgotten: the
// upstream is well there, or the gateway is gone.

import { RESTS_TOLD_EVERY_MS, type Clock, type RestingUpstream } from '@tollgate/core'

export type RestAt = RestingUpstream & { readonly node: string }

export type RestingUpstreams = {
  /** All that rest at the node now. */
  readonly told: (node: string, rests: readonly RestingUpstream[]) => void
  readonly list: () => readonly RestAt[]
}

/** A report may be late by two turns. */
const BELIEVED_MS = 3 * RESTS_TOLD_EVERY_MS
/** Nodes that are remembered, and rests of one: names come from nodes. */
const NODES_MAX = 1_000
const RESTS_PER_NODE_MAX = 1_000

export function createRestingUpstreams(clock: Clock): RestingUpstreams {
  const nodes = new Map<string, { readonly at: number; readonly rests: readonly RestingUpstream[] }>()
  return {
    told: (node, rests) => {
      nodes.delete(node)
      if (rests.length > 0) nodes.set(node, { at: clock.now(), rests: rests.slice(0, RESTS_PER_NODE_MAX) })
      if (nodes.size > NODES_MAX) nodes.delete(nodes.keys().next().value!)
    },
    list: () => {
      const now = clock.now()
      for (const [node, { at }] of nodes) if (now - at > BELIEVED_MS) nodes.delete(node)
      return [...nodes].flatMap(([node, { rests }]) => rests.flatMap((rest) => (rest.until > now ? [{ ...rest, node }] : [])))
    },
  }
}
