// What a tenant may change of its agreement by itself: where the portal session of its operator lets it, plan and seats, among the plans that
// anybody may see, at the time that `auto` gives. The operator may change everything.

import { InputError } from '@tollgate/core'
import type { Caller } from '../authenticate.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { ChangeInput } from './change.ts'

export function assertMayChange(plane: ControlPlane, caller: Caller, { plan, addOns, when }: ChangeInput): void {
  if (caller.isOperator) return
  if (caller.session?.kind !== 'portal' || !caller.session.changesPlan) throw new InputError({ code: 'plan_changes_off', field: 'plan', message: 'the plan is changed by the operator: this caller was not let to' })
  if (plan !== null && plane.catalogs.current().plans.get(plan)?.public !== true) throw new InputError({ code: 'unknown_plan', field: 'plan', message: `there is no public plan ${plan}` })
  if (addOns !== null || when !== 'auto') throw new InputError({ code: 'plan_changes_off', field: addOns !== null ? 'add_ons' : 'when', message: 'add-ons, and the time of a change, are for the operator to say' })
}
