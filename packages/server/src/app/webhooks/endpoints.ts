// Webhook endpoints: where messages of the outbox are sent. An endpoint of the operator gets all messages, one that belongs to a
// customer that customer's, as its portal would show them. The secret is answered when it is made, and sealed at rest.

import { InputError, instant, makeId, WEBHOOK_ENDPOINTS_MAX } from '@tollgate/core'
import { randomBytes } from 'node:crypto'
import { withRetry } from '../../platform/postgres.ts'
import { isPrivateHost } from '../../platform/private-address.ts'
import { seal } from '../../platform/secrets.ts'
import { insertAudit } from '../../store/audit.ts'
import { deleteEndpoint, enableEndpoint, findEndpoint, insertEndpoint, listEndpoints, rotateSecret, type EndpointRow } from '../../store/webhooks.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'

/** How long a rotated secret still signs beside the new one. */
export const ROTATION_MS = 24 * 3_600_000
const SECRET_BYTES = 32

export type EndpointInput = {
  readonly id: string | null
  readonly customer: string | null
  readonly url: string
  readonly description: string
  /** Null for all types. */
  readonly types: readonly string[] | null
  readonly allowPrivate: boolean
}

export type Endpoint = Omit<EndpointRow, 'secretSealed' | 'previousSealed'>

export async function createEndpoint(plane: ControlPlane, actor: Actor, input: EndpointInput): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> {
  const url = allowedUrl(input.url, input.allowPrivate)
  if (input.customer !== null) await getCustomer(plane, input.customer)
  const id = input.id ?? makeId('webhook', plane.randomText())
  const secret = mintSecret()
  await withRetry(plane.sql, async (tx) => {
    if ((await listEndpoints(tx)).length >= WEBHOOK_ENDPOINTS_MAX) throw new InputError({ code: 'out_of_range', field: 'url', message: `there are ${WEBHOOK_ENDPOINTS_MAX} webhook endpoints; remove one that is not used` })
    await insertEndpoint(tx, { ...input, id, url, secretSealed: seal(plane.masterKey, secret, id) })
    await insertAudit(tx, { actor: actor.id, action: 'webhook.created', customer: input.customer, target: id, before: null, after: { ...input, id, url } })
  })
  return { endpoint: await getEndpoint(plane, id), secret }
}

export async function getEndpoint(plane: ControlPlane, id: string): Promise<Endpoint> {
  const row = await findEndpoint(plane.sql, id)
  if (row === null) throw new Problem('not_found', `there is no webhook endpoint ${id}`, 'webhook')
  return withoutSecrets(row)
}

export async function endpoints(plane: ControlPlane, customer: string | null): Promise<Endpoint[]> {
  return (await listEndpoints(plane.sql, customer)).map(withoutSecrets)
}

export async function removeEndpoint(plane: ControlPlane, actor: Actor, id: string): Promise<void> {
  await changed(plane, actor, { id, action: 'webhook.removed' }, async (tx) => void (await deleteEndpoint(tx, id)))
}

/** A new secret; the old one signs too for a day, so that a receiver can change over without losing a message. */
export async function rotateEndpoint(plane: ControlPlane, actor: Actor, id: string): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> {
  const secret = mintSecret()
  const previousUntil = instant(plane.clock.now() + ROTATION_MS)
  await changed(plane, actor, { id, action: 'webhook.rotated' }, (tx) => rotateSecret(tx, { id, secretSealed: seal(plane.masterKey, secret, id), previousUntil }))
  return { endpoint: await getEndpoint(plane, id), secret }
}

/** Sends again to an endpoint that was disabled; what waited meanwhile is sent too. */
export async function reviveEndpoint(plane: ControlPlane, actor: Actor, id: string): Promise<Endpoint> {
  await changed(plane, actor, { id, action: 'webhook.enabled' }, (tx) => enableEndpoint(tx, id))
  return getEndpoint(plane, id)
}

type Change = Parameters<Parameters<typeof withRetry>[1]>[0]

async function changed(plane: ControlPlane, actor: Actor, what: { readonly id: string; readonly action: string }, change: (tx: Change) => Promise<void>): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    const before = await findEndpoint(tx, what.id)
    if (before === null) throw new Problem('not_found', `there is no webhook endpoint ${what.id}`, 'webhook')
    await change(tx)
    await insertAudit(tx, { actor: actor.id, action: what.action, customer: before.customer, target: what.id, before: withoutSecrets(before), after: null })
  })
}

function withoutSecrets({ secretSealed: _, previousSealed: __, ...rest }: EndpointRow): Endpoint {
  return rest
}

function mintSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
}

function allowedUrl(text: string, allowPrivate: boolean): string {
  const invalid = (message: string) => new InputError({ code: 'invalid_webhook_url', field: 'url', message })
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw invalid(`${JSON.stringify(text.slice(0, 200))} is no address: give one such as https://example.com/hooks/tollgate`)
  if (url.username !== '' || url.password !== '' || url.hash !== '') throw invalid('the address must hold no user, password or #')
  if (allowPrivate) return url.href
  if (isPrivateHost(url.hostname)) throw new InputError({ code: 'private_webhook', field: 'url', message: `${url.hostname} is a private address. If that is meant, set allow_private for this endpoint.` })
  if (url.protocol === 'http:') throw invalid('a public endpoint must use https')
  return url.href
}

/** Whether the endpoint wants messages of this type and customer. */
export function wants(endpoint: Pick<EndpointRow, 'customer' | 'types'>, message: { readonly customer: string | null; readonly type: string }): boolean {
  return (endpoint.customer === null || endpoint.customer === message.customer) && (endpoint.types === null || endpoint.types.includes(message.type))
}
