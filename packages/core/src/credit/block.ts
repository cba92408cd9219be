// Credit blocks and the order in which they burn: wallets for few features before those for many and for all, within a wallet
// by its burn order. Each draw names its block, so that every balance can be explained.

import { assert } from '../assert.ts'
import { units, ZERO, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { burnComparator, type BurnOrder } from './burn-order.ts'

export type CreditBlock = {
  readonly id: string
  readonly category: 'paid' | 'promotional'
  readonly priority: number
  readonly granted: Units
  readonly remaining: Units
  readonly effectiveAt: Instant
  readonly expiresAt: Instant | null
  readonly createdAt: Instant
  /** Features that it may pay for, sorted; none named: all. */
  readonly features: readonly string[]
}

export type Draw = { readonly block: string; readonly amount: Units }

export function isUsable(block: CreditBlock, at: Instant): boolean {
  return block.remaining > 0n && block.effectiveAt <= at && (block.expiresAt === null || at < block.expiresAt)
}

/** Draws `amount` in burn order from blocks that are usable at `at`; `short` is what no block could pay. The parts and `short` sum to the amount. */
export function drawFrom(blocks: readonly CreditBlock[], amount: Units, at: Instant, order?: BurnOrder): Drawn {
  return drawInOrder(blocks.filter((candidate) => isUsable(candidate, at)), amount, order)
}

export type Drawn = { readonly draws: readonly Draw[]; readonly short: Units }

/** The same from blocks of which the caller says that they may pay. */
export function drawInOrder(blocks: readonly CreditBlock[], amount: Units, order?: BurnOrder): Drawn {
  assert(amount >= 0n, 'drawFrom: a negative amount')
  const draws: Draw[] = []
  let short: bigint = amount
  for (const block of blocks.toSorted(burnComparator(order))) {
    if (short === 0n) break
    const taken = block.remaining < short ? block.remaining : short
    draws.push({ block: block.id, amount: units(taken) })
    short -= taken
  }
  return { draws, short: units(short) }
}

/** What blocks can pay at `at`. */
export function balanceOf(blocks: readonly CreditBlock[], at: Instant): Units {
  return blocks.reduce((sum, block) => (isUsable(block, at) ? units(sum + block.remaining) : sum), ZERO)
}
