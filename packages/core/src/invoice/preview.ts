// What an invoice of the running period would say now. Its lines come from the same accumulators that each charge moved,
// so a line's `exact` is the sum of its events' charges by construction; `amount` is the one rounding, shown beside it.

import { roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import { NONE, type Quantity } from '../quantity.ts'
import type { Plan } from '../catalog/catalog.ts'
import { rateOpening } from '../rating/rate.ts'

/** Running totals of one price in one period. */
export type Accumulated = {
  readonly price: string
  readonly quantity: Quantity
  readonly included: Quantity
  readonly billable: Quantity
  readonly amount: Units
  readonly events: number
}

export type InvoiceLine = {
  readonly kind: 'fee' | 'usage'
  /** Id of the fee or price in the catalog: events carry it in their charges. */
  readonly price: string
  readonly name: string
  readonly quantity: Quantity
  readonly included: Quantity
  readonly billable: Quantity
  readonly scale: number
  readonly events: number
  readonly exact: Units
  readonly amount: Units
}

export type InvoicePreview = {
  readonly currency: AssetId
  readonly lines: readonly InvoiceLine[]
  /** Sum of the lines as printed. */
  readonly subtotal: Units
  /** Usage already paid from prepaid credit, as printed; never more than the usage lines. */
  readonly creditsApplied: Units
  /** Printed minus exact, over all lines: posted to the rounding account when the invoice is closed. */
  readonly rounding: Units
  readonly amountDue: Units
}

export function previewInvoice(input: {
  readonly plan: Plan
  readonly currency: AssetId
  readonly accumulated: readonly Accumulated[]
  /** Exact amount that wallets paid for usage of this period. */
  readonly drawn: Units
}): InvoicePreview {
  const { currency } = input
  const lines = [...feeLines(input.plan, currency), ...usageLines(input.plan, input.accumulated, currency)]
  const subtotal = sum(lines.map(({ amount }) => amount))
  const usagePrinted = sum(lines.filter(({ kind }) => kind === 'usage').map(({ amount }) => amount))
  const usageExact = sum(lines.filter(({ kind }) => kind === 'usage').map(({ exact }) => exact))
  const creditsApplied = creditsFor({ drawn: input.drawn, usageExact, usagePrinted, currency })
  return {
    currency,
    lines,
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

function feeLines(plan: Plan, currency: AssetId): InvoiceLine[] {
  if (plan.fee === null) return []
  const { id, name, amount } = plan.fee
  return [{ kind: 'fee', price: id, name, quantity: 1n as Quantity, included: NONE, billable: 1n as Quantity, scale: 0, events: 0, exact: amount, amount: roundToMinor(amount, currency) }]
}

function usageLines(plan: Plan, accumulated: readonly Accumulated[], currency: AssetId): InvoiceLine[] {
  const byPrice = new Map(accumulated.map((total) => [total.price, total]))
  return plan.prices.map((price) => {
    const total = byPrice.get(price.id)
    const exact = units((total?.amount ?? ZERO) + rateOpening(price))
    return {
      kind: 'usage',
      price: price.id,
      name: price.name,
      quantity: total?.quantity ?? NONE,
      included: total?.included ?? NONE,
      billable: total?.billable ?? NONE,
      scale: price.scale,
      events: total?.events ?? 0,
      exact,
      amount: roundToMinor(exact, currency),
    }
  })
}

function sum(amounts: readonly Units[]): Units {
  return units(amounts.reduce((total: bigint, amount) => total + amount, 0n))
}
