// What an event settles on each budget that counts it, and on the lease of the node that admitted it.

import { allowanceBudget, assetScale, attributesOf, countMoney, LIFETIME, limitsFor, walletId, walletOf, type Coverage, type Instant, type Measured, type Plan, type Units, type UsageEvent } from '@tollgate/core'
import { budgetScale, type CustomerContext } from '../customer-contexts.ts'
import type { Paid } from './pay.ts'
import type { BatchOutput } from './batch-state.ts'
import { toldKey } from './thresholds.ts'

type Moved = { readonly event: UsageEvent; readonly context: CustomerContext; readonly coverage: readonly Coverage[]; readonly measured: readonly Measured[]; readonly paid: Paid; readonly charge: Units; /** Of the charge. */ readonly asset: string; /** That which charged. */ readonly plan: Plan }

export function moveBudgets(output: BatchOutput, moved: Moved): void {
  const { event, context, coverage, measured, paid } = moved
  const { snapshot } = context
  for (const source of snapshot.funding) {
    if (source.kind !== 'allowance') continue
    const amount = source.budget.unit.kind === 'money' ? paid.included.reduce((sum, part) => (part.budget === source.budget.id ? sum + part.amount : sum), 0n) : coverage.reduce((sum, covered) => (covered.budget === source.budget.id ? sum + covered.quantity : sum), 0n)
    output.told.set(toldKey(event.customer, source.budget.id), source.budget)
    move(output, event, source.budget.id, source.budget.period.start, budgetScale(source.budget), amount)
  }
  for (const { budget, scale, amount } of formerAllowances(moved)) move(output, event, budget, snapshot.period.start, scale, amount)
  for (const [wallet, amount] of walletsMoved(moved)) move(output, event, wallet, LIFETIME.start, assetScale(walletOf(wallet).asset), amount)
  for (const budget of limitsFor(snapshot, attributesOf(event), event.time)) {
    const { unit } = budget
    // A rate is the nodes' own affair.
    if (budget.terms?.rate !== undefined) continue
    const amount = unit.kind === 'money' ? (countMoney(moved.charge, { from: moved.asset, to: unit.asset, catalog: context.catalog }) ?? 0n) : measured.reduce((sum, { meter, quantity: used }) => (unit.meters.includes(meter.id) ? sum + used : sum), 0n)
    const key = `${event.customer} ${budget.id} ${budget.period.start}`
    if (amount !== 0n && !output.limits.has(key)) output.limits.set(key, { budget, context })
    // A rolling window has no period in which something could be told once.
    if (budget.terms?.trailing === undefined) output.told.set(toldKey(event.customer, budget.id), budget)
    move(output, event, budget.id, budget.period.start, budgetScale(budget), amount)
  }
}

/** Allowances of the plan that charged which the plan of the event's time has not. */
function formerAllowances({ context, coverage, paid, plan }: Moved): { readonly budget: string; readonly scale: number; readonly amount: bigint }[] {
  const running = new Set(context.snapshot.funding.flatMap((source) => (source.kind === 'allowance' ? [source.budget.id] : [])))
  return plan.allowances.flatMap(({ id, asset, scale }) => {
    const budget = allowanceBudget(id)
    if (running.has(budget)) return []
    const amount = asset === undefined ? coverage.reduce((sum, covered) => (covered.budget === budget ? sum + covered.quantity : sum), 0n) : paid.included.reduce((sum, part) => (part.budget === budget ? sum + part.amount : sum), 0n)
    return amount === 0n ? [] : [{ budget, scale: asset === undefined ? scale : assetScale(asset), amount }]
  })
}

/**
 * By wallet: what its blocks paid, and what is owed. Those that the plan of the event's time is paid from, and those that paid before: a change of the
 * plan may have come to hold at its time since.
 */
function walletsMoved({ context, paid, asset }: Moved): Map<string, bigint> {
  const wallets = new Map<string, bigint>(context.snapshot.funding.flatMap((source) => (source.kind === 'wallet' ? [[source.budget.id, 0n] as const] : [])))
  const add = (wallet: string, amount: bigint) => wallets.set(wallet, (wallets.get(wallet) ?? 0n) + amount)
  for (const { wallet, amount, isOnWallet } of [...paid.draws, ...paid.lapsed]) if (isOnWallet) add(wallet, amount)
  if (paid.debt !== 0n) add(walletId({ asset, features: [] }), paid.debt)
  return wallets
}

/** A node's lease moves by what the node took out of it, so that both sides agree on what is left of it. */
function move(output: BatchOutput, event: UsageEvent, budget: string, periodStart: Instant, scale: number, amount: bigint): void {
  const booked = event.settled?.booked?.[budget]
  const leased = booked === undefined ? amount : BigInt(booked)
  if (amount === 0n && leased === 0n) return
  const node = event.settled?.node ?? null
  const incarnation = event.settled?.incarnation ?? null
  const key = `${event.customer} ${budget} ${periodStart} ${node} ${incarnation}`
  const known = output.moves.get(key)
  output.moves.set(key, { customer: event.customer, budget, periodStart, scale, node, incarnation, amount: (known?.amount ?? 0n) + amount, leased: (known?.leased ?? 0n) + leased, unleased: known?.unleased === true || event.settled?.unleased?.includes(budget) === true })
}
