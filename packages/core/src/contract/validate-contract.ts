// What is wrong with a contract, all of it at once, against the catalog that it stands on: days, shares, ids, and what could not be
// priced. A contract without errors makes a plan under that catalog, and so does each catalog that is published later: publishing
// asks again.

import { InputError } from '../assert.ts'
import type { Catalog, Plan } from '../catalog/catalog.ts'
import { didYouMean, type CatalogPath } from '../catalog/problem.ts'
import { nearest } from '../catalog/nearest.ts'
import { isDay } from '../catalog/validate-rates.ts'
import { priceModelProblems } from '../catalog/validate-price.ts'
import { parseUnits, type AssetId, type Units } from '../money.ts'
import { parseQuantity } from '../quantity.ts'
import { compileUsagePrice } from '../rating/compile-price.ts'
import { parseShare } from '../rating/ratio.ts'
import { isInPlaceOf } from './at-event.ts'
import type { ContractDocument, DiscountDocument, NegotiatedPriceDocument, TermsDocument } from './document.ts'

export type ContractProblem = { readonly path: CatalogPath; readonly code: string; readonly message: string }

/** `plan` is the plan that the customer is on, in its currency, without a contract. */
export function validateContract(contract: ContractDocument, of: { readonly catalog: Catalog; readonly plan: Plan }): readonly ContractProblem[] {
  const problems: ContractProblem[] = []
  const report = (path: CatalogPath, code: string, message: string): void => void problems.push({ path, code, message })
  validateDays(contract, report)
  for (const [index, phase] of contract.phases.entries()) validateTerms(phase, ['phases', index], { ...of, report })
  return problems
}

type Report = (path: CatalogPath, code: string, message: string) => void
type Context = { readonly catalog: Catalog; readonly plan: Plan; readonly report: Report }

function validateDays({ from, to, phases }: ContractDocument, report: Report): void {
  for (const [path, day] of [[['from'], from], [['to'], to], ...phases.map((phase, index) => [['phases', index, 'from'], phase.from] as const)] as const) {
    if (day !== null && !isDay(day)) report(path, 'invalid_date', `${JSON.stringify(day)} is no day: write it like 2026-03-01`)
  }
  if (phases.length === 0) report(['phases'], 'empty_list', 'a contract needs a phase that says what holds')
  if (to !== null && to <= from) report(['to'], 'out_of_range', 'the contract ends before it begins')
  for (const [index, phase] of phases.entries()) {
    const earlier = phases[index - 1]?.from
    if (index === 0 && phase.from !== from) report(['phases', 0, 'from'], 'out_of_range', `the first phase begins with the contract, on ${from}`)
    if (earlier !== undefined && phase.from <= earlier) report(['phases', index, 'from'], 'out_of_range', 'phases stand in the order of their days')
    if (to !== null && phase.from >= to) report(['phases', index, 'from'], 'out_of_range', 'the phase would begin after the contract')
  }
}

function validateTerms(terms: TermsDocument, path: CatalogPath, context: Context): void {
  const { plan, report } = context
  for (const [index, discount] of terms.discounts.entries()) validateDiscount(discount, [...path, 'discounts', index], context)
  for (const [index, price] of terms.prices.entries()) validatePrice(price, [...path, 'prices', index], context)
  for (const [index, { meters, quantity }] of terms.allowances.entries()) validateQuantity({ meters, quantity }, [...path, 'allowances', index], context)
  for (const [index, { meters, quantity }] of terms.limits.entries()) validateQuantity({ meters, quantity }, [...path, 'limits', index], context)
  if (terms.fee !== null) checkAmount(terms.fee, plan.currency, [...path, 'fee'], report)
  const { commitment } = terms
  if (commitment === null) return
  if (commitment.minimum === null && commitment.maximum === null) report([...path, 'commitment'], 'missing_field', 'a commitment has a minimum, a maximum or both')
  const [minimum, maximum] = (['minimum', 'maximum'] as const).map((field) => (commitment[field] === null ? null : checkAmount(commitment[field], plan.currency, [...path, 'commitment', field], report)))
  if (minimum !== null && minimum !== undefined && maximum !== null && maximum !== undefined && minimum > maximum) report([...path, 'commitment', 'minimum'], 'out_of_range', 'the minimum is above the maximum')
}

function validateDiscount(discount: DiscountDocument, path: CatalogPath, { catalog, plan, report }: Context): void {
  const { on, of, percent, amount } = discount
  if ((percent === null) === (amount === null)) report(path, 'missing_field', 'a discount is either a percent or an amount')
  if (percent !== null) attempt(() => parseShare(percent, 'percent'), [...path, 'percent'], report)
  if (amount !== null) checkAmount(amount, plan.currency, [...path, 'amount'], report)
  if (on === 'all') {
    if (of !== null) report([...path, 'of'], 'out_of_range', 'a discount on everything names nothing: leave `of` out')
    return
  }
  const known = on === 'plan' ? [...catalog.plans.keys()] : [...plan.prices.map(({ id }) => id), ...plan.recurring.map(({ id }) => id)]
  if (of === null || !known.includes(of)) report([...path, 'of'], `unknown_${on}`, `there is no ${on} ${of ?? ''}${on === 'price' ? ` in plan ${plan.id}` : ''}.${didYouMean(of === null ? null : nearest(of, known))}`)
  const price = plan.prices.find(({ id }) => id === of)
  if (on === 'price' && amount !== null && price !== undefined && !['per_unit', 'graduated', 'volume', 'package'].includes(price.model)) {
    report([...path, 'amount'], 'out_of_range', `price ${price.id} has no one total in a period, so an amount cannot be taken off it: use a percent, or take it off the plan`)
  }
}

function validatePrice(price: NegotiatedPriceDocument, path: CatalogPath, { catalog, plan, report }: Context): void {
  const meter = catalog.meterById.get(price.meter)
  if (meter === undefined) return report([...path, 'meter'], 'unknown_meter', `there is no meter ${price.meter}.${didYouMean(nearest(price.meter, catalog.meterById.keys()))}`)
  const compiled = attempt(() => compileUsagePrice(price, { scale: meter.scale, asset: plan.asset, path: 'price' }), path, report)
  if (price.model === 'graduated' || price.model === 'volume') for (const { path: at, code, message } of priceModelProblems(price, { path, scale: meter.scale, currency: plan.asset })) report(at, code, message)
  if (compiled === null || price.override === 'replace') return
  const replaced = plan.prices.find((candidate) => isInPlaceOf(compiled, candidate))
  if (replaced !== undefined && (replaced.model !== 'per_unit' || compiled.model !== 'per_unit')) {
    report([...path, 'override'], 'out_of_range', `a grant holds where it is cheaper, which is known of two prices per unit only: say \`replace\` for ${price.id}`)
  }
}

function validateQuantity(shared: { readonly meters: readonly string[]; readonly quantity: string }, path: CatalogPath, { catalog, report }: Context): void {
  const scales = new Set<number>()
  for (const [index, id] of shared.meters.entries()) {
    const meter = catalog.meterById.get(id)
    if (meter === undefined) report([...path, 'meters', index], 'unknown_meter', `there is no meter ${id}.${didYouMean(nearest(id, catalog.meterById.keys()))}`)
    else scales.add(meter.scale)
  }
  if (scales.size > 1) report([...path, 'meters'], 'mixed_scales', 'meters that share a quantity need the same scale')
  const [scale] = scales
  if (scales.size === 1) attempt(() => parseQuantity(shared.quantity, scale!, 'quantity'), [...path, 'quantity'], report)
}

function checkAmount(text: string, currency: AssetId, path: CatalogPath, report: Report): Units | null {
  const amount = attempt(() => parseUnits(text, currency, String(path.at(-1))), path, report)
  if (amount !== null && amount < 0n) report(path, 'out_of_range', `${String(path.at(-1))} must not be negative`)
  return amount
}

function attempt<T>(work: () => T, path: CatalogPath, report: Report): T | null {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report(path, error.code, error.message)
    return null
  }
}
