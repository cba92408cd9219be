// A wallet over time: blocks that begin, renew, are voided and expire, and draws on them in burn order. It answers which block
// paid which draw, what is left, what is owed and what lapsed. At one instant blocks end first, then renew, then begin, then
// draws come: a block that expires at a moment pays nothing at it, one that begins pays. What is owed is paid first by whatever
// block comes next that pays for everything: credit for some features repays nothing. Pure: calendars are resolved into instants before.

import { assert } from '../assert.ts'
import { units, ZERO, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { balanceOf, drawFrom, type CreditBlock, type Draw } from './block.ts'
import type { BurnOrder } from './burn-order.ts'
import { paysFor } from './wallet.ts'

export type BurnBlock = CreditBlock & {
  readonly voidedAt: Instant | null
  /** When it is filled anew; what is left then lapses but for the rollover. */
  readonly renewsAt: readonly Instant[]
  /** At a reset: `min(max, max(left, min))` stays; null is nothing. */
  readonly rollover: { readonly min: Units; readonly max: Units } | null
}

export type BurnDraw = { readonly id: string; readonly at: Instant; readonly amount: Units; readonly feature: string | null }

export type BurnInput = {
  readonly blocks: readonly BurnBlock[]
  readonly draws: readonly BurnDraw[]
  /** The state is that of `until`: what ends or begins then has, a draw then has not come. */
  readonly until: Instant
  /** Period resets: each block keeps its rollover and nothing more. */
  readonly resets: readonly Instant[]
  /** Hard stops at zero; soft goes down to `floor` (negative; null: without end). */
  readonly depletion: { readonly kind: 'hard' } | { readonly kind: 'soft'; readonly floor: Units | null }
  /** Whether what is owed outlives a reset. */
  readonly keepsDebt: boolean
  /** The usual one unless stated. */
  readonly order?: BurnOrder
}

export type PaidDraw = BurnDraw & {
  readonly draws: readonly Draw[]
  /** Left owing. */
  readonly debt: Units
  /** What the wallet did not pay at all. */
  readonly refused: Units
}

export type BlockEvent = { readonly block: string; readonly at: Instant; readonly amount: Units }

export type BurnResult = {
  readonly draws: readonly PaidDraw[]
  /** Debt that later blocks paid. */
  readonly repayments: readonly (BlockEvent & { readonly draw: string })[]
  /** Credit that came after the beginning: renewals, and rollovers above what was left. */
  readonly issued: readonly (BlockEvent & { readonly reason: 'renewed' | 'reset' })[]
  readonly breakage: readonly (BlockEvent & { readonly reason: 'expired' | 'voided' | 'renewed' | 'reset' })[]
  /** Left in each block that has begun, in the order given. */
  readonly balances: readonly { readonly block: string; readonly remaining: Units }[]
  readonly debt: Units
  /** Debt that a reset wrote off. */
  readonly forgiven: Units
  /** What can be drawn for any feature at all, less what is owed. */
  readonly balance: Units
}

type Wallet = {
  readonly input: BurnInput
  readonly blocks: Map<string, BurnBlock>
  readonly ended: Set<string>
  owed: { readonly draw: string; readonly amount: Units }[]
  forgiven: bigint
  readonly paid: PaidDraw[]
  readonly repayments: (BlockEvent & { readonly draw: string })[]
  readonly issued: (BlockEvent & { readonly reason: 'renewed' | 'reset' })[]
  readonly breakage: (BlockEvent & { readonly reason: 'expired' | 'voided' | 'renewed' | 'reset' })[]
}

export function burn(input: BurnInput): BurnResult {
  assert(new Set(input.blocks.map(({ id }) => id)).size === input.blocks.length, 'burn: two blocks have one id')
  assert(input.depletion.kind === 'hard' || input.depletion.floor === null || input.depletion.floor <= 0n, 'burn: the floor of a wallet is not above zero')
  const wallet: Wallet = {
    input, blocks: new Map(input.blocks.map((block) => [block.id, block])), ended: new Set(), owed: [], forgiven: 0n, paid: [], repayments: [], issued: [], breakage: [],
  }
  for (const step of stepsOf(input)) step.take(wallet)
  return resultOf(wallet)
}

type Step = { readonly at: Instant; readonly rank: number; readonly take: (wallet: Wallet) => void }

/** All that happens, in order: of one instant by rank, of one rank as given. */
function stepsOf(input: BurnInput): Step[] {
  const { until } = input
  const steps: Step[] = []
  for (const { id, expiresAt, voidedAt, effectiveAt, renewsAt } of input.blocks) {
    if (expiresAt !== null) steps.push({ at: expiresAt, rank: 0, take: (wallet) => end(wallet, id, expiresAt, 'expired') })
    if (voidedAt !== null) steps.push({ at: voidedAt, rank: 0, take: (wallet) => end(wallet, id, voidedAt, 'voided') })
    for (const at of renewsAt) if (at > effectiveAt) steps.push({ at, rank: 2, take: (wallet) => renew(wallet, id, at) })
    steps.push({ at: effectiveAt, rank: 3, take: (wallet) => repay(wallet, effectiveAt) })
  }
  for (const at of input.resets) steps.push({ at, rank: 1, take: (wallet) => reset(wallet, at) })
  const within = steps.filter(({ at }) => at <= until)
  for (const draw of input.draws) if (draw.at < until) within.push({ at: draw.at, rank: 4, take: (wallet) => pay(wallet, draw) })
  return within.sort((a, b) => a.at - b.at || a.rank - b.rank)
}

function end(wallet: Wallet, id: string, at: Instant, reason: 'expired' | 'voided'): void {
  if (wallet.ended.has(id)) return
  wallet.ended.add(id)
  const { remaining } = blockOf(wallet, id)
  if (remaining > 0n) wallet.breakage.push({ block: id, at, amount: remaining, reason })
  setRemaining(wallet, id, ZERO)
}

/** A renewal fills the block anew; only what its rollover keeps of the rest comes on top. */
function renew(wallet: Wallet, id: string, at: Instant): void {
  const block = blockOf(wallet, id)
  if (wallet.ended.has(id)) return
  const kept = keptBy(block, block.rollover ?? { min: ZERO, max: ZERO })
  if (kept < block.remaining) wallet.breakage.push({ block: id, at, amount: units(block.remaining - kept), reason: 'renewed' })
  wallet.issued.push({ block: id, at, amount: units(block.granted + (kept > block.remaining ? kept - block.remaining : 0n)), reason: 'renewed' })
  setRemaining(wallet, id, units(block.granted + kept))
  repay(wallet, at)
}

function reset(wallet: Wallet, at: Instant): void {
  if (!wallet.input.keepsDebt) {
    wallet.forgiven += owedIn(wallet)
    wallet.owed = []
  }
  for (const block of wallet.blocks.values()) {
    // What begins at the reset belongs to the new period.
    if (wallet.ended.has(block.id) || block.effectiveAt >= at) continue
    const kept = keptBy(block, block.rollover ?? { min: ZERO, max: ZERO })
    if (kept < block.remaining) wallet.breakage.push({ block: block.id, at, amount: units(block.remaining - kept), reason: 'reset' })
    if (kept > block.remaining) wallet.issued.push({ block: block.id, at, amount: units(kept - block.remaining), reason: 'reset' })
    setRemaining(wallet, block.id, kept)
  }
  repay(wallet, at)
}

function pay(wallet: Wallet, draw: BurnDraw): void {
  assert(draw.amount >= 0n, 'burn: a negative draw')
  const { draws, short } = drawFrom(eligible(wallet, draw.feature), draw.amount, draw.at, wallet.input.order)
  for (const { block, amount } of draws) take(wallet, block, amount)
  const { depletion } = wallet.input
  const room = depletion.kind === 'hard' ? 0n : depletion.floor === null ? short : owedIn(wallet) >= -depletion.floor ? 0n : -depletion.floor - owedIn(wallet)
  const debt = units(short < room ? short : room)
  if (debt > 0n) wallet.owed.push({ draw: draw.id, amount: debt })
  wallet.paid.push({ ...draw, draws, debt, refused: units(short - debt) })
}

/** What is owed is paid first, the oldest first, by the blocks that pay for everything. */
function repay(wallet: Wallet, at: Instant): void {
  wallet.owed = wallet.owed.flatMap((owing) => {
    const { draws, short } = drawFrom(eligible(wallet, null), owing.amount, at, wallet.input.order)
    for (const { block, amount } of draws) {
      take(wallet, block, amount)
      wallet.repayments.push({ block, at, amount, draw: owing.draw })
    }
    return short === 0n ? [] : [{ ...owing, amount: short }]
  })
}

function eligible(wallet: Wallet, feature: string | null): BurnBlock[] {
  return [...wallet.blocks.values()].filter((block) => !wallet.ended.has(block.id) && paysFor(block, feature))
}

function keptBy({ remaining }: BurnBlock, { min, max }: { readonly min: Units; readonly max: Units }): Units {
  const raised = remaining > min ? remaining : min
  return raised < max ? raised : max
}

function take(wallet: Wallet, id: string, amount: Units): void {
  const { remaining } = blockOf(wallet, id)
  assert(remaining >= amount, `burn: block ${id} gives more than it has`)
  setRemaining(wallet, id, units(remaining - amount))
}

function blockOf(wallet: Wallet, id: string): BurnBlock {
  const block = wallet.blocks.get(id)
  assert(block !== undefined, `burn: there is no block ${id}`)
  return block
}

function setRemaining(wallet: Wallet, id: string, remaining: Units): void {
  wallet.blocks.set(id, { ...blockOf(wallet, id), remaining })
}

function owedIn(wallet: Wallet): bigint {
  return wallet.owed.reduce((sum, { amount }) => sum + amount, 0n)
}

function resultOf(wallet: Wallet): BurnResult {
  const { input, paid, repayments, issued, breakage } = wallet
  const begun = input.blocks.filter(({ effectiveAt }) => effectiveAt <= input.until)
  const debt = units(owedIn(wallet))
  return {
    draws: paid, repayments, issued, breakage, debt, forgiven: units(wallet.forgiven),
    balances: begun.map(({ id }) => ({ block: id, remaining: blockOf(wallet, id).remaining })),
    balance: units(balanceOf(begun.map(({ id }) => blockOf(wallet, id)), input.until) - debt),
  }
}
