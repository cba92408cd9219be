// The push side of the control plane: every connected node hears of changes and acknowledges them, so that a caller can
// wait until a change is in force on each reachable node. A node that does not answer in time is not waited for: its own
// leases bound what it can do, and it drops what it knows when it reconnects.

import type { Clock, FeedMessage } from '@tollgate/core'

export type NodeHub = {
  /** `send` is called for each message; returns how to leave. */
  readonly join: (node: string, send: (message: FeedMessage) => void) => () => void
  readonly acknowledge: (node: string, epoch: number) => void
  /** Sends to all nodes and resolves when each has acknowledged, at the latest after `timeoutMs`. Returns those that did not. */
  readonly broadcast: (message: Unnumbered<FeedMessage>, timeoutMs?: number) => Promise<readonly string[]>
  readonly epoch: () => number
  readonly nodes: () => readonly string[]
  /** Calls back with each node whose connection ends. */
  readonly onLeave: (listener: (node: string) => void) => void
}

type Unnumbered<M> = M extends { readonly epoch: number } ? Omit<M, 'epoch'> : never

/** Longest wait for acknowledgements. The target for a reachable node is 250 ms; a slower one is reported. */
const ACKNOWLEDGE_TIMEOUT_MS = 1_000

export function createNodeHub(clock: Clock): NodeHub {
  const members = new Map<string, { readonly send: (message: FeedMessage) => void; acknowledged: number }>()
  const waiters = new Set<() => void>()
  const leaveListeners: ((node: string) => void)[] = []
  // Starts at the clock, so that a restarted control plane never repeats an epoch that a node has seen.
  let epoch: number = clock.now()

  return {
    join: (node, send) => {
      const member = { send, acknowledged: epoch }
      members.set(node, member)
      send({ kind: 'hello', epoch })
      return () => {
        if (members.get(node) === member && members.delete(node)) for (const listener of leaveListeners) listener(node)
        for (const wake of waiters) wake()
      }
    },
    acknowledge: (node, upTo) => {
      const member = members.get(node)
      if (member !== undefined && upTo > member.acknowledged) member.acknowledged = upTo
      for (const wake of waiters) wake()
    },
    broadcast: (unnumbered, timeoutMs = ACKNOWLEDGE_TIMEOUT_MS) => {
      epoch += 1
      const target = epoch
      const message = { ...unnumbered, epoch: target } as FeedMessage
      for (const { send } of members.values()) send(message)
      const missing = () => [...members].filter(([, { acknowledged }]) => acknowledged < target).map(([node]) => node)
      if (missing().length === 0) return Promise.resolve([])
      return new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          waiters.delete(wake)
          resolve(missing())
        }
        const wake = () => {
          if (missing().length === 0) finish()
        }
        const timer = setTimeout(finish, timeoutMs)
        waiters.add(wake)
      })
    },
    epoch: () => epoch,
    nodes: () => [...members.keys()],
    onLeave: (listener) => void leaveListeners.push(listener),
  }
}
