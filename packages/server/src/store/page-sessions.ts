// Sessions of people: the console's, which stand on a key, and the portal's, which stand on a customer. Known by the hash of their token.

import type { CustomerId, Instant, KeyRecord, OperatorRole } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export async function insertConsoleSession(tx: Transaction, row: { readonly hash: string; readonly key: string; readonly expiresAt: Instant }): Promise<void> {
  await tx`insert into console_session (hash, key_id, expires_at) values (${row.hash}, ${row.key}, ${row.expiresAt})`
}

export type PersonRow = { readonly subject: string; readonly name: string; readonly role: OperatorRole }

export async function insertPersonSession(tx: Transaction, row: PersonRow & { readonly hash: string; readonly expiresAt: Instant }): Promise<void> {
  await tx`insert into console_session (hash, subject, name, role, expires_at) values (${row.hash}, ${row.subject}, ${row.name}, ${row.role}, ${row.expiresAt})`
}

/** The person of a session that stands on an issuer's word; null for any other. */
export async function consoleSessionPerson(sql: Sql, hash: string): Promise<(PersonRow & { readonly expiresAt: Instant }) | null> {
  const [row] = await sql<(PersonRow & { readonly expiresAt: Instant })[]>`
    select subject, name, role, expires_at as "expiresAt" from console_session where hash = ${hash} and subject is not null and expires_at > now()`
  return row ?? null
}

export type SessionKey = KeyRecord & { readonly name: string; readonly sessionExpiresAt: Instant }

/** The key of a session that stands: neither the session nor its key has ended. */
export async function consoleSessionKey(sql: Sql, hash: string): Promise<SessionKey | null> {
  const [row] = await sql<SessionKey[]>`
    select k.id, k.hint, k.name, k.scopes, k.customer_id as customer, k.entity_id as entity, k.feature, k.models, k.shows_cost as "showsCost",
      k.expires_at as "expiresAt", s.expires_at as "sessionExpiresAt"
    from console_session s join api_key k on k.id = s.key_id
    where s.hash = ${hash} and s.expires_at > now() and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`
  return row ?? null
}

export async function deleteConsoleSession(sql: Sql, hash: string): Promise<void> {
  await sql`delete from console_session where hash = ${hash}`
}

export type PortalSessionRow = {
  readonly id: string
  readonly customer: CustomerId
  readonly isAdmin: boolean
  readonly changesPlan: boolean
  readonly allowedOrigins: readonly string[]
  readonly theme: 'auto' | 'light' | 'dark'
  readonly returnUrl: string | null
  /** Null for that of the customer. */
  readonly locale: string | null
  readonly createdBy: string
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly revokedAt: Instant | null
}

export async function insertPortalSession(tx: Transaction, row: Omit<PortalSessionRow, 'createdAt' | 'revokedAt'> & { readonly hash: string }): Promise<void> {
  await tx`
    insert into portal_session (id, hash, customer_id, is_admin, changes_plan, allowed_origins, theme, return_url, locale, created_by, expires_at)
    values (${row.id}, ${row.hash}, ${row.customer}, ${row.isAdmin}, ${row.changesPlan}, ${row.allowedOrigins as string[]}, ${row.theme}, ${row.returnUrl}, ${row.locale}, ${row.createdBy}, ${row.expiresAt})`
}

export async function portalSessionByHash(sql: Sql, hash: string): Promise<PortalSessionRow | null> {
  const [row] = await sql<PortalSessionRow[]>`${selectPortal(sql)} where hash = ${hash} and revoked_at is null and expires_at > now()`
  return row ?? null
}

export async function portalSessionById(sql: Sql, id: string): Promise<PortalSessionRow | null> {
  const [row] = await sql<PortalSessionRow[]>`${selectPortal(sql)} where id = ${id}`
  return row ?? null
}

/** Newest first. */
export async function pagePortalSessions(sql: Sql, input: { readonly customer: string; readonly after: string | null; readonly limit: number }): Promise<PortalSessionRow[]> {
  return sql<PortalSessionRow[]>`
    ${selectPortal(sql)} where customer_id = ${input.customer} and (${input.after}::text is null or id < ${input.after}) order by id desc limit ${input.limit}`
}

/** Null when the customer has no such session. Revoking twice keeps the first time. */
export async function revokePortalSession(tx: Transaction, customer: string, id: string): Promise<PortalSessionRow | null> {
  await tx`update portal_session set revoked_at = coalesce(revoked_at, now()) where customer_id = ${customer} and id = ${id}`
  const [row] = await tx<PortalSessionRow[]>`${selectPortal(tx)} where customer_id = ${customer} and id = ${id}`
  return row ?? null
}

/** Forgets sessions that ended before an instant. */
export async function deleteEndedSessions(sql: Sql, before: Instant): Promise<void> {
  await sql`delete from console_session where expires_at < ${before}`
  await sql`delete from portal_session where expires_at < ${before}`
}

function selectPortal(sql: Sql | Transaction) {
  return sql`
    select id, customer_id as customer, is_admin as "isAdmin", changes_plan as "changesPlan", allowed_origins as "allowedOrigins", theme, return_url as "returnUrl", locale, created_by as "createdBy",
      created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt" from portal_session`
}
