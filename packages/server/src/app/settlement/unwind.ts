// Who gets back a charge that is taken back, in the reverse of the order in which it was paid: debt first, then what the period's
// invoice would have asked for, then credit blocks from the last burnt to the first. What belongs to a block that has expired
// meanwhile is no credit any more: it goes to breakage. Credit for some features gets back what their usage gave alone. Last of all come
// allowances of an amount, which pay first.

import { allowanceBudget, assert, burnComparator, isUsable, paysFor, units, walletId, ZERO, type BurnOrder, type Plan, type Units, type UsageEvent } from '@tollgate/core'
import type { BlockRow } from '../../store/settlement.ts'
import { burnOrderOf, type CustomerContext } from '../customer-contexts.ts'
import { accrualKey, debtKey, headroomKey, type BatchState } from './batch-state.ts'
import type { Paid, PaidDraw } from './pay.ts'

/** `amount` is above zero; the parts of the answer are below zero and sum to its negative. */
export function unwind(state: BatchState, context: CustomerContext, plan: Plan, event: UsageEvent, amount: Units): Paid {
  const periodStart = context.snapshot.period.start
  let left: bigint = amount
  const debt = state.debts.get(debtKey(event.customer, plan.asset))
  const repaid = least(left, debt?.amount ?? 0n)
  if (debt !== undefined && repaid > 0n) state.debts.set(debtKey(event.customer, plan.asset), { ...debt, amount: units(debt.amount - repaid) })
  left -= repaid
  const accrued = least(left, state.accruals.get(accrualKey(event.customer, periodStart, plan.asset)) ?? 0n)
  left -= accrued
  const draws: PaidDraw[] = []
  const lapsed: PaidDraw[] = []
  for (const block of plan.funding.includes('wallet') ? drawnBlocks(state, event, plan.asset, burnOrderOf(context, plan)) : []) {
    if (left === 0n) break
    const back = least(left, drawnOf(state, block))
    if (back <= 0n) continue
    const wallet = walletId(block)
    draws.push({ block: block.id, wallet, amount: units(-back), isOnWallet: true })
    if (block.expiresAt !== null && block.expiresAt <= state.now) {
      lapsed.push({ block: block.id, wallet, amount: units(back), isOnWallet: true })
      state.drawn.set(block.id, drawnOf(state, block) - back)
    } else {
      block.remaining = units(block.remaining + back)
      block.changed = true
    }
    left -= back
  }
  const included = includedBack(state, context, plan, left)
  for (const part of included) left += part.amount
  // Nothing is left that paid it: a volume discount of more than was paid is the next invoice's.
  return { included, draws, lapsed, accrued: units(-accrued - left), debt: units(-repaid) }
}

/** Allowances of an amount of the plan that charged, the last first. */
function includedBack(state: BatchState, { snapshot }: CustomerContext, { allowances }: Plan, amount: bigint): { budget: string; amount: Units }[] {
  let left = amount
  return allowances.toReversed().flatMap(({ id, asset }) => {
    const budget = allowanceBudget(id)
    const back = asset === undefined ? 0n : least(left, state.covered.get(headroomKey(snapshot.customer, budget, snapshot.period.start)) ?? 0n)
    left -= back
    return back === 0n ? [] : [{ budget, amount: units(-back) }]
  })
}

/** The last burnt first. */
function drawnBlocks(state: BatchState, { customer, feature }: UsageEvent, asset: string, order: BurnOrder | undefined): BlockRow[] {
  const compare = burnComparator(order)
  return (state.blocks.get(customer) ?? []).filter((block) => block.asset === asset && paysFor(block, feature)).sort((a, b) => compare(b, a))
}

/** What usage took from a block: of one that lives what it lacks; of one that expired what did not expire with it. */
function drawnOf(state: BatchState, block: BlockRow): bigint {
  if (block.expiresAt === null || state.now < block.expiresAt || isUsable(block, state.now)) return block.granted - block.remaining
  const drawn = state.drawn.get(block.id)
  assert(drawn !== undefined, `it is not known what block ${block.id} paid`)
  return drawn
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b > ZERO ? b : 0n
}
