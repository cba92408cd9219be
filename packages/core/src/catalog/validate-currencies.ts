// Checks of a plan's prices in other currencies: each currency has the whole list again, under the same ids and for the same usage, so
// that a customer's position in a tier, its events and its invoice lines are the same whatever it is billed in.

import { isRecurring, type PriceDocument } from '../rating/price-document.ts'
import type { PlanDocument } from './document.ts'
import type { CatalogPath, Report } from './problem.ts'
import { checkAmount, checkCurrency } from './validate-field.ts'
import { validatePrice, type PriceContext } from './validate-price.ts'

export function validateCurrencies(plan: PlanDocument, path: CatalogPath, context: Omit<PriceContext, 'path'>, report: Report): void {
  for (const [currency, { fee, prices }] of Object.entries(plan.currencies ?? {})) {
    const at = [...path, 'currencies', currency]
    checkCurrency(currency, at, report)
    if (currency === context.currency) report.error(at, 'currency_mismatch', `${currency} is the currency of the catalog: its prices are those of the plan itself.`)
    if (fee !== null) checkAmount(fee.amount, currency, [...at, 'fee', 'amount'], report)
    if ((fee === null) !== (plan.fee === null)) report.error([...at, 'fee'], 'currency_mismatch', fee === null ? `plan ${plan.id} has a fee: say what it is in ${currency}.` : `plan ${plan.id} has no fee outside of ${currency}.`)
    for (const price of plan.prices) {
      if (!prices.some((other) => samePlace(price, other))) report.error([...at, 'prices'], 'currency_mismatch', `price ${price.id} is missing in ${currency}: list it with the same id, meter and conditions.`)
    }
    for (const [index, price] of prices.entries()) {
      const place = [...at, 'prices', index]
      if (!plan.prices.some((other) => samePlace(price, other))) report.error([...place, 'id'], 'currency_mismatch', `plan ${plan.id} has no price ${price.id} for the same usage outside of ${currency}.`)
      validatePrice(price, { ...context, currency, asset: context.asset === context.currency ? currency : context.asset, path: place }, report)
    }
  }
}

/** The same line of an invoice: usage of one meter under the same conditions, or the same thing due for time. */
function samePlace(a: PriceDocument, b: PriceDocument): boolean {
  if (a.id !== b.id) return false
  if (isRecurring(a) || isRecurring(b)) return a.model === b.model
  return a.meter === b.meter && JSON.stringify(a.when ?? {}) === JSON.stringify(b.when ?? {})
}
