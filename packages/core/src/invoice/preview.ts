// What an invoice of the running period would say now. Its lines come from the same accumulators that each charge moved,
// so a line's `exact` is the sum of its events' charges by construction; `amount` is the one rounding, shown beside it. Usage
// that is priced in credits is told in credits, and costs money only where it was accrued beyond the wallet.

import { divideRounded, pow10 } from '../decimal.ts'
import { assetScale, isCurrency, roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { closeLinesOf, type CloseContext } from '../contract/at-close.ts'
import { openingOf } from '../rating/rate-usage.ts'
import type { UsagePrice } from '../rating/price.ts'
import type { Instant, Span } from '../time.ts'
import { recurringLines, type AgreedTime, type Seats } from './recurring.ts'

/** Running totals of one aggregate of a price in one period. */
export type Accumulated = {
  readonly price: string
  /** The entry of a price that dimensions choose; empty for any other. */
  readonly entry: string
  readonly quantity: Quantity
  readonly included: Quantity
  readonly billable: Quantity
  readonly amount: Units
  readonly events: number
}

export type InvoiceLine = {
  /** `credits`: what was used of a credit asset beyond the wallet; then what the close adds: contract and coupons. */
  readonly kind: 'fee' | 'usage' | 'credits' | 'discount' | 'commitment' | 'coupon'
  /** Id of the fee or price in the catalog, which events carry in their charges; of a credit asset for `credits`. */
  readonly price: string
  readonly entry: string
  readonly name: string
  readonly quantity: Quantity
  readonly included: Quantity
  readonly billable: Quantity
  readonly scale: number
  readonly events: number
  /** In the asset of the list that it stands in, as are `opening` and `amount`. */
  readonly exact: Units
  /** Part of `exact` that is due without usage. */
  readonly opening: Units
  readonly amount: Units
  /** Of a fee that is not the same over the whole period: since when it is as it is at its end. */
  readonly changedAt?: Instant
  /** Of a fee for a part of the period: that part. */
  readonly time?: Span
}

/** Usage of a credit asset: what was used and who paid. Lines are not rounded. */
export type CreditUsage = { readonly asset: AssetId; readonly lines: readonly InvoiceLine[]; readonly used: Units; readonly paid: AssetPayment }

/** What wallets, allowances of an amount, accrual and debt paid of the period's usage in one asset. */
export type AssetPayment = { readonly asset: AssetId; readonly drawn: Units; readonly included: Units; readonly accrued: Units; readonly debt: Units }

export type InvoicePreview = {
  readonly currency: AssetId
  readonly lines: readonly InvoiceLine[]
  readonly credits: readonly CreditUsage[]
  /** Sum of the lines as printed. */
  readonly subtotal: Units
  /** Usage already paid from prepaid credit and included amounts, as printed; never more than the usage lines. */
  readonly creditsApplied: Units
  /** Printed minus exact, over all lines: posted to the rounding account when the invoice is closed. */
  readonly rounding: Units
  readonly amountDue: Units
}

export type PreviewInput = {
  readonly period: Span
  /** Those of the plan, and those that charged usage of the period, whatever plan they are of. */
  readonly prices: readonly UsagePrice[]
  /** What is agreed for the time of the period; nothing is due without usage where there is no such time. */
  readonly agreed: readonly AgreedTime[]
  readonly currency: AssetId
  readonly accumulated: readonly Accumulated[]
  /** By asset; what is missing paid nothing. */
  readonly paid: readonly AssetPayment[]
  /** What one credit of an asset costs in `currency`, where it is accrued; null where it can only be prepaid. */
  readonly creditValue: (asset: AssetId) => Units | null
  /** Contract and coupons: what the close of the period adds; nothing unless there. */
  readonly close?: CloseContext
  /** Seats over the period, for plans that have them. */
  readonly seats?: Seats
}

export function previewInvoice(input: PreviewInput): InvoicePreview {
  const { currency } = input
  const inMoney = input.prices.filter(({ asset }) => isCurrency(asset))
  const assets = [...new Set(input.prices.flatMap(({ asset }) => (isCurrency(asset) ? [] : [asset])))]
  const credits = assets.map((asset) => creditUsage(asset, input))
  const open = [...recurringLines(input), ...usageLines(inMoney, input, currency), ...credits.flatMap((usage) => overageLine(usage, input))]
  const lines = input.close === undefined ? open : closeLinesOf(open, input.close)
  const subtotal = sum(lines.map(({ amount }) => amount))
  const own = paymentOf(currency, input)
  const usage = lines.filter(({ kind }) => kind === 'usage')
  const creditsUsed = creditsFor({ drawn: units(own.drawn + own.included), usageExact: sum(usage.map(({ exact }) => exact)), usagePrinted: sum(usage.map(({ amount }) => amount)), currency })
  // What a discount on the whole gave already is not paid a second time.
  const creditsApplied = input.close !== undefined && creditsUsed > subtotal ? units(subtotal > ZERO ? subtotal : ZERO) : creditsUsed
  return {
    currency,
    lines,
    credits,
    subtotal,
    creditsApplied,
    rounding: units(subtotal - sum(lines.map(({ exact }) => exact))),
    amountDue: units(subtotal - creditsApplied),
  }
}

/** Usage that was paid in full by credits is shown as paid in full: rounding never leaves a cent to ask for. */
function creditsFor(input: { readonly drawn: Units; readonly usageExact: Units; readonly usagePrinted: Units; readonly currency: AssetId }): Units {
  if (input.drawn === input.usageExact) return input.usagePrinted
  const rounded = roundToMinor(input.drawn, input.currency)
  return rounded < input.usagePrinted ? rounded : input.usagePrinted
}

/** A line for each aggregate that was moved; a price that was not used has its line too where time is due, because its opening fee is owed. */
function usageLines(prices: readonly UsagePrice[], { accumulated, agreed }: PreviewInput, asset: AssetId): InvoiceLine[] {
  return prices.flatMap((price) => {
    const totals = accumulated.filter((total) => total.price === price.id)
    const opening = openingOf(price)
    if (totals.length === 0 && agreed.length === 0) return []
    return (totals.length > 0 ? totals : [{ price: price.id, entry: '', quantity: NONE, included: NONE, billable: NONE, amount: ZERO, events: 0 }]).map((total): InvoiceLine => {
      const exact = units(total.amount + opening)
      return {
        kind: 'usage', price: price.id, entry: total.entry, name: total.entry === '' ? price.name : `${price.name}: ${total.entry}`, quantity: total.quantity, included: total.included, billable: total.billable,
        scale: price.scale, events: total.events, exact, opening, amount: isCurrency(asset) ? roundToMinor(exact, asset) : exact,
      }
    })
  })
}

function creditUsage(asset: AssetId, input: PreviewInput): CreditUsage {
  const lines = usageLines(input.prices.filter((price) => price.asset === asset), input, asset)
  return { asset, lines, used: sum(lines.map(({ exact }) => exact)), paid: paymentOf(asset, input) }
}

/** Credits that were used beyond the wallet, at what one costs. */
function overageLine({ asset, paid }: CreditUsage, input: PreviewInput): InvoiceLine[] {
  const value = input.creditValue(asset)
  if (value === null || paid.accrued === ZERO) return []
  const scale = assetScale(asset)
  const exact = units(divideRounded(paid.accrued * value, pow10(scale)))
  const count = quantity(paid.accrued)
  return [{ kind: 'credits', price: asset, entry: '', name: `Credits beyond the wallet: ${asset}`, quantity: count, included: NONE, billable: count, scale, events: 0, exact, opening: ZERO, amount: roundToMinor(exact, input.currency) }]
}

function paymentOf(asset: AssetId, { paid }: PreviewInput): AssetPayment {
  return paid.find((payment) => payment.asset === asset) ?? { asset, drawn: ZERO, included: ZERO, accrued: ZERO, debt: ZERO }
}

function sum(amounts: readonly Units[]): Units {
  return units(amounts.reduce((total: bigint, amount) => total + amount, 0n))
}
