// What credits cost when they are bought: an amount per credit, and bonus credits by what is paid at once ("pay 100, get 110"). Prices are
// net; tax comes on top. A wallet in a currency needs no price: one unit of it costs one unit.

import { divideRounded, pow10 } from '../decimal.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { assetScale, isCurrency, roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import { ONE, type Ratio } from '../rating/ratio.ts'

export type CreditPrice = {
  readonly asset: AssetId
  readonly currency: AssetId
  /** For one credit. */
  readonly amount: Units
  /** By what is paid, the lowest first: the last that is reached counts, for all of it. */
  readonly bonus: readonly { readonly from: Units; readonly percent: Ratio }[]
  /** Bounds of what is paid at once; null for none. */
  readonly min: Units | null
  readonly max: Units | null
  /** How long credits last, in days; null for ever. */
  readonly days: number | null
  readonly bonusDays: number | null
  /** Features that they pay for, sorted; none: all. */
  readonly features: readonly string[]
}

export type CreditQuote = {
  readonly asset: AssetId
  readonly credits: Units
  /** Given on top. */
  readonly bonus: Units
  readonly currency: AssetId
  /** Without tax, as the currency prints it. */
  readonly net: Units
}

/** What credits of an asset cost: as the catalog says, else what the asset is worth on an invoice, a currency one for one. Null: not for sale. */
export function creditPriceOf(catalog: Pick<Catalog, 'creditPrices' | 'creditAssets'>, asset: AssetId): CreditPrice | null {
  const priced = catalog.creditPrices?.get(asset)
  if (priced !== undefined) return priced
  if (isCurrency(asset)) return plainPrice(asset)
  const { value, currency } = catalog.creditAssets.get(asset) ?? { value: null, currency: '' }
  return value === null ? null : { ...plainPrice(currency), asset, amount: value }
}

function plainPrice(currency: AssetId): CreditPrice {
  return { asset: currency, currency, amount: units(pow10(assetScale(currency))), bonus: [], min: null, max: null, days: null, bonusDays: null, features: [] }
}

/** The price is rounded once, half away from zero, to what the currency prints; the bonus is rounded down. */
export function quoteCredits(price: CreditPrice, credits: Units): CreditQuote {
  const net = roundToMinor(units(divideRounded(credits * price.amount, pow10(assetScale(price.asset)))), price.currency)
  const tier = price.bonus.findLast(({ from }) => from <= net)
  const bonus = tier === undefined ? ZERO : units((credits * tier.percent) / ONE)
  return { asset: price.asset, credits, bonus, currency: price.currency, net }
}
