// Usage by the day on which it was settled: what it earned and what it cost, by customer, feature, model and plan. A job reads settlement batches in the
// order in which they became visible and adds each once; nothing of it is on the way of a request.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type UsageDayKey = {
  readonly postedOn: string
  readonly customer: string
  readonly day: string
  /** Empty where an event named none. */
  readonly feature: string
  readonly model: string
  readonly asset: string
  readonly costCurrency: string
}
export type UsageDayRow = UsageDayKey & { readonly events: bigint; readonly amount: string; readonly cost: string }

export type Batches = { readonly ids: readonly bigint[]; readonly last: { readonly tx: string; readonly id: bigint } }

/** Who reads settlement batches in order, by the table that says how far it is. */
export type BatchReader = 'usage_day_cursor' | 'usage_handover_setting'

/** The next batches that nobody can put anything before any more, of about `eventsMax` events; null when there are none. Holds the cursor. */
export async function takeBatches(tx: Transaction, reader: BatchReader, limits: { readonly eventsMax: number; readonly batchesMax: number }): Promise<Batches | null> {
  const rows = await tx<{ id: bigint; tx: string; events: number }[]>`
    with at as (select tx, id from ${tx(reader)} for update)
    select b.id, b.tx::text as tx, b.events from settlement_batch b, at
    where (b.tx, b.id) > (at.tx, at.id) and b.tx < pg_snapshot_xmin(pg_current_snapshot()) order by b.tx, b.id limit ${limits.batchesMax}`
  let [taken, events] = [0, 0]
  for (const row of rows) {
    if (taken > 0 && events + row.events > limits.eventsMax) break
    taken += 1
    events += row.events
  }
  const last = rows[taken - 1]
  return last === undefined ? null : { ids: rows.slice(0, taken).map(({ id }) => id), last: { tx: last.tx, id: last.id } }
}

/** A reversal counts against what it undoes: it carries the cost of it, and an amount below zero. */
const SIGN = `case when e.effect = 'reversal' then -1 else 1 end`

function summed(sql: Sql | Transaction) {
  return sql`(b.settled_at at time zone 'UTC')::date as "postedOn", e.customer_id as customer, (e.time at time zone 'UTC')::date as day, coalesce(e.feature, '') as feature, coalesce(e.dimensions ->> 'model', '') as model,
    e.asset, coalesce(e.cost ->> 'currency', '') as "costCurrency", sum(${sql.unsafe(SIGN)})::bigint as events, sum(e.amount)::text as amount, coalesce(sum(${sql.unsafe(SIGN)} * (e.cost ->> 'amount')::numeric), 0)::text as cost`
}

export async function usageOfBatches(tx: Transaction, ids: readonly bigint[]): Promise<UsageDayRow[]> {
  if (ids.length === 0) return []
  const texts = ids.map(String)
  const low = ids.reduce((least, id) => (id < least ? id : least))
  const high = ids.reduce((most, id) => (id > most ? id : most))
  return tx<UsageDayRow[]>`
    select ${summed(tx)} from usage_event e join settlement_batch b on b.id = e.batch_id
    where e.batch_id between ${low} and ${high} and e.batch_id = any(${texts}::bigint[]) group by 1, 2, 3, 4, 5, 6, 7`
}

export async function addUsageDays(tx: Transaction, rows: readonly (UsageDayRow & { readonly plan: string })[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into usage_day as u (posted_on, customer_id, day, feature, model, plan, asset, cost_currency, events, amount, cost)
    select p::date, c, d::date, f, m, pl, a, k, e, am, co from unnest(${rows.map(({ postedOn }) => postedOn)}::text[], ${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ day }) => day)}::text[], ${rows.map(({ feature }) => feature)}::text[],
      ${rows.map(({ model }) => model)}::text[], ${rows.map(({ plan }) => plan)}::text[], ${rows.map(({ asset }) => asset)}::text[], ${rows.map(({ costCurrency }) => costCurrency)}::text[], ${rows.map(({ events }) => String(events))}::bigint[],
      ${rows.map(({ amount }) => amount)}::numeric[], ${rows.map(({ cost }) => cost)}::numeric[]) as t(p, c, d, f, m, pl, a, k, e, am, co)
    on conflict (posted_on, customer_id, day, feature, model, plan, asset, cost_currency) do update set events = u.events + excluded.events, amount = u.amount + excluded.amount, cost = u.cost + excluded.cost`
}

export async function moveCursor(tx: Transaction, reader: BatchReader, last: Batches['last']): Promise<void> {
  await tx`update ${tx(reader)} set tx = ${last.tx}::text::xid8, id = ${last.id}`
}

export type UsageDaySum = { readonly asset: string; readonly amount: string }

/** What usage settled in the span earned, by asset: what is in the days, and what is settled and not in them yet. */
export async function usageEarned(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<UsageDaySum[]> {
  return sql<UsageDaySum[]>`
    select asset, sum(amount)::text as amount from (
      select asset, amount from usage_day where posted_on >= ${dayOf(span.from)}::text::date and posted_on < ${dayOf(span.to)}::text::date
      union all
      select e.asset, e.amount from settlement_batch b, usage_day_cursor c, usage_event e
      where (b.tx, b.id) > (c.tx, c.id) and b.settled_at >= ${iso(span.from)}::timestamptz and b.settled_at < ${iso(span.to)}::timestamptz and e.batch_id = b.id) u group by 1`
}

/** What providers cost, by the day on which it was settled. */
export async function providerCosts(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<{ readonly asset: string; readonly cost: string }[]> {
  return sql`
    select cost_currency as asset, sum(cost)::text as cost from usage_day
    where posted_on >= ${dayOf(span.from)}::text::date and posted_on < ${dayOf(span.to)}::text::date and cost_currency <> '' group by 1`
}

/** The same figures of one day from the events themselves. */
export async function recountDay(tx: Transaction, day: string): Promise<{ readonly days: string; readonly events: string }> {
  const [bounds] = await tx<{ low: bigint | null; high: bigint | null }[]>`
    select min(id) as low, max(id) as high from settlement_batch where settled_at >= ${`${day}T00:00:00Z`}::timestamptz and settled_at < ${`${day}T00:00:00Z`}::timestamptz + interval '1 day'`
  const text = (sql: Transaction) => sql`coalesce(jsonb_object_agg(key, array[events::text, trim_scale(amount)::text, trim_scale(cost)::text] order by key), '{}')::text`
  const [days] = await tx<{ sums: string }[]>`
    select ${text(tx)} as sums from (select asset || ' ' || cost_currency as key, sum(events) as events, sum(amount) as amount, sum(cost) as cost from usage_day where posted_on = ${day}::text::date group by 1) d`
  const [events] = await tx<{ sums: string }[]>`
    select ${text(tx)} as sums from (
      select s.asset || ' ' || s."costCurrency" as key, sum(s.events) as events, sum(s.amount::numeric) as amount, sum(s.cost::numeric) as cost from (
        select ${summed(tx)} from usage_event e join settlement_batch b on b.id = e.batch_id
        where e.batch_id between ${bounds?.low ?? 0n} and ${bounds?.high ?? 0n} and (b.settled_at at time zone 'UTC')::date = ${day}::text::date group by 1, 2, 3, 4, 5, 6, 7) s group by 1) d`
  return { days: days!.sums, events: events!.sums }
}

function dayOf(at: Instant): string {
  return iso(at).slice(0, 10)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
