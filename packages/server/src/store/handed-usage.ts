// Hand-over of usage: its setting, and for each customer, meter and span what the receiver has and what is being sent. What is being sent is
// written before it is sent and stays as it is until its outcome is known.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type HandedSpan = 'hour' | 'day'
export type UsageHandoverSetting = {
  readonly target: string; readonly since: Instant; readonly span: HandedSpan; readonly inBatches: boolean
  /** The receiver's name of each meter. */
  readonly meters: Readonly<Record<string, string>>
  readonly updatedAt: Instant; readonly updatedBy: string
}
export type HandedUsageState = 'waiting' | 'sent' | 'stopped'
export type HandedUsageKey = { readonly target: string; readonly customer: string; readonly meter: string; readonly start: Instant; readonly span: HandedSpan }
export type HandedUsageRow = HandedUsageKey & {
  readonly name: string
  /** Decimal text: what the receiver confirmed, and what is being sent now. */
  readonly sent: string
  readonly sending: string | null
  readonly sendingTo: string | null
  readonly sendingSince: Instant | null
  readonly sendings: number
  readonly marks: number
  readonly state: HandedUsageState
  readonly attempts: number
  readonly reason: string | null
  readonly sentAt: Instant | null
}
/** With what is metered now. */
export type DueUsage = HandedUsageRow & { readonly quantity: string }

export async function readUsageHandover(sql: Sql | Transaction): Promise<UsageHandoverSetting | null> {
  const [row] = await sql<UsageHandoverSetting[]>`select target, since, span, in_batches as "inBatches", meters, updated_at as "updatedAt", updated_by as "updatedBy" from usage_handover_setting`
  return row ?? null
}

/** Null ends it. Settlement is followed from this transaction on: what it sees already is queued by {@link queueUsage}. */
export async function writeUsageHandover(tx: Transaction, setting: Omit<UsageHandoverSetting, 'updatedAt'> | null): Promise<void> {
  await tx`delete from usage_handover_setting`
  if (setting === null) return
  await tx`
    insert into usage_handover_setting (target, since, span, in_batches, meters, tx, id, updated_by)
    values (${setting.target}, ${iso(setting.since)}, ${setting.span}, ${setting.inBatches}, ${tx.json(setting.meters)}, pg_snapshot_xmin(pg_current_snapshot()), 0, ${setting.updatedBy})`
}

/** When the last span ends that was queued for a target in spans of another length; null for none. */
export async function handedUntil(tx: Transaction, of: { readonly target: string; readonly notSpan: HandedSpan }): Promise<Instant | null> {
  const [row] = await tx<{ at: Instant | null }[]>`select max(start + ('1 ' || span)::interval) as at from handed_usage where target = ${of.target} and span <> ${of.notSpan}`
  return row?.at ?? null
}

type Queue = UsageHandoverSetting | Omit<UsageHandoverSetting, 'updatedAt'>

/** Queues every span since the beginning that has usage of the meters. */
export async function queueUsage(tx: Transaction, setting: Queue, delayMs: number): Promise<void> {
  await mark(tx, setting, delayMs, tx`select distinct r.customer_id, date_trunc(${setting.span}, r.start at time zone 'UTC') at time zone 'UTC' from rollup_hour r where r.start >= ${iso(setting.since)}::timestamptz and r.meter = any(${Object.keys(setting.meters)}::text[])`)
}

/** Queues the spans that batches of settlement changed. A zone's hours may be off those of UTC by less than one: the hour before is looked at, too. */
export async function queueUsageOfBatches(tx: Transaction, setting: Queue, delayMs: number, ids: readonly bigint[]): Promise<void> {
  const low = ids.reduce((least, id) => (id < least ? id : least))
  const high = ids.reduce((most, id) => (id > most ? id : most))
  await mark(tx, setting, delayMs, tx`
    select distinct e.customer_id, date_trunc(${setting.span}, (e.time - off.by) at time zone 'UTC') at time zone 'UTC' from usage_event e, (values (interval '0'), (interval '59 minutes')) as off(by)
    where e.batch_id between ${low} and ${high} and e.batch_id = any(${ids.map(String)}::bigint[])`)
}

async function mark(tx: Transaction, setting: Queue, delayMs: number, touched: ReturnType<Transaction>): Promise<void> {
  const meters = Object.entries(setting.meters)
  await tx`
    insert into handed_usage as h (target, customer_id, meter, start, span, name, state, next_attempt_at)
    select ${setting.target}, u.customer_id, m.meter, u.start, ${setting.span}, m.name, 'waiting', u.start + ${`1 ${setting.span}`}::text::interval + ${delayMs / 1000} * interval '1 second'
    from (${touched}) as u(customer_id, start), unnest(${meters.map(([meter]) => meter)}::text[], ${meters.map(([, name]) => name)}::text[]) as m(meter, name)
    where u.start >= ${iso(setting.since)}::timestamptz and exists (
      select 1 from rollup_hour r where r.customer_id = u.customer_id and r.meter = m.meter and r.start >= u.start and r.start < u.start + ${`1 ${setting.span}`}::text::interval)
    on conflict (target, customer_id, meter, start, span) do update set marks = h.marks + 1, state = case when h.state = 'stopped' then 'stopped' else 'waiting' end,
      next_attempt_at = case when h.state = 'waiting' then h.next_attempt_at else excluded.next_attempt_at end`
}

export async function dueUsage(sql: Sql, of: { readonly target: string; readonly now: Instant; readonly limit: number }): Promise<DueUsage[]> {
  return sql<DueUsage[]>`
    ${selectHanded(sql, sql`, (select coalesce(sum(r.quantity), 0)::text from rollup_hour r where r.customer_id = h.customer_id and r.meter = h.meter and r.start >= h.start and r.start < h.start + ('1 ' || h.span)::interval) as quantity`)}
    where h.target = ${of.target} and h.state = 'waiting' and h.next_attempt_at <= ${iso(of.now)}::timestamptz order by h.next_attempt_at, h.start limit ${of.limit}`
}

/** Writes down what is sent next. */
export async function beginSending(sql: Sql, now: Instant, rows: readonly (HandedUsageKey & { readonly sending: string; readonly sendingTo: string })[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update handed_usage h set sending = n.sending, sending_to = n.sending_to, sending_since = ${iso(now)}
    from ${keysOf(sql, rows)} join unnest(${rows.map(({ sending }) => sending)}::numeric[], ${rows.map(({ sendingTo }) => sendingTo)}::text[]) with ordinality as n(sending, sending_to, position) using (position)
    where ${isKey(sql)}`
}

/** The receiver has them: what adds is added, what replaces replaces. More that came meanwhile keeps them waiting. */
export async function endSending(tx: Sql | Transaction, now: Instant, of: { readonly adds: boolean }, rows: readonly HandedUsageRow[]): Promise<void> {
  await tx`
    update handed_usage h set sent = case when ${of.adds}::boolean then h.sent else 0 end + h.sending, sendings = h.sendings + 1, sending = null, sending_to = null, sending_since = null, attempts = 0, reason = null, sent_at = ${iso(now)},
      state = case when h.marks = n.marks then 'sent' else 'waiting' end
    from ${keysOf(tx, rows)} join unnest(${rows.map(({ marks }) => marks)}::int[]) with ordinality as n(marks, position) using (position)
    where ${isKey(tx)} and h.sending is not null`
}

/** Nothing is to be sent: the receiver has what is metered. */
export async function endUnchanged(sql: Sql, rows: readonly HandedUsageRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update handed_usage h set state = case when h.marks = n.marks then 'sent' else 'waiting' end, attempts = 0, reason = null
    from ${keysOf(sql, rows)} join unnest(${rows.map(({ marks }) => marks)}::int[]) with ordinality as n(marks, position) using (position) where ${isKey(sql)}`
}

export async function postponeUsage(tx: Sql | Transaction, rows: readonly HandedUsageKey[], end: { readonly state: 'waiting' | 'stopped'; readonly reason: string; readonly at: Instant; /** Whether it counts as an attempt. */ readonly attempt: boolean }): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update handed_usage h set state = ${end.state}, attempts = h.attempts + ${end.attempt ? 1 : 0}, reason = ${end.reason}, next_attempt_at = ${iso(end.at)} from ${keysOf(tx, rows)} where ${isKey(tx)}`
}

/** Those that stopped, of all customers or one, are tried again at once. What is being sent stays: whether it arrived is looked up. */
export async function retryUsage(tx: Transaction, of: { readonly customer: string | null; readonly now: Instant }): Promise<number> {
  return (await tx`update handed_usage set state = 'waiting', attempts = 0, next_attempt_at = ${iso(of.now)} where state = 'stopped' and (${of.customer}::text is null or customer_id = ${of.customer})`).count
}

/** The receiver's own record was mended by hand: it counts as having what is metered now. */
export async function acceptUsage(tx: Transaction, of: { readonly customer: string; readonly meter: string; readonly start: Instant }): Promise<number> {
  return (await tx`
    update handed_usage h set state = 'sent', sent = (select coalesce(sum(r.quantity), 0) from rollup_hour r where r.customer_id = h.customer_id and r.meter = h.meter and r.start >= h.start and r.start < h.start + ('1 ' || h.span)::interval),
      sending = null, sending_to = null, sending_since = null, sendings = sendings + 1, attempts = 0, reason = null
    where state = 'stopped' and customer_id = ${of.customer} and meter = ${of.meter} and start = ${iso(of.start)}`).count
}

/** Newest first, those before the one named. */
export async function listHandedUsage(sql: Sql, of: { readonly state: HandedUsageState | null; readonly customer: string | null; readonly before: Pick<HandedUsageKey, 'start' | 'customer' | 'meter'> | null; readonly limit: number }): Promise<HandedUsageRow[]> {
  const { before } = of
  return sql<HandedUsageRow[]>`
    ${selectHanded(sql, sql``)} where (${of.state}::text is null or h.state = ${of.state}) and (${of.customer}::text is null or h.customer_id = ${of.customer})
      and (${before === null}::boolean or (h.start, h.customer_id, h.meter) < (${iso(before?.start ?? (0 as Instant))}::timestamptz, ${before?.customer ?? ''}, ${before?.meter ?? ''}))
    order by h.start desc, h.customer_id desc, h.meter desc limit ${of.limit}`
}

export async function countHandedUsage(sql: Sql): Promise<{ readonly state: HandedUsageState; readonly spans: bigint }[]> {
  return sql<{ state: HandedUsageState; spans: bigint }[]>`select state, count(*) as spans from handed_usage group by state`
}

export type UsageSide = { readonly customer: string; readonly meter: string; readonly name: string; readonly metered: string; readonly sent: string; /** Spans that are not settled yet. */ readonly open: bigint }

/** What is metered and what was sent, by customer and meter, of spans that began in a span. */
export async function handedUsageIn(sql: Sql, of: { readonly target: string; readonly from: Instant; readonly to: Instant; readonly limit: number }): Promise<UsageSide[]> {
  return sql<UsageSide[]>`
    select h.customer_id as customer, h.meter, h.name, sum(r.quantity)::text as metered, sum(h.sent)::text as sent, count(*) filter (where h.state <> 'sent') as open
    from handed_usage h, lateral (select coalesce(sum(quantity), 0) as quantity from rollup_hour where customer_id = h.customer_id and meter = h.meter and start >= h.start and start < h.start + ('1 ' || h.span)::interval) r
    where h.target = ${of.target} and h.start >= ${iso(of.from)}::timestamptz and h.start < ${iso(of.to)}::timestamptz group by 1, 2, 3 order by 1, 2, 3 limit ${of.limit}`
}

function selectHanded(sql: Sql, more: ReturnType<Sql>) {
  return sql`
    select h.target, h.customer_id as customer, h.meter, h.start, h.span, h.name, h.sent::text as sent, h.sending::text as sending, h.sending_to as "sendingTo", h.sending_since as "sendingSince", h.sendings, h.marks, h.state, h.attempts, h.reason, h.sent_at as "sentAt" ${more}
    from handed_usage h`
}

function keysOf(sql: Sql | Transaction, rows: readonly HandedUsageKey[]) {
  return sql`unnest(${rows.map(({ target }) => target)}::text[], ${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ start }) => iso(start))}::timestamptz[], ${rows.map(({ span }) => span)}::text[]) with ordinality as k(target, customer, meter, start, span, position)`
}

function isKey(sql: Sql | Transaction) {
  return sql`h.target = k.target and h.customer_id = k.customer and h.meter = k.meter and h.start = k.start and h.span = k.span`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
