// The dates of contracts: when one begins, ends or comes to its next phase, the limits of the customer's running periods follow within
// a minute. Prices need no help: nodes know until when the terms that they have hold.

import { instant, type Instant } from '@tollgate/core'
import { phaseAt } from '@tollgate/core/resolve'
import { contractsTurning } from '../../store/contracts.ts'
import { loadFacts } from '../../store/customers.ts'
import { followCustomer } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'

const DAY_MS = 86_400_000
/** What the first run after a start looks back on: longer than anybody leaves a control plane down. Following twice changes nothing. */
const LOOK_BACK_MS = 31 * DAY_MS

/** A run follows what turned since the one before. */
export function createContractFollower(): (plane: ControlPlane) => Promise<number> {
  let since: Instant | null = null
  return async (plane) => {
    const now = plane.clock.now()
    const from = since ?? instant(now - LOOK_BACK_MS)
    // A day begins up to a day earlier or later elsewhere.
    const turning = await contractsTurning(plane.sql, { first: dayOf(from - DAY_MS), last: dayOf(now + DAY_MS) })
    const facts = await loadFacts(plane.sql, turning)
    let followed = 0
    for (const [customer, of] of facts) {
      const { holds } = phaseAt(of.contract ?? null, of.timeZone, now)
      if (holds.start <= from) continue
      await followCustomer(plane, customer)
      followed += 1
    }
    since = now
    return followed
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
