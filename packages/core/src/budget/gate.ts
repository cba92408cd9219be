// The gate before any budget: may this customer use this feature and this model at all? Reads standing and plan, no balance.

import type { Plan } from '../catalog/catalog.ts'
import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { DecisionRequest } from './decide.ts'
import type { Denial } from './denial.ts'
import { denyFeature, denyModel, denyStanding } from './explain-denial.ts'

export function denyEntitlement(snapshot: CustomerSnapshot, plan: Plan, request: DecisionRequest): Denial | null {
  if (snapshot.standing !== 'good' && snapshot.standing !== 'grace') return denyStanding(snapshot)
  const entitlement = plan.entitlements.get(request.feature)
  if (entitlement === undefined) return denyFeature(snapshot, request.feature)
  if (request.model !== null && !entitlement.models.includes('*') && !entitlement.models.includes(request.model)) return denyModel(snapshot, request.model)
  return null
}
