// Brings subscriptions to the present: what is due by time (the end of a trial, a stage of dunning, a scheduled change, a renewal) is told
// and written where it has come. The schedule is the row itself, so that nothing is skipped over a downtime and nothing is doubled:
// whatever runs late finds the same facts and folds them to the same history.

import { SUBSCRIPTIONS_DUE_MAX } from '@tollgate/core'
import { dueCustomers } from '../../store/subscriptions.ts'
import { SYSTEM } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import { recordFacts } from './record.ts'

/** All that is due now; returns how many customers were brought forward. */
export async function runDueSubscriptions(plane: ControlPlane): Promise<number> {
  const due = await dueCustomers(plane.sql, plane.clock.now(), SUBSCRIPTIONS_DUE_MAX)
  for (const customer of due) {
    try {
      await bringForward(plane, customer)
    } catch (error) {
      plane.log.error({ err: error, customer }, 'a subscription could not be brought to the present; it is tried again')
    }
  }
  return due.length
}

export async function bringForward(plane: ControlPlane, customer: string): Promise<void> {
  await changeCustomer(plane, customer, async (tx, before) => {
    await recordFacts(tx, { customer: before, actor: SYSTEM, facts: [], now: nowOf(plane, before) })
  })
}
