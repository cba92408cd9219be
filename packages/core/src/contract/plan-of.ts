// The plan of one customer: of the catalog's plans the one that it is on, in the currency that it is billed in, with its contract on
// top. The one door to a customer's plan; whoever prices, decides or previews comes in here, so that all see the same. Plans with
// a contract are made once per catalog and terms.

import type { Catalog, Plan } from '../catalog/catalog.ts'
import type { AssetId } from '../money.ts'
import { adjustPlan } from './at-event.ts'
import type { TermsDocument } from './document.ts'

/** What decides which plan a customer has: a part of its snapshot. */
export type PlanChoice = {
  readonly plan: string
  /** Catalog version of the plan, where the customer keeps an earlier one. */
  readonly planVersion?: number
  /** Currency of its invoices; left out, that of the catalog. */
  readonly money?: AssetId
  /** Terms of its contract in force. */
  readonly terms?: TermsDocument | null
}

const made = new WeakMap<TermsDocument, WeakMap<Catalog, Map<string, Plan>>>()

/** Undefined where the catalog has no such plan. A currency that the plan has no prices in falls back to the catalog's. */
export function planOf(catalog: Catalog, choice: PlanChoice): Plan | undefined {
  const kept = choice.planVersion === undefined ? undefined : catalog.keptPlans?.get(choice.plan)?.find(({ version }) => version === choice.planVersion)
  const plan = kept?.plan ?? catalog.plans.get(choice.plan)
  if (plan === undefined) return undefined
  const { money, terms } = choice
  const own = money === undefined || money === catalog.currency ? plan : (plan.inCurrency.get(money) ?? plan)
  return terms === undefined || terms === null ? own : adjusted(own, { terms, catalog, version: kept?.version ?? 0 })
}

function adjusted(plan: Plan, { terms, catalog, version }: { readonly terms: TermsDocument; readonly catalog: Catalog; readonly version: number }): Plan {
  const ofTerms = made.get(terms) ?? new WeakMap<Catalog, Map<string, Plan>>()
  made.set(terms, ofTerms)
  const ofCatalog = ofTerms.get(catalog) ?? new Map<string, Plan>()
  ofTerms.set(catalog, ofCatalog)
  const key = `${plan.id} ${version} ${plan.currency}`
  const known = ofCatalog.get(key) ?? adjustPlan(plan, terms, catalog)
  ofCatalog.set(key, known)
  return known
}
