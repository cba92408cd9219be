// The plans of the catalog as anybody may see them: what each costs, includes and limits, in words that are made where prices are rated.
// A price that follows the provider's cost says no more than that it does: its margin is the operator's.

import { describePrice, describeRecurring, formatQuantity, formatUnits, type Catalog, type Plan } from '@tollgate/core'
import type { ControlPlane } from './control-plane.ts'
import { priceWords } from './price-words.ts'

export type PublicPlan = {
  readonly id: string
  readonly name: string
  readonly period: string
  readonly recurring: readonly { readonly id: string; readonly name: string; readonly amount: string; readonly text: string }[]
  readonly features: readonly { readonly id: string; readonly name: string; readonly kind: string; readonly value: string | null; readonly models: readonly string[] }[]
  readonly allowances: readonly { readonly id: string; readonly name: string; readonly quantity: string }[]
  readonly limits: readonly { readonly id: string; readonly name: string; readonly quantity: string; readonly window: string; readonly enforcement: string }[]
  readonly prices: readonly { readonly id: string; readonly name: string; readonly model: string; readonly text: string }[]
  readonly funding: readonly string[]
}
export type PublicPlans = { readonly version: number; readonly currency: string; readonly plans: readonly PublicPlan[] }

/** `locale`: how prices are said; null for as the catalog writes them. */
export function publicPlans(plane: ControlPlane, locale: string | null = null): PublicPlans {
  const catalog = plane.catalogs.current()
  return { version: catalog.version, currency: catalog.currency, plans: [...catalog.plans.values()].filter((plan) => plan.public).map((plan) => planOf(plan, catalog, priceWords(locale))) }
}

function planOf(plan: Plan, { currency, features }: Catalog, say: ReturnType<typeof priceWords>): PublicPlan {
  return {
    id: plan.id,
    name: plan.name,
    period: plan.period,
    recurring: plan.recurring.map((price) => ({ id: price.id, name: price.name, amount: formatUnits(price.amount, currency), text: describeRecurring(price, currency, plan.period, say) })),
    features: [...plan.entitlements.values()].map(({ feature, value, models }) => ({ id: feature, name: features.get(feature)?.name ?? feature, kind: features.get(feature)?.kind ?? 'boolean', value, models })),
    allowances: plan.allowances.map(({ id, name, quantity, scale }) => ({ id, name, quantity: formatQuantity(quantity, scale) })),
    limits: plan.limits.map(({ id, name, quantity, scale, window, enforcement }) => ({ id, name, quantity: formatQuantity(quantity, scale), window, enforcement })),
    prices: plan.prices.map((price) => ({ id: price.id, name: price.name, model: price.model, text: price.model === 'cost_plus' ? say.followsProvider : describePrice(price, say) })),
    funding: plan.funding,
  }
}
