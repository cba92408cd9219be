// Mail as rows: the server that takes it, who is told, and what waits to be sent. A mail is claimed by moving its next attempt beyond the longest
// time that an attempt can take.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type MailServerRow = { readonly host: string; readonly port: number; readonly security: 'tls' | 'starttls' | 'none'; readonly username: string | null; readonly passwordSealed: string | null; readonly sender: string; readonly updatedAt: Instant }

export async function readMailServer(sql: Sql | Transaction): Promise<MailServerRow | null> {
  const [row] = await sql<MailServerRow[]>`select host, port, security, username, password_sealed as "passwordSealed", sender, updated_at as "updatedAt" from mail_server`
  return row ?? null
}

export async function writeMailServer(tx: Transaction, row: Omit<MailServerRow, 'updatedAt'> & { readonly by: string }): Promise<void> {
  await tx`
    insert into mail_server (host, port, security, username, password_sealed, sender, updated_by) values (${row.host}, ${row.port}, ${row.security}, ${row.username}, ${row.passwordSealed}, ${row.sender}, ${row.by})
    on conflict (only_row) do update set host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username, password_sealed = excluded.password_sealed,
      sender = excluded.sender, updated_at = now(), updated_by = excluded.updated_by`
}

export async function deleteMailServer(tx: Transaction): Promise<void> {
  await tx`delete from mail_server`
}

export type RecipientTerms = { readonly shares: readonly number[]; /** Null for all. */ readonly budgets: readonly string[] | null; readonly credits: boolean; readonly locale: string | null }
export type RecipientRow = RecipientTerms & {
  readonly customer: string
  readonly id: string
  readonly email: string
  /** `left`: wants nothing more; `refused`: its server takes nothing. */
  readonly state: 'waiting' | 'confirmed' | 'left' | 'refused'
  readonly reason: string | null
  readonly askedAt: Instant
  readonly confirmedAt: Instant | null
  readonly createdAt: Instant
}

function selectRecipients(sql: Sql | Transaction) {
  return sql`
    select customer_id as customer, id, email, locale, shares, budgets, credits, state, reason, asked_at as "askedAt", confirmed_at as "confirmedAt", created_at as "createdAt" from alert_recipient`
}

export async function listRecipients(sql: Sql | Transaction, customer: string): Promise<RecipientRow[]> {
  return sql<RecipientRow[]>`${selectRecipients(sql)} where customer_id = ${customer} order by created_at, id`
}

/** By its id alone: for links, which name no customer. */
export async function findRecipient(sql: Sql | Transaction, id: string): Promise<RecipientRow | null> {
  const [row] = await sql<RecipientRow[]>`${selectRecipients(sql)} where id = ${id}`
  return row ?? null
}

/** Confirmed people of customers. */
export async function confirmedOf(tx: Transaction, customers: readonly string[]): Promise<RecipientRow[]> {
  return tx<RecipientRow[]>`${selectRecipients(tx)} where customer_id = any(${[...customers]}::text[]) and state = 'confirmed' order by customer_id, id`
}

export async function writeRecipient(tx: Transaction, row: RecipientTerms & { readonly customer: string; readonly id: string; readonly email: string; readonly state: RecipientRow['state']; readonly askedAt: Instant }): Promise<void> {
  await tx`
    insert into alert_recipient (customer_id, id, email, locale, shares, budgets, credits, state, asked_at)
    values (${row.customer}, ${row.id}, ${row.email}, ${row.locale}, ${row.shares as number[]}::int[], ${row.budgets as string[] | null}::text[], ${row.credits}, ${row.state}, ${row.askedAt})
    on conflict (customer_id, id) do update set locale = excluded.locale, shares = excluded.shares, budgets = excluded.budgets, credits = excluded.credits, state = excluded.state, asked_at = excluded.asked_at,
      reason = case when excluded.state = alert_recipient.state then alert_recipient.reason end`
}

export async function setRecipientState(sql: Sql | Transaction, input: { readonly id: string; readonly state: RecipientRow['state']; readonly at: Instant; readonly reason: string | null }): Promise<void> {
  await sql`
    update alert_recipient set state = ${input.state}, reason = ${input.reason}, confirmed_at = case when ${input.state} = 'confirmed' then coalesce(confirmed_at, ${input.at}::timestamptz) end where id = ${input.id}`
  if (input.state !== 'confirmed') await giveUp(sql, input.id)
}

export async function deleteRecipient(tx: Transaction, of: { readonly customer: string; readonly id: string }): Promise<void> {
  await tx`delete from alert_recipient where customer_id = ${of.customer} and id = ${of.id}`
  await giveUp(tx, of.id)
}

/** Not deleted: what was asked counts against the bound even when it is taken back. */
async function giveUp(sql: Sql | Transaction, recipient: string): Promise<void> {
  await sql`update mail set state = 'failed', last_error = null where recipient_id = ${recipient} and state = 'waiting'`
}

/** Questions that were sent since an instant: by a customer, and to an address whoever asked. Who asks the same address waits until this transaction ends. */
export async function countAsks(tx: Transaction, input: { readonly customer: string; readonly addressHash: string; readonly since: Instant }): Promise<{ readonly byCustomer: number; readonly toAddress: number }> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${input.addressHash}, 0))`
  const [row] = await tx<{ byCustomer: number; toAddress: number }[]>`
    select (select count(*) from mail where kind = 'confirm' and customer_id = ${input.customer} and created_at >= ${input.since})::int as "byCustomer",
      (select count(*) from mail where kind = 'confirm' and address_hash = ${input.addressHash} and created_at >= ${input.since})::int as "toAddress"`
  return row!
}

export type NewMail = { readonly customer: string; readonly recipient: string; readonly cause: string; readonly kind: string; readonly payload: unknown; readonly addressHash: string }

/** Queues each once, and no more to one person in a day than `perDay`. Returns how many. */
export async function insertMails(tx: Transaction, rows: readonly NewMail[], options: { readonly at: Instant; readonly dayAgo: Instant; readonly perDay: number }): Promise<number> {
  if (rows.length === 0) return 0
  const inserted = await tx`
    insert into mail (customer_id, recipient_id, cause, kind, payload, address_hash, next_attempt_at, created_at)
    select c, r, k, t, p::jsonb, h, ${options.at}::timestamptz, ${options.at}::timestamptz
    from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ recipient }) => recipient)}::text[], ${rows.map(({ cause }) => cause)}::text[], ${rows.map(({ kind }) => kind)}::text[],
      ${rows.map(({ payload }) => JSON.stringify(payload))}::text[], ${rows.map(({ addressHash }) => addressHash)}::text[]) as m(c, r, k, t, p, h)
    where (select count(*) from mail b where b.customer_id = c and b.recipient_id = r and b.created_at >= ${options.dayAgo}) < ${options.perDay}
    on conflict do nothing`
  return inserted.count
}

export type ClaimedMail = { readonly id: bigint; readonly customer: string; readonly recipient: string; readonly kind: string; readonly payload: unknown; readonly attempts: number }

/** Takes mails that are due and puts their next attempt off to `until`. */
export async function claimMails(sql: Sql, input: { readonly now: Instant; readonly until: Instant; readonly limit: number }): Promise<ClaimedMail[]> {
  return sql<ClaimedMail[]>`
    with due as (select id from mail where state = 'waiting' and next_attempt_at <= ${input.now} order by next_attempt_at, id limit ${input.limit} for update skip locked)
    update mail m set attempts = attempts + 1, next_attempt_at = ${input.until} from due where m.id = due.id
    returning m.id, m.customer_id as customer, m.recipient_id as recipient, m.kind, m.payload, m.attempts`
}

export async function finishMail(sql: Sql, input: { readonly id: bigint; readonly state: 'waiting' | 'sent' | 'failed'; readonly nextAttemptAt: Instant | null; readonly error: string | null }): Promise<void> {
  await sql`update mail set state = ${input.state}, next_attempt_at = coalesce(${input.nextAttemptAt}::timestamptz, next_attempt_at), last_error = ${input.error} where id = ${input.id}`
}

/** How mail stands: what waits, and what was given up since an instant, with the newest reason. */
export async function mailHealth(sql: Sql, since: Instant): Promise<{ readonly waiting: number; readonly failed: number; readonly lastError: string | null }> {
  const [row] = await sql<{ waiting: number; failed: number; lastError: string | null }[]>`
    select (select count(*) from mail where state = 'waiting')::int as waiting, (select count(*) from mail where state = 'failed' and last_error is not null and created_at >= ${since})::int as failed,
      (select last_error from mail where last_error is not null and created_at >= ${since} order by id desc limit 1) as "lastError"`
  return row!
}

export async function forgetMails(sql: Sql, before: Instant, limit: number): Promise<number> {
  return (await sql`delete from mail where id in (select id from mail where state <> 'waiting' and created_at < ${before} limit ${limit})`).count
}
