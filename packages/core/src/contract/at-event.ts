// What a contract changes before usage is priced: a list of pure functions from plan to plan, in this order. Negotiated prices and
// quantities first, then the discounts on whatever holds. Because they make a plan, every reader of plans (decision, settlement,
// preview, simulation) sees the same contract, and R(price, aggregate) stays what it was: a function of the aggregate.
// Total on purpose: a term that the catalog no longer knows changes nothing, because a node must go on; publishing refuses it.

import { pricesByMeter, type Catalog, type Plan, type PlanLimit } from '../catalog/catalog.ts'
import { parseUnits, units, type AssetId } from '../money.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import { compileUsagePrice } from '../rating/compile-price.ts'
import { addDiscount } from '../rating/discount.ts'
import type { RecurringPrice, UsagePrice } from '../rating/price.ts'
import { applyRatio, ONE, parseShare, type Ratio } from '../rating/ratio.ts'
import type { DiscountDocument, OverrideKind, TermsDocument } from './document.ts'

type Adjustment = (plan: Plan, terms: TermsDocument, catalog: Catalog) => Plan

/** In the order of the money page: prices, then what is included and allowed, then discounts on the price. */
export const AT_EVENT: readonly Adjustment[] = [negotiatePrices, negotiateFee, negotiateAllowances, negotiateLimits, discountPrices]

export function adjustPlan(plan: Plan, terms: TermsDocument, catalog: Catalog): Plan {
  return AT_EVENT.reduce((adjusted, adjust) => adjust(adjusted, terms, catalog), plan)
}

function negotiatePrices(plan: Plan, terms: TermsDocument, catalog: Catalog): Plan {
  if (terms.prices.length === 0) return plan
  const prices = terms.prices.reduce<readonly UsagePrice[]>((kept, document) => {
    const scale = catalog.meterById.get(document.meter)?.scale
    if (scale === undefined) return kept
    const price = compileUsagePrice(document, { scale, asset: plan.asset, path: `prices.${document.id}` })
    const replaced = kept.find((candidate) => isInPlaceOf(price, candidate))
    if (replaced === undefined) return [...kept, price]
    if (document.override === 'grant' && !isCheaper(price, replaced)) return kept
    return kept.map((candidate) => (candidate === replaced ? { ...price, id: replaced.id } : candidate))
  }, plan.prices)
  return { ...plan, prices, pricesByMeter: pricesByMeter(prices) }
}

/** The same id, or the same usage of the same meter. */
export function isInPlaceOf(price: Pick<UsagePrice, 'id' | 'meter' | 'when'>, other: Pick<UsagePrice, 'id' | 'meter' | 'when'>): boolean {
  return price.id === other.id || (price.meter === other.meter && sameConditions(price.when, other.when))
}

function sameConditions(a: UsagePrice['when'], b: UsagePrice['when']): boolean {
  return a.size === b.size && [...a].every(([dimension, accepted]) => [...accepted].sort().join('\n') === [...(b.get(dimension) ?? [])].sort().join('\n'))
}

/** Only prices per unit can be compared without knowing the usage; validate-contract.ts refuses other grants. */
function isCheaper(price: UsagePrice, than: UsagePrice): boolean {
  return price.model === 'per_unit' && than.model === 'per_unit' && price.amount * than.per < than.amount * price.per
}

function negotiateFee(plan: Plan, { fee }: TermsDocument): Plan {
  if (fee === null) return plan
  const amount = parseUnits(fee, plan.currency, 'fee')
  const [first, ...rest] = plan.recurring
  const own: RecurringPrice = first?.model === 'flat' ? { ...first, amount } : { id: 'fee', name: 'Plan fee', model: 'flat', amount, timing: 'in_advance' }
  return { ...plan, recurring: first?.model === 'flat' ? [own, ...rest] : [own, ...plan.recurring] }
}

function negotiateAllowances(plan: Plan, terms: TermsDocument, catalog: Catalog): Plan {
  if (terms.allowances.length === 0) return plan
  const allowances = terms.allowances.reduce<Plan['allowances']>((kept, { override, quantity, ...document }) => {
    const scale = scaleOf(document.meters, catalog)
    return scale === null ? kept : withQuantity(kept, { ...document, scale, quantity: parseQuantity(quantity, scale, `allowances.${document.id}`) }, override)
  }, plan.allowances)
  return { ...plan, allowances, funding: plan.funding.includes('allowance') ? plan.funding : ['allowance', ...plan.funding] }
}

function negotiateLimits(plan: Plan, terms: TermsDocument, catalog: Catalog): Plan {
  if (terms.limits.length === 0) return plan
  const limits = terms.limits.reduce<Plan['limits']>((kept, { override, quantity, ...document }) => {
    const scale = scaleOf(document.meters, catalog)
    return scale === null ? kept : withQuantity<PlanLimit>(kept, { ...document, scale, quantity: parseQuantity(quantity, scale, `limits.${document.id}`) }, override)
  }, plan.limits)
  return { ...plan, limits }
}

/** In place of the entry of its id, or beside the others; a grant never takes away. */
function withQuantity<Entry extends { readonly id: string; readonly quantity: Quantity }>(kept: readonly Entry[], entry: Entry, override: OverrideKind): readonly Entry[] {
  const known = kept.find(({ id }) => id === entry.id)
  if (known === undefined) return [...kept, entry]
  if (override === 'grant' && known.quantity >= entry.quantity) return kept
  return kept.map((candidate) => (candidate === known ? { ...known, ...entry } : candidate))
}

function scaleOf(meters: readonly string[], catalog: Catalog): number | null {
  const scales = new Set(meters.map((meter) => catalog.meterById.get(meter)?.scale))
  const [scale] = scales
  return scales.size === 1 && scale !== undefined ? scale : null
}

function discountPrices(plan: Plan, { discounts }: TermsDocument): Plan {
  if (discounts.length === 0) return plan
  const prices = plan.prices.map((price) => discounts.filter((discount) => isOn(discount, price.id, plan)).reduce((kept, discount) => addDiscount(kept, discountOf(discount, price.asset)), price))
  const recurring = plan.recurring.map((price) => discounts.filter((discount) => isOn(discount, price.id, plan)).reduce((kept, discount) => discountRecurring(kept, discount, plan.currency), price))
  return { ...plan, prices, pricesByMeter: pricesByMeter(prices), recurring }
}

/** An amount off a plan or everything is taken at close, from the whole. */
function isOn(discount: DiscountDocument, price: string, plan: Plan): boolean {
  if (discount.on === 'price') return discount.of === price
  return discount.percent !== null && (discount.on === 'all' || discount.of === plan.id)
}

function discountOf(discount: DiscountDocument, asset: AssetId): { readonly keep: Ratio; readonly off: ReturnType<typeof units> } {
  return {
    keep: discount.percent === null ? ONE : keptOf(discount.percent, discount.id),
    off: discount.amount === null ? units(0n) : parseUnits(discount.amount, asset, `discounts.${discount.id}`),
  }
}

function discountRecurring(price: RecurringPrice, discount: DiscountDocument, currency: AssetId): RecurringPrice {
  const { keep, off } = discountOf(discount, currency)
  const amount = applyRatio(price.amount, keep) - off
  return { ...price, amount: units(amount < 0n ? 0n : amount) }
}

/** What is left after a discount of so many percent. */
export function keptOf(percent: string, field: string): Ratio {
  return (ONE - parseShare(percent, field)) as Ratio
}
