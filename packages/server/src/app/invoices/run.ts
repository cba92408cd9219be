// The closing run: what is due on the schedule of customers' periods, in order, exactly once, however long nobody looked. When a period
// begins, what is due in advance is invoiced; when its lateness window is over, all of it less what was invoiced. A run over many customers
// goes in transactions of a few hundred: it can be interrupted anywhere and goes on where it was.

import { contains, EVENT_AGE_MS_MAX, formatInstant, HOUR_MS, InputError, instant, type Instant, type Span } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { countDue, dueSchedules, postponeSchedule, readSchedules, withoutSchedule, writeSchedules, type ScheduleRow } from '../../store/billing.ts'
import { lockCustomers } from '../../store/customers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { CustomerContext } from '../customer-contexts.ts'
import { nowOf } from '../customer-time.ts'
import { Problem } from '../problems.ts'
import { compose, type PeriodFacts } from './compose.ts'
import { loadBilling, type CustomerBilling } from './facts.ts'
import { issue, type ToIssue } from './issue.ts'
import { firstStart, following, instantIn, opening, type ContextAt } from './periods.ts'
import { LATENESS_HOURS, type BillingSettings } from './settings.ts'

/** Customers of one transaction: large enough to share its statements, small enough that settlement waits for milliseconds. */
const CUSTOMERS_PER_TRANSACTION = 250
/** Transactions side by side, each of its own customers: one is worked out while the database writes the other. The second waits for the first where both take numbers, which have no gaps. */
const TRANSACTIONS_AT_ONCE = 2

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
      const due = await dueSchedules(plane.sql, { now, after, limit: CUSTOMERS_PER_TRANSACTION * TRANSACTIONS_AT_ONCE })
      const last = due.at(-1)
      if (last === undefined) break
      isDone = false
      const shares = Array.from({ length: Math.ceil(due.length / CUSTOMERS_PER_TRANSACTION) }, (_, index) => due.slice(index * CUSTOMERS_PER_TRANSACTION, (index + 1) * CUSTOMERS_PER_TRANSACTION))
      for (const written of await Promise.all(shares.map((share) => runSteps(plane, share, now)))) invoices += written
      steps += due.length
      after = last
    }
  }
  return { steps, invoices, left: 0 }
}

/** All steps that are due for customers on a test clock, which shows `now`. */
export async function billOnClock(plane: ControlPlane, customers: readonly string[], now: Instant): Promise<void> {
  await schedule(plane)
  for (;;) {
    const due = (await readSchedules(plane.sql, customers)).filter(({ dueAt }) => dueAt <= now).map(({ customer }) => customer)
    if (due.length === 0) return
    await runSteps(plane, due.slice(0, CUSTOMERS_PER_TRANSACTION), plane.clock.now())
  }
}

/** Customers that are new begin with the opening of their first period. */
async function schedule(plane: ControlPlane): Promise<void> {
  for (;;) {
    const fresh = await withoutSchedule(plane.sql, CUSTOMERS_PER_TRANSACTION)
    if (fresh.length === 0) return
    await withRetry(plane.sql, async (tx) => {
      const facts = await plane.contexts.facts(tx, await lockCustomers(tx, fresh))
      await writeSchedules(tx, [...facts.values()].map((one) => ({ customer: one.customer, periodStart: firstStart(one), step: 'open', dueAt: firstStart(one), opened: null })))
    })
  }
}

/** The steps of many customers together; where they fail, each alone, so that one customer never keeps the others waiting. */
async function runSteps(plane: ControlPlane, customers: readonly string[], now: Instant): Promise<number> {
  try {
    return await runTogether(plane, customers, now)
  } catch (error) {
    if (customers.length > 1) {
      let invoices = 0
      for (const customer of customers) invoices += await runSteps(plane, [customer], now)
      return invoices
    }
    const [customer] = customers
    plane.log.error({ err: error, customer }, 'the invoice of a customer could not be written; it is tried again in an hour')
    await plane.sql.begin(async (tx) => {
      await postponeSchedule(tx, customer!, { now, forMs: HOUR_MS })
      await insertOutbox(tx, [{ customer: customer!, type: 'invoice.run_failed', payload: { reason: error instanceof InputError || error instanceof Problem ? error.message : 'an error of Tollgate, which its log tells', tried_again_at: formatInstant(instant(now + HOUR_MS)) } }])
    })
    return 0
  }
}

/** One step of each customer whose turn it is. */
async function runTogether(plane: ControlPlane, customers: readonly string[], now: Instant): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const facts = await plane.contexts.facts(tx, await lockCustomers(tx, customers))
    // Read under the lock: another run may have done the step meanwhile.
    const due = (await readSchedules(tx, customers)).filter(({ customer, dueAt }) => dueAt <= now + facts.get(customer)!.clockOffsetMs)
    if (due.length === 0) return 0
    const billing = await loadBilling(tx, due.map(({ customer }) => customer), { since: instant(Math.min(...due.map(({ periodStart }) => periodStart)) - EVENT_AGE_MS_MAX), now })
    const next: ScheduleRow[] = []
    const toIssue: ToIssue[] = []
    for (const row of due) {
      const own = facts.get(row.customer)!
      const contextAt = remembered((at) => plane.contexts.at(own, at))
      const context = contextAt(row.periodStart)
      const isOpening = row.step === 'open'
      const of = billing.of(context, contextAt)
      next.push(nextStep(row, contextAt, billing.settings))
      // Its period was opened already: the boundary that was waited for is none any more.
      if (isOpening && row.opened !== null && context.snapshot.period.start <= row.opened) continue
      // On a test clock a year passes at once: each invoice is of the day on which it would have been written.
      const at = own.clockOffsetMs === 0 ? now : row.dueAt
      const composed = compose({ context, now: at, kind: isOpening ? 'opening' : 'period', current: of.current, cutShort: isOpening ? cutShort(of, context, contextAt) : undefined, earlier: isOpening ? [] : of.earlier(), items: of.items, tax: of.tax })
      if (composed.closed.lines.length === 0) continue
      toIssue.push({ context, now: at, kind: isOpening ? 'opening' : 'period', period: of.current.period, composed, profile: of.profile, tax: of.tax })
    }
    const issued = await issue(tx, toIssue, { settings: billing.settings, randomText: plane.randomText, finalize: billing.settings?.autoFinalize === true })
    await writeSchedules(tx, next)
    return issued.length
  })
}

/** The contexts of one customer while its step is worked out: it goes back and forth between its periods. */
function remembered(contextAt: ContextAt): ContextAt {
  const known: CustomerContext[] = []
  return (at) => {
    const found = known.find(({ holds }) => contains(holds, at))
    if (found !== undefined) return found
    const context = contextAt(at)
    known.push(context)
    return context
  }
}

/** The period before one that begins at a change; undefined where it ended in its own time. */
function cutShort(of: CustomerBilling, { facts, snapshot }: CustomerContext, contextAt: ContextAt): PeriodFacts | undefined {
  const { start } = snapshot.period
  if (!facts.timeline.some(({ from }) => from === start)) return undefined
  const before = contextAt(instant(start - 1)).snapshot.period
  return before.end === start ? undefined : of.earlier().find(({ period }) => period.start === before.start)
}

/**
 * A period's successor opens when it ends, and it is closed when its lateness window is over: what is due in advance does not wait for
 * late usage. The two take turns; where periods are shorter than the window, as a trial of a day, the next one opens when it is over.
 */
function nextStep(row: ScheduleRow, contextAt: ContextAt, settings: BillingSettings | null): ScheduleRow {
  const { customer } = row
  const { facts, snapshot: { period: { start } } } = contextAt(row.periodStart)
  if (row.step === 'close') return opening(customer, row.opened ?? following(contextAt(row.periodStart), contextAt).at, contextAt)
  if (start <= (facts.timeline[0]?.from ?? facts.anchorAt)) return opening(customer, start, contextAt)
  return { customer, periodStart: instant(start - 1), step: 'close', dueAt: instant(start + (settings?.latenessHours ?? LATENESS_HOURS) * HOUR_MS), opened: start }
}

/** What the next transaction of a customer needs to know, about a period. */
export async function billingIn(tx: Transaction, plane: ControlPlane, customer: string, period: Span) {
  const facts = (await plane.contexts.facts(tx, await lockCustomers(tx, [customer]))).get(customer)!
  return billingOf(tx, plane, facts, period)
}

/** The same, read only. It is seen from now, or from its last moment, as the run that closes it sees it: so what is previewed is what is written. */
export async function billingOf(tx: Transaction, plane: ControlPlane, facts: CustomerContext['facts'], { start, end }: Span) {
  const contextAt = (at: Instant) => plane.contexts.at(facts, at)
  const seen = contextAt(instant(Math.max(start, Math.min(nowOf(plane, facts), end - 1))))
  const context = seen.snapshot.period.start === start ? seen : contextAt(instantIn(start, contextAt) ?? start)
  const billing = await loadBilling(tx, [facts.customer], { since: instant(start - EVENT_AGE_MS_MAX), now: plane.clock.now() })
  return { context, settings: billing.settings, ...billing.of(context, contextAt) }
}
