// Who calls: a raw key becomes a caller with its scopes. The database is asked on every call, so that a revoked key is
// refused at once; the data plane, where a query a request would be too dear, is told of revocations instead.

import type { KeyRecord } from '@tollgate/core'
import { hashKey } from '../platform/secrets.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'

export type Caller = {
  readonly actor: Actor
  readonly key: KeyRecord
  /** One of the operator's own people: may see provider cost and key ids. */
  readonly isOperator: boolean
}

/** Longest text that is looked up as a key; ours have 51 to 55 characters. */
const KEY_LENGTH_MAX = 200

/** Null for a key that is unknown, revoked or expired: a caller is not told which. */
export async function authenticate(plane: ControlPlane, rawKey: string): Promise<Caller | null> {
  if (rawKey === '' || rawKey.length > KEY_LENGTH_MAX) return null
  const key = await plane.directory.key(hashKey(rawKey))
  if (key === null) return null
  return { key, actor: { id: key.id, scopes: key.scopes, customer: key.customer }, isOperator: key.customer === null && key.scopes.includes('admin') }
}
