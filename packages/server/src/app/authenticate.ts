// Who calls: a raw key or the token of a portal's session becomes a caller with its scopes. The database is asked on every call, so
// that a revoked key is refused at once; the data plane, where a query a request would be too dear, is told of revocations instead.

import { OPERATOR_ROLES, type Instant, type KeyRecord } from '@tollgate/core'
import { hashKey } from '../platform/secrets.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { portalCaller, PORTAL_TOKEN_PREFIX } from './portal-sessions.ts'
import { keyByHash } from '../store/keys.ts'
import type { PortalSessionRow } from '../store/page-sessions.ts'

export type Caller = {
  readonly actor: Actor
  readonly key: KeyRecord
  /** One of the operator's own people: may see provider cost and key ids. */
  readonly isOperator: boolean
  /** How a person's page came in; null for a program with its key. */
  readonly session: ConsoleSession | ({ readonly kind: 'portal' } & PortalSessionRow) | null
}

export type ConsoleSession = { readonly kind: 'console'; readonly name: string; /** What the issuer calls the person; null for a key. */ readonly subject: string | null; readonly csrfToken: string; readonly expiresAt: Instant }

/** Longest text that is looked up as a key; ours have 51 to 58 characters. */
const KEY_LENGTH_MAX = 200

/** Null for a key that is unknown, revoked or expired: a caller is not told which. */
export async function authenticate(plane: ControlPlane, rawKey: string): Promise<Caller | null> {
  if (rawKey === '' || rawKey.length > KEY_LENGTH_MAX) return null
  if (rawKey.startsWith(PORTAL_TOKEN_PREFIX)) return portalCaller(plane, rawKey)
  const key = await keyByHash(plane.sql, hashKey(rawKey))
  return key === null ? null : callerOfKey(key)
}

export function callerOfKey(key: KeyRecord): Caller {
  const isOperator = key.customer === null && OPERATOR_ROLES.some((role) => key.scopes.includes(role))
  return { key, actor: { id: key.id, scopes: key.scopes, customer: key.customer }, isOperator, session: null }
}
