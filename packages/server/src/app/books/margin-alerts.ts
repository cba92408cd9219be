// Tells whose margin of the last 30 days is below the target: of all, of each feature and model, and of the customers that lose most. Once a month
// for each; what has no revenue is in the report and told of nowhere, because a free plan is meant.

import { DAY_MS, formatShare, formatUnits, instant, MARGIN_ALERTS_PER_DAY_MAX } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { noteMarginAlerts } from '../../store/margin.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { ControlPlane } from '../control-plane.ts'
import { dayText, startOfDay } from './days.ts'
import { marginReport, type MarginRow } from './margin.ts'

const DAYS_LOOKED_AT = 30

type Subject = MarginRow & { readonly kind: 'total' | 'customer' | 'feature' | 'model'; readonly subject: string }

/** The job. Returns how many were told of. */
export async function tellMargins(plane: ControlPlane): Promise<number> {
  const to = startOfDay(plane.clock.now() + DAY_MS)
  const span = { from: instant(to - DAYS_LOOKED_AT * DAY_MS), to, customer: null }
  const subjects: Subject[] = []
  for (const kind of ['total', 'customer', 'feature', 'model'] as const) {
    const report = await marginReport(plane, { ...span, by: kind === 'total' ? [] : [kind] })
    if (report.target === null) return 0
    subjects.push(...report.rows.filter(({ isBelowTarget, group }) => isBelowTarget && (kind === 'total' || group[0] !== '')).map((row): Subject => ({ ...row, kind, subject: row.group[0] ?? '' })))
  }
  const worst = subjects.toSorted((a, b) => (a.margin.margin < b.margin.margin ? -1 : 1)).slice(0, MARGIN_ALERTS_PER_DAY_MAX)
  const { currency } = plane.catalogs.current()
  return withRetry(plane.sql, async (tx) => {
    const fresh = new Set((await noteMarginAlerts(tx, dayText(to - DAY_MS).slice(0, 7), worst)).map(({ kind, subject }) => `${kind} ${subject}`))
    const told = worst.filter(({ kind, subject }) => fresh.has(`${kind} ${subject}`))
    await insertOutbox(tx, told.map(({ kind, subject, margin, share }) => ({
      customer: kind === 'customer' ? subject : null, type: 'margin.below_target',
      payload: { kind, subject, from: dayText(span.from), to: dayText(to - DAY_MS), revenue: formatUnits(margin.revenue, currency), provider_cost: formatUnits(margin.cost, currency), overhead: formatUnits(margin.overhead, currency), margin_percent: formatShare(share!), currency },
    })))
    return told.length
  })
}
