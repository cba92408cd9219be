// A price in words, for plan tables and paywalls: `0.015 USD per 1000`. What a price by dimensions costs depends on what is
// used, so each entry stands for itself.

import { unreachable } from '../assert.ts'
import { formatUnits, type AssetId, type Units } from '../money.ts'
import { formatQuantity, type Quantity } from '../quantity.ts'
import type { PriceModel, RecurringPrice, UsagePrice } from './price.ts'
import { formatPercent } from './ratio.ts'

export function describePrice(price: UsagePrice): string {
  const { asset, scale } = price
  const money = (amount: Units) => `${formatUnits(amount, asset)} ${asset}`
  const within = (minimum: Units | null, maximum: Units | null) => `${minimum === null ? '' : `, at least ${money(minimum)}`}${maximum === null ? '' : `, at most ${money(maximum)}`}`
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return describeModel(price, asset, scale)
    case 'matrix':
      return [...price.entries.map((entry) => `${entry.id}: ${describeModel(entry.value, asset, scale)}`), ...(price.otherwise === null ? [] : [`else ${describeModel(price.otherwise, asset, scale)}`])].join('; ')
    case 'credits':
      return [...price.entries.map((entry) => `${entry.id}: ${money(entry.value)}${perText(price.per, scale)}`), ...(price.otherwise === null ? [] : [`else ${money(price.otherwise)}${perText(price.per, scale)}`])].join('; ')
    case 'percentage':
      return `${formatPercent(price.rate)} %${price.fixed === 0n ? '' : ` + ${money(price.fixed)}`}${within(price.minimum, price.maximum)}`
    case 'cost_plus':
      return `provider cost + ${formatPercent(price.margin)} %${within(price.minimum, null)}`
    case 'dynamic':
      return `as each event says${within(price.minimum, price.maximum)}`
    case 'outcome':
      return `${money(price.amount)} for each that ${price.chargedOn.join(' or ')}`
    default:
      return unreachable(price)
  }
}

export function describeRecurring(price: RecurringPrice, currency: AssetId, period: string): string {
  return `${formatUnits(price.amount, currency)} ${currency} a ${period}${price.model === 'seat' ? ' and seat' : ''}${price.timing === 'in_arrears' ? ', afterwards' : ''}`
}

function describeModel(price: PriceModel, asset: AssetId, scale: number): string {
  const money = (amount: Units) => `${formatUnits(amount, asset)} ${asset}`
  switch (price.model) {
    case 'per_unit':
      return `${money(price.amount)}${perText(price.per, scale)}`
    case 'package':
      return `${money(price.amount)}${perText(price.size, scale)}, in whole packages`
    case 'graduated':
    case 'volume':
      return price.tiers.map((tier) => `${money(tier.amount)}${perText(price.per, scale)}${tier.flat === 0n ? '' : ` + ${money(tier.flat)}`}${tier.upTo === null ? '' : ` up to ${formatQuantity(tier.upTo, scale)}`}`).join(', then ')
    default:
      return unreachable(price)
  }
}

function perText(units: Quantity, scale: number): string {
  const text = formatQuantity(units, scale)
  return text === '1' ? '' : ` per ${text}`
}
