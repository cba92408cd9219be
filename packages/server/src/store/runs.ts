// What the events of one run add up to. Undone events count negatively, as everywhere.

import type { Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'

export type RunTotals = {
  readonly events: bigint
  readonly firstAt: Instant
  readonly lastAt: Instant
  readonly estimated: bigint
}
export type RunSum = { readonly name: string; readonly sum: string }
export type RunRow = { readonly run: string; readonly events: bigint; readonly firstAt: Instant; readonly lastAt: Instant; readonly asset: string; readonly amount: string }

const SIGN = "case e.effect when 'reversal' then -1 else 1 end"

/** Null for a run without events. */
export async function runTotals(sql: Sql, of: { readonly customer: string; readonly run: string }): Promise<RunTotals | null> {
  const [row] = await sql<(RunTotals | { events: null })[]>`
    select sum(${sql.unsafe(SIGN)})::bigint as events, min(time) as "firstAt", max(time) as "lastAt", count(*) filter (where estimated) as estimated
    from usage_event e where customer_id = ${of.customer} and run = ${of.run}`
  return row === undefined || row.events === null ? null : row
}

export async function runSums(sql: Sql, of: { readonly customer: string; readonly run: string }): Promise<{ readonly quantities: readonly RunSum[]; readonly amounts: readonly RunSum[]; readonly costs: readonly RunSum[] }> {
  const [quantities, amounts, costs] = await Promise.all([
    sql<RunSum[]>`select q.key as name, sum(${sql.unsafe(SIGN)} * q.value::numeric)::text as sum from usage_event e, json_each_text(e.quantities) q where customer_id = ${of.customer} and run = ${of.run} group by 1 order by 1`,
    sql<RunSum[]>`select asset as name, sum(amount)::text as sum from usage_event e where customer_id = ${of.customer} and run = ${of.run} group by 1 order by 1`,
    sql<RunSum[]>`select cost ->> 'currency' as name, sum(${sql.unsafe(SIGN)} * (cost ->> 'amount')::numeric)::text as sum from usage_event e where customer_id = ${of.customer} and run = ${of.run} and cost is not null group by 1 order by 1`,
  ])
  return { quantities, amounts, costs }
}

/** The latest runs, by their last event since `from`. */
export async function latestRuns(sql: Sql, of: { readonly customer: string; readonly from: Instant; readonly limit: number }): Promise<RunRow[]> {
  return sql<RunRow[]>`
    select run, sum(${sql.unsafe(SIGN)})::bigint as events, min(time) as "firstAt", max(time) as "lastAt", asset, sum(amount)::text as amount
    from usage_event e where customer_id = ${of.customer} and run is not null and time >= ${new Date(of.from).toISOString()}::timestamptz
    group by run, asset order by max(time) desc, run limit ${of.limit}`
}
