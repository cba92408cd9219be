// Checks of one plan: what it grants, what it prices, what it includes and limits, and who pays. Beyond single values it asks
// whether the parts fit: meters that share a quantity, an allowance that nobody draws, usage that nobody pays or prices.

import type { AllowanceDocument, CreditAssetDocument, EntitlementDocument, FeatureDocument, LimitDocument, MeterDocument, PlanDocument } from './document.ts'
import { parseDecimal } from '../decimal.ts'
import { assetScale, isCurrency } from '../money.ts'
import { burnOrderProblem } from '../credit/burn-order.ts'
import { canFitTogether } from '../rating/compile-price.ts'
import { isRecurring, type UsagePriceDocument } from '../rating/price-document.ts'
import { RATE_WINDOW_MS, ROLLING } from '../budget/rule.ts'
import { PER_ATTRIBUTES_MAX } from '../limits.ts'
import { nearest } from './nearest.ts'
import { didYouMean, type CatalogPath, type Report } from './problem.ts'
import { attempt, checkAmount, checkId, checkName, checkQuantity, checkUnique, reportUnknownMeter } from './validate-field.ts'
import { validateCurrencies } from './validate-currencies.ts'
import { validatePrice } from './validate-price.ts'

type PlanContext = {
  readonly currency: string
  readonly assets: ReadonlyMap<string, CreditAssetDocument>
  readonly features: ReadonlyMap<string, FeatureDocument>
  readonly meters: ReadonlyMap<string, MeterDocument>
  /** Model names that the gateway offers or the rate card knows. */
  readonly models: ReadonlySet<string>
}

export function validatePlan(plan: PlanDocument, path: CatalogPath, context: PlanContext, report: Report): void {
  checkId(plan.id, [...path, 'id'], report)
  checkName(plan.name, [...path, 'name'], report)
  if (plan.fee !== null) {
    checkId(plan.fee.id, [...path, 'fee', 'id'], report)
    checkName(plan.fee.name, [...path, 'fee', 'name'], report)
    checkAmount(plan.fee.amount, context.currency, [...path, 'fee', 'amount'], report)
  }
  validateEntitlements(plan, path, context, report)
  checkUnique(plan.prices.map(({ id }) => id), { what: 'price', path: [...path, 'prices'], field: 'id' }, report)
  for (const [index, price] of plan.prices.entries()) {
    validatePrice(price, { path: [...path, 'prices', index], plan, currency: context.currency, asset: plan.asset ?? context.currency, meters: context.meters }, report)
  }
  validateCurrencies(plan, path, { plan, currency: context.currency, asset: plan.asset ?? context.currency, meters: context.meters }, report)
  validatePriceIdentity(plan, path, report)
  validateAsset(plan, path, context, report)
  validateShared(plan, 'allowances', path, context, report)
  validateShared(plan, 'limits', path, context, report)
  refuseAllowanceByEvent(plan, path, report)
  validateFunding(plan, path, report)
  reportUnpriced(plan, path, context, report)
}

/**
 * A price keeps its place in its tiers, and an allowance what is left of it, when a customer changes plans: both go by id.
 * So an id means the same meters in every plan.
 */
export function checkIdsAcrossPlans(plans: readonly PlanDocument[], report: Report): void {
  const known = new Map<string, { readonly plan: string; readonly meters: string }>()
  for (const [index, plan] of plans.entries()) {
    const named = [
      ...plan.prices.map((price, at) => ({ what: 'price', list: 'prices', id: price.id, meters: isRecurring(price) ? 'time' : `${price.meter} in ${plan.asset ?? 'money'}`, at })),
      ...plan.allowances.map(({ id, meters }, at) => ({ what: 'allowance', list: 'allowances', id, meters: [...meters].sort().join(', '), at })),
      ...plan.limits.map(({ id, meters }, at) => ({ what: 'limit', list: 'limits', id, meters: [...meters].sort().join(', '), at })),
    ]
    for (const { what, list, id, meters, at } of named) {
      const other = known.get(`${what} ${id}`)
      if (other === undefined) known.set(`${what} ${id}`, { plan: plan.id, meters })
      else if (other.meters !== meters && other.plan !== plan.id) {
        report.error(['plans', index, list, at, 'id'], 'id_reused', `${what} ${id} counts ${meters} here and ${other.meters} in plan ${other.plan}. Its usage follows a customer who changes plans, so give it another id.`)
      }
    }
  }
}

function validateEntitlements(plan: PlanDocument, path: CatalogPath, context: PlanContext, report: Report): void {
  checkUnique(plan.entitlements.map(({ feature }) => feature), { what: 'feature', path: [...path, 'entitlements'], field: 'feature' }, report)
  for (const [index, entitlement] of plan.entitlements.entries()) {
    const at = [...path, 'entitlements', index]
    const feature = context.features.get(entitlement.feature)
    if (feature !== undefined) validateEntitlement(entitlement, feature, at, context, report)
    else {
      const suggestion = nearest(entitlement.feature, context.features.keys())
      report.error([...at, 'feature'], 'unknown_feature', `there is no feature ${entitlement.feature}.${didYouMean(suggestion)}`, suggestion)
    }
  }
}

function validateEntitlement(entitlement: EntitlementDocument, feature: FeatureDocument, path: CatalogPath, context: PlanContext, report: Report): void {
  if (feature.kind === 'value' && entitlement.value === null) {
    report.error([...path, 'value'], 'value_mismatch', `feature ${feature.id} has a configured value: say which, such as \`value: "10"\`.`)
  }
  if (feature.kind !== 'value' && entitlement.value !== null) {
    report.error([...path, 'value'], 'value_mismatch', `feature ${feature.id} is ${feature.kind} and takes no value: remove it, or give the feature \`kind: value\`.`)
  }
  if (entitlement.models.length === 0) {
    report.warning([...path, 'models'], 'empty_list', `no model may be used with ${feature.id}: list some, or leave \`models\` out for all.`)
  }
  for (const [index, model] of entitlement.models.entries()) {
    if (model === '*' || context.models.has(model)) continue
    const suggestion = nearest(model, context.models)
    report.warning([...path, 'models', index], 'unknown_model', `neither the gateway nor the rate card knows a model ${model}.${didYouMean(suggestion)}`, suggestion)
  }
}

function validatePriceIdentity(plan: PlanDocument, path: CatalogPath, report: Report): void {
  const earlier: UsagePriceDocument[] = []
  for (const [index, price] of plan.prices.entries()) {
    if (price.id === plan.fee?.id) report.error([...path, 'prices', index, 'id'], 'duplicate_id', `price ${price.id} has the id of the plan's fee: invoice lines are told apart by it.`)
    if (isRecurring(price)) continue
    const other = earlier.find((candidate) => candidate.meter === price.meter && canFitTogether({ when: candidate.when ?? {} }, { when: price.when ?? {} }))
    if (other !== undefined) {
      report.error([...path, 'prices', index, 'meter'], 'two_prices', `meter ${price.meter} has the price ${other.id} in this plan already, for the same usage: of several prices of a meter the one with the most conditions (when) holds, so give them conditions that exclude each other, or more of them.`)
    }
    earlier.push(price)
  }
}

/** Usage of a plan has one asset, so that a charge is one amount and one wallet pays it. */
function validateAsset(plan: PlanDocument, path: CatalogPath, context: PlanContext, report: Report): void {
  const asset = plan.asset ?? null
  if (asset === null || asset === context.currency) {
    for (const [index, price] of plan.prices.entries()) {
      if (price.model === 'credits') report.error([...path, 'prices', index, 'model'], 'asset_mismatch', `a multiplier matrix gives credits: say which with \`asset:\` of plan ${plan.id}, such as ${[...context.assets.keys()][0] ?? 'credits (and define it in credit_assets)'}.`)
    }
    return
  }
  const known = context.assets.get(asset)
  if (known === undefined) {
    const suggestion = nearest(asset, context.assets.keys())
    const hint = isCurrency(asset) ? ` Usage is priced in ${context.currency} or in a credit asset.` : didYouMean(suggestion)
    report.error([...path, 'asset'], 'unknown_asset', `there is no credit asset ${asset}.${hint}`, suggestion)
  } else if (plan.funding.includes('overage') && (known.value ?? null) === null) {
    report.error([...path, 'funding', plan.funding.indexOf('overage')], 'overage_without_value', `credits beyond the wallet would have no price: give credit asset ${asset} a value, what one of it costs, or leave overage out.`)
  }
}

/** Prices that look at each event alone do not know which part of it an allowance paid. */
function refuseAllowanceByEvent(plan: PlanDocument, path: CatalogPath, report: Report): void {
  const byEvent = new Map(plan.prices.flatMap((price) => (isRecurring(price) || !BY_EVENT.has(price.model) ? [] : [[price.meter, price] as const])))
  for (const [index, { meters }] of plan.allowances.entries()) {
    for (const [position, meter] of meters.entries()) {
      const price = byEvent.get(meter)
      if (price !== undefined) report.error([...path, 'allowances', index, 'meters', position], 'allowance_by_event', `price ${price.id} (${price.model}) charges each event by itself, not by units, so an allowance of ${meter} cannot pay a part of it: use free_events or free_amount, or give the customer credit.`)
    }
  }
}

const BY_EVENT: ReadonlySet<string> = new Set(['percentage', 'cost_plus', 'dynamic', 'outcome'])

function validateShared(plan: PlanDocument, list: 'allowances' | 'limits', path: CatalogPath, context: PlanContext, report: Report): void {
  checkUnique(plan[list].map(({ id }) => id), { what: list === 'limits' ? 'limit' : 'allowance', path: [...path, list], field: 'id' }, report)
  for (const [index, shared] of plan[list].entries()) {
    const at = [...path, list, index]
    checkId(shared.id, [...at, 'id'], report)
    checkName(shared.name, [...at, 'name'], report)
    checkUnique(shared.meters, { what: 'meter', path: [...at, 'meters'], field: null, why: 'its usage would count twice' }, report)
    if (list === 'limits') validateLimit(plan.limits[index]!, at, context, report)
    const isAmount = shared.meters.length === 0
    const scale = isAmount ? assetScale(plan.asset ?? context.currency) : sharedScale(shared.meters, [...at, 'meters'], context, report)
    if (isAmount) checkAmount(shared.quantity, plan.asset ?? context.currency, [...at, 'quantity'], report)
    else if (scale !== null) checkQuantity(shared.quantity, scale, { aboveZero: list === 'allowances' }, [...at, 'quantity'], report)
    if (scale !== null && 'rollover' in shared) checkRollover(shared, scale, [...at, 'rollover'], report)
  }
}

/** Whether the parts of a limit go together. */
function validateLimit(limit: LimitDocument, at: CatalogPath, context: PlanContext, report: Report): void {
  const { window, terms = {} } = limit
  const isRate = RATE_WINDOW_MS[window] !== undefined
  if (terms.rolling === true && !isRate && ROLLING[window] === undefined) report.error([...at, 'rolling'], 'window_mismatch', `a window of ${window} cannot roll: use one of ${Object.keys(ROLLING).join(', ')}.`)
  if (terms.rolloverMax !== undefined && (terms.rolling === true || isRate || window === 'hour' || window === 'lifetime')) report.error([...at, 'rollover_max'], 'window_mismatch', 'only a window of a day or longer that starts anew has something to roll over.')
  if (terms.burst !== undefined && !isRate) report.error([...at, 'burst'], 'window_mismatch', 'only windows of a second or minute are rates with a burst.')
  if (isRate && limit.enforcement === 'metered') report.error([...at, 'enforcement'], 'window_mismatch', 'a rate is hard or soft: what is only counted needs a longer window.')
  if ((terms.per?.length ?? 0) > PER_ATTRIBUTES_MAX) report.error([...at, 'per'], 'too_many', `name at most ${PER_ATTRIBUTES_MAX} attributes.`)
  for (const [position, feature] of (limit.features ?? []).entries()) {
    if (!context.features.has(feature)) report.error([...at, 'features', position], 'unknown_feature', `there is no feature ${feature}.${didYouMean(nearest(feature, context.features.keys()))}`)
  }
  const { exhausted } = terms
  if (exhausted?.action === 'brief' && limit.enforcement !== 'soft') report.error([...at, 'at_exhaustion'], 'window_mismatch', 'an instruction makes no request fit: give it to a soft limit, or clamp.')
  if (exhausted?.action === 'queue' && !isRate) report.error([...at, 'at_exhaustion'], 'window_mismatch', 'only for windows of a second or minute is it worth to wait.')
  if (exhausted?.action === 'fallback' && !context.models.has(exhausted.model)) report.warning([...at, 'at_exhaustion', 'model'], 'unknown_model', `neither the gateway nor the rate card knows a model ${exhausted.model}.${didYouMean(nearest(exhausted.model, context.models))}`)
}

function checkRollover({ rollover }: AllowanceDocument, scale: number, path: CatalogPath, report: Report): void {
  if (rollover === undefined || rollover === null) return
  const min = attempt(() => parseDecimal(rollover.min, scale, 'min'), [...path, 'min'], report)
  const max = attempt(() => parseDecimal(rollover.max, scale, 'max'), [...path, 'max'], report)
  if (min !== null && max !== null && (min < 0n || min > max)) report.error([...path, 'min'], 'out_of_range', 'min is negative or above max.')
}

/** The one scale of meters that share a quantity; null after a report. */
function sharedScale(meters: readonly string[], path: CatalogPath, context: PlanContext, report: Report): number | null {
  if (meters.length === 0) report.error(path, 'empty_list', 'name at least one meter.')
  const scales = new Set<number>()
  for (const [index, id] of meters.entries()) {
    const meter = context.meters.get(id)
    if (meter === undefined) reportUnknownMeter(id, context.meters, [...path, index], report)
    else scales.add(meter.scale)
  }
  const [scale] = scales
  if (scales.size > 1) report.error(path, 'mixed_scales', `${meters.join(' and ')} have different scales, so their units do not add up: give them one scale, or a quantity each.`)
  return scale === undefined || scales.size > 1 ? null : scale
}

const FUNDING_ORDER = ['allowance', 'wallet', 'overage'] as const

function validateFunding(plan: PlanDocument, path: CatalogPath, report: Report): void {
  const at = [...path, 'funding']
  checkUnique(plan.funding, { what: 'funding', path: at, field: null }, report)
  const ordered = FUNDING_ORDER.filter((kind) => plan.funding.includes(kind))
  if (new Set(plan.funding).size === plan.funding.length && plan.funding.some((kind, index) => kind !== ordered[index])) {
    report.error(at, 'funding_order', `whatever stands after ${plan.funding[0]} would never be asked. Write [${ordered.join(', ')}].`, `[${ordered.join(', ')}]`)
  }
  const has = (kind: PlanDocument['funding'][number]): boolean => plan.funding.includes(kind)
  const orderProblem = burnOrderProblem(plan.burn_order ?? [])
  if (orderProblem !== null) report.error([...path, 'burn_order'], 'burn_order', `${orderProblem}.`)
  if ((plan.burn_order ?? []).length > 0 && !has('wallet')) report.warning([...path, 'burn_order'], 'burn_order_unused', `plan ${plan.id} is not paid from a wallet: nothing burns.`)
  if (plan.allowances.length > 0 && !has('allowance')) {
    report.warning(at, 'allowance_unfunded', `plan ${plan.id} has allowances that nothing draws from: add allowance to its funding.`)
  }
  if (plan.allowances.length === 0 && has('allowance')) {
    report.warning([...at, plan.funding.indexOf('allowance')], 'funding_unused', `plan ${plan.id} is funded by an allowance but has none.`)
  }
  if (plan.prices.some((price) => !isRecurring(price)) && !has('wallet') && !has('overage')) {
    report.warning(at, 'price_unfunded', `plan ${plan.id} has prices, but neither a wallet nor overage that could pay them: its usage ends with the allowance.`)
  }
}

/** Usage that would be free by oversight. */
function reportUnpriced(plan: PlanDocument, path: CatalogPath, context: PlanContext, report: Report): void {
  const priced = new Set(plan.prices.flatMap((price) => (isRecurring(price) ? [] : [price.meter])))
  const bounded = new Set([...priced, ...plan.allowances.flatMap(({ meters }) => meters), ...plan.limits.flatMap(({ meters }) => meters)])
  for (const [index, { feature: id }] of plan.entitlements.entries()) {
    if (context.features.get(id)?.kind !== 'metered') continue
    const counting = [...context.meters.values()].filter((meter) => countsFeature(meter, id)).map((meter) => meter.id)
    if (counting.some((meter) => bounded.has(meter))) continue
    report.error([...path, 'entitlements', index], 'unpriced_feature', `plan ${plan.id} neither prices, includes nor limits the usage of ${id}: it would be free and without end. Price it, include it in an allowance, limit it, or make ${id} a feature of kind boolean.`)
  }
  if (!plan.funding.includes('wallet') && !plan.funding.includes('overage')) return
  for (const [index, allowance] of plan.allowances.entries()) {
    if (allowance.meters.length === 0) continue
    const without = allowance.meters.filter((meter) => context.meters.has(meter) && !priced.has(meter))
    if (without.length === 0) continue
    report.warning([...path, 'allowances', index, 'meters'], 'unpriced_beyond_allowance', `beyond the allowance nothing prices ${without.join(' and ')}: such requests would be refused as unpriced.`)
  }
}

function countsFeature(meter: MeterDocument, feature: string): boolean {
  return meter.filter.feature?.includes(feature) ?? true
}
