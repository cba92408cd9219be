// The closing run: what is due on the schedule of customers' periods, in order, exactly once, however long nobody looked. When a period
// begins, what is due in advance is invoiced; when its lateness window is over, all of it less what was invoiced. A run over many customers
// goes in transactions of a few hundred: it can be interrupted anywhere and goes on where it was.

import { EVENT_AGE_MS_MAX, HOUR_MS, instant, LIFETIME, type Instant } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { countDue, dueSchedules, readSchedules, withoutSchedule, writeSchedules, type ScheduleRow } from '../../store/billing.ts'
import { lockCustomers } from '../../store/customers.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import { compose } from './compose.ts'
import { loadBilling } from './facts.ts'
import { issue, type ToIssue } from './issue.ts'
import { LATENESS_HOURS, type BillingSettings } from './settings.ts'

/** Customers of one transaction: large enough to share its statements, small enough that settlement waits for milliseconds. */
const CUSTOMERS_PER_TRANSACTION = 250

export type Run = {
  readonly steps: number
  readonly invoices: number
  /** Steps that are due and were not done. */
  readonly left: number
}

/** Does what is due at `now`, all of it or about `stepsMax` steps. */
export async function runBilling(plane: ControlPlane, options: { readonly now?: Instant; readonly stepsMax?: number } = {}): Promise<Run> {
  const { now = plane.clock.now(), stepsMax = Infinity } = options
  await schedule(plane)
  let [steps, invoices] = [0, 0]
  for (let isDone = false; !isDone; ) {
    isDone = true
    for (let after = ''; ; ) {
      if (steps >= stepsMax) return { steps, invoices, left: await countDue(plane.sql, now) }
      const due = await dueSchedules(plane.sql, { now, after, limit: CUSTOMERS_PER_TRANSACTION })
      const last = due.at(-1)
      if (last === undefined) break
      isDone = false
      invoices += await runSteps(plane, due.map(({ customer }) => customer), now)
      steps += due.length
      after = last.customer
    }
  }
  return { steps, invoices, left: 0 }
}

/** Customers that are new begin with the opening of their first period. */
async function schedule(plane: ControlPlane): Promise<void> {
  for (;;) {
    const fresh = await withoutSchedule(plane.sql, CUSTOMERS_PER_TRANSACTION)
    if (fresh.length === 0) return
    await withRetry(plane.sql, async (tx) => {
      const facts = await plane.contexts.facts(tx, await lockCustomers(tx, fresh))
      await writeSchedules(tx, [...facts.values()].map((one) => ({ customer: one.customer, periodStart: one.anchorAt, step: 'open', dueAt: one.anchorAt })))
    })
  }
}

/** One step of each customer whose turn it is. */
async function runSteps(plane: ControlPlane, customers: readonly string[], now: Instant): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const facts = await plane.contexts.facts(tx, await lockCustomers(tx, customers))
    // Read under the lock: another run may have done the step meanwhile.
    const due = (await readSchedules(tx, customers)).filter(({ dueAt }) => dueAt <= now)
    if (due.length === 0) return 0
    const billing = await loadBilling(tx, due.map(({ customer }) => customer), instant(Math.min(...due.map(({ periodStart }) => periodStart)) - EVENT_AGE_MS_MAX))
    const next: ScheduleRow[] = []
    const toIssue: ToIssue[] = []
    for (const row of due) {
      const own = facts.get(row.customer)!
      const contextAt = (at: Instant) => plane.contexts.at(own, at)
      const context = contextAt(row.periodStart)
      next.push(nextStep(row, context, contextAt, billing.settings))
      if (row.step === 'open' && isEnded(context)) continue
      const of = billing.of(context)
      const composed = compose({ context, now, kind: row.step === 'open' ? 'opening' : 'period', current: of.current, earlier: row.step === 'open' ? [] : of.earlier(contextAt), items: of.items, tax: of.tax })
      if (composed.closed.lines.length === 0) continue
      toIssue.push({ context, kind: row.step === 'open' ? 'opening' : 'period', period: context.snapshot.period, composed, profile: of.profile, tax: of.tax })
    }
    const issued = await issue(tx, toIssue, { settings: billing.settings, now, randomText: plane.randomText, finalize: billing.settings?.autoFinalize === true })
    await writeSchedules(tx, next)
    return issued.length
  })
}

/**
 * A period's successor opens when it ends, and it is closed when its lateness window is over: what is due in advance does not wait for
 * late usage. The window is shorter than any period, so the two take turns.
 */
function nextStep(row: ScheduleRow, context: CustomerContext, contextAt: (at: Instant) => CustomerContext, settings: BillingSettings | null): ScheduleRow {
  const { customer } = row
  const { period } = context.snapshot
  const isFirst = period.start <= context.facts.anchorAt
  if (row.step === 'open' && isFirst) return { customer, periodStart: period.end, step: 'open', dueAt: period.end }
  if (row.step === 'open') {
    const before = contextAt(instant(period.start - 1)).snapshot.period
    return { customer, periodStart: before.start, step: 'close', dueAt: instant(before.end + (settings?.latenessHours ?? LATENESS_HOURS) * HOUR_MS) }
  }
  if (isEnded(context)) return { customer, periodStart: period.start, step: 'close', dueAt: LIFETIME.end }
  const following = contextAt(period.end).snapshot.period
  return { customer, periodStart: following.end, step: 'open', dueAt: following.end }
}

/** Nothing is asked for time after the end of a subscription. */
function isEnded(context: CustomerContext): boolean {
  return context.snapshot.standing === 'cancelled'
}

/** What the next transaction of a customer needs to know. */
export async function billingIn(tx: Transaction, plane: ControlPlane, customer: string, at: Instant) {
  const facts = (await plane.contexts.facts(tx, await lockCustomers(tx, [customer]))).get(customer)!
  const contextAt = (when: Instant) => plane.contexts.at(facts, when)
  const context = contextAt(at)
  const billing = await loadBilling(tx, [customer], instant(context.snapshot.period.start - EVENT_AGE_MS_MAX))
  return { context, contextAt, settings: billing.settings, ...billing.of(context) }
}
