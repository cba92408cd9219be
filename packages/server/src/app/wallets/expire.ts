// The end of a credit block. When its time is over it is taken off its wallet, so that nothing more is lent of it, and it goes on to
// pay for what was admitted before: a request that runs at that moment was promised this credit. When nothing admitted before can come
// any more, what is left is breakage.

import { assetScale, BLOCK_CLOSING_MS, BLOCK_ENDS_MARGIN_MS, formatUnits, instant, LIFETIME, voidTransfers, walletId, ZERO, type CustomerId } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { moveBudgets } from '../../store/budgets.ts'
import { closeBlock, expiredBlocks, type Expired } from '../../store/credits.ts'
import { lockCustomers } from '../../store/customers.ts'
import { insertOutbox, writeBlocks, type BlockRow } from '../../store/settlement.ts'
import { forgetEnding } from '../../store/wallet-notices.ts'
import { tellNodes } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'
import { post } from '../credits.ts'

/** Blocks handled in one run of the job. */
const EXPIRIES_MAX = 500

/** The job: takes blocks whose time is over off their wallets, and turns what is left of those that pay for nothing any more into breakage. Returns how many of each. */
export async function expireBlocks(plane: ControlPlane): Promise<{ readonly ended: number; readonly lapsed: number }> {
  const ended = await each(plane, 'closing', async (tx, block) => {
    await closeBlock(tx, { customer: block.customer, id: block.id, paysUntil: instant(plane.clock.now() + BLOCK_ENDS_MARGIN_MS) })
    await forgetEnding(tx, { customer: block.customer, block: block.id })
    await moveBudgets(tx, [{ customer: block.customer, budget: walletId(block), periodStart: LIFETIME.start, scale: assetScale(block.asset), amount: block.remaining, leased: 0n, node: null, incarnation: null }])
  })
  for (const customer of new Set(ended.map((block) => block.customer))) {
    await plane.hub.recall({ customer: customer as CustomerId, budgets: ended.filter((block) => block.customer === customer).map(walletId) })
    await tellNodes(plane, customer)
  }
  const lapsed = await each(plane, 'closed', async (tx, { customer, id, asset, remaining: amount, ...block }) => {
    await writeBlocks(tx, [{ ...block, customer, id, asset, remaining: ZERO }])
    await post(tx, plane, customer, { cause: 'expiry', causeId: id }, voidTransfers({ block: id, asset, amount }))
    await insertOutbox(tx, [{ customer, type: 'credits.expired', payload: { block: id, amount: formatUnits(amount, asset), currency: asset } }])
  })
  return { ended: ended.length, lapsed: lapsed.length }
}

/** One transaction a customer, under its lock. */
async function each(plane: ControlPlane, what: Expired['what'], act: (tx: Transaction, block: BlockRow) => Promise<void>): Promise<readonly BlockRow[]> {
  const at = what === 'closing' ? plane.clock.now() : instant(plane.clock.now() - BLOCK_CLOSING_MS)
  const candidates = await expiredBlocks(plane.sql, { what, at, limit: EXPIRIES_MAX })
  for (const customer of [...new Set(candidates.map((block) => block.customer))].sort()) {
    await withRetry(plane.sql, async (tx) => {
      await lockCustomers(tx, [customer])
      for (const block of await expiredBlocks(tx, { what, at, limit: EXPIRIES_MAX, customer })) await act(tx, block)
    })
  }
  return candidates
}
