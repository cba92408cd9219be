// The gate before any budget: may this customer use this feature and this model at all? Reads what the
// snapshot resolved from all sources, no balance.

import type { Catalog } from '../catalog/catalog.ts'
import { plansWith } from '../entitlement/explain.ts'
import type { CustomerSnapshot, Frozen } from '../entitlement/snapshot.ts'
import type { DecisionRequest } from './decide.ts'
import type { Denial } from './denial.ts'
import { denyFeature, denyFreeze, denyModel, denyStanding } from './explain-denial.ts'

export function denyEntitlement(snapshot: CustomerSnapshot, catalog: Catalog, request: DecisionRequest): Denial | null {
  if (snapshot.usable !== null && !snapshot.usable.includes(request.feature)) return denyStanding(snapshot)
  const entitlement = snapshot.entitlements[request.feature]
  if (entitlement === undefined || !entitlement.granted) return denyFeature(snapshot, request.feature, plansWith(catalog, (plan) => plan.entitlements.has(request.feature), snapshot.plan))
  const { feature, model } = request
  if (model === null || mayUse(entitlement.models, model)) return null
  return denyModel(snapshot, model, plansWith(catalog, (plan) => mayUse(plan.entitlements.get(feature)?.models ?? [], model), snapshot.plan))
}

function mayUse(models: readonly string[], model: string): boolean {
  return models.includes('*') || models.includes(model)
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
