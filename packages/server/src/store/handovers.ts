// Hand-overs: who takes final invoices, the queue of those to deliver, and what became of each.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type HandoverSetting = { readonly target: string; readonly since: Instant; readonly collects: boolean; readonly updatedAt: Instant; readonly updatedBy: string }
export type HandoverState = 'waiting' | 'delivered' | 'stopped'

export type HandoverRow = {
  readonly customer: string
  readonly invoice: string
  readonly target: string
  readonly state: HandoverState
  readonly externalId: string | null
  readonly total: string | null
  readonly attempts: number
  readonly reason: string | null
  readonly queuedAt: Instant
  readonly deliveredAt: Instant | null
  /** How it stood at the receiver when it was looked at last. */
  readonly stateThere: string | null
  /** What does not go together on both sides; null for nothing. */
  readonly conflict: string | null
  readonly series: string
  readonly number: bigint
  readonly currency: string
  readonly amountDue: string
  readonly invoiceState: string
}

export async function readHandoverSetting(sql: Sql | Transaction): Promise<HandoverSetting | null> {
  const [row] = await sql<HandoverSetting[]>`select target, since, collects, updated_at as "updatedAt", updated_by as "updatedBy" from handover_setting`
  return row ?? null
}

/** Null ends it. */
export async function writeHandoverSetting(tx: Transaction, setting: Omit<HandoverSetting, 'updatedAt'> | null): Promise<void> {
  await tx`delete from handover_setting`
  if (setting !== null) await tx`insert into handover_setting (target, since, collects, updated_by) values (${setting.target}, ${setting.since}, ${setting.collects}, ${setting.updatedBy})`
}

/** Queues what was finalized since and is still to be paid; each invoice once a target. */
export async function queueHandovers(sql: Sql, of: { readonly target: string; readonly since: Instant; readonly limit: number }): Promise<number> {
  const rows = await sql`
    insert into handover (customer_id, invoice_id, target, state)
    select i.customer_id, i.id, ${of.target}, 'waiting' from invoice i
    where i.number is not null and i.finalized_at >= ${of.since} and i.state in ('open', 'paid')
      and not exists (select 1 from handover h where h.customer_id = i.customer_id and h.invoice_id = i.id and h.target = ${of.target})
    order by i.finalized_at limit ${of.limit} on conflict do nothing returning invoice_id`
  return rows.length
}

export type DueHandover = { readonly customer: string; readonly invoice: string; readonly target: string; readonly externalId: string | null; readonly attempts: number }

export async function dueHandovers(sql: Sql, limit: number): Promise<DueHandover[]> {
  return sql<DueHandover[]>`
    select customer_id as customer, invoice_id as invoice, target, external_id as "externalId", attempts from handover where state = 'waiting' and next_attempt_at <= now() order by next_attempt_at limit ${limit}`
}

type Key = { readonly customer: string; readonly invoice: string; readonly target: string }

export async function keepExternalId(sql: Sql, key: Key, externalId: string): Promise<void> {
  await sql`update handover set external_id = ${externalId} where customer_id = ${key.customer} and invoice_id = ${key.invoice} and target = ${key.target}`
}

export async function endHandover(tx: Sql | Transaction, key: Key, end: { readonly state: 'delivered'; readonly externalId: string; readonly total: string } | { readonly state: 'stopped'; readonly reason: string } | { readonly state: 'waiting'; readonly reason: string; readonly afterMs: number }): Promise<void> {
  const own = tx`customer_id = ${key.customer} and invoice_id = ${key.invoice} and target = ${key.target}`
  if (end.state === 'delivered') await tx`update handover set state = 'delivered', external_id = ${end.externalId}, total = ${end.total}, attempts = attempts + 1, reason = null, delivered_at = now(), look_at = now() where ${own}`
  else await tx`update handover set state = ${end.state}, attempts = attempts + 1, reason = ${end.reason}, next_attempt_at = now() + ${(end.state === 'waiting' ? end.afterMs : 0) / 1000} * interval '1 second' where ${own}`
}

/** Those that stopped, or one of them, are tried again at once. */
export async function retryHandovers(tx: Transaction, invoice: string | null): Promise<number> {
  const again = await tx`update handover set state = 'waiting', attempts = 0, next_attempt_at = now() where state <> 'delivered' and (${invoice}::text is null or invoice_id = ${invoice})`
  const looked = await tx`update handover set look_at = now(), looks = 0 where conflict is not null and (${invoice}::text is null or invoice_id = ${invoice})`
  return again.count + looked.count
}

export type LookedAt = { readonly customer: string; readonly invoice: string; readonly target: string; readonly externalId: string; readonly looks: number; readonly conflict: string | null }

export async function toLookAt(sql: Sql, limit: number): Promise<LookedAt[]> {
  return sql<LookedAt[]>`
    select customer_id as customer, invoice_id as invoice, target, external_id as "externalId", looks, conflict from handover where state = 'delivered' and look_at <= now() order by look_at limit ${limit}`
}

/** `againMs` null: until something says that it is time. Whatever said so since the look began stands. */
export async function endLook(tx: Sql | Transaction, one: LookedAt, end: { readonly stateThere: string | null; readonly conflict: string | null; readonly againMs: number | null }): Promise<void> {
  await tx`
    update handover set state_there = ${end.stateThere}, conflict = ${end.conflict}, looks = 0, looked_at = now(), look_at = case when looks <> ${one.looks} then now() when ${end.againMs === null}::boolean then null else now() + ${(end.againMs ?? 0) / 1000} * interval '1 second' end
    where ${keyOf(tx, one)}`
}

/** It could not be looked at. */
export async function lookAgain(sql: Sql, one: LookedAt, afterMs: number): Promise<void> {
  await sql`update handover set looks = looks + 1, look_at = now() + ${afterMs / 1000} * interval '1 second' where ${keyOf(sql, one)}`
}

/** Something happened here: both sides are looked at. */
export async function lookAtInvoice(tx: Transaction, key: { readonly customer: string; readonly invoice: string }): Promise<void> {
  await tx`update handover set look_at = now(), looks = looks + 1 where state = 'delivered' and customer_id = ${key.customer} and invoice_id = ${key.invoice}`
}

/** A receiver told something of a customer's invoices: those that may still change are looked at. */
export async function lookAtCustomer(tx: Transaction, of: { readonly target: string; readonly customer: string }): Promise<void> {
  await tx`
    update handover h set look_at = now(), looks = looks + 1 from invoice i
    where h.state = 'delivered' and h.customer_id = ${of.customer} and h.target = ${of.target} and i.customer_id = h.customer_id and i.id = h.invoice_id
      and (i.state = 'open' or i.state = 'uncollectible' or h.state_there is null or h.state_there in ('open', 'draft'))`
}

function keyOf(sql: Sql | Transaction, key: Key) {
  return sql`customer_id = ${key.customer} and invoice_id = ${key.invoice} and target = ${key.target}`
}

/** Newest first, those queued before the one named. */
export async function listHandovers(sql: Sql, of: { readonly state: HandoverState | null; /** Only those whose sides do not go together. */ readonly inConflict: boolean; readonly before: { readonly at: Instant; readonly invoice: string } | null; readonly limit: number }): Promise<HandoverRow[]> {
  const { before } = of
  return sql<HandoverRow[]>`
    ${selectHandovers(sql)} where (${of.state}::text is null or h.state = ${of.state}) and (not ${of.inConflict}::boolean or h.conflict is not null)
      and (${before === null}::boolean or (h.queued_at, h.invoice_id) < (${new Date(before?.at ?? 0).toISOString()}::timestamptz, ${before?.invoice ?? ''}))
    order by h.queued_at desc, h.invoice_id desc limit ${of.limit}`
}

/** Final invoices of a span with what became of them at a target, for the reconciliation; `state` null for one that was never queued. */
export async function handedIn(sql: Sql, of: { readonly target: string; readonly from: Instant; readonly to: Instant; readonly limit: number }): Promise<(Omit<HandoverRow, 'state'> & { readonly state: HandoverState | null })[]> {
  return sql`
    select i.customer_id as customer, i.id as invoice, ${of.target} as target, h.state, h.external_id as "externalId", h.total::text as total, coalesce(h.attempts, 0) as attempts, h.reason, h.queued_at as "queuedAt", h.delivered_at as "deliveredAt", h.state_there as "stateThere", h.conflict,
      i.series, i.number, i.currency, i.amount_due::text as "amountDue", i.state as "invoiceState"
    from invoice i left join handover h on h.customer_id = i.customer_id and h.invoice_id = i.id and h.target = ${of.target}
    where i.number is not null and i.finalized_at >= ${of.from} and i.finalized_at < ${of.to} order by i.finalized_at, i.id limit ${of.limit}`
}

/** An invoice of ours that is handed over, whenever that was. */
export async function isHandedOver(sql: Sql, key: { readonly invoice: string; readonly target: string }): Promise<boolean> {
  return (await sql`select 1 from handover where invoice_id = ${key.invoice} and target = ${key.target}`).length > 0
}

export async function countHandovers(sql: Sql): Promise<{ readonly state: HandoverState; readonly invoices: bigint; readonly conflicts: bigint }[]> {
  return sql<{ state: HandoverState; invoices: bigint; conflicts: bigint }[]>`select state, count(*) as invoices, count(conflict) as conflicts from handover group by state`
}

function selectHandovers(sql: Sql) {
  return sql`
    select h.customer_id as customer, h.invoice_id as invoice, h.target, h.state, h.external_id as "externalId", h.total::text as total, h.attempts, h.reason, h.queued_at as "queuedAt", h.delivered_at as "deliveredAt", h.state_there as "stateThere", h.conflict,
      i.series, i.number, i.currency, i.amount_due::text as "amountDue", i.state as "invoiceState"
    from handover h join invoice i on i.customer_id = h.customer_id and i.id = h.invoice_id`
}
