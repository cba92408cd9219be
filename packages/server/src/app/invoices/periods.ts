// The billing periods of a customer one after another, as its subscriptions make them: most follow each other at their boundary, and
// one ends early where a trial converts or the length of the period changes. What period an instant is in is asked of its context.

import { assert, instant, type Instant, type Span } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { readSchedules, writeSchedules, type ScheduleRow } from '../../store/billing.ts'
import type { CustomerContext } from '../customer-contexts.ts'

export type ContextAt = (at: Instant) => CustomerContext

/** When the customer's first period begins: what a provider billed before we knew is asked for there. */
export function firstStart({ timeline, anchorAt }: Pick<CustomerContext['facts'], 'timeline' | 'anchorAt'>): Instant {
  const first = timeline[0]
  return first === undefined || first.source !== 'tollgate' ? anchorAt : first.from
}

/** The first instant at which the period is the one that starts at `start`; null where no period starts there any more. */
export function instantIn(start: Instant, contextAt: ContextAt): Instant | null {
  const { facts } = contextAt(start)
  const candidates = [start, ...facts.timeline.map(({ from }) => from).filter((from) => from > start)]
  return candidates.find((at) => contextAt(at).snapshot.period.start === start) ?? null
}

/** An instant in the period that follows the one of `context`, and the instant at which that one is over. */
export function following(context: CustomerContext, contextAt: ContextAt): { readonly at: Instant; readonly endsAt: Instant } {
  const { period } = context.snapshot
  const { timeline } = context.facts
  if (!timeline.some(({ from }) => from > period.start && from <= period.end)) return { at: period.end, endsAt: period.end }
  // A provider may name a beginning that lies before what we heard of it: then nothing changes there, and the next boundary is looked at.
  let at = instantIn(period.start, contextAt) ?? period.start
  for (let turn = 0; turn <= timeline.length + 1; turn += 1) {
    const changesAt = timeline.find(({ from }) => from > at)?.from
    const boundary = contextAt(at).snapshot.period.end
    at = changesAt !== undefined && changesAt < boundary ? changesAt : boundary
    const next = contextAt(at).snapshot.period
    if (next.start > period.start) return { at, endsAt: instant(Math.min(period.end, next.start)) }
  }
  assert(false, `no period of ${context.snapshot.customer} follows the one from ${period.start}`)
}

/** The period as it was: the part of it that was under its own beginning. */
export function spanOf(context: CustomerContext, contextAt: ContextAt): Span {
  return { start: context.snapshot.period.start, end: following(context, contextAt).endsAt }
}

/** The schedule of a customer whose period from `opened` on runs: the next one opens where it ends. */
export function opening(customer: string, opened: Instant, contextAt: ContextAt): ScheduleRow {
  const { at, endsAt } = following(contextAt(instantIn(opened, contextAt) ?? opened), contextAt)
  return { customer, periodStart: at, step: 'open', dueAt: endsAt, opened }
}

/** Brings the schedule in line with a subscription that changed: where a period ends earlier or later now, so does the wait for it. */
export async function followSubscription(tx: Transaction, facts: CustomerContext['facts'], contextAt: ContextAt): Promise<void> {
  const [row] = await readSchedules(tx, [facts.customer])
  if (row?.step !== 'open' || row.opened === null) return
  const next = opening(row.customer, row.opened, contextAt)
  if (next.dueAt !== row.dueAt || next.periodStart !== row.periodStart) await writeSchedules(tx, [next])
}
