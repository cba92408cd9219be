// CatalogDocument → Catalog. Throws InputError with the path of the first field that cannot be compiled; the checks that
// a person wants to see all at once are in validate.ts, which runs before.

import { InputError } from '../assert.ts'
import { parseDecimal } from '../decimal.ts'
import { assetScale, parseUnits } from '../money.ts'
import { parseQuantity, quantity, type Quantity } from '../quantity.ts'
import { DAY_MS } from '../time.ts'
import { compileRecurring, compileUsagePrice } from '../rating/compile-price.ts'
import { compileExchange } from '../rating/exchange.ts'
import type { RecurringPrice, UsagePrice } from '../rating/price.ts'
import { isRecurring, type UsagePriceDocument } from '../rating/price-document.ts'
import type { UsageSurface } from '../usage/read-usage.ts'
import { pricesByMeter, type Allowance, type CacheRule, type Catalog, type CreditAsset, type GatewayPath, type Meter, type MeterExpression, type Plan, type PromptRule, type RequestBound } from './catalog.ts'
import { compileCreditPrice } from './credit-price.ts'
import { compileRateCard, compileTerms } from './compile-rates.ts'
import { compileAddOn, compileCourse } from './subscription-catalog.ts'
import { withParents } from './inherit.ts'
import type { KeptPlan, KeptPlanDocument } from './kept-plan.ts'
import type { AllowanceDocument, CacheRuleDocument, CatalogDocument, CreditAssetDocument, GatewayPathDocument, MeterDocument, PlanDocument, PromptRuleDocument, RequestBoundDocument } from './document.ts'

/** Compiles the text of a meter's expression; core knows no expression language itself. */
export type CompileExpression = (source: string, path: string) => MeterExpression

export function compileCatalog(written: CatalogDocument, version: number, compileExpression: CompileExpression = noExpressions): Catalog {
  const document = withParents(written)
  const meters = document.meters.map((meter, index) => compileMeter(meter, { pricedBy: dimensionsOfPrices(document, meter.id), compileExpression: (source) => compileExpression(source, `meters[${index}].expression`) }))
  const meterById = new Map(meters.map((meter) => [meter.id, meter]))
  return {
    version,
    currency: document.currency,
    features: new Map(document.features.map((feature) => [feature.id, feature])),
    meters,
    meterById,
    plans: new Map(document.plans.map((plan, index) => [plan.id, compilePlan(plan, { currency: document.currency, meterById, path: `plans[${index}]` })])),
    ...keptPlans(document.kept_plans ?? [], { currency: document.currency, meterById }),
    creditAssets: new Map(document.credit_assets.map((asset, index) => [asset.id, compileCreditAsset(asset, `credit_assets[${index}]`)])),
    rateCard: compileRateCard(document.rate_card),
    ...(document.provider_terms === undefined ? {} : { providerTerms: compileTerms(document.provider_terms) }),
    exchange: compileExchange(document.exchange_rates ?? []),
    addOns: new Map((document.add_ons ?? []).map((addOn, index) => [addOn.id, compileAddOn(addOn, document.currency, `add_ons[${index}]`)])),
    promotions: new Map((document.promotions ?? []).map((promotion) => [promotion.id, promotion])),
    ...(document.credit_prices === undefined ? {} : { creditPrices: new Map(document.credit_prices.map((price, index) => [price.asset, compileCreditPrice(price, { document, path: `credit_prices[${index}]` })])) }),
    gatewayFeature: document.gateway.feature,
    gatewayModels: new Map(document.gateway.models.map((model) => [model.name, model])),
    ...(document.gateway.paths === undefined ? {} : { gatewayPaths: new Map(document.gateway.paths.map((path) => [path.path, compilePath(path)])) }),
    ...(document.gateway.feature_rules === undefined ? {} : { featureRules: document.gateway.feature_rules }),
    ...(document.gateway.cache === undefined || document.gateway.cache.length === 0 ? {} : { cacheRules: document.gateway.cache.map(compileCacheRule) }),
    ...(document.gateway.bounds === undefined || document.gateway.bounds.length === 0 ? {} : { requestBounds: document.gateway.bounds.map(compileBound) }),
    ...(document.gateway.prompts === undefined || document.gateway.prompts.length === 0 ? {} : { promptRules: document.gateway.prompts.map(compilePromptRule) }),
    ...(document.gateway.client_gone === 'stop' ? { stopsWhenGone: true as const } : {}),
  }
}

function keptPlans(kept: readonly KeptPlanDocument[], context: Omit<PlanContext, 'path'>): Pick<Catalog, 'keptPlans'> {
  if (kept.length === 0) return {}
  const byPlan = new Map<string, KeptPlan[]>()
  for (const one of kept.toSorted((a, b) => a.until - b.until)) {
    const compiled = { ...one, plan: compilePlan(one.plan, { ...context, path: `kept_plans.${one.plan.id}` }) }
    byPlan.set(one.plan.id, [...(byPlan.get(one.plan.id) ?? []), compiled])
  }
  return { keptPlans: byPlan }
}

function compileBound({ feature, plans, models, context_max: contextMax, output_max: outputMax }: RequestBoundDocument): RequestBound {
  return { feature, plans: plans === null ? null : new Set(plans), models: models === null ? null : new Set(models), contextMax, outputMax }
}

function compileCacheRule({ feature, plans, models, ttl_seconds: ttlSeconds, shared_by: sharedBy, with_tools: withTools, kept_in: keptIn }: CacheRuleDocument): CacheRule {
  return { feature, plans: plans === null ? null : new Set(plans), models: models === null ? null : new Set(models), ttlMs: ttlSeconds * 1_000, sharedBy, withTools, isShared: keptIn === 'database' }
}

function compilePromptRule({ feature, plans, models, keep_days: keepDays, answers, redact, patterns }: PromptRuleDocument): PromptRule {
  return { feature, plans: plans === null ? null : new Set(plans), models: models === null ? null : new Set(models), keepMs: keepDays * DAY_MS, withAnswer: answers, redaction: { kinds: redact, patterns } }
}

function compilePath({ path, upstream, model, event_type: eventType, usage, quantities, bound }: GatewayPathDocument): GatewayPath {
  return {
    path, upstream, model, eventType, usage: usage as UsageSurface | null,
    quantities: new Map(Object.entries(quantities).map(([property, where]) => [property, where.split('.')])), bound: new Map(Object.entries(bound)),
  }
}

function compileCreditAsset({ value, ...asset }: CreditAssetDocument, path: string): CreditAsset {
  return { ...asset, value: value === undefined || value === null ? null : parseUnits(value, asset.currency, `${path}.value`) }
}

function noExpressions(_source: string, path: string): MeterExpression {
  throw new InputError({ code: 'unexpected_expression', field: path, message: 'expressions of meters are not read here' })
}

/** What prices of a meter ask for: such a member of an event is a label, also where it looks like a number. */
function dimensionsOfPrices({ plans, kept_plans: kept = [] }: CatalogDocument, meter: string): readonly string[] {
  const conditions = [...plans, ...kept.map(({ plan }) => plan)].flatMap(({ prices }) => prices).flatMap((price) => (isRecurring(price) || price.meter !== meter ? [] : [price.when ?? {}, ...('entries' in price ? price.entries.map(({ when }) => when) : [])]))
  return [...new Set(conditions.flatMap((when) => Object.keys(when)))]
}

type MeterContext = { readonly pricedBy: readonly string[]; readonly compileExpression: (source: string) => MeterExpression }

function compileMeter(meter: MeterDocument, { pricedBy, compileExpression }: MeterContext): Meter {
  return {
    id: meter.id,
    name: meter.name,
    unit: meter.unit,
    eventType: meter.event_type,
    aggregation: meter.aggregation,
    properties: meter.properties,
    filter: new Map(Object.entries(meter.filter)),
    scale: meter.scale,
    ...(pricedBy.length === 0 ? {} : { pricedBy }),
    ...(meter.dimensions === undefined || meter.dimensions.length === 0 ? {} : { dimensions: meter.dimensions }),
    ...(meter.expression === undefined || meter.expression === null ? {} : { evaluate: compileExpression(meter.expression) }),
  }
}

type PlanContext = { readonly currency: string; readonly meterById: ReadonlyMap<string, Meter>; readonly path: string }

function compilePlan(plan: PlanDocument, context: PlanContext): Plan {
  const others = Object.entries(plan.currencies ?? {}).map(([currency, { fee, prices }]) =>
    [currency, compileIn({ ...plan, fee, prices }, { ...context, currency, path: `${context.path}.currencies.${currency}` })] as const)
  return { ...compileIn(plan, context), inCurrency: new Map(others) }
}

/** The plan in one currency. */
function compileIn(plan: PlanDocument, context: PlanContext): Plan {
  const asset = plan.asset ?? context.currency
  const placed = plan.prices.map((price, index) => ({ price, path: `${context.path}.prices[${index}]` }))
  const prices = placed.flatMap(({ price, path }) => (isRecurring(price) ? [] : [compilePrice(price, { ...context, asset, path })]))
  const recurring = placed.flatMap(({ price, path }) => (isRecurring(price) ? [compileRecurring(price, { currency: context.currency, path })] : []))
  return {
    id: plan.id,
    name: plan.name,
    public: plan.public,
    period: plan.period,
    currency: context.currency,
    asset,
    recurring: [...feeOf(plan, context), ...recurring],
    entitlements: new Map(plan.entitlements.map((entitlement) => [entitlement.feature, entitlement])),
    prices,
    pricesByMeter: pricesByMeter(prices),
    outcomes: prices.filter((price) => price.model === 'outcome'),
    needsUncachedCost: prices.some((price) => price.model === 'cost_plus' && price.cacheSavings === 'kept'),
    excluded: plan.excluded ?? ['cache_hits'],
    allowances: plan.allowances.map((allowance, index) => ({
      id: allowance.id,
      name: allowance.name,
      ...included(allowance, { ...context, asset }, `${context.path}.allowances[${index}]`),
    })),
    ...(plan.clampsOutput === true ? { clampsOutput: true } : {}),
    ...(plan.priority === undefined ? {} : { priority: plan.priority }),
    ...(plan.burn_order === undefined || plan.burn_order.length === 0 ? {} : { burnOrder: plan.burn_order }),
    limits: plan.limits.map((limit, index) => ({
      id: limit.id,
      name: limit.name,
      window: limit.window,
      enforcement: limit.enforcement,
      ...(limit.features === undefined ? {} : { features: limit.features }),
      ...(limit.terms === undefined ? {} : { terms: limit.terms }),
      ...limitQuantity(limit, { ...context, asset }, `${context.path}.limits[${index}]`),
    })),
    funding: plan.funding,
    inCurrency: new Map(),
    ...compileCourse(plan),
  }
}

function feeOf({ fee }: PlanDocument, { currency, path }: PlanContext): RecurringPrice[] {
  return fee === null ? [] : [{ id: fee.id, name: fee.name, model: 'flat', amount: parseUnits(fee.amount, currency, `${path}.fee.amount`), timing: 'in_advance' }]
}

/** An allowance without meters is an amount of what the plan is priced in. */
function included(allowance: AllowanceDocument, context: PlanContext & { readonly asset: string }, path: string): Omit<Allowance, 'id' | 'name'> {
  const { asset } = context
  const own = allowance.meters.length > 0 ? sharedQuantity(allowance, context, path) : { meters: [], asset, scale: assetScale(asset), quantity: quantity(parseUnits(allowance.quantity, asset, `${path}.quantity`)) }
  const { rollover } = allowance
  const bound = (text: string, field: string): Quantity => parseAmount(text, own.scale, `${path}.rollover.${field}`)
  return {
    ...own,
    ...(allowance.per_seat === true ? { perSeat: true } : {}),
    ...(rollover === undefined || rollover === null ? {} : { rollover: { min: bound(rollover.min, 'min'), max: bound(rollover.max, 'max') } }),
  }
}

function parseAmount(text: string, scale: number, path: string): Quantity {
  return quantity(parseDecimal(text, scale, path))
}

/** A limit without meters counts what the plan is priced in. */
function limitQuantity(limit: { readonly meters: readonly string[]; readonly quantity: string }, context: PlanContext & { readonly asset: string }, path: string) {
  if (limit.meters.length > 0) return sharedQuantity(limit, context, path)
  return { meters: [], asset: context.asset, scale: assetScale(context.asset), quantity: quantity(parseUnits(limit.quantity, context.asset, `${path}.quantity`)) }
}

/** Several meters may share one quantity only at one scale, else their units would not add. */
function sharedQuantity(
  shared: { readonly meters: readonly string[]; readonly quantity: string },
  context: PlanContext,
  path: string,
): { readonly meters: readonly string[]; readonly quantity: Quantity; readonly scale: number } {
  const scales = new Set(shared.meters.map((id) => meterOf(id, context, `${path}.meters`).scale))
  const [scale] = scales
  if (scale === undefined || scales.size > 1) {
    throw new InputError({ code: 'mixed_scales', field: `${path}.meters`, message: 'meters that share a quantity need the same scale' })
  }
  return { meters: shared.meters, scale, quantity: parseQuantity(shared.quantity, scale, `${path}.quantity`) }
}

function compilePrice(price: UsagePriceDocument, context: PlanContext & { readonly asset: string }): UsagePrice {
  return compileUsagePrice(price, { scale: meterOf(price.meter, context, `${context.path}.meter`).scale, asset: context.asset, path: context.path })
}

function meterOf(id: string, context: PlanContext, path: string): Meter {
  const meter = context.meterById.get(id)
  if (meter === undefined) throw new InputError({ code: 'unknown_meter', field: path, message: `there is no meter ${id}` })
  return meter
}
