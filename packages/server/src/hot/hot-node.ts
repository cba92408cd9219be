// The data plane of one node: authorize, extend, settle and release in memory, out of budget leased from the authority, which is
// asked only where the memory misses. Each operation has a file of its own beside this one; here they are put together.
// No SQL and no HTTP is spoken; the ports do that.

import { createWaitingRoom } from './queue.ts'
import { authorize } from './admit.ts'
import { check } from './check.ts'
import type { HotNode } from './contract.ts'
import { createExpectations } from './expectations.ts'
import { extend } from './extend.ts'
import type { HotNodeParts, Inside } from './inside.ts'
import { finishWithoutUse, releaseReservation } from './release.ts'
import { SWEEP_INTERVAL_MS } from './reservation.ts'
import { settleReservation } from './settle.ts'

export function createHotNode(parts: HotNodeParts): HotNode {
  const { clock, journal, memory, book } = parts
  const counts = { authorized: 0, denied: 0, settled: 0, released: 0, expired: 0, acquires: 0, unheard: 0, degraded: 0 }
  const node: Inside = { parts, clock, journal, memory, book, expected: createExpectations(), runs: new Map(), queue: createWaitingRoom(), counts, isDraining: false }
  const sweeper = setInterval(() => {
    for (const reservation of book.sweep(clock.now())) finishWithoutUse(node, reservation, 'expired')
  }, SWEEP_INTERVAL_MS)
  sweeper.unref()
  let drained: Promise<void> | null = null

  return {
    id: parts.identity.node,
    authenticate: (rawKey) => memory.key(parts.hashKey(rawKey)),
    knows: (rawKey) => memory.knowsKey(parts.hashKey(rawKey)),
    snapshot: (customer) => memory.customer(customer),
    authorize: (input) => {
      const startedAt = parts.decisions.start()
      const answer = authorize(node, input)
      if (startedAt !== null) parts.decisions.stop(startedAt, answer)
      return answer
    },
    extend: (reservation, bound) => extend(node, reservation, bound),
    settle: (reservation, usage) => settleReservation(node, reservation, usage),
    release: (reservation) => releaseReservation(node, reservation),
    check: (input) => check(node, input),
    upstreams: () => memory.upstreams(),
    openFor: (customer) => memory.peek(customer)?.open ?? 0,
    written: () => journal.written(),
    sync: () => journal.sync(),
    stats: () => ({ ...counts, open: book.openCount(), estimates_settled: node.expected.calibration().settled, estimates_exceeded: node.expected.calibration().exceeded, customers: memory.size(), journal_bytes: journal.backlogBytes() }),
    isReady: () => !node.isDraining && journal.failure() === null && parts.licence.isValid(),
    drain: () => {
      node.isDraining = true
      clearInterval(sweeper)
      return (drained ??= parts.onDrain())
    },
  }
}
