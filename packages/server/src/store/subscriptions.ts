// Facts of subscriptions, what was told of them, and the row that follows from both. Facts and events are append only.

import { SUBSCRIPTION_FACTS_MAX, type Announcement, type Fact, type Instant, type Segment, type Standing, type Told } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

/** Inserts what is not known yet; returns how many were new. */
export async function insertFacts(tx: Transaction, customer: string, actor: string, facts: readonly Fact[]): Promise<number> {
  if (facts.length === 0) return 0
  const rows = await tx`
    insert into subscription_fact (customer_id, id, subscription_id, source, at, kind, reason, body, actor)
    select ${customer}, f.id, f.subscription, f.source, f.at, f.body::jsonb->>'kind', f.reason, f.body::jsonb, ${actor}
    from unnest(${facts.map(({ id }) => id)}::text[], ${facts.map(({ subscription }) => subscription)}::text[], ${facts.map(({ source }) => source)}::text[],
      ${facts.map(({ at }) => iso(at))}::timestamptz[], ${facts.map(({ reason }) => reason)}::text[], ${facts.map(({ body }) => JSON.stringify(body))}::text[]) as f(id, subscription, source, at, reason, body)
    on conflict do nothing returning id`
  return rows.length
}

/** All facts of a customer, in no particular order; one more than may be is read, so that the caller sees it. */
export async function readFacts(sql: Sql | Transaction, customer: string): Promise<Fact[]> {
  return sql<Fact[]>`
    select id, subscription_id as subscription, source, at, reason, body from subscription_fact where customer_id = ${customer} order by at, id limit ${SUBSCRIPTION_FACTS_MAX + 1}`
}

export type FactRow = Fact & { readonly actor: string; readonly recordedAt: Instant }

/** Facts as they are shown, newest first. */
export async function listFacts(sql: Sql, input: { readonly customer: string; readonly before: { readonly at: Instant; readonly id: string } | null; readonly limit: number }): Promise<FactRow[]> {
  const { before } = input
  return sql<FactRow[]>`
    select id, subscription_id as subscription, source, at, reason, body, actor, recorded_at as "recordedAt" from subscription_fact
    where customer_id = ${input.customer} and (${before === null}::boolean or (at, id) < (${before === null ? null : iso(before.at)}::timestamptz, ${before?.id ?? null}::text))
    order by at desc, id desc limit ${input.limit}`
}

/** What was told and not voided, and the highest number. */
export async function readTold(tx: Transaction, customer: string): Promise<{ readonly told: Told[]; readonly last: number }> {
  const rows = await tx<{ sequence: bigint; key: string }[]>`
    select e.sequence, e.key from subscription_event e
    where e.customer_id = ${customer} and e.voids is null and not exists (select 1 from subscription_event v where v.customer_id = e.customer_id and v.voids = e.sequence)
    order by e.sequence`
  const [top] = await tx<{ last: bigint | null }[]>`select max(sequence) as last from subscription_event where customer_id = ${customer}`
  return { told: rows.map(({ sequence, key }) => ({ sequence: Number(sequence), key })), last: Number(top?.last ?? 0) }
}

export type EventRecord = Announcement & { readonly sequence: number; readonly key: string; readonly voids: number | null }

export async function insertTold(tx: Transaction, customer: string, rows: readonly EventRecord[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into subscription_event (customer_id, sequence, key, name, subscription_id, at, state, plan, reason, data, voids)
    select ${customer}, sequence, key, name, subscription, at, state, plan, reason, data::jsonb, voids from unnest(${rows.map(({ sequence }) => sequence)}::bigint[], ${rows.map(({ key }) => key)}::text[], ${rows.map(({ name }) => name)}::text[],
      ${rows.map(({ subscription }) => subscription)}::text[], ${rows.map(({ at }) => iso(at))}::timestamptz[], ${rows.map(({ state }) => state)}::text[], ${rows.map(({ plan }) => plan)}::text[],
      ${rows.map(({ reason }) => reason)}::text[], ${rows.map(({ data }) => JSON.stringify(data))}::text[], ${rows.map(({ voids }) => voids)}::bigint[])
      as t(sequence, key, name, subscription, at, state, plan, reason, data, voids)`
}

export type ToldRow = Omit<EventRecord, 'key'> & { readonly toldAt: Instant; /** Number of the event that voids it. */ readonly voidedBy: number | null }

/** What was told, from a number on, in the order in which it was told. */
export async function listTold(sql: Sql | Transaction, input: { readonly customer: string; readonly after: number; readonly limit: number }): Promise<ToldRow[]> {
  const rows = await sql<(Omit<ToldRow, 'sequence' | 'voids' | 'voidedBy'> & { readonly sequence: bigint; readonly voids: bigint | null; readonly voidedBy: bigint | null })[]>`
    select e.sequence, e.name, e.subscription_id as subscription, e.at, e.state, e.plan, e.reason, e.data, e.voids, e.told_at as "toldAt", v.sequence as "voidedBy"
    from subscription_event e left join subscription_event v on v.customer_id = e.customer_id and v.voids = e.sequence
    where e.customer_id = ${input.customer} and e.sequence > ${input.after} order by e.sequence limit ${input.limit}`
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence), voids: row.voids === null ? null : Number(row.voids), voidedBy: row.voidedBy === null ? null : Number(row.voidedBy) }))
}

/** Told by number, for what a void names. */
export async function toldByNumber(tx: Transaction, customer: string, sequences: readonly number[]): Promise<ToldRow[]> {
  if (sequences.length === 0) return []
  const rows = await tx<(Omit<ToldRow, 'sequence' | 'voids' | 'voidedBy'> & { readonly sequence: bigint })[]>`
    select sequence, name, subscription_id as subscription, at, state, plan, reason, data, told_at as "toldAt" from subscription_event
    where customer_id = ${customer} and sequence = any(${sequences as number[]}::bigint[]) order by sequence`
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence), voids: null, voidedBy: null }))
}

export type SubscriptionRow = { readonly id: string; readonly plan: string; readonly standing: Standing; readonly anchorAt: Instant; readonly timeline: readonly Segment[]; readonly nextAt: Instant | null }

export async function writeSubscription(tx: Transaction, customer: string, row: SubscriptionRow): Promise<void> {
  await tx`
    update subscription set id = ${row.id}, plan = ${row.plan}, standing = ${row.standing}, anchor_at = ${iso(row.anchorAt)}, timeline = ${tx.json(row.timeline as never)},
      next_at = ${row.nextAt === null ? null : iso(row.nextAt)}
    where customer_id = ${customer}`
}

/** Customers for whom something is due at `now`, each by its own clock, the longest overdue first. */
export async function dueCustomers(sql: Sql, now: Instant, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    (select s.customer_id as id, s.next_at from subscription s join customer c on c.id = s.customer_id
      where s.next_at <= ${iso(now)}::timestamptz and c.test_clock_id is null order by s.next_at limit ${limit})
    union
    (select s.customer_id, s.next_at from test_clock t join customer c on c.test_clock_id = t.id join subscription s on s.customer_id = c.id
      where s.next_at <= ${iso(now)}::timestamptz + t.offset_ms * interval '1 millisecond' limit ${limit})
    order by next_at limit ${limit}`
  return rows.map(({ id }) => id)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
