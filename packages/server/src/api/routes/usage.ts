// Usage and events as they are read. What only the operator may see is left out for everybody else.

import type * as z from 'zod'
import { formatDecimal, InputError, formatUnits, parseDecimal, parseUnits } from '@tollgate/core'
import { dimensionValuesOf } from '../../app/dimension-values.ts'
import { backfillsOf } from '../../app/backfill.ts'
import { erasePerson, pseudonymOf } from '../../app/persons.ts'
import { checkRollups } from '../../app/rollup-check.ts'
import { runOf, runsOf } from '../../app/runs.ts'
import { explainCharge } from '../../app/explain-charge.ts'
import { eventsPage } from '../../app/records.ts'
import { usageOfAll, usageReport, USAGE_AMOUNT_SCALE, USAGE_QUANTITY_SCALE, type UsageInput, type UsageReport } from '../../app/usage-report.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { usageRoutes } from '../contract/usage.ts'
import { readSequence, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const usageHandlers: Handlers<keyof typeof usageRoutes> = {
  getUsage: async ({ plane, params, query }) => ({ customer: params.customer, ...usageBody(query, await usageReport(plane, params.customer, inputOf(query))) }),
  getUsageOfAll: async ({ plane, query }) => usageBody(query, await usageOfAll(plane, inputOf(query))),
  checkRollups: async ({ plane, query }) => {
    if (query.to <= query.from) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must be after from' })
    const { from, to, differences, ...counts } = await checkRollups(plane, { customer: query.customer ?? null, from: query.from, to: query.to })
    return { from: timeOf(from), to: timeOf(to), ...counts, differences: differences.map((difference) => ({ ...difference, start: timeOf(difference.start) })) }
  },
  listDimensionValues: async ({ plane, params }) => ({ values: await dimensionValuesOf(plane, params) }),
  listBackfills: async ({ plane }) => ({
    data: (await backfillsOf(plane)).map(({ meter, state, customersDone, customersTotal, eventsDone, startedAt, finishedAt }) => ({
      meter, state, customers_done: customersDone, customers_total: customersTotal, events: Number(eventsDone), started_at: timeOf(startedAt), finished_at: timeOrNull(finishedAt),
    })),
  }),
  lookUpPseudonym: async ({ plane, params, body }) => ({ pseudonym: await pseudonymOf(plane, params.customer, body) }),
  erasePerson: async ({ plane, caller, params, body }) => {
    const pseudonym = await erasePerson(plane, caller.actor, params.customer, body)
    return { erased: pseudonym !== null, pseudonym }
  },
  listRuns: async ({ plane, params, query }) => {
    const runs = await runsOf(plane, params.customer, { from: query.from ?? null, limit: query.limit })
    return { data: runs.map(({ run, events, firstAt, lastAt, amount, asset }) => ({ run, events: Number(events), first_at: timeOf(firstAt), last_at: timeOf(lastAt), amount: plain(amount, USAGE_AMOUNT_SCALE), currency: asset })) }
  },
  getRun: async ({ plane, caller, params }) => {
    const { totals, quantities, amounts, costs } = await runOf(plane, params.customer, params.run)
    const money = (sums: typeof amounts) => sums.map(({ name, sum }) => ({ amount: plain(sum, USAGE_AMOUNT_SCALE), currency: name }))
    return {
      customer: params.customer, run: params.run, events: Number(totals.events), first_at: timeOf(totals.firstAt), last_at: timeOf(totals.lastAt),
      quantities: Object.fromEntries(quantities.map(({ name, sum }) => [name, plain(sum, USAGE_QUANTITY_SCALE)])), charges: money(amounts),
      ...(caller.isOperator ? { costs: money(costs) } : {}), estimated_events: Number(totals.estimated),
    }
  },
  explainEvent: async ({ plane, caller, params, query }) => {
    const { event, plan, excluded, charges } = await explainCharge(plane, { customer: params.customer, ...query, showsCost: caller.isOperator })
    return {
      event: eventBody(event, caller.isOperator),
      plan,
      excluded,
      charges: charges.map(({ price, entry, meter, model, amount, lines, agrees }) => ({ price, entry: entry ?? null, meter, model, amount, lines: [...lines], agrees })),
    }
  },
  listEvents: async ({ plane, caller, params, query }) => {
    const page = await eventsPage(plane, params.customer, {
      after: readSequence('events', query.cursor),
      limit: query.limit,
      from: query.from ?? null,
      to: query.to ?? null,
      price: query.price ?? null,
      feature: query.feature ?? null,
      run: query.run ?? null,
      type: query.type ?? null,
      batch: query.batch ?? null,
      periodStart: query.period_start ?? null,
      newestFirst: query.order === 'newest',
    })
    return { data: page.rows.map((row) => eventBody(row, caller.isOperator)), next_cursor: writeCursor('events', page.next) }
  },
}

type UsageQuery = z.output<(typeof usageRoutes)['getUsage']['query']>

function inputOf(query: UsageQuery): UsageInput {
  return {
    from: query.from ?? null,
    to: query.to ?? null,
    granularity: query.granularity,
    groupBy: query.group_by ?? [],
    filters: query.filter ?? new Map(),
    meter: query.meter ?? null,
    timeZone: query.time_zone ?? null,
    top: query.top === undefined ? null : { groups: query.top, by: query.top_by },
    cumulative: query.cumulative ?? false,
  }
}

function usageBody(query: UsageQuery, report: UsageReport) {
  const groupBy = query.group_by ?? []
  return {
    from: timeOf(report.from),
    to: timeOf(report.to),
    period: report.period === null ? null : { start: timeOf(report.period.start), end: timeOf(report.period.end) },
    granularity: query.granularity,
    time_zone: report.timeZone,
    currency: report.currency,
    data: report.rows.map((row) => ({
      start: timeOrNull(row.start),
      meter: row.meter,
      // A rollup holds an empty text where an event named none.
      ...Object.fromEntries(groupBy.map((group, index) => [group, row.groups[index] || null])),
      quantity: plain(row.quantity, USAGE_QUANTITY_SCALE),
      amount: plain(row.amount, USAGE_AMOUNT_SCALE),
      currency: row.asset,
      events: Number(row.events),
      ...(row.isExact ? {} : { exact: false as const }),
      ...(row.isRest ? { rest: true as const } : {}),
    })),
    totals: report.totals.map(({ meter, asset, quantity, amount, events, isExact }) => ({
      meter,
      quantity: formatDecimal(quantity, USAGE_QUANTITY_SCALE),
      amount: formatDecimal(amount, USAGE_AMOUNT_SCALE),
      currency: asset,
      events: Number(events),
      ...(isExact ? {} : { exact: false as const }),
    })),
    as_of: timeOf(report.asOf),
    posted: true as const,
  }
}

type StoredEvent = Awaited<ReturnType<typeof eventsPage>>['rows'][number]

export function eventBody(row: StoredEvent, isOperator: boolean) {
  return {
    id: row.id,
    source: row.source,
    type: row.type,
    time: timeOf(row.time),
    entity: row.entity,
    feature: row.feature,
    run: row.run,
    quantities: row.quantities,
    dimensions: row.dimensions,
    charges: [...row.charges.lines],
    amount: formatUnits(parseUnits(row.amount, row.asset), row.asset),
    currency: row.asset,
    paid: { ...(row.charges.paid.included === undefined ? {} : { included: [...row.charges.paid.included] }), draws: [...row.charges.paid.draws], accrued: row.charges.paid.accrued, debt: row.charges.paid.debt },
    estimated: row.estimated,
    period_start: timeOf(row.periodStart),
    batch: `bat_${row.batch}`,
    catalog_version: row.catalogVersion,
    effect: row.effect,
    corrects: row.correctsId === null ? null : { source: row.correctsSource!, id: row.correctsId },
    ...(isOperator ? { cost: row.cost, key: row.key, context: row.context } : {}),
  }
}

/** Stored decimals carry trailing zeros. */
function plain(text: string, scale: number): string {
  return formatDecimal(parseDecimal(text, scale, 'stored'), scale)
}
