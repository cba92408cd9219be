// What an invoice, a payment and a credit note move in the ledger. Everything that is asked for stands on `receivable`, which reaches zero
// when it is paid; what usage accrued leaves `accrued_usage` exactly; the difference that printing made has an account of its own.

import { units, ZERO, type AssetId, type Units } from '../money.ts'
import type { AccountId, Transfer } from './transfer.ts'

export type InvoicePosting = {
  readonly asset: AssetId
  /** Usage of the invoice that was accrued, exact. */
  readonly accrued: Units
  /** Fees and all else that is no usage, exact; those for time to come are deferred. */
  readonly fees: Units
  readonly deferred: Units
  readonly discounts: Units
  readonly tax: Units
  /** The lines hold the tax already. */
  readonly isTaxInside?: boolean
  readonly amountDue: Units
}

/** The transfers of an invoice that got its number. Below zero they run the other way. */
export function invoiceTransfers(posting: InvoicePosting): Transfer[] {
  const { asset } = posting
  const isInside = posting.isTaxInside === true
  const rounding = posting.amountDue - (posting.accrued + posting.fees + posting.deferred - posting.discounts + (isInside ? ZERO : posting.tax))
  return [
    ...move('receivable', 'accrued_usage', asset, posting.accrued),
    ...move('receivable', 'fee_revenue', asset, posting.fees),
    ...move('receivable', 'deferred_revenue', asset, posting.deferred),
    ...move('discounts', 'receivable', asset, posting.discounts),
    ...move(isInside ? 'included_tax' : 'receivable', 'tax_payable', asset, posting.tax),
    ...move('receivable', 'rounding', asset, units(rounding)),
  ]
}

/** Usage was rated again: what it comes to beyond its charges is accrued for the next invoice. Below zero it is given back there. */
export function adjustmentTransfers(asset: AssetId, difference: Units): Transfer[] {
  return move('accrued_usage', 'usage_adjustments', asset, difference)
}

/** Money came for an invoice. */
export function paymentTransfers(asset: AssetId, amount: Units): Transfer[] {
  return move('payment_clearing', 'receivable', asset, amount)
}

/** Nobody expects the money of an invoice any more. */
export function writeOffTransfers(asset: AssetId, amount: Units): Transfer[] {
  return move('bad_debt', 'receivable', asset, amount)
}

/** A credit note: revenue and tax go back; the amount is owed to the customer, or no longer by it. */
export function creditNoteTransfers(asset: AssetId, note: { readonly net: Units; readonly tax: Units }): Transfer[] {
  return [...move('credit_notes', 'receivable', asset, note.net), ...move('tax_payable', 'receivable', asset, note.tax)]
}

/** Time of deferred fees has passed. Below zero it was time that was given back. */
export function recognitionTransfers(asset: AssetId, amount: Units): Transfer[] {
  return move('deferred_revenue', 'fee_revenue', asset, amount)
}

/** A credit note over a fee whose time has not come: what is deferred of it was never revenue, so that the note takes none back. */
export function releaseTransfers(asset: AssetId, amount: Units): Transfer[] {
  return move('deferred_revenue', 'credit_notes', asset, amount)
}

function move(debit: AccountId, credit: AccountId, asset: AssetId, amount: Units): Transfer[] {
  if (amount === ZERO) return []
  return amount > ZERO ? [{ debit, credit, asset, amount }] : [{ debit: credit, credit: debit, asset, amount: units(-amount) }]
}
