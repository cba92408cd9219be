// Requests at the gateway as they were recorded: those that ran are usage events, those that were refused are messages of the outbox.
// Both are read by time, newest first; nothing is written here.

import type { Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'

export type RequestFilter = {
  readonly customer: string
  /** Last row of the page before. */
  readonly before: { readonly time: number; readonly id: string } | null
  readonly from: Instant | null
  readonly to: Instant | null
  readonly feature: string | null
  readonly run: string | null
  readonly model: string | null
  readonly limit: number
}

export type RunRow = {
  readonly id: string
  readonly type: string
  readonly time: Instant
  readonly entity: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly key: string | null
  readonly quantities: Record<string, string>
  readonly dimensions: Record<string, string>
  readonly amount: string
  readonly asset: string
  readonly cost: { readonly amount: string; readonly currency: string } | null
  readonly estimated: boolean
  readonly context: Record<string, unknown>
}

export type DeniedRow = { readonly id: string; readonly time: Instant; readonly payload: Record<string, unknown> }

const SOURCE = 'tollgate:gateway'

export async function listRuns(sql: Sql, filter: RequestFilter): Promise<RunRow[]> {
  const { before, customer, feature, run, model } = filter
  return sql<RunRow[]>`
    select ${runColumns(sql)} from usage_event
    where customer_id = ${customer} and source = ${SOURCE} and effect = 'use'
      and (${textOf(filter.from)}::timestamptz is null or time >= ${textOf(filter.from)}::timestamptz) and (${textOf(filter.to)}::timestamptz is null or time < ${textOf(filter.to)}::timestamptz)
      and (${feature}::text is null or feature = ${feature}) and (${run}::text is null or run = ${run}) and (${model}::text is null or dimensions ->> 'model' = ${model})
      and (${textOf(before?.time ?? null)}::timestamptz is null or (time, id) < (${textOf(before?.time ?? null)}::timestamptz, ${before?.id ?? ''}))
    order by time desc, id desc limit ${filter.limit}`
}

export async function listDenied(sql: Sql, filter: RequestFilter): Promise<DeniedRow[]> {
  // A denial before the run was known has none.
  if (filter.run !== null) return []
  const { before, customer, feature, model, from, to } = filter
  return sql<DeniedRow[]>`
    select payload ->> 'decision' as id, to_timestamp((payload ->> 'time')::bigint / 1000.0) as time, payload from outbox
    where type = 'request.denied' and customer_id = ${customer}
      and (${from}::bigint is null or (payload ->> 'time')::bigint >= ${from}::bigint) and (${to}::bigint is null or (payload ->> 'time')::bigint < ${to}::bigint)
      and (${feature}::text is null or payload ->> 'feature' = ${feature}) and (${model}::text is null or payload ->> 'model' = ${model})
      and (${before?.time ?? null}::bigint is null or ((payload ->> 'time')::bigint, payload ->> 'decision') < (${before?.time ?? 0}::bigint, ${before?.id ?? ''}))
    order by (payload ->> 'time')::bigint desc, payload ->> 'decision' desc limit ${filter.limit}`
}

/** `around` is the time that its id tells: the index goes by time. */
export async function findRun(sql: Sql, customer: string, id: string, around: { readonly from: number; readonly to: number }): Promise<RunRow | null> {
  const [row] = await sql<RunRow[]>`
    select ${runColumns(sql)} from usage_event
    where customer_id = ${customer} and source = ${SOURCE} and effect = 'use' and id = ${id} and time between ${textOf(around.from)}::timestamptz and ${textOf(around.to)}::timestamptz`
  return row ?? null
}

export async function findDenied(sql: Sql, customer: string, id: string, around: { readonly from: number; readonly to: number }): Promise<DeniedRow | null> {
  const [row] = await sql<DeniedRow[]>`
    select payload ->> 'decision' as id, to_timestamp((payload ->> 'time')::bigint / 1000.0) as time, payload from outbox
    where type = 'request.denied' and customer_id = ${customer} and (payload ->> 'time')::bigint between ${around.from} and ${around.to} and payload ->> 'decision' = ${id}`
  return row ?? null
}

function runColumns(sql: Sql) {
  return sql`id, type, time, entity_id as entity, feature, run, key_id as key, quantities, dimensions, amount, asset, cost, estimated, context`
}

function textOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
