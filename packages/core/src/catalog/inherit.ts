// Plans with what they inherit filled in. A plan's own entries stand first and win by id; the entries of its parent follow. A circle
// or a parent that is not there is left to validation: the plan then stands alone.

import type { CatalogDocument, PlanDocument } from './document.ts'

export function withParents(document: CatalogDocument): CatalogDocument {
  if (document.plans.every(({ parent }) => parent === undefined)) return document
  const byId = new Map(document.plans.map((plan) => [plan.id, plan]))
  return { ...document, plans: document.plans.map((plan) => inherited(plan, byId, new Set([plan.id]))) }
}

function inherited(plan: PlanDocument, byId: ReadonlyMap<string, PlanDocument>, seen: ReadonlySet<string>): PlanDocument {
  const parent = plan.parent === undefined || seen.has(plan.parent) ? undefined : byId.get(plan.parent)
  if (parent === undefined) return plan
  const above = inherited(parent, byId, new Set([...seen, parent.id]))
  const missing = <Item>(own: readonly Item[], theirs: readonly Item[], idOf: (item: Item) => string): Item[] => [...own, ...theirs.filter((item) => !own.some((mine) => idOf(mine) === idOf(item)))]
  return {
    ...plan,
    entitlements: missing(plan.entitlements, above.entitlements.map((entitlement) => ({ ...entitlement, from: entitlement.from ?? above.id })), ({ feature }) => feature),
    prices: missing(plan.prices, above.prices, (price) => ('meter' in price ? `meter ${price.meter}` : `id ${price.id}`)),
    allowances: missing(plan.allowances, above.allowances, ({ id }) => id),
    limits: missing(plan.limits, above.limits, ({ id }) => id),
    funding: plan.funding.length > 0 ? plan.funding : above.funding,
    ...((plan.asset ?? null) === null && (above.asset ?? null) !== null ? { asset: above.asset! } : {}),
    ...(plan.dunning === undefined && above.dunning !== undefined ? { dunning: above.dunning } : {}),
    ...(plan.standings === undefined && above.standings !== undefined ? { standings: above.standings } : {}),
  }
}
