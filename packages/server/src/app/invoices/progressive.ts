// Invoices in the middle of a period: a job looks at a page of the customers that want them, without a lock, and writes one where the usage that was
// not invoiced yet has reached the customer's threshold. It is composed again under the lock, so that two jobs write it once. What it asks for,
// the close of the period does not.

import { EVENT_AGE_MS_MAX, instant, parseUnits, type Instant } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { progressiveCustomers, withProgressiveDraft } from '../../store/billing.ts'
import { customerVersions, lockCustomers } from '../../store/customers.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { compose } from './compose.ts'
import { loadBilling } from './facts.ts'
import { issue, type ToIssue } from './issue.ts'
import { billingSettings, type BillingSettings } from './settings.ts'

/** Customers of one page, and of one turn: the next turn goes on where this one ended. */
const CUSTOMERS_PER_PAGE = 250
const CUSTOMERS_PER_TURN = 5_000

/** The job. Returns how many invoices were written. Without somebody who issues them there are none. */
export function createProgressiveBilling(): (plane: ControlPlane) => Promise<number> {
  let after = ''
  return async (plane) => {
    const settings = await billingSettings(plane)
    if (settings === null) return 0
    let written = 0
    for (let looked = 0; looked < CUSTOMERS_PER_TURN; looked += CUSTOMERS_PER_PAGE) {
      const customers = await progressiveCustomers(plane.sql, { after, limit: CUSTOMERS_PER_PAGE })
      written += await billPage(plane, customers, settings)
      after = customers.length === CUSTOMERS_PER_PAGE ? customers.at(-1)! : ''
      if (after === '') break
    }
    return written
  }
}

async function billPage(plane: ControlPlane, customers: readonly string[], settings: BillingSettings): Promise<number> {
  const reached = (await composeReached(plane.sql, plane, await customerVersions(plane.sql, customers))).map(({ context }) => context.snapshot.customer)
  let written = 0
  for (const customer of reached) {
    try {
      written += await billOne(plane, customer, settings)
    } catch (error) {
      plane.log.error({ err: error, customer }, 'an invoice in the middle of a period could not be written; it is tried again')
    }
  }
  return written
}

async function billOne(plane: ControlPlane, customer: string, settings: BillingSettings): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const toIssue = await composeReached(tx, plane, await lockCustomers(tx, [customer]))
    return (await issue(tx, toIssue, { settings, randomText: plane.randomText, finalize: settings.autoFinalize })).length
  })
}

/** What would be asked for of customers whose threshold is reached; of one whose draft waits for somebody, nothing more. */
async function composeReached(sql: Sql | Transaction, plane: ControlPlane, versions: ReadonlyMap<string, number>): Promise<ToIssue[]> {
  if (versions.size === 0) return []
  const facts = await plane.contexts.facts(sql, versions)
  const drafted = new Set(await withProgressiveDraft(sql, [...versions.keys()]))
  const running = [...facts.values()].filter(({ customer }) => !drafted.has(customer)).map((own) => ({ own, now: nowOf(plane, own), context: plane.contexts.at(own, nowOf(plane, own)) }))
  if (running.length === 0) return []
  const since: Instant = instant(Math.min(...running.map(({ context }) => context.snapshot.period.start)) - EVENT_AGE_MS_MAX)
  const billing = await loadBilling(sql, running.map(({ own }) => own.customer), { since, now: plane.clock.now() })
  return running.flatMap(({ own, now, context }): ToIssue[] => {
    const of = billing.of(context, (at) => plane.contexts.at(own, at))
    const threshold = of.profile.progressiveAt
    if (threshold === null) return []
    const composed = compose({ context, now, kind: 'progressive', current: of.current, earlier: [], items: of.items, tax: of.tax })
    // Without tax, and without what credit and the plan pay: what somebody owes.
    if (composed.closed.lines.length === 0 || composed.closed.taxable < parseUnits(threshold, composed.closed.currency)) return []
    return [{ context, now, kind: 'progressive', period: of.current.period, composed, profile: of.profile, tax: of.tax }]
  })
}
