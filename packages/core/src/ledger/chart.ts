// The chart of accounts: what each account of the ledger is to a bookkeeper. Wallets are one account for bought credit and one for credit that was
// given away; an account that is not in the chart stands under its own name, so that nothing is ever left out of a sum.

import type { LineKind } from '../invoice/close.ts'

/** `asset` and `expense` are debits by nature, `liability` and `revenue` credits; what takes away from revenue is revenue below zero. */
export type AccountKind = 'asset' | 'liability' | 'revenue' | 'expense'

export type BookAccount = {
  /** As it is exported unless the operator maps it to an account of its own chart. */
  readonly code: string
  readonly name: string
  readonly kind: AccountKind
}

export const CHART: Readonly<Record<string, BookAccount>> = {
  payment_clearing: { code: '1050', name: 'Payments clearing', kind: 'asset' },
  receivable: { code: '1100', name: 'Accounts receivable', kind: 'asset' },
  accrued_usage: { code: '1150', name: 'Unbilled usage', kind: 'asset' },
  wallet_debt: { code: '1160', name: 'Usage beyond prepaid credit', kind: 'asset' },
  accrued_provider_cost: { code: '2100', name: 'Accrued provider cost', kind: 'liability' },
  tax_payable: { code: '2200', name: 'Tax payable', kind: 'liability' },
  wallet_paid: { code: '2400', name: 'Prepaid credit', kind: 'liability' },
  credit_transfer: { code: '2420', name: 'Credit between customers', kind: 'liability' },
  // Credits of another unit than money, at what was paid for them.
  wallet_units: { code: '2401', name: 'Prepaid credits', kind: 'liability' },
  deferred_revenue: { code: '2410', name: 'Deferred revenue', kind: 'liability' },
  usage_revenue: { code: '4000', name: 'Usage revenue', kind: 'revenue' },
  credit_revenue: { code: '4001', name: 'Revenue of used credits', kind: 'revenue' },
  usage_adjustments: { code: '4005', name: 'Usage rated again', kind: 'revenue' },
  fee_revenue: { code: '4010', name: 'Fee revenue', kind: 'revenue' },
  exchange: { code: '4010', name: 'Credits invoiced as money', kind: 'revenue' },
  included_usage: { code: '4020', name: 'Usage that fees include', kind: 'revenue' },
  breakage: { code: '4030', name: 'Breakage', kind: 'revenue' },
  discounts: { code: '4080', name: 'Discounts', kind: 'revenue' },
  credit_notes: { code: '4085', name: 'Credit notes', kind: 'revenue' },
  // These three are one account to a bookkeeper: a grant moves nothing, and what is used takes away from revenue.
  promotion: { code: '4090', name: 'Promotional credit', kind: 'revenue' },
  wallet_promotional: { code: '4090', name: 'Promotional credit', kind: 'revenue' },
  breakage_promotional: { code: '4090', name: 'Promotional credit', kind: 'revenue' },
  included_tax: { code: '4095', name: 'Tax inside of prices', kind: 'revenue' },
  rounding: { code: '4900', name: 'Rounding', kind: 'revenue' },
  provider_cost: { code: '5000', name: 'Provider cost', kind: 'expense' },
  bad_debt: { code: '6100', name: 'Bad debt', kind: 'expense' },
}

export function accountIn(account: string): BookAccount {
  return CHART[account] ?? { code: account, name: account, kind: 'liability' }
}

/** Whether a balance above zero is debits minus credits. */
export function isDebitAccount(account: string): boolean {
  const { kind } = accountIn(account)
  return kind === 'asset' || kind === 'expense'
}

/** Why a transfer was posted, in words; a cause that is not here stands under its own name. */
export const CAUSE_NAMES: Readonly<Record<string, string>> = {
  usage: 'Usage', rerating: 'Usage rated again', top_up: 'Credit added', expiry: 'Credit expired', void: 'Credit voided', refund: 'Credit refunded', transfer: 'Credit moved', invoice: 'Invoices', payment: 'Payments', invoice_void: 'Voided invoices', invoice_write_off: 'Written off',
  credit_note: 'Credit notes', recognition: 'Recognised', provider_cost: 'Provider cost',
}

/** Lines whose revenue is usage; all others are fees. */
export const USAGE_LINES: ReadonlySet<LineKind> = new Set(['usage', 'late_usage', 'credits', 'adjustment'])
