// Allocation between entities: an amount moves from the budget of one department, team or user to that of another, and back by the same call
// the other way. What was spent or is lent to gateways stays where it is; idle leases are called back first. Both limits change in one transaction.

import { assetScale, formatDecimal, InputError, parseDecimal, RATE_WINDOW_MS, type BudgetRule } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { insertBudgetMove, lockUse } from '../../store/budget-moves.ts'
import { upsertBudgetRule, type StoredRule } from '../../store/entities.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import { assertNotOvercommitted, assertOwned, existing } from '../budgets.ts'
import { changeCustomer } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { HeldError, withFree } from './free.ts'

export type Allocation = { readonly id: string; readonly from: string; readonly to: string; readonly amount: string; readonly reason: string }

export async function moveAllocation(plane: ControlPlane, actor: Actor, customer: string, input: Allocation): Promise<void> {
  await withFree(plane, { customer, budget: input.from }, () => changeCustomer(plane, customer, (tx, before) => moveIn(tx, actor, { ...input, customer, at: nowOf(plane, before) })))
}

type Moving = Allocation & { readonly customer: string; readonly at: Parameters<typeof lockUse>[1]['at'] }

async function moveIn(tx: Transaction, actor: Actor, { customer, id, from, to, amount: text, reason, at }: Moving): Promise<void> {
  const [source, target] = [await existing(tx, customer, from), await existing(tx, customer, to)]
  for (const [budget, rule] of [[from, source], [to, target]] as const) {
    assertOwned(actor, budget, rule)
    assertMovable(budget, rule)
  }
  if (from === to || countedBy(source) !== countedBy(target)) throw new InputError({ code: 'budgets_differ', field: 'to', message: `${from} and ${to} must be two budgets that count the same over the same window` })
  const scale = source.unit.kind === 'money' ? assetScale(source.unit.asset) : source.unit.scale
  const amount = parseDecimal(text, scale, 'amount')
  if (amount <= 0n) throw new InputError({ code: 'out_of_range', field: 'amount', message: `amount must be above zero, got ${text}` })
  if (!(await insertBudgetMove(tx, { customer, id, from, to, amount: formatDecimal(amount, scale), reason, at, by: actor.id }))) return
  const limitOf = (rule: StoredRule) => parseDecimal(rule.limit, scale, 'limit')
  const { settled, escrow } = await lockUse(tx, { customer, budget: from, at, scale })
  const free = limitOf(source) - settled
  if (free < amount) throw new InputError({ code: 'out_of_range', field: 'amount', message: `${formatDecimal(free > 0n ? free : 0n, scale)} of budget ${from} is left to move` })
  if (free - escrow < amount) throw new HeldError(formatDecimal(escrow, scale))
  const change = async (budget: string, rule: StoredRule, by: bigint) => upsertBudgetRule(tx, { ...rule, id: budget, customer, limit: formatDecimal(limitOf(rule) + by, scale) })
  await change(from, source, -amount)
  await change(to, target, amount)
  await assertNotOvercommitted(tx, customer)
  await insertAudit(tx, { actor: actor.id, action: 'budget.moved', customer, target: id, before: { [from]: source.limit, [to]: target.limit }, after: { from, to, amount: formatDecimal(amount, scale) }, reason })
  await insertOutbox(tx, [{ customer, type: 'budget.moved', payload: { move: id, from, to, amount: formatDecimal(amount, scale), reason } }])
}

/** A rate has nothing to move, a rolling window no one period, and the members of a template have limits of their own. */
function assertMovable(budget: string, { window, terms }: StoredRule): void {
  if (RATE_WINDOW_MS[window] !== undefined || terms?.rolling === true || (terms?.per ?? []).length > 0) throw new InputError({ code: 'budgets_differ', field: 'from', message: `nothing can be moved from or to ${budget}: it is a rate, rolls, or is one of each value` })
}

function countedBy({ unit, window }: Pick<BudgetRule, 'unit' | 'window'>): string {
  return JSON.stringify([unit.kind === 'money' ? unit.asset : unit.meters, window])
}
