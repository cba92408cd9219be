// Who pays a charge, by the plan's funding: allowances of an amount, wallets for some features as far as they may, blocks that pay for
// everything, each in burn order, then accrual, else debt. What happened is always booked. What stands instead of corrected usage is paid first by what had paid for it, also where that credit has
// expired since: a correction costs nobody credit that it did not use.

import { assert, drawInOrder, paysFor, units, walletId, ZERO, type BurnOrder, type Plan, type Units, type UsageEvent } from '@tollgate/core'
import type { BlockRow } from '../../store/settlement.ts'
import { debtKey, type BatchState } from './batch-state.ts'

/** What a block paid, with its wallet's budget. */
export type PaidDraw = { readonly block: string; readonly wallet: string; readonly amount: Units; /** Whether the wallet's budget moves by it: one that has ended was taken off it as a whole. */ readonly isOnWallet: boolean }

export type Paid = { /** By budget id. */ readonly included: readonly { readonly budget: string; readonly amount: Units }[]; readonly draws: readonly PaidDraw[]; readonly accrued: Units; readonly debt: Units; /** Of what was given back, what belongs to blocks that have expired: it goes on to breakage, and below zero comes from there. */ readonly lapsed: readonly PaidDraw[] }

export type Available = {
  /** What allowances of an amount pay of it at most, in their order. */
  readonly included: readonly { readonly budget: string; readonly amount: Units }[]
  /** What wallets for some features pay of it at most, in their order: what the node took out of its lease, or what is not lent out. */
  readonly wallets: readonly { readonly budget: string; readonly amount: Units }[]
  /** What the same correction gave back to blocks that have expired. */
  readonly lapsed: Paid['lapsed']
  readonly order: BurnOrder | undefined
}

export function pay(state: BatchState, plan: Plan, event: UsageEvent, rated: Units, available: Available): Paid {
  const included: { readonly budget: string; readonly amount: Units }[] = []
  let charge = rated
  for (const { budget, amount } of available.included) {
    const taken = amount < charge ? amount : charge
    if (taken <= ZERO) continue
    included.push({ budget, amount: taken })
    charge = units(charge - taken)
  }
  const again: PaidDraw[] = []
  for (const { block, wallet, amount } of available.lapsed) {
    const taken = amount < charge ? amount : charge
    if (taken <= ZERO) continue
    again.push({ block, wallet, amount: taken, isOnWallet: true })
    state.drawn.set(block, (state.drawn.get(block) ?? 0n) + taken)
    charge = units(charge - taken)
  }
  const blocks = plan.funding.includes('wallet') ? (state.blocks.get(event.customer) ?? []).filter((block) => block.asset === plan.asset && paysFor(block, event.feature) && wasThere(block, event)) : []
  const drawn: PaidDraw[] = []
  for (const { budget, amount } of available.wallets) {
    if (charge <= ZERO) break
    const { draws, short } = draw(blocks.filter((block) => walletId(block) === budget), { amount: amount < charge ? amount : charge, order: available.order })
    drawn.push(...draws)
    charge = units(charge - (amount < charge ? amount : charge) + short)
  }
  const rest = payRest(state, plan, event, { charge, blocks, order: available.order })
  return { ...rest, included, draws: [...again, ...drawn, ...rest.draws], lapsed: again.map((part) => ({ ...part, amount: units(-part.amount) })) }
}

/** What a node admitted is paid by what was on the wallet then: until the nodes have heard of an end, they lend of it. What is ingested, by its own time. */
function wasThere({ expiresAt, paysUntil }: BlockRow, { settled, time }: UsageEvent): boolean {
  const until = settled === null ? expiresAt : paysUntil
  return until === null || time < until
}

/** Takes it out of the blocks. */
function draw(blocks: readonly BlockRow[], of: { readonly amount: Units; readonly order: BurnOrder | undefined }): { readonly draws: readonly PaidDraw[]; readonly short: Units } {
  const { draws, short } = drawInOrder(blocks.filter(({ remaining }) => remaining > ZERO), of.amount, of.order)
  const paid = draws.map(({ block: id, amount }) => {
    const block = blocks.find((one) => one.id === id)
    assert(block !== undefined && block.remaining >= amount, 'a draw exceeds its block')
    block.remaining = units(block.remaining - amount)
    block.changed = true
    return { block: id, wallet: walletId(block), amount, isOnWallet: block.paysUntil === null }
  })
  return { draws: paid, short }
}

/** The wallet that pays for everything where the plan has one, then accrual where it allows, else debt. */
function payRest(state: BatchState, plan: Plan, event: UsageEvent, { charge, blocks, order }: { readonly charge: Units; readonly blocks: readonly BlockRow[]; readonly order: BurnOrder | undefined }): Omit<Paid, 'included'> {
  const accrues = plan.funding.includes('overage')
  if (charge <= ZERO || !plan.funding.includes('wallet')) {
    return accrues || charge <= ZERO ? { draws: [], accrued: charge, debt: ZERO, lapsed: [] } : owe(state, plan, event, [], charge)
  }
  const { draws, short } = draw(blocks.filter(({ features }) => features.length === 0), { amount: charge, order })
  return accrues ? { draws, accrued: short, debt: ZERO, lapsed: [] } : owe(state, plan, event, draws, short)
}

function owe(state: BatchState, { asset }: Plan, { customer }: UsageEvent, draws: Paid['draws'], debt: Units): Omit<Paid, 'included'> {
  const key = debtKey(customer, asset)
  if (debt > ZERO) state.debts.set(key, { customer, asset, amount: units((state.debts.get(key)?.amount ?? ZERO) + debt) })
  return { draws, accrued: ZERO, debt, lapsed: [] }
}
