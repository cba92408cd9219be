// Nodes that went silent, and requests that nobody will tell about any more. Hard budgets keep what a silent node was lent until
// its journal is read, at the latest for a day; soft ones let it go much sooner. A request in flight when its process died is held
// until it may have been settled no more. Everything that ends here is told in the outbox and the log.

import { DOUBT_HARD_MS, DOUBT_REQUEST_MS, DOUBT_SOFT_MS, DOUBTS_PER_TURN_MAX, instant, LEASE_TTL_MS, type Instant, type NodeIdentity } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { endDoubts, endLeasesOf, openBudgetsOf } from '../../store/leases.ts'
import { lapseNodes, retireNode, unheardSince } from '../../store/nodes.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { ControlPlane } from '../control-plane.ts'
import { tellNodes } from '../change-customer.ts'
import { unitsInForce } from './budgets-in-force.ts'

/** Until when the leases of a node whose journal lost its end are in doubt: none of its requests runs longer. */
export function restEndsAt(now: Instant): Instant {
  return instant(now + DOUBT_REQUEST_MS)
}

export type DoubtsEnded = { readonly silent: readonly NodeIdentity[]; readonly released: readonly NodeIdentity[]; readonly givenUp: readonly NodeIdentity[]; readonly requests: number }

/** One turn of the job. */
export async function endOverdueDoubts(plane: ControlPlane): Promise<DoubtsEnded> {
  const now = plane.clock.now()
  const before = (ms: number) => instant(now - ms)
  const silent = await lapseNodes(plane.sql, before(LEASE_TTL_MS))
  for (const identity of silent) plane.log.warn({ ...identity }, 'a node was not heard of for the time of a lease; what it was lent is in doubt')
  const givenUp = await retireAll(plane, before(LEASE_TTL_MS + DOUBT_HARD_MS), 'given_up')
  const released = await retireAll(plane, before(LEASE_TTL_MS + DOUBT_SOFT_MS), 'replaced')
  const ended = await withRetry(plane.sql, async (tx) => {
    const gone = await endDoubts(tx, now, DOUBTS_PER_TURN_MAX)
    await insertOutbox(tx, gone.map(({ customer, reservation, budget, amount }) => ({ customer, type: 'reservation.abandoned', payload: { reservation, budget, amount } })))
    return gone
  })
  for (const customer of new Set(ended.map((doubt) => doubt.customer))) await tellNodes(plane, customer)
  return { silent, released, givenUp, requests: ended.length }
}

async function retireAll(plane: ControlPlane, since: Instant, standing: 'replaced' | 'given_up'): Promise<NodeIdentity[]> {
  const retired: NodeIdentity[] = []
  for (const identity of (await unheardSince(plane.sql, since)).slice(0, DOUBTS_PER_TURN_MAX)) {
    const customers = await withRetry(plane.sql, (tx) => retire(tx, plane, identity, { standing, since }))
    if (customers === null) continue
    retired.push(identity)
    plane.log.error({ ...identity, customers: customers.length }, standing === 'given_up'
      ? 'a node was silent for so long that its leases are given up; what it still claims is a loss'
      : 'a node was silent for so long that its leases on soft budgets are released')
    for (const customer of customers) await tellNodes(plane, customer)
  }
  return retired
}

/** Answers the customers whose budgets have more headroom now; null when there was nothing to end. */
async function retire(tx: Transaction, plane: ControlPlane, identity: NodeIdentity, how: { readonly standing: 'replaced' | 'given_up'; readonly since: Instant }): Promise<readonly string[] | null> {
  const open = await openBudgetsOf(tx, identity)
  const useOf = await unitsInForce(tx, plane, open as never)
  const ends = how.standing === 'given_up' ? open : open.filter((key) => useOf(key as never).enforcement === 'soft')
  if (ends.length === 0 || !(await retireNode(tx, identity, how.standing, how.since))) return null
  await endLeasesOf(tx, identity, how.standing === 'given_up' ? 'given_up' : 'closed', ends)
  const customers = [...new Set(ends.map(({ customer }) => customer))]
  await insertOutbox(tx, customers.map((customer) => ({ customer, type: how.standing === 'given_up' ? 'lease.given_up' : 'lease.released', payload: { ...identity, budgets: ends.filter((key) => key.customer === customer).map(({ budget }) => budget) } })))
  return customers
}
