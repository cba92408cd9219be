// Providers: accounts with sealed secrets, the inbox of their messages, links to customers, and what must be read from them anew.

import type { Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type ProviderName = 'stripe' | 'chargebee' | 'recurly'
export type AccountRow = { readonly provider: ProviderName; readonly settings: Readonly<Record<string, unknown>>; readonly webhookSecretsSealed: readonly string[]; readonly apiKeySealed: string | null; readonly updatedAt: Instant }

export async function findAccount(sql: Sql | Transaction, provider: ProviderName): Promise<AccountRow | null> {
  const [row] = await sql<AccountRow[]>`
    select provider, settings, webhook_secrets_sealed as "webhookSecretsSealed", api_key_sealed as "apiKeySealed", updated_at as "updatedAt" from provider_account where provider = ${provider}`
  return row ?? null
}

export async function writeAccount(tx: Transaction, row: Omit<AccountRow, 'updatedAt'>): Promise<void> {
  await tx`
    insert into provider_account (provider, settings, webhook_secrets_sealed, api_key_sealed)
    values (${row.provider}, ${tx.json(row.settings as never)}, ${row.webhookSecretsSealed as string[]}::text[], ${row.apiKeySealed})
    on conflict (provider) do update set settings = excluded.settings, webhook_secrets_sealed = excluded.webhook_secrets_sealed, api_key_sealed = excluded.api_key_sealed, updated_at = now()`
}

export type MessageState = 'pending' | 'done' | 'ignored' | 'stopped' | 'failed'
export type MessageRow = {
  readonly provider: ProviderName
  readonly id: string
  readonly kind: string
  readonly at: Instant
  readonly state: MessageState
  readonly code: string | null
  readonly reason: string | null
  readonly customer: string | null
  readonly attempts: number
  readonly receivedAt: Instant
  readonly processedAt: Instant | null
}

/** False when the provider's id is known: the first stands. */
export async function storeMessage(sql: Sql, row: { readonly provider: ProviderName; readonly id: string; readonly kind: string; readonly at: Instant; readonly body: string }): Promise<boolean> {
  const rows = await sql`
    insert into provider_message (provider, id, kind, at, body) values (${row.provider}, ${row.id}, ${row.kind}, ${iso(row.at)}, ${row.body}) on conflict do nothing returning id`
  return rows.length > 0
}

export type PendingMessage = { readonly provider: ProviderName; readonly id: string; readonly kind: string; readonly at: Instant; readonly body: string; readonly attempts: number }

/** Messages to process now, in the order of the provider's time. */
export async function pendingMessages(sql: Sql, limit: number): Promise<PendingMessage[]> {
  return sql<PendingMessage[]>`
    select provider, id, kind, at, body, attempts from provider_message
    where state in ('pending', 'failed') and next_attempt_at <= now() order by at, id limit ${limit}`
}

export async function messageById(sql: Sql | Transaction, provider: ProviderName, id: string): Promise<(MessageRow & { readonly body: string }) | null> {
  const [row] = await sql<(MessageRow & { readonly body: string })[]>`${selectMessage(sql)} where provider = ${provider} and id = ${id}`
  return row ?? null
}

export async function listMessages(sql: Sql, input: { readonly provider: ProviderName | null; readonly state: MessageState | null; readonly customer: string | null; readonly before: { readonly at: Instant; readonly key: string } | null; readonly limit: number }): Promise<MessageRow[]> {
  const { provider, state, customer, before } = input
  return sql<MessageRow[]>`
    ${selectMessage(sql)}
    where (${provider}::text is null or provider = ${provider}) and (${state}::text is null or state = ${state}) and (${customer}::text is null or customer_id = ${customer})
      and (${before === null}::boolean or (received_at, provider || ' ' || id) < (${before === null ? null : iso(before.at)}::timestamptz, ${before?.key ?? null}::text))
    order by received_at desc, provider || ' ' || id desc limit ${input.limit}`
}

export type Outcome = { readonly state: MessageState; readonly code: string | null; readonly reason: string | null; readonly customer: string | null; /** What would say whose it is. */ readonly waitsFor?: readonly Link[] }

export async function settleMessages(tx: Sql | Transaction, rows: readonly ({ readonly provider: ProviderName; readonly id: string } & Outcome)[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    update provider_message m set state = o.state, code = o.code, reason = o.reason, customer_id = coalesce(o.customer, m.customer_id), processed_at = now(), attempts = m.attempts + 1,
      waits_for = string_to_array(o.waits_for, chr(10))
    from unnest(${rows.map(({ provider }) => provider)}::text[], ${rows.map(({ id }) => id)}::text[], ${rows.map(({ state }) => state)}::text[], ${rows.map(({ code }) => code)}::text[],
      ${rows.map(({ reason }) => reason)}::text[], ${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ waitsFor }) => (waitsFor ?? []).map(linkText).join('\n'))}::text[]) as o(provider, id, state, code, reason, customer, waits_for)
    where m.provider = o.provider and m.id = o.id`
}

/** An error of ours or of the moment: it is tried again later. */
export async function postponeMessage(sql: Sql, input: { readonly provider: ProviderName; readonly id: string; readonly reason: string; readonly delayMs: number }): Promise<void> {
  await sql`
    update provider_message set state = 'failed', code = 'error', reason = ${input.reason}, attempts = attempts + 1, next_attempt_at = now() + ${input.delayMs} * interval '1 millisecond'
    where provider = ${input.provider} and id = ${input.id}`
}

/** Puts back what waited for one of these records to be linked. */
export async function requeueWaiting(sql: Sql | Transaction, provider: ProviderName, links: readonly Link[]): Promise<void> {
  if (links.length === 0) return
  await sql`
    update provider_message set state = 'pending', next_attempt_at = now()
    where provider = ${provider} and waits_for && ${links.map(linkText)}::text[] and state in ('stopped', 'ignored')`
}

function linkText({ kind, id }: Link): string {
  return `${kind} ${id}`
}

/** Puts stopped messages back in the queue: all of a code, or one by its id. Returns how many. */
export async function requeueMessages(sql: Sql | Transaction, input: { readonly provider: ProviderName | null; readonly codes: readonly string[] | null; readonly id: string | null }): Promise<number> {
  const rows = await sql`
    update provider_message set state = 'pending', next_attempt_at = now()
    where (${input.provider}::text is null or provider = ${input.provider}) and (${input.id}::text is null or id = ${input.id})
      and (${input.id}::text is not null or state in ('stopped', 'failed'))
      and (${input.codes === null}::boolean or code = any(${(input.codes ?? []) as string[]}::text[])) returning id`
  return rows.length
}

export type Link = { readonly kind: 'customer' | 'subscription' | 'invoice' | 'charge' | 'payment_intent'; readonly id: string }

export async function findLinks(sql: Sql | Transaction, provider: ProviderName, links: readonly Link[]): Promise<string[]> {
  if (links.length === 0) return []
  const rows = await sql<{ customer: string }[]>`
    select distinct l.customer_id as customer from provider_link l join unnest(${links.map(({ kind }) => kind)}::text[], ${links.map(({ id }) => id)}::text[]) as w(kind, external_id) using (kind, external_id)
    where l.provider = ${provider}`
  return rows.map(({ customer }) => customer)
}

/** Returns those that were new. */
export async function addLinks(tx: Sql | Transaction, input: { readonly provider: ProviderName; readonly customer: string; readonly links: readonly Link[] }): Promise<Link[]> {
  if (input.links.length === 0) return []
  return tx<Link[]>`
    insert into provider_link (provider, kind, external_id, customer_id)
    select ${input.provider}, kind, external_id, ${input.customer} from unnest(${input.links.map(({ kind }) => kind)}::text[], ${input.links.map(({ id }) => id)}::text[]) as w(kind, external_id)
    on conflict do nothing returning kind, external_id as id`
}

export async function linksOfCustomer(sql: Sql, customer: string): Promise<(Link & { readonly provider: ProviderName })[]> {
  return sql<(Link & { readonly provider: ProviderName })[]>`select provider, kind, external_id as id from provider_link where customer_id = ${customer} order by provider, kind, external_id limit 1000`
}

export async function requestFetch(tx: Sql | Transaction, row: { readonly provider: ProviderName; readonly id: string; readonly customer: string | null; readonly reason: string }): Promise<void> {
  await tx`
    insert into provider_fetch (provider, external_id, customer_id, reason) values (${row.provider}, ${row.id}, ${row.customer}, ${row.reason})
    on conflict (provider, external_id) do update set next_attempt_at = least(provider_fetch.next_attempt_at, now())`
}

export type FetchRow = { readonly provider: ProviderName; readonly id: string; readonly customer: string | null; readonly reason: string; readonly attempts: number }

export async function dueFetches(sql: Sql, limit: number): Promise<FetchRow[]> {
  return sql<FetchRow[]>`select provider, external_id as id, customer_id as customer, reason, attempts from provider_fetch where next_attempt_at <= now() order by next_attempt_at limit ${limit}`
}

export async function endFetch(tx: Sql | Transaction, provider: ProviderName, id: string): Promise<void> {
  await tx`delete from provider_fetch where provider = ${provider} and external_id = ${id}`
}

export async function postponeFetch(sql: Sql, input: { readonly provider: ProviderName; readonly id: string; readonly delayMs: number }): Promise<void> {
  await sql`update provider_fetch set attempts = attempts + 1, next_attempt_at = now() + ${input.delayMs} * interval '1 millisecond' where provider = ${input.provider} and external_id = ${input.id}`
}

function selectMessage(sql: Sql | Transaction) {
  return sql`select provider, id, kind, at, body, state, code, reason, customer_id as customer, attempts, received_at as "receivedAt", processed_at as "processedAt" from provider_message`
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
