// What an invoice says: from exact lines to what is asked for, in one order. Lines (fees, usage, items, true-ups) are rounded once each;
// then coupons, then what the plan includes, then promotional credit, then tax, then what was paid in advance. A draft, the preview at any time and the final
// invoice are all this one function over the same facts.

import { assert } from '../assert.ts'
import { roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import { NONE, type Quantity } from '../quantity.ts'
import type { Span } from '../time.ts'
import { taxOn, type Taxed, type TaxTreatment } from './tax.ts'

export type LineKind =
  /** Recurring, for the time of a period. */
  | 'fee'
  /** What events cost. */
  | 'usage'
  /** Credits that were used beyond the wallet. */
  | 'credits'
  /** Usage of a period that was closed before, which came late or was corrected. */
  | 'late_usage'
  /** What a change in mid-period gives back or asks for. */
  | 'proration'
  /** Up to a minimum that was agreed, or down to a maximum. */
  | 'true_up'
  /** Usage of an earlier period that was rated again. */
  | 'adjustment'
  /** Written by hand. */
  | 'item'

export type ChargeLine = {
  readonly kind: LineKind
  /** Id of the fee, price or item: with the period it leads to the events. */
  readonly price: string
  /** The entry of a price that dimensions choose; empty for any other. */
  readonly entry: string
  readonly name: string
  /** Time that it is for. */
  readonly period: Span
  readonly quantity: Quantity
  readonly included: Quantity
  readonly billable: Quantity
  readonly scale: number
  readonly events: number
  /** Part of the whole exact sum that is charges of events. */
  readonly charges: Units
  /** What this invoice asks for, exact. */
  readonly exact: Units
  /** The part of the period that it is for; all of it where it is left out. */
  readonly time?: Span
  /** What earlier invoices of the period asked for of it. */
  readonly before?: { readonly exact: Units; readonly amount: Units }
}

/** A line of one unit, without usage behind it. */
export function plainLine(line: Pick<ChargeLine, 'kind' | 'price' | 'name' | 'period' | 'exact'>): ChargeLine {
  return { ...line, entry: '', charges: ZERO, quantity: 1n as Quantity, included: NONE, billable: 1n as Quantity, scale: 0, events: 0 }
}

export type ClosedLine = ChargeLine & { readonly amount: Units }

/** Taken off before tax; `amount` above zero, exact. */
export type Discount = { readonly id: string; readonly name: string; readonly amount: Units }

export type CloseInput = {
  readonly currency: AssetId
  readonly lines: readonly ChargeLine[]
  /** In the order in which they apply. Together they never take off more than there is. */
  readonly discounts: readonly Discount[]
  /** Usage of these lines that the plan includes as an amount, exact: its fee has paid it. */
  readonly included: Units
  /** Usage of these lines that promotional credit paid, exact. */
  readonly promotional: Units
  /** Usage of these lines that bought credit paid, exact: it was taxed when it was bought. */
  readonly prepaid: Units
  readonly tax: TaxTreatment
}

export type ClosedInvoice = {
  readonly currency: AssetId
  readonly lines: readonly ClosedLine[]
  /** Sum of the lines as printed. */
  readonly subtotal: Units
  readonly discounts: readonly Discount[]
  readonly included: Units
  readonly promotional: Units
  readonly prepaid: Units
  /** What is taxed: subtotal − discounts − included − promotional − prepaid. */
  readonly taxable: Units
  readonly taxed: Taxed
  /** With tax, and with what bought credit paid. */
  readonly total: Units
  /** total − prepaid. Below zero it is owed to the customer. */
  readonly amountDue: Units
  /** Printed minus exact, over everything that was rounded: posted to the rounding account. */
  readonly rounding: Units
}

export function closeInvoice(input: CloseInput): ClosedInvoice {
  const { currency } = input
  assert(input.included >= 0n && input.promotional >= 0n && input.prepaid >= 0n, 'closeInvoice: credit that paid is not below zero')
  const lines = input.lines.map((line) => ({ ...line, amount: printed(line, currency) }))
  const subtotal = sum(lines.map(({ amount }) => amount))
  const discounts = bounded(input.discounts, subtotal, currency)
  const discounted = units(subtotal - sum(discounts.map(({ amount }) => amount)))
  const credits = creditsOf(input, lines, discounted)
  const taxable = units(discounted - credits.included - credits.promotional - credits.prepaid)
  const taxed = taxOn(taxable, input.tax, currency)
  const exact = sum(input.lines.map((line) => line.exact)) - sum(input.discounts.map(({ amount }) => amount)) - input.included - input.promotional - input.prepaid
  return {
    currency, lines, subtotal, discounts, ...credits, taxable, taxed,
    total: units(taxed.gross + credits.prepaid),
    amountDue: taxed.gross,
    rounding: units(taxable - exact),
  }
}

/** Rounded as a part of the whole: what the invoices of a period print of a line sums to the line as it would be printed at once. */
function printed(line: ChargeLine, currency: AssetId): Units {
  if (line.before === undefined) return roundToMinor(line.exact, currency)
  return units(roundToMinor(units(line.before.exact + line.exact), currency) - line.before.amount)
}

/** Each as printed; the last ones get what is left. */
function bounded(discounts: readonly Discount[], subtotal: Units, currency: AssetId): Discount[] {
  let left: bigint = subtotal > ZERO ? subtotal : ZERO
  return discounts.map((discount) => {
    const rounded = roundToMinor(discount.amount, currency)
    const amount = units(rounded < left ? rounded : left)
    left -= amount
    return { ...discount, amount }
  })
}

/**
 * Credit as printed, never more than the usage that it paid or what is left after discounts. Usage that credit paid in full,
 * exactly, is shown as paid in full: rounding never leaves a cent to ask for.
 */
function creditsOf(input: CloseInput, lines: readonly ClosedLine[], discounted: Units): Pick<ClosedInvoice, 'included' | 'promotional' | 'prepaid'> {
  const usage = lines.filter(({ kind }) => kind === 'usage' || kind === 'late_usage')
  const printedUsage = sum(usage.map(({ amount }) => amount))
  const exact = sum(usage.map((line) => line.exact))
  const paid = units(input.included + input.promotional + input.prepaid)
  const all = min(paid === exact && exact > 0n ? printedUsage : roundToMinor(paid, input.currency), min(max(printedUsage, ZERO), max(discounted, ZERO)))
  const included = min(roundToMinor(input.included, input.currency), all)
  const promotional = min(roundToMinor(input.promotional, input.currency), units(all - included))
  return { included, promotional, prepaid: units(all - included - promotional) }
}

function min(a: Units, b: Units): Units {
  return a < b ? a : b
}

function max(a: Units, b: Units): Units {
  return a > b ? a : b
}

function sum(amounts: readonly bigint[]): Units {
  return units(amounts.reduce((total, amount) => total + amount, 0n))
}
