// Double entry: each transfer moves one amount of one asset from one account to another, so debits equal credits by
// construction. Accounts belong to a customer; their names are paths. Posted transfers never change; a mistake is undone
// by another transfer.

import type { AssetId, Units } from '../money.ts'

/**
 * Accounts of a customer.
 * - `wallet:<block>` what we owe the customer as prepaid credit
 * - `wallet_debt` usage beyond the wallet, repaid first by the next top-up
 * - `payment_clearing` money received for credits · `promotion` credits given away
 * - `accrued_usage` usage that the next invoice asks for
 * - `included_usage` usage that an allowance of an amount paid: the plan's fee includes it
 * - `usage_revenue` what usage earned · `usage_adjustments` what rating it again added or took away
 * - `breakage` credits that expired unused
 * - `receivable` what invoices ask for and nobody has paid yet · `tax_payable` tax on them
 * - `deferred_revenue` fees for time to come · `fee_revenue` fees whose time has passed
 * - `credit_transfer` credit on its way from one customer to another: over all of them it is zero
 * - `exchange` credits that an invoice turned into money
 * - `included_tax` tax inside of prices: revenue holds it, and it is taken away again
 * - `discounts`, `credit_notes` and `bad_debt` take away from revenue · `rounding` printed minus exact
 */
export type AccountId =
  | `wallet:${string}` | 'wallet_debt' | 'payment_clearing' | 'promotion' | 'accrued_usage' | 'included_usage' | 'usage_revenue' | 'usage_adjustments' | 'breakage' | 'credit_transfer'
  | 'receivable' | 'tax_payable' | 'deferred_revenue' | 'fee_revenue' | 'discounts' | 'credit_notes' | 'bad_debt' | 'included_tax' | 'rounding' | 'exchange'

export type Transfer = {
  readonly debit: AccountId
  readonly credit: AccountId
  readonly asset: AssetId
  readonly amount: Units
}

/** What happened to the money of one customer's usage in one batch. */
export type UsagePosting = {
  readonly asset: AssetId
  readonly draws: readonly { readonly block: string; readonly amount: Units }[]
  readonly included: Units
  readonly accrued: Units
  readonly debt: Units
  /** Given back to blocks that have expired: it goes on to breakage; below zero it comes back from there. */
  readonly lapsed?: readonly { readonly block: string; readonly amount: Units }[]
}

/** The transfers of a batch's usage: prepaid credit and receivables turn into revenue. Zero amounts make no transfer. */
export function usageTransfers(posting: UsagePosting): Transfer[] {
  const transfers: Transfer[] = []
  for (const draw of posting.draws) transfers.push(toRevenue(`wallet:${draw.block}`, posting.asset, draw.amount))
  transfers.push(toRevenue('included_usage', posting.asset, posting.included), toRevenue('accrued_usage', posting.asset, posting.accrued), toRevenue('wallet_debt', posting.asset, posting.debt))
  for (const { block, amount } of posting.lapsed ?? []) transfers.push(toBreakage(`wallet:${block}`, posting.asset, amount))
  return transfers.filter(({ amount }) => amount !== 0n)
}

/** A negative amount (a volume discount) runs the other way: a transfer itself is always positive. */
function toRevenue(account: AccountId, asset: AssetId, amount: Units): Transfer {
  return amount >= 0n ? { debit: account, credit: 'usage_revenue', asset, amount } : { debit: 'usage_revenue', credit: account, asset, amount: -amount as Units }
}

function toBreakage(account: AccountId, asset: AssetId, amount: Units): Transfer {
  return amount >= 0n ? { debit: account, credit: 'breakage', asset, amount } : { debit: 'breakage', credit: account, asset, amount: -amount as Units }
}

/** Balance of each account: credits minus debits. They sum to zero. */
export function accountBalances(transfers: readonly Transfer[]): Map<AccountId, Units> {
  const balances = new Map<AccountId, Units>()
  for (const { debit, credit, amount } of transfers) {
    balances.set(debit, ((balances.get(debit) ?? 0n) - amount) as Units)
    balances.set(credit, ((balances.get(credit) ?? 0n) + amount) as Units)
  }
  return balances
}
