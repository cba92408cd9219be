// Sign-in of the operator's people to the console: a key of theirs becomes a session of some hours. The page never keeps the key,
// and the session's token is in a cookie that no script can read. A write must also name the session's CSRF token, which only
// a page of the same origin can have asked for. When the key is revoked or expires, so does the session.

import { createHash } from 'node:crypto'
import { instant, OPERATOR_ROLES, type Instant, type OperatorRole } from '@tollgate/core'
import { withRetry } from '../platform/postgres.ts'
import { hashKey, isEqualSecret, mintSecret } from '../platform/secrets.ts'
import { insertAudit } from '../store/audit.ts'
import { consoleSessionKey, deleteConsoleSession, deleteEndedSessions, insertConsoleSession } from '../store/page-sessions.ts'
import { authenticate, callerOfKey, type Caller } from './authenticate.ts'
import type { ControlPlane } from './control-plane.ts'

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

/** The caller of a session's token; null when it has ended. */
export async function sessionCaller(plane: ControlPlane, token: string): Promise<Caller | null> {
  if (!token.startsWith(TOKEN_PREFIX) || token.length > 200) return null
  const row = await consoleSessionKey(plane.sql, hashKey(token))
  if (row === null) return null
  const { name, sessionExpiresAt, ...key } = row
  return { ...callerOfKey(key), session: { kind: 'console', name, csrfToken: csrfTokenOf(token), expiresAt: sessionExpiresAt } }
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
