// Checks of what a catalog says about subscriptions: parents, trials, dunning, standings, add-ons, promotions and the names that
// providers use. Whether the references hold is all: amounts and ids are checked as everywhere.

import type { CatalogDocument, EntitlementDocument, FeatureDocument, PlanDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { didYouMean, type CatalogPath, type Report } from './problem.ts'
import type { AddOnDocument, PromotionDocument, ProviderNamesDocument, QuantityDocument } from './subscription-document.ts'
import { checkAmount, checkCurrency, checkId, checkInteger, checkLabel, checkName, checkQuantity, checkUnique } from './validate-field.ts'

/** Longest trial and latest stage of dunning that make sense; beyond it somebody mistyped. */
const DAYS_MAX = 730
const QUANTITY_MAX = 1_000_000

type Context = {
  readonly document: CatalogDocument
  /** With what they inherit. */
  readonly plans: readonly PlanDocument[]
  readonly features: ReadonlyMap<string, FeatureDocument>
}

export function validateSubscriptionParts(document: CatalogDocument, plans: readonly PlanDocument[], report: Report): void {
  const context: Context = { document, plans, features: new Map(document.features.map((feature) => [feature.id, feature])) }
  for (const [index, plan] of document.plans.entries()) validateCourse(plan, ['plans', index], context, report)
  const addOns = document.add_ons ?? []
  checkUnique(addOns.map(({ id }) => id), { what: 'add-on', path: ['add_ons'], field: 'id' }, report)
  for (const [index, addOn] of addOns.entries()) validateAddOn(addOn, ['add_ons', index], context, report)
  const promotions = document.promotions ?? []
  checkUnique(promotions.map(({ id }) => id), { what: 'promotion', path: ['promotions'], field: 'id' }, report)
  for (const [index, promotion] of promotions.entries()) validatePromotion(promotion, ['promotions', index], context, report)
  validateProviderNames(document, report)
}

function validateCourse(plan: PlanDocument, path: CatalogPath, context: Context, report: Report): void {
  if (plan.parent !== undefined) validateParent(plan, [...path, 'parent'], context, report)
  const { trial } = plan
  if (trial !== undefined) {
    checkInteger(trial.days, { min: 1, max: DAYS_MAX }, [...path, 'trial', 'days'], report)
    for (const [index, days] of trial.notices.entries()) checkInteger(days, { min: 0, max: trial.days }, [...path, 'trial', 'notices', index], report)
    validateGranted(trial.entitlements, [...path, 'trial', 'entitlements'], context, report)
    validateQuantities(trial.allowances, 'allowances', [plan.id], [...path, 'trial', 'allowances'], context, report)
  }
  const stages = plan.dunning ?? []
  for (const [index, { day }] of stages.entries()) {
    checkInteger(day, { min: 0, max: DAYS_MAX }, [...path, 'dunning', index, 'day'], report)
    if (index > 0 && day < stages[index - 1]!.day) report.error([...path, 'dunning', index, 'day'], 'stage_order', `day ${day} stands after day ${stages[index - 1]!.day}: list the stages in the order of their days.`)
  }
  const { dispute_lost: _, ...standings } = plan.standings ?? { dispute_lost: 'suspend' as const }
  for (const [standing, features] of Object.entries(standings)) {
    for (const [index, id] of features.entries()) if (id !== '*') checkFeature(id, [...path, 'standings', standing, index], context, report)
  }
}

function validateParent(plan: PlanDocument, path: CatalogPath, { document }: Context, report: Report): void {
  const byId = new Map(document.plans.map((candidate) => [candidate.id, candidate]))
  if (!byId.has(plan.parent!)) {
    const suggestion = nearest(plan.parent!, byId.keys())
    report.error(path, 'unknown_plan', `there is no plan ${plan.parent}.${didYouMean(suggestion)}`, suggestion)
    return
  }
  const seen = new Set<string>()
  for (let next: PlanDocument | undefined = plan; next?.parent !== undefined; next = byId.get(next.parent)) {
    if (seen.has(next.id)) {
      report.error(path, 'parent_circle', `plan ${plan.id} is its own parent: ${[...seen].join(' → ')} → ${next.id}.`)
      return
    }
    seen.add(next.id)
  }
}

function validateAddOn(addOn: AddOnDocument, path: CatalogPath, context: Context, report: Report): void {
  checkId(addOn.id, [...path, 'id'], report)
  checkName(addOn.name, [...path, 'name'], report)
  checkInteger(addOn.quantity_max, { min: 1, max: QUANTITY_MAX }, [...path, 'quantity_max'], report)
  if (addOn.fee !== null) {
    checkId(addOn.fee.id, [...path, 'fee', 'id'], report)
    const own = context.document.currency
    checkAmount(addOn.fee.amount, own, [...path, 'fee', 'amount'], report)
    for (const [currency, amount] of Object.entries(addOn.fee.currencies ?? {})) {
      const at = [...path, 'fee', 'currencies', currency]
      checkCurrency(currency, at, report)
      if (currency === own) report.error(at, 'currency_mismatch', `${currency} is the currency of the catalog: its fee is the amount itself.`)
      checkAmount(amount, currency, at, report)
    }
  }
  const known = context.document.plans.map(({ id }) => id)
  for (const [index, plan] of addOn.plans.entries()) {
    if (plan === '*' || known.includes(plan)) continue
    const suggestion = nearest(plan, known)
    report.error([...path, 'plans', index], 'unknown_plan', `there is no plan ${plan}.${didYouMean(suggestion)}`, suggestion)
  }
  const fitting = addOn.plans.includes('*') ? null : addOn.plans
  validateGranted(addOn.entitlements, [...path, 'entitlements'], context, report)
  validateQuantities(addOn.allowances, 'allowances', fitting, [...path, 'allowances'], context, report)
  validateQuantities(addOn.limits, 'limits', fitting, [...path, 'limits'], context, report)
}

function validatePromotion(promotion: PromotionDocument, path: CatalogPath, context: Context, report: Report): void {
  checkId(promotion.id, [...path, 'id'], report)
  checkName(promotion.name, [...path, 'name'], report)
  if (promotion.days !== null) checkInteger(promotion.days, { min: 1, max: DAYS_MAX }, [...path, 'days'], report)
  validateGranted(promotion.entitlements, [...path, 'entitlements'], context, report)
  validateQuantities(promotion.allowances, 'allowances', null, [...path, 'allowances'], context, report)
  validateQuantities(promotion.limits, 'limits', null, [...path, 'limits'], context, report)
}

function validateGranted(entitlements: readonly EntitlementDocument[], path: CatalogPath, context: Context, report: Report): void {
  for (const [index, { feature: id, value }] of entitlements.entries()) {
    const feature = checkFeature(id, [...path, index, 'feature'], context, report)
    if (feature !== undefined && (feature.kind === 'value') !== (value !== null)) {
      report.error([...path, index, 'value'], 'value_mismatch', feature.kind === 'value' ? `feature ${id} has a configured value: say which.` : `feature ${id} is ${feature.kind} and takes no value.`)
    }
  }
}

function checkFeature(id: string, path: CatalogPath, { features }: Context, report: Report): FeatureDocument | undefined {
  const feature = features.get(id)
  if (feature !== undefined) return feature
  const suggestion = nearest(id, features.keys())
  report.error(path, 'unknown_feature', `there is no feature ${id}.${didYouMean(suggestion)}`, suggestion)
  return undefined
}

/** A quantity changes one that a plan has: where none of the plans has it, it would mean nothing. */
function validateQuantities(list: readonly QuantityDocument[], kind: 'allowances' | 'limits', fitting: readonly string[] | null, path: CatalogPath, context: Context, report: Report): void {
  const word = kind === 'limits' ? 'limit' : 'allowance'
  checkUnique(list.map(({ id }) => id), { what: word, path, field: 'id' }, report)
  const scales = new Map(context.document.meters.map(({ id, scale }) => [id, scale]))
  for (const [index, { id, quantity }] of list.entries()) {
    const plans = context.plans.filter((plan) => fitting === null || fitting.includes(plan.id))
    const targets = plans.flatMap((plan) => plan[kind].filter((target) => target.id === id))
    if (targets.length === 0) {
      const suggestion = nearest(id, plans.flatMap((plan) => plan[kind].map((target) => target.id)))
      report.error([...path, index, 'id'], `unknown_${word}`, `no plan that it fits has a ${word} ${id}.${didYouMean(suggestion)}`, suggestion)
      continue
    }
    checkQuantity(quantity, scales.get(targets[0]!.meters[0] ?? '') ?? 0, { aboveZero: false }, [...path, index, 'quantity'], report)
  }
}

/** One name of a provider means one thing. */
function validateProviderNames(document: CatalogDocument, report: Report): void {
  const known = new Map<string, string>()
  const all = [
    ...document.plans.map((plan, index) => ({ what: `plan ${plan.id}`, providers: plan.providers, path: ['plans', index] as CatalogPath })),
    ...(document.add_ons ?? []).map((addOn, index) => ({ what: `add-on ${addOn.id}`, providers: addOn.providers, path: ['add_ons', index] as CatalogPath })),
  ]
  for (const { what, providers, path } of all) {
    for (const [provider, names] of Object.entries(providers ?? {}) as [keyof ProviderNamesDocument, readonly string[]][]) {
      for (const [index, name] of names.entries()) {
        const at = [...path, 'providers', provider, index]
        checkLabel(name, at, report)
        const other = known.get(`${provider} ${name}`)
        if (other !== undefined) report.error(at, 'provider_name_reused', `${provider} ${name} stands for ${other} already.`)
        else known.set(`${provider} ${name}`, what)
      }
    }
  }
}
