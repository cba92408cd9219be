// A price in words, for plan tables and paywalls: `0.015 USD per 1000`. What a price by dimensions costs depends on what is
// used, so each entry stands for itself. How amounts are written and the few words between them are an argument: nobody's language is here.

import { unreachable } from '../assert.ts'
import { formatUnits, type AssetId, type Units } from '../money.ts'
import { formatQuantity, type Quantity } from '../quantity.ts'
import type { PriceModel, RecurringPrice, UsagePrice } from './price.ts'
import { formatPercent } from './ratio.ts'

/** How a price is said in one language. */
export type PriceWords = {
  readonly money: (amount: string, asset: string) => string
  readonly count: (quantity: string) => string
  readonly per: (count: string) => string
  readonly upTo: (count: string) => string
  readonly percent: (percent: string) => string
  readonly atLeast: (amount: string) => string
  readonly atMost: (amount: string) => string
  /** Between the tiers of one price. */
  readonly next: string
  /** Before the price of everything that no entry names. */
  readonly otherwise: string
  readonly wholePackages: string
  readonly costPlus: (percent: string) => string
  readonly asEventSays: string
  readonly forEach: (amount: string, outcomes: readonly string[]) => string
  readonly each: (amount: string, period: string) => string
  readonly andSeat: string
  readonly afterwards: string
}

export const PLAIN_PRICE_WORDS: PriceWords = {
  money: (amount, asset) => `${amount} ${asset}`, count: (quantity) => quantity, per: (count) => ` per ${count}`, upTo: (count) => ` up to ${count}`, percent: (percent) => `${percent} %`,
  atLeast: (amount) => `, at least ${amount}`, atMost: (amount) => `, at most ${amount}`, next: ', then ', otherwise: 'else', wholePackages: ', in whole packages', costPlus: (percent) => `provider cost + ${percent}`,
  asEventSays: 'as each event says', forEach: (amount, outcomes) => `${amount} for each that ${outcomes.join(' or ')}`, each: (amount, period) => `${amount} a ${period}`, andSeat: ' and seat', afterwards: ', afterwards',
}

export function describePrice(price: UsagePrice, say: PriceWords = PLAIN_PRICE_WORDS): string {
  const { asset, scale } = price
  const money = (amount: Units) => say.money(formatUnits(amount, asset), asset)
  const within = (minimum: Units | null, maximum: Units | null) => `${minimum === null ? '' : say.atLeast(money(minimum))}${maximum === null ? '' : say.atMost(money(maximum))}`
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return describeModel(price, { asset, scale, say })
    case 'matrix':
      return [...price.entries.map((entry) => `${entry.id}: ${describeModel(entry.value, { asset, scale, say })}`), ...(price.otherwise === null ? [] : [`${say.otherwise} ${describeModel(price.otherwise, { asset, scale, say })}`])].join('; ')
    case 'credits':
      return [...price.entries.map((entry) => `${entry.id}: ${money(entry.value)}${perText(price.per, scale, say)}`), ...(price.otherwise === null ? [] : [`${say.otherwise} ${money(price.otherwise)}${perText(price.per, scale, say)}`])].join('; ')
    case 'percentage':
      return `${say.percent(formatPercent(price.rate))}${price.fixed === 0n ? '' : ` + ${money(price.fixed)}`}${within(price.minimum, price.maximum)}`
    case 'cost_plus':
      return `${say.costPlus(say.percent(formatPercent(price.margin)))}${within(price.minimum, null)}`
    case 'dynamic':
      return `${say.asEventSays}${within(price.minimum, price.maximum)}`
    case 'outcome':
      return say.forEach(money(price.amount), price.chargedOn)
    default:
      return unreachable(price)
  }
}

export function describeRecurring(price: RecurringPrice, currency: AssetId, period: string, say: PriceWords = PLAIN_PRICE_WORDS): string {
  return `${say.each(say.money(formatUnits(price.amount, currency), currency), period)}${price.model === 'seat' ? say.andSeat : ''}${price.timing === 'in_arrears' ? say.afterwards : ''}`
}

type Of = { readonly asset: AssetId; readonly scale: number; readonly say: PriceWords }

function describeModel(price: PriceModel, { asset, scale, say }: Of): string {
  const money = (amount: Units) => say.money(formatUnits(amount, asset), asset)
  switch (price.model) {
    case 'per_unit':
      return `${money(price.amount)}${perText(price.per, scale, say)}`
    case 'package':
      return `${money(price.amount)}${perText(price.size, scale, say)}${say.wholePackages}`
    case 'graduated':
    case 'volume':
      return price.tiers.map((tier) => `${money(tier.amount)}${perText(price.per, scale, say)}${tier.flat === 0n ? '' : ` + ${money(tier.flat)}`}${tier.upTo === null ? '' : say.upTo(say.count(formatQuantity(tier.upTo, scale)))}`).join(say.next)
    default:
      return unreachable(price)
  }
}

function perText(units: Quantity, scale: number, say: PriceWords): string {
  const text = formatQuantity(units, scale)
  return text === '1' ? '' : say.per(say.count(text))
}
