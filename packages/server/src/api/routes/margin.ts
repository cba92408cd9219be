// The margin report.

import { DAY_MS, formatShare, formatUnits, instant, knownMarginShare, marginShare, marginSum, type Margin, type Units } from '@tollgate/core'
import { isBelow, marginReport, type MarginRow } from '../../app/books/margin.ts'
import { getCustomer } from '../../app/customers.ts'
import type { marginRoutes } from '../contract/books.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

type Dimension = 'customer' | 'feature' | 'model' | 'plan' | 'day'

export const marginHandlers: Handlers<keyof typeof marginRoutes> = {
  getMargin: async ({ plane, query }) => {
    if (query.customer !== undefined) await getCustomer(plane, query.customer)
    const by = [...new Set(query.by.split(','))] as Dimension[]
    const span = { from: instant(Date.parse(query.from)), to: instant(Date.parse(query.to) + DAY_MS) }
    const report = await marginReport(plane, { ...span, by, customer: query.customer ?? null })
    const { currency, metrics } = report
    const text = (amount: Units) => formatUnits(amount, currency)
    const orNull = (amount: Units | null) => (amount === null ? null : text(amount))
    const rest = report.rows.slice(query.top)
    const figures = (margin: Margin) => figuresBody(margin, text, report.target)
    return {
      from: timeOf(span.from), to: timeOf(span.to), currency, target: report.target, total: figures(report.total),
      rows: [
        ...report.rows.slice(0, query.top).map(({ group, margin }) => ({ group: Object.fromEntries(by.map((name, index) => [name, group[index] ?? ''])), is_rest: false, ...figures(margin) })),
        ...(rest.length === 0 ? [] : [{ group: {}, is_rest: true, ...figures(marginSum(rest.map(({ margin }: MarginRow) => margin))) }]),
      ],
      overheads: report.overheads.map(({ name, amount }) => ({ name, amount: text(amount) })),
      metrics: {
        customers: metrics.customers, revenue_per_customer: orNull(metrics.revenuePerCustomer), users: metrics.users, revenue_per_user: orNull(metrics.revenuePerUser), net_revenue_retention: metrics.retention === null ? null : formatShare(metrics.retention),
        plans: metrics.plans.map(({ plan, requests, margin, perRequest }) => ({ plan, requests: Number(requests), margin: text(margin), margin_per_request: orNull(perRequest) })),
      },
      exchange: [...report.exchange],
      unconverted: report.unconverted.map(({ asset, ...sums }) => ({ currency: asset, ...sums })),
    }
  },
}

function figuresBody(margin: Margin, text: (amount: Units) => string, target: Parameters<typeof isBelow>[0]) {
  const [share, known] = [marginShare(margin), knownMarginShare(margin)]
  return {
    requests: Number(margin.requests), requests_without_cost: Number(margin.uncosted), revenue: text(margin.revenue), charges: text(margin.charges), charges_without_cost: text(margin.uncostedCharges), other_revenue: text(margin.other), provider_cost: text(margin.cost),
    overhead: text(margin.overhead), margin: text(margin.margin), margin_percent: share === null ? null : formatShare(share), known_margin_percent: known === null ? null : formatShare(known), below_target: isBelow(target, share),
  }
}
