// What the close of a customer's period takes into account beside its lines: the terms of its contract, where the window of its
// commitment stands, and its coupons. The previewed invoice and the final one ask here.

import { countedOf, parseUnits, units, ZERO, type CloseContext, type CommitmentState, type Instant, type RedeemedCoupon, type Span, type Units } from '@tollgate/core'
import { periodAt } from '@tollgate/core/period'
import { commitmentWindow } from '@tollgate/core/resolve'
import type { RedemptionRow } from '../../store/contracts.ts'
import type { AccumulatorText } from '../../store/settlement.ts'
import type { CustomerContext } from '../customer-contexts.ts'

/** What is stored of a customer; `totals` reach back at least a year. */
type Stored = { readonly redemptions: readonly RedemptionRow[]; readonly totals: readonly Pick<AccumulatorText, 'periodStart' | 'asset' | 'amount'>[] }

/** Undefined where nothing is added. */
export function closeContextOf(context: CustomerContext, stored: Stored): CloseContext | undefined {
  const { plan, snapshot } = context
  const terms = snapshot.terms ?? null
  const coupons = couponsIn(stored.redemptions, context)
  if (terms === null && coupons.length === 0) return undefined
  return { currency: plan.currency, plan: plan.id, terms, commitment: commitmentOf(context, stored.totals), coupons }
}

function commitmentOf({ plan, snapshot, facts }: CustomerContext, totals: Stored['totals']): CommitmentState | null {
  const agreed = snapshot.terms?.commitment ?? null
  const contract = facts.contract ?? null
  if (agreed === null || contract === null) return null
  const { period } = snapshot
  const window = commitmentWindow(contract, facts.timeZone, { window: agreed.window, period })
  if (agreed.window === 'billing_period') return { earlier: ZERO, isLast: true }
  const starts = startsWithin({ start: window.start, end: period.start }, facts, plan.period)
  const used = totals.filter(({ periodStart, asset }) => asset === plan.currency && starts.includes(periodStart)).reduce((sum, { amount }) => sum + parseUnits(amount, plan.currency), 0n)
  const fees = agreed.counts === 'all' ? plan.recurring.filter(({ model }) => model === 'flat').reduce((sum, { amount }) => sum + amount, 0n) * BigInt(starts.length) : 0n
  return { earlier: units(used + fees), isLast: period.end >= window.end }
}

/** No subscription has more billing periods in a year of its contract. */
const PERIODS_MAX = 400

/** Starts of the billing periods that begin in `span`. */
function startsWithin(span: Span, facts: { readonly anchorAt: Instant; readonly timeZone: string }, every: 'month' | 'year'): Instant[] {
  const starts: Instant[] = []
  if (span.start >= span.end) return starts
  let period = periodAt({ anchorAt: facts.anchorAt, timeZone: facts.timeZone, every }, span.start < facts.anchorAt ? facts.anchorAt : span.start)
  while (period.start < span.end && starts.length < PERIODS_MAX) {
    if (period.start >= span.start) starts.push(period.start)
    period = periodAt({ anchorAt: facts.anchorAt, timeZone: facts.timeZone, every }, period.end)
  }
  return starts
}

function couponsIn(rows: Stored['redemptions'], { snapshot, facts, plan }: CustomerContext): RedeemedCoupon[] {
  const { start, end } = snapshot.period
  return rows.filter(({ coupon, fromPeriod }) => {
    if (fromPeriod >= end) return false
    return coupon.periods === null || startsWithin({ start: fromPeriod, end: start }, facts, plan.period).length < coupon.periods
  }).map(({ coupon }) => coupon)
}

/** Where a commitment stands, for whoever looks at it before the close. */
export type CommitmentProgress = { readonly counted: Units; readonly minimum: Units | null; readonly maximum: Units | null; readonly window: Span }

export function commitmentProgress(context: CustomerContext, close: CloseContext | undefined, lines: Parameters<typeof countedOf>[0]): CommitmentProgress | null {
  const { snapshot, facts, plan } = context
  const agreed = snapshot.terms?.commitment ?? null
  if (agreed === null || close === undefined || close.commitment === null || facts.contract === undefined || facts.contract === null) return null
  const amount = (text: string | null): Units | null => (text === null ? null : parseUnits(text, plan.currency))
  return {
    counted: units(close.commitment.earlier + countedOf(lines, agreed.counts)), minimum: amount(agreed.minimum), maximum: amount(agreed.maximum),
    window: commitmentWindow(facts.contract, facts.timeZone, { window: agreed.window, period: snapshot.period }),
  }
}
