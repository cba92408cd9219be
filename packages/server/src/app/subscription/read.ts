// A subscription as it is shown: what holds now, what is known to come, why, and the facts and events behind it.

import { noticeOf, planOf, segmentAt, type SubscriptionNotice, type Segment, type Span } from '@tollgate/core'
import { billingPeriod, keptPlanAt } from '@tollgate/core/resolve'
import { listFacts, listTold, type FactRow, type ToldRow } from '../../store/subscriptions.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'

export type SubscriptionView = {
  readonly customer: string
  readonly current: Segment
  readonly period: Span
  /** Catalog version of its plan, where it keeps an earlier one than that in force. */
  readonly planVersion: number | null
  readonly notice: SubscriptionNotice | null
  /** What comes by itself unless a fact comes between, in order of time. */
  readonly ahead: readonly Segment[]
  readonly asOf: number
}

export async function subscriptionOf(plane: ControlPlane, customer: string): Promise<SubscriptionView> {
  const row = await getCustomer(plane, customer)
  const now = nowOf(plane, row)
  const current = segmentAt(row.timeline, now)
  if (current === null) throw new Problem('not_found', `customer ${customer} has no subscription`, 'customer')
  const catalog = plane.catalogs.current()
  const planVersion = keptPlanAt(catalog, row, now)
  const plan = planOf(catalog, { plan: current.plan, ...(planVersion === null ? {} : { planVersion }) })
  const period = billingPeriod({ anchorAt: current.anchorAt, timeZone: row.timeZone }, { period: plan?.period ?? 'month' }, now)
  return { customer, current, planVersion, period, notice: noticeOf(current, plane.links), ahead: row.timeline.filter(({ from }) => from > now), asOf: now }
}

export async function factsPage(plane: ControlPlane, input: { readonly customer: string; readonly before: { readonly at: number; readonly id: string } | null; readonly limit: number }): Promise<Page<FactRow>> {
  await getCustomer(plane, input.customer)
  const rows = await listFacts(plane.sql, { customer: input.customer, before: input.before as never, limit: input.limit + 1 })
  return pageOf(rows, input.limit, ({ at, id }) => `${at} ${id}`)
}

export async function toldPage(plane: ControlPlane, input: { readonly customer: string; readonly after: number; readonly limit: number }): Promise<Page<ToldRow>> {
  await getCustomer(plane, input.customer)
  const rows = await listTold(plane.sql, { ...input, limit: input.limit + 1 })
  return pageOf(rows, input.limit, ({ sequence }) => String(sequence))
}
