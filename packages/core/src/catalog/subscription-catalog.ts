// Compiled form of the catalog's parts about subscriptions, and how they are compiled.

import { parseUnits, type AssetId, type Units } from '../money.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import type { Catalog, Plan } from './catalog.ts'
import type { EntitlementDocument } from './document.ts'
import type { AddOnDocument, DunningStageDocument, PlanCourseDocument, PromotionDocument, ProviderNamesDocument, QuantityDocument, StandingsDocument, TrialDocument } from './subscription-document.ts'

export type PlanCourse = {
  readonly parent?: string
  readonly trial?: TrialDocument
  readonly dunning?: readonly DunningStageDocument[]
  readonly standings?: Standings
  readonly providers?: ProviderNamesDocument
}

export type Standings = { readonly features: Readonly<Record<Exclude<keyof StandingsDocument, 'dispute_lost'>, readonly string[]>>; readonly disputeLost: 'suspend' | 'cancel' | 'nothing' }

export type AddOn = Omit<AddOnDocument, 'fee'> & { readonly fee: { readonly id: string; readonly name: string; /** By currency. */ readonly amounts: ReadonlyMap<AssetId, Units> } | null }

export function compileCourse({ parent, trial, dunning, standings, providers }: PlanCourseDocument): PlanCourse {
  return {
    ...(parent === undefined ? {} : { parent }),
    ...(trial === undefined ? {} : { trial }),
    ...(dunning === undefined ? {} : { dunning: [...dunning].sort((a, b) => a.day - b.day) }),
    ...(standings === undefined ? {} : { standings: compileStandings(standings) }),
    ...(providers === undefined ? {} : { providers }),
  }
}

export function compileAddOn(addOn: AddOnDocument, currency: string, path: string): AddOn {
  if (addOn.fee === null) return { ...addOn, fee: null }
  const { id, name, amount, currencies = {} } = addOn.fee
  const others = Object.entries(currencies).map(([other, text]) => [other, parseUnits(text, other, `${path}.fee.currencies.${other}`)] as const)
  return { ...addOn, fee: { id, name, amounts: new Map([[currency, parseUnits(amount, currency, `${path}.fee.amount`)], ...others]) } }
}

function compileStandings({ dispute_lost: disputeLost, ...features }: StandingsDocument): Standings {
  return { features, disputeLost }
}

/** A source's quantity of an allowance or limit, at the scale of the plan's own; null where the source says nothing of it. */
export function quantityIn(list: readonly QuantityDocument[], target: { readonly id: string; readonly scale: number }): Quantity | null {
  const found = list.find(({ id }) => id === target.id)
  return found === undefined ? null : parseQuantity(found.quantity, target.scale, found.id)
}

/** The add-on's name for a provider, or the plan's: what an item of the provider stands for. */
export function namedByProvider(catalog: Catalog, provider: keyof ProviderNamesDocument, names: readonly string[]): { readonly kind: 'plan'; readonly plan: Plan } | { readonly kind: 'add_on'; readonly addOn: AddOn } | null {
  const isNamed = (own: ProviderNamesDocument | undefined) => own !== undefined && own[provider].some((name) => names.includes(name))
  for (const plan of catalog.plans.values()) if (isNamed(plan.providers)) return { kind: 'plan', plan }
  for (const addOn of catalog.addOns.values()) if (isNamed(addOn.providers)) return { kind: 'add_on', addOn }
  return null
}

export type Promotion = PromotionDocument
export type { EntitlementDocument as GrantedFeature }
