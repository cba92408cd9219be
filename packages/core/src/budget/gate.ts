// The gate before any budget: may this customer use this feature and this model at all? Reads standing and plan, no balance.

import type { Plan } from '../catalog/catalog.ts'
import type { CustomerSnapshot, Frozen } from '../entitlement/snapshot.ts'
import type { DecisionRequest } from './decide.ts'
import type { Denial } from './denial.ts'
import { denyFeature, denyFreeze, denyModel, denyStanding } from './explain-denial.ts'

export function denyEntitlement(snapshot: CustomerSnapshot, plan: Plan, request: DecisionRequest): Denial | null {
  if (snapshot.standing !== 'good' && snapshot.standing !== 'grace') return denyStanding(snapshot)
  const entitlement = plan.entitlements.get(request.feature)
  if (entitlement === undefined) return denyFeature(snapshot, request.feature)
  if (request.model !== null && !entitlement.models.includes('*') && !entitlement.models.includes(request.model)) return denyModel(snapshot, request.model)
  return null
}

/** Stopped by hand: the customer, the key, the feature, or the entity and all below it. */
export function denyFrozen(snapshot: CustomerSnapshot, frozen: Frozen, request: DecisionRequest): Denial | null {
  if (frozen.customer) return denyFreeze(`customer:${snapshot.customer}`)
  if (frozen.features.includes(request.feature)) return denyFreeze(`feature:${request.feature}`)
  const { key, entity } = request
  if (key !== undefined && key !== null && frozen.keys.includes(key)) return denyFreeze(`key:${key}`)
  if (entity === null || frozen.entities.length === 0) return null
  const stopped = [entity, ...(snapshot.entityPaths[entity] ?? [])].find((one) => frozen.entities.includes(one))
  return stopped === undefined ? null : denyFreeze(`entity:${stopped}`)
}
