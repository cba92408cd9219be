// Included units that are given back to the allowances that paid them, the last of the plan first, never more than each has paid.

import { allowanceBudget, quantity, type Coverage, type Plan, type RatedEvent } from '@tollgate/core'
import type { CustomerContext } from '../customer-contexts.ts'
import { headroomKey, type BatchState } from './batch-state.ts'

/** Coverage below zero, for each charge whose included part is below zero. */
export function giveBack(state: BatchState, context: CustomerContext, plan: Plan, charges: RatedEvent['charges']): Coverage[] {
  const { customer, period } = context.snapshot
  const returned: Coverage[] = []
  for (const { meter, included } of charges) {
    let left: bigint = -included
    for (const allowance of plan.allowances.toReversed()) {
      if (left <= 0n) break
      if (!allowance.meters.includes(meter)) continue
      const budget = allowanceBudget(allowance.id)
      const key = headroomKey(customer, budget, period.start)
      const covered = state.covered.get(key) ?? 0n
      const back = covered < left ? covered : left
      if (back <= 0n) continue
      returned.push({ budget, meter, quantity: quantity(-back) })
      state.covered.set(key, covered - back)
      state.headrooms.set(key, (state.headrooms.get(key) ?? 0n) + back)
      left -= back
    }
  }
  return returned
}
