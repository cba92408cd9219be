// The push side of the control plane: every connected node hears of changes and acknowledges them, so that a caller can
// wait until a change is in force on each reachable node. A node that does not answer in time is not waited for: its own
// leases bound what it can do, and it drops what it knows when it reconnects. Recalls go only to the nodes that hold something, and
// whoever recalls what is being recalled already waits for the same answer.

import { RECALL_WAIT_MS, RECALLS_PER_NODE_MAX, type Acknowledged, type Clock, type FeedMessage, type NodeReport } from '@tollgate/core'

export type NodeHub = {
  /** `send` is called for each message; returns how to leave. */
  readonly join: (node: string, send: (message: FeedMessage) => void) => () => void
  readonly acknowledge: (node: string, done: Acknowledged) => void
  /** Sends to all nodes and resolves when each has acknowledged, at the latest after `timeoutMs`. Returns those that did not. */
  readonly broadcast: (message: Change, timeoutMs?: number) => Promise<readonly string[]>
  /** Has idle amounts given back, by the named nodes or by all. Resolves when they have arrived, at the latest after `timeoutMs`; returns the nodes that did not answer. */
  readonly recall: (what: Recalled, timeoutMs?: number) => Promise<readonly string[]>
  readonly epoch: () => number
  readonly nodes: () => readonly string[]
  /** Keeps what a connected node told of itself, until it tells anew or leaves. */
  readonly report: (node: string, report: NodeReport) => void
  readonly reports: () => ReadonlyMap<string, NodeReport>
  /** Calls back with each node whose connection ends. */
  readonly onLeave: (listener: (node: string) => void) => void
}

type Unnumbered<M> = M extends { readonly epoch: number } ? Omit<M, 'epoch'> : never
type RecallMessage = Extract<FeedMessage, { kind: 'recall' }>
type Change = Unnumbered<Exclude<FeedMessage, RecallMessage>>
type Recalled = Pick<RecallMessage, 'customer' | 'budgets'> & { readonly nodes?: readonly string[] }

type Member = {
  readonly send: (message: FeedMessage) => void
  acknowledged: number
  /** Recalls that are not answered yet, by number. */
  readonly open: Map<number, { readonly at: number; readonly finish: () => void }>
  /** The same by customer and budget. */
  readonly asked: Map<string, { readonly at: number; readonly answered: Promise<void> }>
  /** What it told of itself last. */
  report: NodeReport | null
}

/** Longest wait for acknowledgements. The target for a reachable node is 250 ms; a slower one is reported. */
const ACKNOWLEDGE_TIMEOUT_MS = 1_000
/** A recall that was not answered for so long was lost on the way, or its node stands still: it is sent again, and not waited for. */
const RECALL_LOST_MS = RECALL_WAIT_MS

export function createNodeHub(clock: Clock): NodeHub {
  const members = new Map<string, Member>()
  const waiters = new Set<() => void>()
  const leaveListeners: ((node: string) => void)[] = []
  // Starts at the clock, so that a restarted control plane never repeats an epoch that a node has seen.
  let epoch: number = clock.now()
  let recalls = 0

  const isLost = (at: number) => at <= clock.now() - RECALL_LOST_MS

  /** Recalls are in the order of their time: the first that is open is the oldest. */
  function isStill({ open }: Member): boolean {
    for (const { at } of open.values()) return isLost(at)
    return false
  }

  function recallFrom(member: Member, { customer, budgets }: Recalled): Promise<unknown> {
    const keyOf = (budget: string) => `${customer} ${budget}`
    const fresh = budgets.filter((budget) => isLost(member.asked.get(keyOf(budget))?.at ?? -Infinity))
    // Whoever holds back so much does not answer anyway.
    if (member.open.size >= RECALLS_PER_NODE_MAX) return new Promise(() => undefined)
    if (fresh.length > 0) {
      const number = (recalls += 1)
      const { promise: answered, resolve } = Promise.withResolvers<void>()
      const asked = { at: clock.now(), answered }
      for (const budget of fresh) member.asked.set(keyOf(budget), asked)
      member.open.set(number, {
        at: asked.at,
        finish: () => {
          member.open.delete(number)
          for (const budget of fresh) if (member.asked.get(keyOf(budget)) === asked) member.asked.delete(keyOf(budget))
          resolve()
        },
      })
      member.send({ kind: 'recall', recall: number, customer, budgets: fresh })
    }
    return Promise.all(budgets.map((budget) => member.asked.get(keyOf(budget))?.answered))
  }

  return {
    join: (node, send) => {
      const member: Member = { send, acknowledged: epoch, open: new Map(), asked: new Map(), report: null }
      members.set(node, member)
      send({ kind: 'hello', epoch })
      return () => {
        if (members.get(node) === member && members.delete(node)) for (const listener of leaveListeners) listener(node)
        for (const { finish } of member.open.values()) finish()
        for (const wake of waiters) wake()
      }
    },
    acknowledge: (node, { epoch: upTo, recalls: numbers = [] }) => {
      const member = members.get(node)
      if (member === undefined) return
      for (const number of numbers) member.open.get(number)?.finish()
      // Who answers lives: what it has not answered for long never reached it.
      if (numbers.length > 0) for (const { at, finish } of member.open.values()) if (isLost(at)) finish()
      if (upTo === undefined || upTo <= member.acknowledged) return
      member.acknowledged = upTo
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
    recall: async (what, timeoutMs = RECALL_WAIT_MS) => {
      const silent = new Set([...members.keys()].filter((node) => what.nodes === undefined || what.nodes.includes(node)))
      if (silent.size === 0) return []
      const { promise: isOver, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, timeoutMs)
      const answers = [...silent].flatMap((node) => {
        const member = members.get(node)!
        const mayAnswer = !isStill(member)
        const answered = recallFrom(member, what).then(() => silent.delete(node))
        return mayAnswer ? [answered] : []
      })
      await Promise.race([Promise.all(answers), isOver])
      clearTimeout(timer)
      return [...silent]
    },
    epoch: () => epoch,
    nodes: () => [...members.keys()],
    report: (node, report) => {
      const member = members.get(node)
      if (member !== undefined) member.report = report
    },
    reports: () => new Map([...members].flatMap(([node, { report }]) => (report === null ? [] : [[node, report] as const]))),
    onLeave: (listener) => void leaveListeners.push(listener),
  }
}
