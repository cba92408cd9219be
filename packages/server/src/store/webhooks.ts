// Webhook endpoints and deliveries as rows. A delivery is claimed by moving its next attempt beyond the longest time that an
// attempt can take: whoever dies meanwhile leaves it to the next.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type EndpointRow = {
  readonly id: string
  readonly customer: string | null
  readonly url: string
  readonly description: string
  readonly types: readonly string[] | null
  readonly secretSealed: string
  readonly previousSealed: string | null
  readonly previousUntil: Instant | null
  readonly allowPrivate: boolean
  readonly disabledAt: Instant | null
  readonly disabledReason: string | null
  readonly createdAt: Instant
}

export async function insertEndpoint(tx: Transaction, row: Omit<EndpointRow, 'previousSealed' | 'previousUntil' | 'disabledAt' | 'disabledReason' | 'createdAt'>): Promise<void> {
  await tx`
    insert into webhook_endpoint (id, customer_id, url, description, types, secret_sealed, allow_private)
    values (${row.id}, ${row.customer}, ${row.url}, ${row.description}, ${row.types as string[] | null}, ${row.secretSealed}, ${row.allowPrivate})`
}

export async function listEndpoints(sql: Sql | Transaction, customer: string | null = null): Promise<EndpointRow[]> {
  return sql<EndpointRow[]>`
    select id, customer_id as customer, url, description, types, secret_sealed as "secretSealed", previous_sealed as "previousSealed", previous_until as "previousUntil",
      allow_private as "allowPrivate", disabled_at as "disabledAt", disabled_reason as "disabledReason", created_at as "createdAt"
    from webhook_endpoint where ${customer}::text is null or customer_id = ${customer} order by created_at, id`
}

export async function findEndpoint(sql: Sql | Transaction, id: string): Promise<EndpointRow | null> {
  return (await listEndpoints(sql)).find((row) => row.id === id) ?? null
}

export async function deleteEndpoint(tx: Transaction, id: string): Promise<boolean> {
  return (await tx`delete from webhook_endpoint where id = ${id}`).count > 0
}

export async function rotateSecret(tx: Transaction, input: { readonly id: string; readonly secretSealed: string; readonly previousUntil: Instant }): Promise<void> {
  await tx`update webhook_endpoint set previous_sealed = secret_sealed, previous_until = ${input.previousUntil}, secret_sealed = ${input.secretSealed} where id = ${input.id}`
}

export async function disableEndpoint(sql: Sql | Transaction, input: { readonly id: string; readonly at: Instant; readonly reason: string }): Promise<void> {
  await sql`update webhook_endpoint set disabled_at = ${input.at}, disabled_reason = ${input.reason} where id = ${input.id} and disabled_at is null`
}

export async function enableEndpoint(tx: Transaction, id: string): Promise<void> {
  await tx`update webhook_endpoint set disabled_at = null, disabled_reason = null where id = ${id}`
}

export type NewDelivery = { readonly endpoint: string; readonly message: bigint; readonly type: string; readonly customer: string | null; readonly body: string }

/** Queues what is not queued yet; with `again`, what is there is sent once more from the start. Returns how many were queued. */
export async function insertDeliveries(tx: Transaction, rows: readonly NewDelivery[], options: { readonly at: Instant; readonly again: 'never' | 'failed' | 'all' }): Promise<number> {
  if (rows.length === 0) return 0
  const inserted = await tx`
    insert into webhook_delivery (endpoint_id, message_id, type, customer_id, body, next_attempt_at)
    select e, m, t, c, b, ${options.at} from unnest(${rows.map(({ endpoint }) => endpoint)}::text[], ${rows.map(({ message }) => String(message))}::bigint[], ${rows.map(({ type }) => type)}::text[],
      ${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ body }) => body)}::text[]) as d(e, m, t, c, b)
    on conflict (endpoint_id, message_id) do update set status = 'pending', attempts = 0, next_attempt_at = excluded.next_attempt_at
    where ${options.again} = 'all' or (${options.again} = 'failed' and webhook_delivery.status = 'failed')`
  return inserted.count
}

export type ClaimedDelivery = { readonly id: bigint; readonly endpoint: string; readonly message: bigint; readonly type: string; readonly body: string; readonly attempts: number; readonly createdAt: Instant }

/** Takes deliveries that are due, a few of each endpoint that is not disabled, and puts their next attempt off to `until`. */
export async function claimDeliveries(sql: Sql, input: { readonly now: Instant; readonly until: Instant; readonly limit: number; readonly perEndpoint: number }): Promise<ClaimedDelivery[]> {
  return sql<ClaimedDelivery[]>`
    with due as (
      select d.id, row_number() over (partition by d.endpoint_id order by d.next_attempt_at, d.id) as place
      from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id and e.disabled_at is null
      where d.status = 'pending' and d.next_attempt_at <= ${input.now}
    ), taken as (
      select d.id from webhook_delivery d join due on due.id = d.id
      where due.place <= ${input.perEndpoint} and d.next_attempt_at <= ${input.now} order by due.place, d.id limit ${input.limit} for update of d skip locked
    )
    update webhook_delivery d set attempts = attempts + 1, next_attempt_at = ${input.until}, last_attempt_at = ${input.now} from taken where d.id = taken.id
    returning d.id, d.endpoint_id as endpoint, d.message_id as message, d.type, d.body, d.attempts, d.created_at as "createdAt"`
}

export type Outcome = { readonly id: bigint; readonly status: 'pending' | 'delivered' | 'failed'; readonly nextAttemptAt: Instant | null; readonly lastStatus: number | null; readonly lastError: string | null }

export async function finishAttempt(sql: Sql, outcome: Outcome): Promise<void> {
  await sql`
    update webhook_delivery set status = ${outcome.status}, next_attempt_at = ${outcome.nextAttemptAt}, last_status = ${outcome.lastStatus}, last_error = ${outcome.lastError} where id = ${outcome.id}`
}

/** Whether anything reached the endpoint since `since`. */
export async function hasDelivered(sql: Sql, endpoint: string, since: Instant): Promise<boolean> {
  const [row] = await sql<{ found: boolean }[]>`select exists (select from webhook_delivery where endpoint_id = ${endpoint} and status = 'delivered' and last_attempt_at >= ${since}) as found`
  return row!.found
}

export type DeliveryRow = {
  readonly id: bigint
  readonly message: bigint
  readonly type: string
  readonly customer: string | null
  readonly status: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  readonly nextAttemptAt: Instant | null
  readonly lastAttemptAt: Instant | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly createdAt: Instant
}

/** Deliveries of one endpoint, newest first; `before` is exclusive. */
export async function listDeliveries(sql: Sql, input: { readonly endpoint: string; readonly status: string | null; readonly before: bigint | null; readonly limit: number }): Promise<DeliveryRow[]> {
  return sql<DeliveryRow[]>`
    select id, message_id as message, type, customer_id as customer, status, attempts, next_attempt_at as "nextAttemptAt", last_attempt_at as "lastAttemptAt", last_status as "lastStatus", last_error as "lastError", created_at as "createdAt"
    from webhook_delivery where endpoint_id = ${input.endpoint} and (${input.status}::text is null or status = ${input.status}) and (${input.before}::bigint is null or id < ${input.before}::bigint)
    order by id desc limit ${input.limit}`
}

export async function forgetDeliveries(sql: Sql, before: Instant, limit: number): Promise<number> {
  const gone = await sql`delete from webhook_delivery where id in (select id from webhook_delivery where status <> 'pending' and created_at < ${before} limit ${limit})`
  return gone.count
}
