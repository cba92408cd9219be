// Prices of credits in a catalog: how they are checked and compiled. At most one for each asset.

import type { CreditPrice } from '../credit/price.ts'
import { featureSet } from '../credit/wallet.ts'
import { FEATURES_PER_WALLET_MAX } from '../limits.ts'
import { isCurrency, parsePositiveUnits, parseUnits, type AssetId, type Units } from '../money.ts'
import { parsePercent } from '../rating/ratio.ts'
import type { CatalogDocument, CreditPriceDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { didYouMean, type CatalogPath, type Report } from './problem.ts'
import { attempt, checkAmount, checkCurrency, checkInteger, checkUnique } from './validate-field.ts'

/** A hundred years, and more tiers than anybody reads. */
const DAYS_MAX = 36_525
const TIERS_MAX = 20

export function compileCreditPrice(price: CreditPriceDocument, context: { readonly document: CatalogDocument; readonly path: string }): CreditPrice {
  const { path } = context
  const currency = currencyOf(price, context.document)
  const amount = (text: string | null, field: string): Units | null => (text === null ? null : parseUnits(text, currency, `${path}.${field}`))
  return {
    asset: price.asset, currency, amount: parsePositiveUnits(price.amount, currency, `${path}.amount`),
    bonus: price.bonus.map(({ from, percent }, index) => ({ from: parseUnits(from, currency, `${path}.bonus[${index}].from`), percent: parsePercent(percent, `${path}.bonus[${index}].percent`) })).sort((a, b) => (a.from < b.from ? -1 : 1)),
    min: amount(price.min, 'min'), max: amount(price.max, 'max'), days: price.days, bonusDays: price.bonus_days, features: featureSet(price.features ?? []),
  }
}

function currencyOf(price: CreditPriceDocument, { credit_assets: assets, currency }: CatalogDocument): AssetId {
  return price.currency ?? (isCurrency(price.asset) ? price.asset : (assets.find(({ id }) => id === price.asset)?.currency ?? currency))
}

export function validateCreditPrices(document: CatalogDocument, report: Report): void {
  const prices = document.credit_prices ?? []
  checkUnique(prices.map(({ asset }) => asset), { what: 'price of credits', path: ['credit_prices'], field: 'asset' }, report)
  for (const [index, price] of prices.entries()) validatePrice(price, ['credit_prices', index], document, report)
}

function validatePrice(price: CreditPriceDocument, path: CatalogPath, document: CatalogDocument, report: Report): void {
  const known = [...document.credit_assets.map(({ id }) => id), document.currency]
  if (!isCurrency(price.asset) && !known.includes(price.asset)) {
    const suggestion = nearest(price.asset, known)
    report.error([...path, 'asset'], 'unknown_asset', `there is no credit asset ${price.asset}.${didYouMean(suggestion)}`, suggestion)
    return
  }
  const currency = currencyOf(price, document)
  checkCurrency(currency, [...path, 'currency'], report)
  const amount = checkAmount(price.amount, currency, [...path, 'amount'], report)
  if (amount === 0n) report.error([...path, 'amount'], 'out_of_range', 'credits that cost nothing are given, not sold: the amount must be above zero.')
  for (const field of ['min', 'max'] as const) if (price[field] !== null) checkAmount(price[field], currency, [...path, field], report)
  for (const field of ['days', 'bonus_days'] as const) if (price[field] !== null) checkInteger(price[field], { min: 1, max: DAYS_MAX }, [...path, field], report)
  if (price.bonus.length > TIERS_MAX) report.error([...path, 'bonus'], 'out_of_range', `${price.bonus.length} tiers; at most ${TIERS_MAX}.`)
  for (const [index, feature] of (price.features ?? []).entries()) {
    if (document.features.some(({ id }) => id === feature)) continue
    const suggestion = nearest(feature, document.features.map(({ id }) => id))
    report.error([...path, 'features', index], 'unknown_feature', `there is no feature ${feature}.${didYouMean(suggestion)}`, suggestion)
  }
  if ((price.features ?? []).length > FEATURES_PER_WALLET_MAX) report.error([...path, 'features'], 'out_of_range', `${price.features?.length} features; at most ${FEATURES_PER_WALLET_MAX}, or none for all.`)
  checkUnique(price.bonus.map(({ from }) => from), { what: 'tier', path: [...path, 'bonus'], field: 'from' }, report)
  for (const [index, tier] of price.bonus.entries()) {
    checkAmount(tier.from, currency, [...path, 'bonus', index, 'from'], report)
    attempt(() => parsePercent(tier.percent, 'percent'), [...path, 'bonus', index, 'percent'], report)
  }
}
