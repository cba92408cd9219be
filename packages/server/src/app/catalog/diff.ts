// Two catalog documents → what changes from one to the other, item by item and field by field. Items are the same when
// their ids are; amounts are compared in their shortest form, so `0.10` and `0.1` do not differ. It knows nothing of
// customers: `plansTouched` names the plans whose customers would notice.

import { isRecurring, isSameData, type CatalogDocument, type PlanDocument, type ProviderTermsDocument, type RateDocument } from '@tollgate/core'

export type CatalogChange = {
  readonly action: 'added' | 'removed' | 'changed'
  readonly kind: ChangeKind
  /** The plan that the item belongs to; null outside plans. */
  readonly plan: string | null
  /** Id of the item; for a list whose order changed, the name of the list. */
  readonly id: string
  /** What is different; of an added item all that it has, of a removed one all that it had. */
  readonly fields: readonly FieldChange[]
}

export type ChangeKind =
  | 'catalog'
  | 'feature'
  | 'meter'
  | 'plan'
  | 'fee'
  | 'entitlement'
  | 'price'
  | 'allowance'
  | 'limit'
  | 'add_on'
  | 'promotion'
  | 'credit_asset'
  | 'credit_price'
  | 'rate'
  | 'provider_terms'
  | 'gateway'
  | 'gateway_model'
  | 'gateway_path'
  | 'feature_rule'
  | 'cache_rule'
  | 'request_bound'
  | 'order'

/** Values as in the document: text, numbers, booleans, null, lists and objects. */
export type FieldChange = { readonly field: string; readonly before: unknown; readonly after: unknown }

type Scope = { readonly kind: ChangeKind; readonly plan: string | null }

/** Everything that differs; nothing when the two mean the same. `before` null stands for no catalog. */
export function diffCatalogs(before: CatalogDocument | null, after: CatalogDocument): readonly CatalogChange[] {
  const old = before ?? EMPTY
  return [
    ...diffFields({ kind: 'catalog', plan: null }, 'catalog', { currency: before === null ? undefined : old.currency }, { currency: after.currency }),
    ...diffItems({ kind: 'feature', plan: null }, 'features', [old.features, after.features], (feature) => feature.id),
    ...diffItems({ kind: 'meter', plan: null }, 'meters', [old.meters, after.meters], (meter) => meter.id),
    ...diffPlans(old.plans, after.plans),
    ...diffItems({ kind: 'add_on', plan: null }, 'add_ons', [old.add_ons ?? [], after.add_ons ?? []], ({ id }) => id),
    ...diffItems({ kind: 'promotion', plan: null }, null, [old.promotions ?? [], after.promotions ?? []], ({ id }) => id),
    ...diffItems({ kind: 'credit_asset', plan: null }, 'credit_assets', [old.credit_assets, after.credit_assets], (asset) => asset.id),
    ...diffItems({ kind: 'credit_price', plan: null }, null, [old.credit_prices ?? [], after.credit_prices ?? []], ({ asset }) => asset),
    ...diffItems({ kind: 'rate', plan: null }, null, [old.rate_card, after.rate_card], rateId),
    ...diffItems({ kind: 'provider_terms', plan: null }, null, [old.provider_terms ?? [], after.provider_terms ?? []], termsId),
    ...diffFields({ kind: 'gateway', plan: null }, 'gateway', { feature: before === null ? undefined : old.gateway.feature, client_gone: old.gateway.client_gone ?? 'drain' }, { feature: after.gateway.feature, client_gone: after.gateway.client_gone ?? 'drain' }),
    ...diffItems({ kind: 'gateway_model', plan: null }, null, [old.gateway.models, after.gateway.models], (model) => model.name),
    ...diffItems({ kind: 'gateway_path', plan: null }, null, [old.gateway.paths ?? [], after.gateway.paths ?? []], (path) => path.path),
    ...diffItems({ kind: 'feature_rule', plan: null }, null, [old.gateway.feature_rules ?? [], after.gateway.feature_rules ?? []], (rule) => [rule.feature, rule.path, rule.header, rule.value].join(' ')),
    ...diffItems({ kind: 'cache_rule', plan: null }, null, [old.gateway.cache ?? [], after.gateway.cache ?? []], (rule) => [rule.feature, rule.plans, rule.models].join(' ')),
    ...diffItems({ kind: 'request_bound', plan: null }, null, [old.gateway.bounds ?? [], after.gateway.bounds ?? []], (rule) => [rule.feature, rule.plans, rule.models].join(' ')),
  ]
}

/**
 * Plans of either document whose customers a change touches: their own parts, and the features and meters that they use.
 * Rates and the gateway concern no plan.
 */
export function plansTouched(changes: readonly CatalogChange[], documents: readonly (CatalogDocument | null)[]): readonly string[] {
  const plans = documents.flatMap((document) => document?.plans ?? [])
  const touched = new Set<string>()
  for (const { kind, plan, id } of changes) {
    if (plan !== null) touched.add(plan)
    for (const candidate of plans) if (uses(candidate, kind, id)) touched.add(candidate.id)
  }
  return [...touched]
}

const EMPTY: CatalogDocument = { currency: '', features: [], meters: [], plans: [], credit_assets: [], rate_card: [], gateway: { feature: '', models: [] } }

function uses(plan: PlanDocument, kind: ChangeKind, id: string): boolean {
  if (kind === 'feature') return plan.entitlements.some(({ feature }) => feature === id)
  if (kind === 'meter') return plan.prices.some((price) => !isRecurring(price) && price.meter === id) || [...plan.allowances, ...plan.limits].some(({ meters }) => meters.includes(id))
  return kind === 'catalog'
}

function diffPlans(before: readonly PlanDocument[], after: readonly PlanDocument[]): CatalogChange[] {
  const olds = new Map(before.map((plan) => [plan.id, plan]))
  const news = new Map(after.map((plan) => [plan.id, plan]))
  return [
    ...after.flatMap((plan) => diffPlan(plan.id, olds.get(plan.id) ?? null, plan)),
    ...before.filter(({ id }) => !news.has(id)).flatMap((plan) => diffPlan(plan.id, plan, null)),
    ...diffOrder({ kind: 'order', plan: null }, 'plans', before.map(({ id }) => id), after.map(({ id }) => id)),
  ]
}

/** A plan's own fields, then its parts; an added plan shows its parts as added. */
function diffPlan(id: string, before: PlanDocument | null, after: PlanDocument | null): CatalogChange[] {
  const scope = (kind: ChangeKind): Scope => ({ kind, plan: id })
  const fees = [before, after].map((plan) => (plan === null || plan.fee === null ? [] : [plan.fee])) as [NonNullable<PlanDocument['fee']>[], NonNullable<PlanDocument['fee']>[]]
  return [
    ...diffItem(scope('plan'), id, before === null ? null : ownFields(before), after === null ? null : ownFields(after)),
    ...diffItems(scope('fee'), null, fees, (fee) => fee.id),
    ...diffItems(scope('entitlement'), null, [before?.entitlements ?? [], after?.entitlements ?? []], ({ feature }) => feature),
    ...diffItems(scope('price'), 'prices', [before?.prices ?? [], after?.prices ?? []], (price) => price.id),
    ...diffCurrencies(id, before, after),
    ...diffItems(scope('allowance'), 'allowances', [before?.allowances ?? [], after?.allowances ?? []], (allowance) => allowance.id),
    ...diffItems(scope('limit'), null, [before?.limits ?? [], after?.limits ?? []], (limit) => limit.id),
  ]
}

/** Fees and prices in other currencies, told by their id and the currency. */
function diffCurrencies(plan: string, before: PlanDocument | null, after: PlanDocument | null): CatalogChange[] {
  const currencies = [...new Set([...Object.keys(before?.currencies ?? {}), ...Object.keys(after?.currencies ?? {})])]
  return currencies.flatMap((currency) => {
    const [old, now] = [before?.currencies?.[currency], after?.currencies?.[currency]]
    const fees = [old, now].map((prices) => (prices === undefined || prices.fee === null ? [] : [prices.fee])) as [NonNullable<PlanDocument['fee']>[], NonNullable<PlanDocument['fee']>[]]
    return [
      ...diffItems({ kind: 'fee', plan }, null, fees, (fee) => `${fee.id} in ${currency}`),
      ...diffItems({ kind: 'price', plan }, null, [old?.prices ?? [], now?.prices ?? []], (price) => `${price.id} in ${currency}`),
    ]
  })
}

function ownFields(plan: PlanDocument): Readonly<Record<string, unknown>> {
  const { id, name, public: isPublic, period, asset, excluded, funding, burn_order, parent, trial, dunning, standings, providers, migration } = plan
  return { id, name, public: isPublic, period, asset: asset ?? null, excluded: excluded ?? ['cache_hits'], funding, burn_order, parent, trial, dunning, standings, providers, migration: migration ?? 'now' }
}

/** `orderedAs` names the list where its order means something: what is drawn, rated or shown first. */
function diffItems<Item extends object>(scope: Scope, orderedAs: string | null, lists: readonly [readonly Item[], readonly Item[]], idOf: (item: Item) => string): CatalogChange[] {
  const [before, after] = lists
  const olds = new Map(before.map((item) => [idOf(item), item]))
  const news = new Map(after.map((item) => [idOf(item), item]))
  return [
    ...[...news].flatMap(([id, item]) => diffItem(scope, id, olds.get(id) ?? null, item)),
    ...[...olds].filter(([id]) => !news.has(id)).flatMap(([id, item]) => diffItem(scope, id, item, null)),
    ...(orderedAs === null ? [] : diffOrder({ kind: 'order', plan: scope.plan }, orderedAs, [...olds.keys()], [...news.keys()])),
  ]
}

function diffItem(scope: Scope, id: string, before: object | null, after: object | null): CatalogChange[] {
  if (before !== null && after !== null) return diffFields(scope, id, before, after)
  return [{ action: before === null ? 'added' : 'removed', ...scope, id, fields: fieldChanges(before ?? {}, after ?? {}) }]
}

function diffFields(scope: Scope, id: string, before: object, after: object): CatalogChange[] {
  const fields = fieldChanges(before, after)
  return fields.length === 0 ? [] : [{ action: 'changed', ...scope, id, fields }]
}

function fieldChanges(before: object, after: object): FieldChange[] {
  const olds = new Map(Object.entries(before))
  const news = new Map(Object.entries(after))
  return [...new Set([...olds.keys(), ...news.keys()])]
    .map((field) => ({ field, before: olds.get(field) ?? null, after: news.get(field) ?? null }))
    .filter((change) => !isSameData(change.before, change.after))
}

/** The order of what both have; an item added in between moves nothing. */
function diffOrder(scope: Scope, list: string, before: readonly string[], after: readonly string[]): CatalogChange[] {
  const olds = before.filter((id) => after.includes(id))
  const news = after.filter((id) => before.includes(id))
  return isSameData(olds, news) ? [] : [{ action: 'changed', ...scope, id: list, fields: [{ field: 'order', before: olds, after: news }] }]
}

/** Two rates of one model are told apart by the day from which they hold. */
function rateId(rate: RateDocument): string {
  return `${rate.provider}/${rate.model}@${rate.from}`
}

/** Terms of one provider are told apart by their models and their day. */
function termsId(terms: ProviderTermsDocument): string {
  return `${terms.provider}/${(terms.models ?? ['*']).join(',')}@${terms.from}`
}
