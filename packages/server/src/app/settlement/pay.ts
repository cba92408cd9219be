// Who pays a charge, by the plan's funding: allowances of an amount, wallet blocks in burn order, then accrual, else debt. What
// happened is always booked. What stands instead of corrected usage is paid first by what had paid for it, also where that credit has
// expired since: a correction costs nobody credit that it did not use.

import { assert, drawFrom, units, ZERO, type Plan, type Units, type UsageEvent } from '@tollgate/core'
import { debtKey, type BatchState } from './batch-state.ts'

export type Paid = { /** By budget id. */ readonly included: readonly { readonly budget: string; readonly amount: Units }[]; readonly draws: readonly { readonly block: string; readonly amount: Units }[]; readonly accrued: Units; readonly debt: Units; /** Of what was given back, what belongs to blocks that have expired: it goes on to breakage, and below zero comes from there. */ readonly lapsed: readonly { readonly block: string; readonly amount: Units }[] }

export type Available = {
  /** What allowances of an amount pay of it at most, in their order. */
  readonly included: readonly { readonly budget: string; readonly amount: Units }[]
  /** What the same correction gave back to blocks that have expired. */
  readonly lapsed: Paid['lapsed']
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
  const again: { readonly block: string; readonly amount: Units }[] = []
  for (const { block, amount } of available.lapsed) {
    const taken = amount < charge ? amount : charge
    if (taken <= ZERO) continue
    again.push({ block, amount: taken })
    state.drawn.set(block, (state.drawn.get(block) ?? 0n) + taken)
    charge = units(charge - taken)
  }
  const rest = payRest(state, plan, event, charge)
  return { ...rest, included, draws: [...again, ...rest.draws], lapsed: again.map(({ block, amount }) => ({ block, amount: units(-amount) })) }
}

/** Wallet first where the plan has one, then accrual where it allows, else debt. */
function payRest(state: BatchState, plan: Plan, event: UsageEvent, charge: Units): Omit<Paid, 'included'> {
  const accrues = plan.funding.includes('overage')
  if (charge <= ZERO || !plan.funding.includes('wallet')) {
    return accrues || charge <= ZERO ? { draws: [], accrued: charge, debt: ZERO, lapsed: [] } : owe(state, plan, event, [], charge)
  }
  const blocks = (state.blocks.get(event.customer) ?? []).filter(({ asset }) => asset === plan.asset)
  const { draws, short } = drawFrom(blocks, charge, state.now)
  for (const draw of draws) {
    const block = blocks.find(({ id }) => id === draw.block)
    assert(block !== undefined && block.remaining >= draw.amount, 'a draw exceeds its block')
    block.remaining = units(block.remaining - draw.amount)
    block.changed = true
  }
  return accrues ? { draws, accrued: short, debt: ZERO, lapsed: [] } : owe(state, plan, event, draws, short)
}

function owe(state: BatchState, { asset }: Plan, { customer }: UsageEvent, draws: Paid['draws'], debt: Units): Omit<Paid, 'included'> {
  const key = debtKey(customer, asset)
  if (debt > ZERO) state.debts.set(key, { customer, asset, amount: units((state.debts.get(key)?.amount ?? ZERO) + debt) })
  return { draws, accrued: ZERO, debt, lapsed: [] }
}
