// Credit blocks and the order in which a wallet burns them: priority (lower first) → earlier expiry → promotional before
// paid → earlier effective → earlier created. Each draw names its block, so that every balance can be explained.

import { assert } from '../assert.ts'
import { units, ZERO, type Units } from '../money.ts'
import type { Instant } from '../time.ts'

export type CreditBlock = {
  readonly id: string
  readonly category: 'paid' | 'promotional'
  readonly priority: number
  readonly granted: Units
  readonly remaining: Units
  readonly effectiveAt: Instant
  readonly expiresAt: Instant | null
  readonly createdAt: Instant
}

export type Draw = { readonly block: string; readonly amount: Units }

export function compareBurnOrder(a: CreditBlock, b: CreditBlock): number {
  return (
    a.priority - b.priority ||
    (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) ||
    Number(a.category === 'paid') - Number(b.category === 'paid') ||
    a.effectiveAt - b.effectiveAt ||
    a.createdAt - b.createdAt ||
    (a.id < b.id ? -1 : 1)
  )
}

/** `Infinity - Infinity` of two blocks without expiry would be NaN; the comparison above relies on `||` skipping it. */
export function isUsable(block: CreditBlock, at: Instant): boolean {
  return block.remaining > 0n && block.effectiveAt <= at && (block.expiresAt === null || at < block.expiresAt)
}

/** Draws `amount` in burn order; `short` is what no block could pay. The parts and `short` sum to the amount. */
export function drawFrom(blocks: readonly CreditBlock[], amount: Units, at: Instant): { readonly draws: readonly Draw[]; readonly short: Units } {
  assert(amount >= 0n, 'drawFrom: a negative amount')
  const draws: Draw[] = []
  let short: bigint = amount
  for (const block of blocks.filter((candidate) => isUsable(candidate, at)).sort(compareBurnOrder)) {
    if (short === 0n) break
    const taken = block.remaining < short ? block.remaining : short
    draws.push({ block: block.id, amount: units(taken) })
    short -= taken
  }
  return { draws, short: units(short) }
}

/** What a wallet can pay at `at`. */
export function balanceOf(blocks: readonly CreditBlock[], at: Instant): Units {
  return blocks.reduce((sum, block) => (isUsable(block, at) ? units(sum + block.remaining) : sum), ZERO)
}
