// What a customer has, out of all its sources: plan with parents, add-ons, trial, promotions, contract, operator. Numbers of plan and
// add-ons add up; between competing sources the most generous wins; a contract's replacement wins even when it is lower; a denial
// beats all. Every answer keeps its sources and names the one that won. Pure: the catalog, what is in force and nothing else.

import type { Allowance, Catalog, Plan, PlanLimit } from '../catalog/catalog.ts'
import type { EntitlementDocument } from '../catalog/document.ts'
import { quantityIn } from '../catalog/subscription-catalog.ts'
import type { QuantityDocument } from '../catalog/subscription-document.ts'
import { formatDecimal, parseDecimal } from '../decimal.ts'
import { quantity, type Quantity } from '../quantity.ts'
import type { AddOnQuantity } from '../subscription/fact.ts'
import type { Instant } from '../time.ts'
import type { Grant } from './grant.ts'

export type SourceKind = 'plan' | 'parent' | 'add_on' | 'trial' | 'promotion' | 'grant' | 'replace' | 'denial'

export type EntitlementSource = {
  readonly kind: SourceKind
  /** Id of the plan, add-on, promotion or grant. */
  readonly id: string
  readonly value: string | null
  readonly models: readonly string[]
  /** Units of an add-on. */
  readonly quantity: number
  /** When this source ends; null for no end of its own. */
  readonly until: Instant | null
  readonly reason: string | null
  /** It is what the answer rests on; a plan and its add-ons win together. */
  readonly won: boolean
}

export type ResolvedEntitlement = {
  readonly granted: boolean
  readonly value: string | null
  readonly models: readonly string[]
  readonly sources: readonly EntitlementSource[]
}

export type Composition = {
  readonly entitlements: Readonly<Record<string, ResolvedEntitlement>>
  /** The plan as it holds for this customer: its allowances, limits and entitlements replaced by what was resolved. */
  readonly plan: Plan
}

export type InForce = {
  readonly plan: Plan
  readonly catalog: Catalog
  /** Seats of the subscription: what is given for each is multiplied here. */
  readonly seats: number
  readonly addOns: readonly AddOnQuantity[]
  /** End of the trial that runs; null where none does. */
  readonly trialEndsAt: Instant | null
  /** Those that hold at the instant. */
  readonly grants: readonly Grant[]
}

/** A configured value above every number. */
export const UNLIMITED = 'unlimited'
const VALUE_SCALE = 9

export function compose(input: InForce): Composition {
  const features = new Set([
    ...input.plan.entitlements.keys(),
    ...bundles(input).flatMap(({ entitlements }) => entitlements.map(({ feature }) => feature)),
  ])
  const entitlements = Object.fromEntries([...features].map((feature) => [feature, resolveFeature(feature, input)]))
  const granted = Object.entries(entitlements).filter(([, { granted: isGranted }]) => isGranted)
  const plan: Plan = {
    ...input.plan,
    entitlements: new Map(granted.map(([feature, { value, models }]) => [feature, { feature, value, models }])),
    allowances: input.plan.allowances.map(({ perSeat, ...allowance }) => {
      const own = perSeat === true ? { ...allowance, quantity: quantity(allowance.quantity * BigInt(input.seats)) } : allowance
      return { ...own, quantity: resolveQuantity(own, 'allowances', input) }
    }),
    limits: input.plan.limits.map((limit) => ({ ...limit, quantity: resolveQuantity(limit, 'limits', input) })),
  }
  return { entitlements, plan }
}

type Bundle = { readonly kind: SourceKind; readonly id: string; readonly times: number; readonly mode: 'add' | 'replace'; readonly until: Instant | null; readonly reason: string | null; readonly entitlements: readonly EntitlementDocument[]; readonly allowances: readonly QuantityDocument[]; readonly limits: readonly QuantityDocument[] }

/** Everything beside the plan itself, in one shape. */
function bundles({ plan, catalog, addOns, trialEndsAt, grants }: InForce): Bundle[] {
  const trial = trialEndsAt === null ? undefined : plan.trial
  return [
    ...addOns.flatMap(({ id, quantity: times }): Bundle[] => {
      const addOn = catalog.addOns.get(id)
      return addOn === undefined || times <= 0 ? [] : [{ ...addOn, kind: 'add_on', times, until: null, reason: null }]
    }),
    ...(trial === undefined ? [] : [{ kind: 'trial' as const, id: plan.id, times: 1, mode: 'replace' as const, until: trialEndsAt, reason: null, entitlements: trial.entitlements, allowances: trial.allowances, limits: [] }]),
    ...grants.map((grant): Bundle => ({ ...grant, times: 1, mode: 'add', until: grant.endsAt })),
  ]
}

function resolveFeature(feature: string, input: InForce): ResolvedEntitlement {
  const own = input.plan.entitlements.get(feature)
  const found = bundles(input).flatMap((bundle) => bundle.entitlements.filter((entitlement) => entitlement.feature === feature).map((entitlement) => ({ bundle, entitlement })))
  const of = (kind: SourceKind) => found.filter(({ bundle }) => bundle.kind === kind)
  const denial = of('denial')[0]
  const replacement = of('replace').at(-1)
  const base = combined(own ?? null, of('add_on'))
  const candidates = [
    ...(base === null ? [] : [{ kind: 'base' as const, ...base }]),
    ...(['trial', 'promotion', 'grant'] as const).flatMap((kind) => of(kind).map(({ bundle, entitlement }) => ({ kind: bundle, value: entitlement.value, models: entitlement.models }))),
  ]
  const best = candidates.reduce<(typeof candidates)[number] | null>((one, other) => (one === null || isMoreGenerous(other.value, one.value) ? other : one), null)
  const isWinner = (bundle: Bundle | null): boolean => {
    if (denial !== undefined) return bundle === denial.bundle
    if (replacement !== undefined) return bundle === replacement.bundle
    return best !== null && (best.kind === 'base' ? bundle === null || bundle.kind === 'add_on' : bundle === best.kind)
  }
  const sources: EntitlementSource[] = [
    ...(own === undefined ? [] : [{ kind: own.from === undefined ? ('plan' as const) : ('parent' as const), id: own.from ?? input.plan.id, value: own.value, models: own.models, quantity: 1, until: null, reason: null, won: isWinner(null) }]),
    ...found.map(({ bundle, entitlement }) => ({ kind: bundle.kind, id: bundle.id, value: entitlement.value, models: entitlement.models, quantity: bundle.times, until: bundle.until, reason: bundle.reason, won: isWinner(bundle) })),
  ]
  if (denial !== undefined) return { granted: false, value: null, models: [], sources }
  if (replacement !== undefined) return { granted: true, value: replacement.entitlement.value, models: replacement.entitlement.models, sources }
  return { granted: best !== null, value: best?.value ?? null, models: union(candidates.map(({ models }) => models)), sources }
}

type Found = { readonly bundle: Bundle; readonly entitlement: EntitlementDocument }

/** The plan with its add-ons: numbers add up, once for each unit; an add-on that replaces stands in place of the plan. */
function combined(own: { readonly value: string | null; readonly models: readonly string[] } | null, addOns: readonly Found[]): { readonly value: string | null; readonly models: readonly string[] } | null {
  if (own === null && addOns.length === 0) return null
  const replacing = addOns.filter(({ bundle }) => bundle.mode === 'replace')
  const adding = addOns.filter(({ bundle }) => bundle.mode === 'add')
  const start = replacing.length > 0 ? replacing.map(timesValue).reduce((one, other) => (isMoreGenerous(other, one) ? other : one)) : (own?.value ?? null)
  const value = adding.map(timesValue).reduce(addValues, start)
  return { value, models: union([...(own === null ? [] : [own.models]), ...addOns.map(({ entitlement }) => entitlement.models)]) }
}

function timesValue({ bundle, entitlement }: Found): string | null {
  const number = numberOf(entitlement.value)
  return number === null ? entitlement.value : formatDecimal(number * BigInt(bundle.times), VALUE_SCALE)
}

/** Two numbers add up; beside anything else the more generous stands. */
function addValues(a: string | null, b: string | null): string | null {
  const [one, other] = [numberOf(a), numberOf(b)]
  if (one !== null && other !== null) return formatDecimal(one + other, VALUE_SCALE)
  return isMoreGenerous(b, a) ? b : a
}

/** `unlimited` over numbers, more over less, something over nothing; of two texts neither is more. */
function isMoreGenerous(a: string | null, b: string | null): boolean {
  if (a === null || b === UNLIMITED) return false
  if (b === null || a === UNLIMITED) return true
  const [one, other] = [numberOf(a), numberOf(b)]
  return one !== null && other !== null && one > other
}

function numberOf(value: string | null): bigint | null {
  return value !== null && /^-?\d{1,20}(\.\d{1,9})?$/.test(value) ? parseDecimal(value, VALUE_SCALE, 'value') : null
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  const all = [...new Set(lists.flat())]
  return all.includes('*') ? ['*'] : all
}

function resolveQuantity(target: Allowance | PlanLimit, list: 'allowances' | 'limits', input: InForce): Quantity {
  const parts = bundles(input).flatMap((bundle) => {
    const found = quantityIn(bundle[list], target)
    return found === null ? [] : [{ bundle, quantity: found * BigInt(bundle.times) }]
  })
  const of = (kind: SourceKind, mode?: Bundle['mode']) => parts.filter(({ bundle }) => bundle.kind === kind && (mode === undefined || bundle.mode === mode)).map((part) => part.quantity)
  const replacement = of('replace').at(-1)
  if (replacement !== undefined) return quantity(replacement)
  // What a trial, an add-on or a contract says is for the whole subscription, whatever its seats.
  const start = of('trial')[0] ?? maxOf(of('add_on', 'replace')) ?? target.quantity
  const base = of('add_on', 'add').reduce((sum, more) => sum + more, start)
  return quantity(maxOf([base, ...of('promotion'), ...of('grant')])!)
}

function maxOf(list: readonly bigint[]): bigint | undefined {
  return list.reduce<bigint | undefined>((most, one) => (most === undefined || one > most ? one : most), undefined)
}
