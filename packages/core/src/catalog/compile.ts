// CatalogDocument → Catalog. Throws InputError with the path of the first field that cannot be compiled; the checks that
// a person wants to see all at once are in validate.ts, which runs before.

import { InputError } from '../assert.ts'
import { parseUnits } from '../money.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import type { CumulativePrice, PriceModel, Tier } from '../rating/price.ts'
import type { Catalog, Meter, Plan } from './catalog.ts'
import { compileRateCard, compileTerms } from './compile-rates.ts'
import type { CatalogDocument, MeterDocument, PlanDocument, PriceDocument, PriceModelDocument, TierDocument } from './document.ts'

export function compileCatalog(document: CatalogDocument, version: number): Catalog {
  const meters = document.meters.map(compileMeter)
  const meterById = new Map(meters.map((meter) => [meter.id, meter]))
  return {
    version,
    currency: document.currency,
    features: new Map(document.features.map((feature) => [feature.id, feature])),
    meters,
    meterById,
    plans: new Map(document.plans.map((plan, index) => [plan.id, compilePlan(plan, { currency: document.currency, meterById, path: `plans[${index}]` })])),
    creditAssets: new Map(document.credit_assets.map((asset) => [asset.id, asset])),
    rateCard: compileRateCard(document.rate_card),
    ...(document.provider_terms === undefined ? {} : { providerTerms: compileTerms(document.provider_terms) }),
    gatewayFeature: document.gateway.feature,
    gatewayModels: new Map(document.gateway.models.map((model) => [model.name, model])),
  }
}

function compileMeter(meter: MeterDocument): Meter {
  return {
    id: meter.id,
    name: meter.name,
    unit: meter.unit,
    eventType: meter.event_type,
    aggregation: meter.aggregation,
    properties: meter.properties,
    filter: new Map(Object.entries(meter.filter)),
    scale: meter.scale,
  }
}

type PlanContext = { readonly currency: string; readonly meterById: ReadonlyMap<string, Meter>; readonly path: string }

function compilePlan(plan: PlanDocument, context: PlanContext): Plan {
  const prices = plan.prices.map((price, index) => compilePrice(price, { ...context, path: `${context.path}.prices[${index}]` }))
  return {
    id: plan.id,
    name: plan.name,
    public: plan.public,
    period: plan.period,
    fee: plan.fee === null ? null : { id: plan.fee.id, name: plan.fee.name, amount: parseUnits(plan.fee.amount, context.currency, `${context.path}.fee.amount`) },
    entitlements: new Map(plan.entitlements.map((entitlement) => [entitlement.feature, entitlement])),
    prices,
    priceByMeter: new Map(prices.map((price) => [price.meter, price])),
    allowances: plan.allowances.map((allowance, index) => ({
      id: allowance.id,
      name: allowance.name,
      ...sharedQuantity(allowance, context, `${context.path}.allowances[${index}]`),
    })),
    limits: plan.limits.map((limit, index) => ({
      id: limit.id,
      name: limit.name,
      window: limit.window,
      enforcement: limit.enforcement,
      ...sharedQuantity(limit, context, `${context.path}.limits[${index}]`),
    })),
    funding: plan.funding,
  }
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

function compilePrice(price: PriceDocument, context: PlanContext): CumulativePrice {
  const { scale } = meterOf(price.meter, context, `${context.path}.meter`)
  return { id: price.id, name: price.name, meter: price.meter, scale, ...compilePriceModel(price, { scale, currency: context.currency, path: context.path }) }
}

/** A cumulative price of quantities at `scale` and amounts in `currency`, which may be a credit asset. */
export function compilePriceModel(price: PriceModelDocument, context: { readonly scale: number; readonly currency: string; readonly path: string }): PriceModel {
  const { scale, currency, path } = context
  const positive = (text: string, field: string): Quantity => {
    const value = parseQuantity(text, scale, `${path}.${field}`)
    if (value === 0n) throw new InputError({ code: 'out_of_range', field: `${path}.${field}`, message: `${field} must be above zero` })
    return value
  }
  switch (price.model) {
    case 'per_unit':
      return { model: 'per_unit', amount: parseUnits(price.amount, currency, `${path}.amount`), per: positive(price.per, 'per') }
    case 'package':
      return { model: 'package', amount: parseUnits(price.amount, currency, `${path}.amount`), size: positive(price.size, 'size') }
    case 'graduated':
    case 'volume':
      return { model: price.model, per: positive(price.per, 'per'), tiers: price.tiers.map((tier, index) => compileTier(tier, { scale, currency, path: `${path}.tiers[${index}]` })) }
  }
}

function compileTier(tier: TierDocument, context: { readonly scale: number; readonly currency: string; readonly path: string }): Tier {
  return {
    upTo: tier.up_to === null ? null : parseQuantity(tier.up_to, context.scale, `${context.path}.up_to`),
    amount: parseUnits(tier.amount, context.currency, `${context.path}.amount`),
    flat: parseUnits(tier.flat, context.currency, `${context.path}.flat`),
  }
}

function meterOf(id: string, context: PlanContext, path: string): Meter {
  const meter = context.meterById.get(id)
  if (meter === undefined) throw new InputError({ code: 'unknown_meter', field: path, message: `there is no meter ${id}` })
  return meter
}
