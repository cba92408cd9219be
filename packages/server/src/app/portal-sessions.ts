// Sessions of a tenant's people in the portal: a short-lived token bound to one customer, made by the operator's backend when one of
// its users opens the page. It reads what a key of the customer reads, and as an administrator sets the customer's own caps. It never
// sees cost, margin or another customer: it is a caller with the scopes of that customer, and nothing else.

import { instant, InputError, makeId, type CustomerId, type KeyScope } from '@tollgate/core'
import { withRetry } from '../platform/postgres.ts'
import { hashKey, mintSecret } from '../platform/secrets.ts'
import { insertAudit } from '../store/audit.ts'
import { insertPortalSession, pagePortalSessions, portalSessionByHash, portalSessionById, revokePortalSession, type PortalSessionRow } from '../store/page-sessions.ts'
import type { Actor } from './actor.ts'
import type { Caller } from './authenticate.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer, localeOf } from './customers.ts'
import { pageOf, type Page } from './listings.ts'
import { Problem } from './problems.ts'

export const PORTAL_TOKEN_PREFIX = 'tg_portal_'

export type NewPortalSession = Pick<PortalSessionRow, 'customer' | 'isAdmin' | 'changesPlan' | 'allowedOrigins' | 'theme' | 'returnUrl' | 'locale'> & { readonly lifetimeMs: number }

/** The token is returned here and nowhere else, ever. */
export async function createPortalSession(plane: ControlPlane, actor: Actor, input: NewPortalSession): Promise<{ readonly token: string; readonly session: PortalSessionRow }> {
  await getCustomer(plane, input.customer)
  for (const origin of input.allowedOrigins) assertOrigin(origin)
  localeOf(input.locale)
  const { lifetimeMs, ...rest } = input
  const now = plane.clock.now()
  const token = mintSecret(PORTAL_TOKEN_PREFIX)
  const row = { ...rest, id: makeId('portalSession', plane.randomText()), createdBy: actor.id, expiresAt: instant(now + lifetimeMs) }
  await withRetry(plane.sql, async (tx) => {
    await insertPortalSession(tx, { ...row, hash: hashKey(token) })
    await insertAudit(tx, { actor: actor.id, action: 'portal_session.created', customer: input.customer, target: row.id, before: null, after: row })
  })
  return { token, session: { ...row, createdAt: now, revokedAt: null } }
}

/** The caller of a portal's token; null when it has ended. */
export async function portalCaller(plane: ControlPlane, token: string): Promise<Caller | null> {
  const session = await portalSessionByHash(plane.sql, hashKey(token))
  if (session === null) return null
  const scopes: readonly KeyScope[] = session.isAdmin ? ['customer', 'tenant_admin'] : ['customer']
  const { id, customer, expiresAt } = session
  return {
    actor: { id, scopes, customer },
    key: { id, hint: 'portal', scopes, customer, entity: null, feature: null, models: null, expiresAt, showsCost: false },
    isOperator: false,
    session: { kind: 'portal', ...session },
  }
}

export async function portalSessionsPage(plane: ControlPlane, input: { readonly customer: string; readonly after: string | null; readonly limit: number }): Promise<Page<PortalSessionRow>> {
  await getCustomer(plane, input.customer)
  return pageOf(await pagePortalSessions(plane.sql, { ...input, limit: input.limit + 1 }), input.limit, ({ id }) => id)
}

export async function endPortalSession(plane: ControlPlane, actor: Actor, customer: CustomerId, id: string): Promise<PortalSessionRow> {
  return withRetry(plane.sql, async (tx) => {
    const row = await revokePortalSession(tx, customer, id)
    if (row === null) throw new Problem('not_found', `customer ${customer} has no portal session ${id}`, 'session')
    await insertAudit(tx, { actor: actor.id, action: 'portal_session.revoked', customer, target: id, before: null, after: null })
    return row
  })
}

/** Who may show the page of this session in a frame: by its id, which is no secret. Empty for an unknown one. */
export async function framingOrigins(plane: ControlPlane, id: string): Promise<readonly string[]> {
  const session = await portalSessionById(plane.sql, id)
  return session === null || session.revokedAt !== null || session.expiresAt <= plane.clock.now() ? [] : session.allowedOrigins
}

/** It goes into a header: nothing but an origin as a browser writes it. */
function assertOrigin(text: string): void {
  const origin = URL.canParse(text) ? new URL(text) : null
  const isPlain = origin !== null && origin.origin === text && (origin.protocol === 'https:' || (origin.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(origin.hostname)))
  if (!isPlain) throw new InputError({ code: 'invalid_value', field: 'allowed_origins', message: `${text.slice(0, 100)} is not an origin such as https://app.example.com (http only on localhost)` })
}
