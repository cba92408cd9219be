// Reads across customers for the operator's pages: the newest events and refusals, the audit log, parked events, catalog versions, and
// counts. Each reads a bounded part by an index; none of them sums a whole table of events.

import type { AddOnQuantity, Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'
import { selectEvents, type StoredEvent } from './events.ts'

export type RefusalRow = { readonly id: bigint; readonly customer: string; readonly payload: Readonly<Record<string, unknown>>; readonly at: Instant }
export type RecentEvent = StoredEvent & { readonly sequence: bigint; readonly customer: string }
export type DecisionFilter = { readonly customer: string | null; readonly feature: string | null; readonly model: string | null; readonly reason: string | null }

/** Events below `before`, newest first, among at most `span` of them. */
export async function recentEvents(sql: Sql, input: DecisionFilter & { readonly before: bigint; readonly span: number; readonly limit: number }): Promise<RecentEvent[]> {
  const { customer, feature, model, before, span, limit } = input
  return sql<RecentEvent[]>`
    select ${columns(sql)} from usage_event
    where sequence < ${before} and sequence >= ${before - BigInt(span)}
      and (${customer}::text is null or customer_id = ${customer})
      and (${feature}::text is null or feature = ${feature}) and (${model}::text is null or dimensions ->> 'model' = ${model})
    order by sequence desc limit ${limit}`
}

export async function recentEventsOf(sql: Sql, input: DecisionFilter & { readonly customer: string; readonly before: bigint; readonly limit: number }): Promise<RecentEvent[]> {
  const { customer, feature, model, before, limit } = input
  return sql<RecentEvent[]>`
    select ${columns(sql)} from usage_event
    where customer_id = ${customer} and sequence < ${before}
      and (${feature}::text is null or feature = ${feature}) and (${model}::text is null or dimensions ->> 'model' = ${model})
    order by sequence desc limit ${limit}`
}

/** One above the highest sequence of an event. */
export async function nextSequence(sql: Sql): Promise<bigint> {
  const [row] = await sql<{ next: bigint }[]>`select (last_value + 1)::bigint as next from usage_event_sequence_seq`
  return row!.next
}

export async function recentRefusals(sql: Sql, input: DecisionFilter & { readonly before: bigint; readonly limit: number }): Promise<RefusalRow[]> {
  const { customer, feature, model, reason, before, limit } = input
  return sql<RefusalRow[]>`
    select id, customer_id as customer, payload, created_at as at from outbox
    where type = 'request.denied' and id < ${before} and (${customer}::text is null or customer_id = ${customer})
      and (${feature}::text is null or payload ->> 'feature' = ${feature}) and (${model}::text is null or payload ->> 'model' = ${model})
      and (${reason}::text is null or payload ->> 'reason' = ${reason})
    order by id desc limit ${limit}`
}

export async function findRefusal(sql: Sql, customer: string, decision: string): Promise<RefusalRow | null> {
  const [row] = await sql<RefusalRow[]>`
    select id, customer_id as customer, payload, created_at as at from outbox
    where type = 'request.denied' and payload ->> 'decision' = ${decision} and customer_id = ${customer} limit 1`
  return row ?? null
}

/** Of several sources the latest. `at`: when it happened, which makes it one look. */
export async function findEvent(sql: Sql, customer: string, id: string, at: Instant | null): Promise<RecentEvent | null> {
  const [row] = await sql<RecentEvent[]>`
    select ${columns(sql)} from usage_event
    where customer_id = ${customer} and id = ${id} and (${at}::timestamptz is null or time = ${at}) order by sequence desc limit 1`
  return row ?? null
}

export type MinuteRow = { readonly start: Instant; readonly events: bigint; readonly denied: bigint; readonly charge: string }

export async function activityByMinute(sql: Sql, from: Instant): Promise<MinuteRow[]> {
  return sql<MinuteRow[]>`
    select date_trunc('minute', created_at) as start,
      coalesce(sum((payload ->> 'events')::bigint) filter (where type = 'usage.settled'), 0)::bigint as events,
      coalesce(sum(1 + coalesce((payload ->> 'unrecorded')::bigint, 0)) filter (where type = 'request.denied'), 0)::bigint as denied,
      trim_scale(coalesce(sum((payload -> 'charge' ->> 'amount')::numeric) filter (where type = 'usage.settled'), 0))::text as charge
    from outbox where created_at >= ${from} and type in ('usage.settled', 'request.denied') group by 1 order by 1`
}

/** Sums of a span. */
export async function activityOf(sql: Sql, span: { readonly from: Instant; readonly to: Instant }): Promise<Omit<MinuteRow, 'start'>> {
  const [row] = await sql<Omit<MinuteRow, 'start'>[]>`
    select coalesce(sum((payload ->> 'events')::bigint) filter (where type = 'usage.settled'), 0)::bigint as events,
      coalesce(sum(1 + coalesce((payload ->> 'unrecorded')::bigint, 0)) filter (where type = 'request.denied'), 0)::bigint as denied,
      trim_scale(coalesce(sum((payload -> 'charge' ->> 'amount')::numeric) filter (where type = 'usage.settled'), 0))::text as charge
    from outbox where created_at >= ${span.from} and created_at < ${span.to} and type in ('usage.settled', 'request.denied')`
  return row!
}

export async function refusalsByReason(sql: Sql, from: Instant): Promise<{ readonly reason: string; readonly requests: bigint }[]> {
  return sql`
    select payload ->> 'reason' as reason, sum(1 + coalesce((payload ->> 'unrecorded')::bigint, 0))::bigint as requests
    from outbox where type = 'request.denied' and created_at >= ${from} group by 1 order by 2 desc`
}

export type ObservedRow = { readonly reason: string; readonly scope: string; readonly requests: bigint; readonly latest: Instant }

/** What would have been refused of a customer since `from`, among its newest `span` messages, most first. */
export async function observedRefusals(sql: Sql, input: { readonly customer: string; readonly from: Instant; readonly span: number }): Promise<ObservedRow[]> {
  return sql<ObservedRow[]>`
    select payload ->> 'reason' as reason, payload ->> 'scope' as scope, sum(1 + coalesce((payload ->> 'unrecorded')::bigint, 0))::bigint as requests, max(created_at) as latest
    from (select payload, created_at from outbox where type = 'request.observed' and customer_id = ${input.customer} order by id desc limit ${input.span}) as newest
    where created_at >= ${input.from} group by 1, 2 order by 3 desc, 2 limit 100`
}

export type SampleRow = { readonly events: bigint; readonly charge: string; readonly cost: string; readonly unpriced: bigint; readonly since: Instant | null }

/** Charge against provider cost of the newest events, where both are in one currency. A reversal carries the cost of what it undoes. */
export async function costSample(sql: Sql, input: { readonly above: bigint; readonly from: Instant; readonly currency: string }): Promise<SampleRow> {
  const [row] = await sql<SampleRow[]>`
    select coalesce(sum(case effect when 'reversal' then -1 else 1 end), 0)::bigint as events, trim_scale(coalesce(sum(amount) filter (where asset = ${input.currency} and cost is not null), 0))::text as charge,
      trim_scale(coalesce(sum(case effect when 'reversal' then -1 else 1 end * (cost ->> 'amount')::numeric) filter (where cost ->> 'currency' = ${input.currency}), 0))::text as cost,
      coalesce(sum(case effect when 'reversal' then -1 else 1 end) filter (where cost is null), 0)::bigint as unpriced, min(time) as since
    from usage_event where sequence > ${input.above} and time >= ${input.from}`
  return row!
}

export async function customerCounts(sql: Sql): Promise<{ readonly plan: string; readonly standing: string; readonly customers: bigint }[]> {
  return sql`select plan, standing, count(*) as customers from subscription group by plan, standing`
}

/** Customers that agreed the same, or one with a contract. */
export type AgreementRow = { readonly plan: string; readonly seats: number; readonly addOns: readonly AddOnQuantity[]; /** Null for that of the catalog. */ readonly currency: string | null; readonly customer: string | null; readonly customers: bigint }

/** What is agreed and paid for at `at`: agreements that run, or that run on in grace. */
export async function runningAgreements(sql: Sql, at: Instant): Promise<AgreementRow[]> {
  return sql<AgreementRow[]>`
    with agreed as (
      select c.id, c.currency, coalesce(t.e ->> 'plan', s.plan) as plan, coalesce((t.e ->> 'seats')::integer, 1) as seats, coalesce(t.e -> 'addOns', '[]') as add_ons, coalesce(t.e ->> 'state', case when s.standing in ('good', 'grace') then 'active' end) as state
      from subscription s join customer c on c.id = s.customer_id
      left join lateral (select e from jsonb_array_elements(s.timeline) e where (e ->> 'from')::numeric <= ${at.valueOf()}::numeric order by (e ->> 'from')::numeric desc limit 1) t on true)
    select plan, seats, add_ons as "addOns", currency, own.customer_id as customer, count(*) as customers
    from agreed left join (select distinct customer_id from contract_version) own on own.customer_id = agreed.id
    where state in ('active', 'grace') group by 1, 2, 3, 4, 5 order by 1, 2, 4, 5`
}

export type ParkedRow = { readonly id: bigint; readonly customer: string | null; readonly origin: string; readonly record: string; readonly reason: string; readonly at: Instant }

export async function pageParked(sql: Sql, input: { readonly before: bigint; readonly limit: number }): Promise<ParkedRow[]> {
  return sql<ParkedRow[]>`
    select id, customer_id as customer, origin, record, reason, parked_at as at from parked_event where id < ${input.before} order by id desc limit ${input.limit}`
}

export type VersionRow = { readonly version: number; readonly appliedAt: Instant; readonly appliedBy: string; readonly inForceFrom: Instant; readonly restores: number | null; readonly withdrawn: boolean; readonly source: string }

export async function pageVersions(sql: Sql, input: { readonly before: number; readonly limit: number }): Promise<VersionRow[]> {
  return sql<VersionRow[]>`
    select version, applied_at as "appliedAt", applied_by as "appliedBy", in_force_from as "inForceFrom", restores, source, exists (select 1 from catalog_withdrawal w where w.version = v.version) as withdrawn
    from catalog_version v where version < ${input.before} order by version desc limit ${input.limit}`
}

export type NodeRow = { readonly id: string; readonly incarnation: number; readonly registeredAt: Instant; readonly leases: bigint }

export async function listNodes(sql: Sql): Promise<NodeRow[]> {
  return sql<NodeRow[]>`
    select n.id, n.incarnation, n.registered_at as "registeredAt",
      (select count(*) from lease l where l.node_id = n.id and l.incarnation = n.incarnation and l.granted > l.used) as leases
    from node n order by n.registered_at desc limit 1000`
}

export async function databaseFacts(sql: Sql): Promise<{ readonly version: string; readonly bytes: bigint; readonly events: bigint }> {
  const [row] = await sql<{ version: string; bytes: bigint; events: bigint }[]>`
    select current_setting('server_version') as version, pg_database_size(current_database()) as bytes, (select case when is_called then last_value else 0 end from usage_event_sequence_seq) as events`
  return row!
}

function columns(sql: Sql) {
  return sql`usage_event.customer_id as customer, ${selectEvents(sql, 'usage_event')}`
}
