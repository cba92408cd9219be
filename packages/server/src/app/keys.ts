// API keys and upstreams: minted, shown once, known by hash; provider secrets sealed with the master key. A change is in
// force on every reachable node when the call answers.

import { InputError, instant, makeId, OPERATOR_ROLES, parseId, type CustomerId, type EntityId, type Instant, type KeyRecord, type KeyScope, type UpstreamConfig, type UpstreamKey } from '@tollgate/core'
import { isSqlState, withRetry } from '../platform/postgres.ts'
import { hashKey, keyHint, mintKey, open, seal } from '../platform/secrets.ts'
import { insertAudit } from '../store/audit.ts'
import { hasEntity } from '../store/entities.ts'
import { deleteUpstream, expireKey, keyById, insertKey, listUpstreams, revokeKey, upsertUpstream, upstreamById, type KeyRow, type SealedKey, type UpstreamRow } from '../store/keys.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

export type NewKey = {
  readonly name: string
  readonly scopes: readonly KeyScope[]
  readonly customer: CustomerId | null
  readonly entity: EntityId | null
  readonly feature: string | null
  readonly models: readonly string[] | null
  readonly showsCost: boolean
  readonly observe?: boolean
  readonly clampsOutput?: boolean
  readonly expiresAt: Instant | null
  /** Tags that its requests have, whatever they say. */
  readonly tags?: Readonly<Record<string, string>> | null
  /** Status of a refusal for money or quota where not 402. */
  readonly refusalStatus?: 429 | null
}

/** The raw key is returned here and nowhere else, ever. */
export async function createKey(plane: ControlPlane, actor: Actor, input: NewKey): Promise<{ readonly raw: string; readonly record: KeyRecord }> {
  const [scope] = input.scopes
  if (scope === undefined) throw new InputError({ code: 'required', field: 'scopes', message: 'a key needs at least one scope, such as gateway, customer or admin' })
  if (input.customer === null && input.scopes.some((one) => one === 'gateway' || one === 'customer' || one === 'tenant_admin')) throw new InputError({ code: 'required', field: 'customer', message: 'a key with scope gateway, customer or tenant_admin belongs to a customer' })
  const role = OPERATOR_ROLES.find((one) => input.scopes.includes(one))
  if (input.customer !== null && role !== undefined) throw new InputError({ code: 'invalid_scope', field: 'scopes', message: `a key with the role ${role} is the operator's: leave out the customer` })
  if (input.expiresAt !== null && input.expiresAt <= plane.clock.now()) throw new InputError({ code: 'out_of_range', field: 'expires_at', message: 'expires_at must be in the future' })
  if (input.customer !== null) await getCustomer(plane, input.customer)
  if (input.entity !== null && (input.customer === null || !(await hasEntity(plane.sql, input.customer, input.entity)))) throw new InputError({ code: 'unknown_entity', field: 'entity', message: `customer ${input.customer} has no entity ${input.entity}` })
  const raw = mintKey(scope)
  const record: KeyRecord = { ...input, id: makeId('key', plane.randomText()), hint: keyHint(raw) }
  await withRetry(plane.sql, async (tx) => {
    await insertKey(tx, { ...record, name: input.name, hash: hashKey(raw) })
    await insertAudit(tx, { actor: actor.id, action: 'key.created', customer: input.customer, target: record.id, before: null, after: { ...record, name: input.name } })
  })
  // A node may remember for a moment that this hash is unknown.
  await plane.hub.broadcast({ kind: 'keys' })
  return { raw, record }
}

/**
 * A new key in the place of an old one, which goes on working for a while: whoever holds it changes over without a gap. The old one's
 * end is in force everywhere when this answers.
 */
export async function rotateKey(plane: ControlPlane, actor: Actor, id: string, overlapMs: number): Promise<{ readonly raw: string; readonly record: KeyRecord; readonly name: string; readonly old: KeyRow }> {
  const row = await keyById(plane.sql, id)
  if (row === null || row.revokedAt !== null) throw new Problem('not_found', `there is no key ${id} that works`, 'key')
  const { name, createdAt: _, revokedAt: __, ...settings } = row
  const made = await createKey(plane, actor, { ...settings, name })
  const old = await withRetry(plane.sql, async (tx) => {
    const expired = await expireKey(tx, id, instant(plane.clock.now() + overlapMs))
    if (expired === null) throw new Problem('not_found', `there is no key ${id} that works`, 'key')
    await insertAudit(tx, { actor: actor.id, action: 'key.rotated', customer: expired.customer, target: id, before: null, after: { successor: made.record.id, expires_at: expired.expiresAt } })
    return expired
  })
  await plane.hub.broadcast({ kind: 'keys' })
  return { ...made, name, old }
}

export async function revoke(plane: ControlPlane, actor: Actor, id: string): Promise<KeyRow> {
  const row = await withRetry(plane.sql, async (tx) => {
    const revoked = await revokeKey(tx, id)
    if (revoked === null) throw new Problem('not_found', `there is no key ${id}`, 'key')
    await insertAudit(tx, { actor: actor.id, action: 'key.revoked', customer: revoked.customer, target: id, before: null, after: null })
    return revoked
  })
  await plane.hub.broadcast({ kind: 'keys' })
  return row
}

/** Secrets that are left out stay as they are stored; keys that are left out all do. */
export type UpstreamInput = Omit<UpstreamConfig, 'id' | 'keys'> & { readonly id: string | null; readonly keys: readonly KeyInput[] | null }
type KeyInput = Omit<UpstreamKey, 'secret'> & { readonly secret: string | null }

/** Creates or changes an upstream. It has one secret or several keys: giving either ends the other. */
export async function putUpstream(plane: ControlPlane, actor: Actor, input: UpstreamInput): Promise<string> {
  const id = input.id === null ? makeId('upstream', plane.randomText()) : parseId('upstream', input.id, 'id')
  const { secret, keys, ...rest } = input
  try {
    await withRetry(plane.sql, async (tx) => {
      const stored = await upstreamById(tx, id)
      const sealedKeys = secret !== null ? null : keys === null ? (stored?.keys ?? null) : keys.map((key) => sealedKey(plane, id, key, stored?.keys ?? []))
      const hasKeys = sealedKeys !== null && sealedKeys.length > 0
      const secretSealed = secret !== null ? seal(plane.masterKey, secret, id) : hasKeys ? null : (stored?.secretSealed ?? null)
      await upsertUpstream(tx, { ...rest, id, secretSealed, keys: hasKeys ? sealedKeys : null })
      await insertAudit(tx, { actor: actor.id, action: 'upstream.set', customer: null, target: id, before: null, after: { ...rest, id, secret: secret === null ? 'unchanged' : 'set', keys: keys?.map((key) => ({ ...key, secret: key.secret === null ? 'unchanged' : 'set' })) ?? 'unchanged' } })
    })
  } catch (error) {
    if (isSqlState(error, '23505')) throw new Problem('already_exists', `an upstream named ${input.name} exists`, 'name')
    throw error
  }
  await plane.hub.broadcast({ kind: 'upstreams' })
  return id
}

function sealedKey(plane: ControlPlane, id: string, { name, weight, secret }: KeyInput, stored: readonly SealedKey[]): SealedKey {
  const sealed = secret === null ? stored.find((key) => key.name === name)?.sealed : seal(plane.masterKey, secret, keyPlace(id, name))
  if (sealed === undefined) throw new InputError({ code: 'required', field: 'keys', message: `the key ${name} has no secret yet: give it one` })
  return { name, weight, sealed }
}

/** What the secret of a key is bound to. */
function keyPlace(id: string, name: string): string {
  return `${id}/${name}`
}

/** An upstream with its secrets, for the nodes' memory alone. */
export function opened({ secretSealed, keys, ...upstream }: UpstreamRow, masterKey: Uint8Array): UpstreamConfig {
  return {
    ...upstream,
    secret: secretSealed === null ? null : open(masterKey, secretSealed, upstream.id),
    keys: keys?.map(({ sealed, ...key }) => ({ ...key, secret: open(masterKey, sealed, keyPlace(upstream.id, key.name)) })) ?? null,
  }
}

export async function removeUpstream(plane: ControlPlane, actor: Actor, id: string): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    if (!(await deleteUpstream(tx, id))) throw new Problem('not_found', `there is no upstream ${id}`, 'upstream')
    await insertAudit(tx, { actor: actor.id, action: 'upstream.removed', customer: null, target: id, before: null, after: null })
  })
  await plane.hub.broadcast({ kind: 'upstreams' })
}

export type UpstreamView = Omit<UpstreamConfig, 'secret' | 'keys'> & { readonly hasSecret: boolean; readonly keys: readonly Omit<UpstreamKey, 'secret'>[] }

/** Upstreams without their secrets. */
export async function upstreams(plane: ControlPlane): Promise<UpstreamView[]> {
  return (await listUpstreams(plane.sql)).map(({ secretSealed, keys, ...row }) => ({ ...row, hasSecret: secretSealed !== null || keys !== null, keys: (keys ?? []).map(({ name, weight }) => ({ name, weight })) }))
}
