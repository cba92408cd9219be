// Sign-in of the operator's people to the console: a key of theirs becomes a session of some hours. The page never keeps the key,
// and the session's token is in a cookie that no script can read. A write must also name the session's CSRF token, which only
// a page of the same origin can have asked for. When the key is revoked or expires, so does the session. A person may sign in by an
// issuer instead, whose groups become a role: such a session stands on no key.

import { createHash } from 'node:crypto'
import { instant, OPERATOR_ROLES, type Instant, type OperatorRole } from '@tollgate/core'
import { withRetry } from '../platform/postgres.ts'
import { hashKey, isEqualSecret, mintSecret, open, seal } from '../platform/secrets.ts'
import { insertAudit } from '../store/audit.ts'
import { consoleSessionKey, consoleSessionPerson, deleteConsoleSession, deleteEndedSessions, insertConsoleSession, insertPersonSession } from '../store/page-sessions.ts'
import { authenticate, callerOfKey, type Caller } from './authenticate.ts'
import type { ControlPlane } from './control-plane.ts'
import { personOf, type OperatorIssuer, type PendingSignIn, type Person } from './operator-issuer.ts'

/** A working day: nobody signs in twice a day, and a forgotten laptop is signed out by the morning. */
const SESSION_MS = 12 * 3_600_000
const TOKEN_PREFIX = 'tg_session_'
/** Ended sessions are kept this long, so that a person who asks why can be answered. */
const ENDED_KEPT_MS = 7 * 86_400_000

export type SignedIn = { readonly token: string; readonly expiresAt: Instant; readonly caller: Caller }

/** Null for a key that is no operator's, or does not work: the two are not told apart. */
export async function signIn(plane: ControlPlane, rawKey: string): Promise<SignedIn | null> {
  const caller = await authenticate(plane, rawKey)
  if (caller === null || roleOf(caller) === null) return null
  const token = mintSecret(TOKEN_PREFIX)
  const lasts = plane.clock.now() + SESSION_MS
  const expiresAt = instant(caller.key.expiresAt === null ? lasts : Math.min(lasts, caller.key.expiresAt))
  await withRetry(plane.sql, async (tx) => {
    await insertConsoleSession(tx, { hash: hashKey(token), key: caller.key.id, expiresAt })
    await insertAudit(tx, { actor: caller.actor.id, action: 'console.signed_in', customer: null, target: caller.key.id, before: null, after: null })
  })
  return { token, expiresAt, caller }
}

const PENDING_MS = 600_000
const PENDING_RECORD = 'sign-in'

/** Where to send a browser that signs in by the issuer, and what must come back with it: sealed, so that only this server made it. */
export async function beginPersonSignIn(plane: ControlPlane, issuer: OperatorIssuer, redirectUri: string): Promise<{ readonly url: string; readonly cookie: string; readonly maxAgeSeconds: number }> {
  const { url, pending } = await issuer.begin(redirectUri)
  return { url, cookie: seal(plane.masterKey, JSON.stringify({ ...pending, until: plane.clock.now() + PENDING_MS }), PENDING_RECORD), maxAgeSeconds: PENDING_MS / 1_000 }
}

export type PersonSignIn = { readonly token: string; readonly expiresAt: Instant } | { readonly refused: 'no_role' | 'expired' | 'refused' }

/** The end of a sign-in by the issuer. Whatever does not hold refuses, and the log says what it was. */
export async function finishPersonSignIn(plane: ControlPlane, issuer: OperatorIssuer, input: { readonly callback: URL; readonly cookie: string }): Promise<PersonSignIn> {
  const pending = pendingOf(plane, input.cookie)
  if (pending === null) return { refused: 'expired' }
  let person: Person | null
  try {
    person = personOf(await issuer.finish(input.callback, pending), issuer.roles)
  } catch (error) {
    plane.log.warn({ error }, 'a sign-in by the issuer was refused')
    return { refused: 'refused' }
  }
  if (person === null) return { refused: 'no_role' }
  const { subject, name, role } = person
  const token = mintSecret(TOKEN_PREFIX)
  const expiresAt = instant(plane.clock.now() + SESSION_MS)
  await withRetry(plane.sql, async (tx) => {
    await insertPersonSession(tx, { hash: hashKey(token), subject, name, role, expiresAt })
    await insertAudit(tx, { actor: actorOf(subject), action: 'console.signed_in', customer: null, target: actorOf(subject), before: null, after: { name, role } })
  })
  return { token, expiresAt }
}

function pendingOf(plane: ControlPlane, cookie: string): PendingSignIn | null {
  try {
    const { until, ...pending } = JSON.parse(open(plane.masterKey, cookie, PENDING_RECORD)) as PendingSignIn & { readonly until: number }
    return until > plane.clock.now() ? pending : null
  } catch {
    return null
  }
}

/** As whom a person stands in the audit log: what the issuer calls it for ever, not its name. */
function actorOf(subject: string): string {
  return `oidc:${subject}`
}

/** The caller of a session's token; null when it has ended. */
export async function sessionCaller(plane: ControlPlane, token: string): Promise<Caller | null> {
  if (!token.startsWith(TOKEN_PREFIX) || token.length > 200) return null
  const row = await consoleSessionKey(plane.sql, hashKey(token))
  if (row === null) return personCaller(plane, token)
  const { name, sessionExpiresAt, ...key } = row
  return { ...callerOfKey(key), session: { kind: 'console', name, subject: null, csrfToken: csrfTokenOf(token), expiresAt: sessionExpiresAt } }
}

async function personCaller(plane: ControlPlane, token: string): Promise<Caller | null> {
  // Without an issuer nobody's word holds any more.
  const person = plane.issuer === null ? null : await consoleSessionPerson(plane.sql, hashKey(token))
  if (person === null) return null
  const { subject, name, role, expiresAt } = person
  const id = actorOf(subject)
  return {
    ...callerOfKey({ id, hint: 'oidc', scopes: [role], customer: null, entity: null, feature: null, models: null, expiresAt, showsCost: true }),
    session: { kind: 'console', name, subject, csrfToken: csrfTokenOf(token), expiresAt },
  }
}

export async function signOut(plane: ControlPlane, token: string): Promise<void> {
  await deleteConsoleSession(plane.sql, hashKey(token))
}

/** The strongest of its roles; null for a key that is not a person's of the operator. */
export function roleOf(caller: Caller): OperatorRole | null {
  return caller.key.customer === null ? (OPERATOR_ROLES.findLast((role) => caller.key.scopes.includes(role)) ?? null) : null
}

export function hasCsrfToken(caller: Caller, given: string | undefined): boolean {
  return caller.session?.kind === 'console' && given !== undefined && isEqualSecret(given, caller.session.csrfToken)
}

/** Follows from the session's token, which no page can read, so that it need not be stored. */
function csrfTokenOf(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url')
}

export async function forgetSessions(plane: ControlPlane): Promise<void> {
  await deleteEndedSessions(plane.sql, instant(plane.clock.now() - ENDED_KEPT_MS))
}
