// Buying credits: what they cost a customer now, tax included, and the record of the purchase, from which everything else follows.

import { creditPriceOf, formatPercent, formatUnits, InputError, parsePositiveUnits, quoteCredits, taxOn, units, type CreditPrice, type CreditQuote, type Instant, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../../platform/postgres.ts'
import type { PaymentRow, PaymentTax } from '../../store/recharge.ts'
import type { ControlPlane } from '../control-plane.ts'
import { contextOf } from '../customers.ts'
import { treatmentNotes } from '../invoices/compose.ts'
import { loadTaxes } from '../invoices/taxes.ts'
import { Problem } from '../problems.ts'

/** @throws {Problem} where the asset is not sold. */
export function priceOf(plane: ControlPlane, asset: string): CreditPrice {
  const price = creditPriceOf(plane.catalogs.current(), asset)
  if (price === null) throw new Problem('credits_not_sold', `the catalog has no price for ${asset}: add it under credit_prices`, 'asset')
  return price
}

/** What so many credits cost, within the bounds of their price. */
export function quoteOf(plane: ControlPlane, asset: string, text: string): CreditQuote {
  const price = priceOf(plane, asset)
  const quote = quoteCredits(price, parsePositiveUnits(text, asset))
  const paid = (amount: Units) => `${formatUnits(amount, quote.currency)} ${quote.currency}`
  const outOf = (bound: string) => new InputError({ code: 'out_of_range', field: 'amount', message: `${text} ${asset} would cost ${paid(quote.net)}; ${bound}` })
  if (quote.net <= 0n) throw outOf('that is less than can be paid')
  if (price.min !== null && quote.net < price.min) throw outOf(`at least ${paid(price.min)} is paid at once`)
  if (price.max !== null && quote.net > price.max) throw outOf(`at most ${paid(price.max)} is paid at once`)
  return quote
}

type Purchase = Pick<PaymentRow, 'customer' | 'id' | 'cause' | 'method' | 'state'>

/** The purchase as it will be paid: prices of credits are without tax, which comes on top by the customer's billing profile. */
export async function purchaseOf(sql: Sql | Transaction, plane: ControlPlane, input: Purchase & { readonly quote: CreditQuote; readonly at: Instant }): Promise<PaymentRow> {
  const { quote, at, ...rest } = input
  const { asset, credits, bonus, currency, net } = quote
  const price = priceOf(plane, asset)
  const { tax, taxes, taxNotes } = await taxesOf(sql, plane, input.customer, quote)
  return { ...rest, asset, credits, bonus, currency, net, tax, taxes, taxNotes, days: price.days, bonusDays: price.bonusDays, features: price.features, providerId: null, providerSource: null, reason: null, attempts: 0, refunded: units(0n), createdAt: at, endedAt: null }
}

/** @throws {Problem} tax_undetermined: nothing is sold whose tax nobody knows. */
async function taxesOf(sql: Sql | Transaction, plane: ControlPlane, customer: string, { net, currency }: CreditQuote): Promise<{ readonly tax: Units; readonly taxes: readonly PaymentTax[]; readonly taxNotes: readonly string[] }> {
  const { facts, plan } = await contextOf(plane, customer)
  const treatment = (await loadTaxes(sql, [customer], plane.clock.now())).treatmentOf({ id: customer, name: facts.name, currency: plan.currency })
  const { tax, taxes } = taxOn(net, treatment.kind === 'rates' ? { ...treatment, inclusive: false } : treatment, currency)
  return { tax, taxNotes: treatmentNotes(treatment), taxes: taxes.map(({ rate, amount }) => ({ name: rate.name, percent: formatPercent(rate.percent), amount: formatUnits(amount, currency) })) }
}
