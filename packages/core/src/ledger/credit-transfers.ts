// Transfers of credit outside usage: granted, used to repay a debt, voided, refunded, moved to another customer. Zero amounts make none.

import { assert } from '../assert.ts'
import type { AssetId, Units } from '../money.ts'
import type { AccountId, Transfer } from './transfer.ts'

type Block = { readonly block: string; readonly asset: AssetId; readonly amount: Units }

/** Where a block's credit comes from where it was bought or given. */
export function sourceOf(category: 'paid' | 'promotional'): AccountId {
  return category === 'paid' ? 'payment_clearing' : 'promotion'
}

/** A block begins with what it was bought for, given, or moved from elsewhere. */
export function grantTransfers({ block, asset, amount }: Block, from: AccountId): Transfer[] {
  return positive([{ debit: from, credit: `wallet:${block}`, asset, amount }])
}

/** What a new block repays of an earlier debt. */
export function repaymentTransfers({ block, asset, amount }: Block): Transfer[] {
  return positive([{ debit: `wallet:${block}`, credit: 'wallet_debt', asset, amount }])
}

/** What is left of a block is nobody's any more. */
export function voidTransfers({ block, asset, amount }: Block): Transfer[] {
  return positive([{ debit: `wallet:${block}`, credit: 'breakage', asset, amount }])
}

/** Money back for credit: `amount` is taken from the block, `owed` was spent already and is owed from now on. */
export function refundTransfers({ block, asset, amount }: Block, owed: Units): Transfer[] {
  return positive([{ debit: `wallet:${block}`, credit: 'payment_clearing', asset, amount }, { debit: 'wallet_debt', credit: 'payment_clearing', asset, amount: owed }])
}

/** Out of a block, on its way to a block of another customer, where {@link grantTransfers} from `credit_transfer` receives it. */
export function departureTransfers({ block, asset, amount }: Block): Transfer[] {
  return positive([{ debit: `wallet:${block}`, credit: 'credit_transfer', asset, amount }])
}

/** Credits bought or given, of which `repaid` goes to an earlier debt at once. */
export function topUpTransfers(input: Block & { readonly category: 'paid' | 'promotional'; readonly repaid: Units }): Transfer[] {
  assert(input.repaid >= 0n && input.repaid <= input.amount, 'topUpTransfers: more repaid than paid')
  return [...grantTransfers(input, sourceOf(input.category)), ...repaymentTransfers({ ...input, amount: input.repaid })]
}

function positive(transfers: readonly Transfer[]): Transfer[] {
  for (const { amount } of transfers) assert(amount >= 0n, 'a transfer of credit is not below zero')
  return transfers.filter(({ amount }) => amount > 0n)
}
