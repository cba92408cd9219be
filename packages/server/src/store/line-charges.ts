// What the events of a period were charged by one price, by day of a zone, feature and model.

import type { Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'

type ChargedLine = { readonly kind: string; readonly price: string; readonly entry: string; readonly periodStart: Instant; readonly charges: string }

export async function lineOf(sql: Sql, key: { readonly customer: string; readonly invoice: string; readonly line: number }): Promise<ChargedLine | null> {
  const [row] = await sql<ChargedLine[]>`
    select kind, price_id as price, entry, period_start as "periodStart", trim_scale(charges)::text as charges from invoice_line where customer_id = ${key.customer} and invoice_id = ${key.invoice} and line = ${key.line}`
  return row ?? null
}

/** A key is null where it was not asked for; a feature or model that an event did not name is an empty text. Quantity and amount as decimal text. */
export type LineChargeRow = { readonly day: string | null; readonly feature: string | null; readonly model: string | null; readonly events: bigint; readonly quantity: string; readonly amount: string }

export async function chargesOfLine(sql: Sql, of: ChargedLine & { readonly customer: string; readonly timeZone: string; readonly by: 'day' | 'feature' | 'model' | null; readonly limit: number }): Promise<LineChargeRow[]> {
  const isAsked = (key: 'day' | 'feature' | 'model'): boolean => of.by === null || of.by === key
  const start = new Date(of.periodStart).toISOString()
  return sql<LineChargeRow[]>`
    select case when ${isAsked('day')}::boolean then (e.time at time zone ${of.timeZone}::text)::date::text end as day, case when ${isAsked('feature')}::boolean then coalesce(e.feature, '') end as feature,
      case when ${isAsked('model')}::boolean then coalesce(e.dimensions ->> 'model', '') end as model, count(*) as events, trim_scale(sum((l ->> 'quantity')::numeric))::text as quantity, trim_scale(sum((l ->> 'amount')::numeric))::text as amount
    from usage_event e, json_array_elements(e.charges -> 'lines') l
    where e.customer_id = ${of.customer} and e.time >= ${start}::timestamptz and e.period_start = ${start}::timestamptz and l ->> 'price' = ${of.price} and coalesce(l ->> 'entry', '') = ${of.entry}
    group by 1, 2, 3 order by 1, 2, 3 limit ${of.limit}`
}
