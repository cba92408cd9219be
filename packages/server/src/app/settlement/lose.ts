// Usage on leases that were given up: its node was silent for so long that what it had been lent was lent again. It is not charged
// and moves no limit, so that nothing is passed; what it would have cost is the operator's loss, on the budgets and in a record.

import { formatUnits, holderOf, measure, rateEvent, type EventResult, type UsageEvent } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { loseOnBudgets } from '../../store/budgets.ts'
import { givenUp } from '../../store/nodes.ts'
import { insertLostUsage, insertOutbox, type LostUsageRow } from '../../store/settlement.ts'
import { planBy } from '../customer-contexts.ts'
import { positionOf } from './accumulate.ts'
import { emptyOutput, type BatchOutput, type BatchState } from './batch-state.ts'
import { moveBudgets } from './move-budgets.ts'

/** `losses` collects what is claimed on budgets; its other parts stay empty. */
export function lose(losses: BatchOutput, state: BatchState, event: UsageEvent): LostUsageRow {
  const context = state.contextAt(event.customer, event.time)
  const catalog = state.catalogOf(event)
  const plan = planBy(context, catalog, event.time)
  const measured = measure(catalog.meters, event)
  const periodStart = context.snapshot.period.start
  const { asset } = plan
  const { amount } = rateEvent({ plan, usage: event, measured, coverage: [], before: (price, entry) => positionOf(state, { customer: event.customer, periodStart, price, entry }) })
  moveBudgets(losses, { event, context, coverage: [], measured, paid: { draws: [], included: [], lapsed: [], accrued: amount, debt: 0n as typeof amount }, charge: amount, asset, plan })
  losses.results.push({ status: 'accepted', id: event.id, charge: { amount: '0', currency: asset } })
  return { customer: event.customer, event: event.id, node: event.settled!.node, incarnation: event.settled!.incarnation, amount: formatUnits(amount, asset), currency: asset, record: event }
}

/** Of a batch's usage what nobody is charged for, with its results by event id. It is written here; the rest is rated. */
export async function loseClaims(tx: Transaction, state: BatchState, jobs: readonly { readonly event: UsageEvent; readonly step: { readonly effect: string } }[]): Promise<Map<string, EventResult>> {
  const admitted = jobs.flatMap(({ event, step }) => (step.effect === 'use' && event.settled !== null ? [event] : []))
  const gone = await givenUp(tx, admitted.map(({ settled }) => settled!))
  const lost = admitted.filter(({ settled }) => gone.has(holderOf(settled!.node, settled!.incarnation)))
  if (lost.length === 0) return new Map()
  const losses = emptyOutput()
  const rows = lost.map((event) => lose(losses, state, event))
  await insertLostUsage(tx, rows)
  await loseOnBudgets(tx, [...losses.moves.values()])
  await insertOutbox(tx, rows.map(({ customer, event, node, amount, currency }) => ({ customer, type: 'usage.lost', payload: { event, node, amount, currency } })))
  return new Map(lost.map(({ id }, index) => [id, losses.results[index]!]))
}
