// One entitlement explained: what is granted, out of which sources, which one won, and which plans would grant it. The snapshot and the
// catalog say all of it; no balance is looked at.

import type { Catalog, Plan } from '../catalog/catalog.ts'
import type { EntitlementSource } from './compose.ts'
import type { CustomerSnapshot } from './snapshot.ts'

export type EntitlementExplanation = {
  readonly feature: string
  readonly granted: boolean
  /** Granted, and the standing lets it be used. */
  readonly usable: boolean
  readonly value: string | null
  readonly models: readonly string[]
  readonly sources: readonly EntitlementSource[]
  /** Public plans that contain it, where the customer's does not; in the order of the catalog. */
  readonly upgradePlans: readonly string[]
}

export function explainEntitlement(snapshot: CustomerSnapshot, catalog: Catalog, feature: string): EntitlementExplanation {
  const found = snapshot.entitlements[feature]
  const granted = found?.granted === true
  const usable = granted && (snapshot.usable === null || snapshot.usable.includes(feature))
  return { feature, granted, usable, value: found?.value ?? null, models: found?.models ?? [], sources: found?.sources ?? [], upgradePlans: granted ? [] : plansWith(catalog, (plan) => plan.entitlements.has(feature), snapshot.plan) }
}

/** Public plans that a customer could take to get something. */
export function plansWith(catalog: Catalog, has: (plan: Plan) => boolean, except: string): readonly string[] {
  return [...catalog.plans.values()].filter((plan) => plan.public && plan.id !== except && has(plan)).map(({ id }) => id)
}
