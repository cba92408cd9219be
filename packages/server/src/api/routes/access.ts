// API keys and upstreams.

import { InputError, UPSTREAM_PRESETS, UPSTREAM_ROUTING, type CustomerId, type EntityId, type UpstreamKind } from '@tollgate/core'
import type { ControlPlane } from '../../app/control-plane.ts'
import { createKey, putUpstream, removeUpstream, revoke, rotateKey, upstreams, type UpstreamInput, type UpstreamView } from '../../app/keys.ts'
import { keysPage } from '../../app/listings.ts'
import { Problem } from '../../app/problems.ts'
import { assertAllowedUpstream } from '../../platform/private-address.ts'
import type { accessRoutes } from '../contract/access.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { assertFeatures } from './budgets.ts'

export const accessHandlers: Handlers<keyof typeof accessRoutes> = {
  createKey: async ({ plane, caller, body }) => {
    assertFeatures(plane, body.feature === null || body.feature === undefined ? null : [body.feature])
    const { raw, record } = await createKey(plane, caller.actor, {
      name: body.name ?? '',
      scopes: [...new Set(body.scopes)],
      customer: (body.customer ?? null) as CustomerId | null,
      entity: (body.entity ?? null) as EntityId | null,
      feature: body.feature ?? null,
      models: body.models ?? null,
      showsCost: body.shows_cost ?? false,
      observe: body.observe ?? false,
      clampsOutput: body.clamp_output ?? false,
      expiresAt: body.expires_at ?? null,
      tags: body.tags ?? null,
      refusalStatus: body.refusal_status === 429 ? 429 : null,
    })
    return { ...keyBody({ ...record, name: body.name ?? '' }), key: raw }
  },
  listKeys: async ({ plane, query }) => {
    const page = await keysPage(plane, { customer: query.customer ?? null, after: readCursor('keys', query.cursor), limit: query.limit })
    return { data: page.rows.map(keyRowBody), next_cursor: writeCursor('keys', page.next) }
  },
  rotateKey: async ({ plane, caller, params, body }) => {
    const { raw, record, name, old } = await rotateKey(plane, caller.actor, params.key, body.overlap_seconds * 1_000)
    return { ...keyBody({ ...record, name }), key: raw, replaces: { id: old.id, expires_at: timeOrNull(old.expiresAt) } }
  },
  revokeKey: async ({ plane, caller, params }) => keyRowBody(await revoke(plane, caller.actor, params.key)),
  listUpstreams: async ({ plane }) => ({ data: (await upstreams(plane)).map(upstreamBody), next_cursor: null }),
  listRestingUpstreams: async ({ plane }) => ({ data: plane.restingUpstreams.list().map(({ upstream, key, node, why, failures, until, isTried }) => ({ upstream, key, node, why, failures, until: timeOf(until), trying: isTried })), next_cursor: null }),
  createUpstream: async ({ plane, caller, body, idText }) => {
    if ((await upstreams(plane)).some(({ name }) => name === body.name)) throw new Problem('already_exists', `an upstream named ${body.name} exists`, 'name')
    return saved(plane, await putUpstream(plane, caller.actor, upstreamInput(`ups_${idText()}`, body)))
  },
  putUpstream: async ({ plane, caller, params, body }) => saved(plane, await putUpstream(plane, caller.actor, upstreamInput(params.upstream, body))),
  deleteUpstream: async ({ plane, caller, params }) => {
    await removeUpstream(plane, caller.actor, params.upstream)
    return { id: params.upstream, deleted: true }
  },
}

type UpstreamFields = {
  readonly name: string
  readonly preset?: string | undefined
  readonly kind?: UpstreamKind | undefined
  readonly base_url?: string | undefined
  readonly provider?: string | undefined
  readonly models: readonly string[]
  readonly allow_private?: boolean | undefined
  readonly secret?: string | null | undefined
  readonly keys?: readonly { readonly name: string; readonly weight: number; readonly secret?: string | undefined }[] | undefined
  readonly priority: number
  readonly weight: number
  readonly retries: number | null
  readonly timeouts: { readonly connect_ms: number | null; readonly first_byte_ms: number | null; readonly answer_ms: number | null; readonly idle_ms: number | null }
}

function upstreamInput(id: string, body: UpstreamFields): UpstreamInput {
  const preset = body.preset === undefined ? undefined : UPSTREAM_PRESETS[body.preset]
  const baseUrl = body.base_url ?? preset?.baseUrl ?? null
  const provider = body.provider ?? preset?.provider
  if (baseUrl === null) throw missing('base_url', preset === undefined ? 'give the address of the upstream, or a preset' : `accounts of ${body.preset} have addresses of their own: give yours`)
  if (provider === undefined) throw missing('provider', 'name the provider of the rate card whose prices apply, or a preset')
  if (typeof body.secret === 'string' && body.keys !== undefined && body.keys.length > 0) throw new InputError({ code: 'invalid_value', field: 'keys', message: 'give one secret or several keys, not both' })
  const allowPrivate = body.allow_private ?? preset?.isPrivate ?? false
  const url = assertAllowedUpstream(baseUrl, { allowPrivate })
  return {
    id,
    name: body.name,
    kind: body.kind ?? preset?.kind ?? 'openai',
    baseUrl: url.href.replace(/\/$/, ''),
    secret: body.secret ?? null,
    provider,
    models: body.models,
    allowPrivate,
    keys: body.keys?.map((key) => ({ name: key.name, weight: key.weight, secret: key.secret ?? null })) ?? null,
    routing: {
      priority: body.priority, weight: body.weight, retries: body.retries,
      timeouts: { connectMs: body.timeouts.connect_ms, firstByteMs: body.timeouts.first_byte_ms, answerMs: body.timeouts.answer_ms, idleMs: body.timeouts.idle_ms },
    },
  }
}

function missing(field: string, what: string): InputError {
  return new InputError({ code: 'required', field, message: `${field} is missing: ${what}` })
}

async function saved(plane: ControlPlane, id: string) {
  const row = (await upstreams(plane)).find((upstream) => upstream.id === id)
  if (row === undefined) throw new Problem('not_found', `there is no upstream ${id}`, 'upstream')
  return upstreamBody(row)
}

function upstreamBody(row: UpstreamView) {
  const { priority, weight, retries, timeouts } = row.routing ?? UPSTREAM_ROUTING
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    base_url: row.baseUrl,
    provider: row.provider,
    models: [...row.models],
    allow_private: row.allowPrivate,
    has_secret: row.hasSecret,
    keys: row.keys.map((key) => ({ ...key })),
    priority, weight, retries,
    timeouts: { connect_ms: timeouts.connectMs, first_byte_ms: timeouts.firstByteMs, answer_ms: timeouts.answerMs, idle_ms: timeouts.idleMs },
  }
}

type KeyFields = Parameters<typeof keyBody>[0]

function keyBody(record: Awaited<ReturnType<typeof createKey>>['record'] & { readonly name: string }) {
  return {
    id: record.id,
    hint: record.hint,
    name: record.name,
    scopes: [...record.scopes],
    customer: record.customer,
    entity: record.entity,
    feature: record.feature,
    models: record.models === null ? null : [...record.models],
    shows_cost: record.showsCost,
    observe: record.observe ?? false,
    clamp_output: record.clampsOutput ?? false,
    expires_at: timeOrNull(record.expiresAt),
    tags: { ...record.tags },
    refusal_status: record.refusalStatus ?? (402 as const),
  }
}

function keyRowBody(row: KeyFields & { readonly createdAt: number; readonly revokedAt: number | null }) {
  return { ...keyBody(row), created_at: timeOf(row.createdAt), revoked_at: timeOrNull(row.revokedAt) }
}
