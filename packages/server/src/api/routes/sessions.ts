// Sessions of people. Signing in and out stand apart from the other routes because they set a cookie; how often an address may
// fail to sign in is bounded here.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_PER_MINUTE_MAX, type CustomerId } from '@tollgate/core'
import type { Caller } from '../../app/authenticate.ts'
import { roleOf, sessionCaller, signIn, signOut } from '../../app/console-sessions.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { getCustomer } from '../../app/customers.ts'
import { createPortalSession, endPortalSession, portalSessionsPage } from '../../app/portal-sessions.ts'
import { signInRoute, signOutRoute, type sessionRoutes } from '../contract/sessions.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { ApiError } from '../problems.ts'
import { readInput } from '../read-input.ts'

const COOKIE = 'tollgate_session'
const MINUTE_MS = 60_000

export const sessionHandlers: Handlers<keyof typeof sessionRoutes> = {
  getSession: async ({ plane, caller }) => sessionBody(plane, caller),
  createPortalSession: async ({ plane, caller, params, body }) => {
    const { token, session } = await createPortalSession(plane, caller.actor, {
      customer: params.customer as CustomerId,
      isAdmin: body.admin,
      changesPlan: body.admin && body.plan_changes,
      allowedOrigins: body.allowed_origins,
      theme: body.theme,
      returnUrl: body.return_url,
      locale: body.locale,
      lifetimeMs: body.lifetime_seconds * 1_000,
    })
    return { ...(await portalBody(plane, session)), token, url: `${plane.links.portalUrl}?session=${session.id}#token=${token}` }
  },
  listPortalSessions: async ({ plane, params, query }) => {
    const page = await portalSessionsPage(plane, { customer: params.customer, after: readCursor('portal-sessions', query.cursor), limit: query.limit })
    return { data: await Promise.all(page.rows.map((row) => portalBody(plane, row))), next_cursor: writeCursor('portal-sessions', page.next) }
  },
  endPortalSession: async ({ plane, caller, params }) => portalBody(plane, await endPortalSession(plane, caller.actor, params.customer as CustomerId, params.session)),
}

export function registerSessions(app: FastifyInstance, plane: ControlPlane): void {
  const failures = failureCounts(() => plane.clock.now())
  app.route({
    method: signInRoute.method,
    url: signInRoute.path,
    config: { operation: 'signIn' },
    handler: async (request, reply) => {
      assertSameSite(request)
      const { key } = readInput(signInRoute.body, request.body ?? {}, 'body')
      const waitMs = failures.waitMs(request.ip)
      if (waitMs > 0)
        throw new ApiError('too_many_sign_ins', 'too many keys that do not work came from this address', { headers: { 'retry-after': String(Math.ceil(waitMs / 1_000)) } })
      const signed = await signIn(plane, key)
      if (signed === null) {
        failures.count(request.ip)
        throw new ApiError('invalid_api_key', 'this key cannot sign in: it must be a key of the operator with the scope admin, finance, support or viewer, neither revoked nor expired', { field: 'key' })
      }
      setSessionCookie(reply, signed.token, { maxAgeSeconds: Math.floor((signed.expiresAt - plane.clock.now()) / 1_000), isSecure: isSecure(request) })
      const caller = await sessionCaller(plane, signed.token)
      return reply.code(signInRoute.status).send(await sessionBody(plane, caller ?? signed.caller))
    },
  })
  app.route({
    method: signOutRoute.method,
    url: signOutRoute.path,
    config: { operation: 'signOut' },
    handler: async (request, reply) => {
      assertSameSite(request)
      const token = sessionToken(request)
      if (token !== null) await signOut(plane, token)
      setSessionCookie(reply, '', { maxAgeSeconds: 0, isSecure: isSecure(request) })
      return reply.send({ signed_out: true })
    },
  })
}

/** The token in the console's cookie; null without one. */
export function sessionToken(request: FastifyRequest): string | null {
  return cookieOf(request, COOKIE)
}

/** A cookie by its name; null without one. */
export function cookieOf(request: FastifyRequest, name: string): string | null {
  const pair = (request.headers.cookie ?? '').split(';').find((part) => part.trimStart().startsWith(`${name}=`))
  const value = pair?.slice(pair.indexOf('=') + 1).trim() ?? ''
  return value === '' ? null : value
}

export function setSessionCookie(reply: FastifyReply, token: string, { maxAgeSeconds, isSecure }: { readonly maxAgeSeconds: number; readonly isSecure: boolean }): void {
  reply.header('set-cookie', `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${isSecure ? '; Secure' : ''}`)
}

/** Behind a proxy that ends TLS only its header tells; who forges it locks out nobody but himself. */
export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https'
}

/** Browsers say where a request comes from; another site may neither sign somebody in nor out. */
function assertSameSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new ApiError('csrf_token_missing', 'a page of another origin cannot do this')
}

async function sessionBody(plane: ControlPlane, caller: Caller) {
  const { session } = caller
  if (session === null) throw new ApiError('no_session', 'this call came with a key, not with a session of a person')
  if (session.kind === 'portal') return { kind: 'portal' as const, ...(await portalBody(plane, session)) }
  return { kind: 'console' as const, role: roleOf(caller)!, key: session.subject === null ? caller.key.id : null, subject: session.subject, name: session.name, csrf_token: session.csrfToken, expires_at: timeOf(session.expiresAt) }
}

type PortalSession = Awaited<ReturnType<typeof endPortalSession>>

async function portalBody(plane: ControlPlane, row: PortalSession) {
  const { locale, timeZone } = await getCustomer(plane, row.customer)
  return {
    id: row.id,
    customer: row.customer,
    admin: row.isAdmin,
    plan_changes: row.changesPlan,
    allowed_origins: [...row.allowedOrigins],
    theme: row.theme,
    return_url: row.returnUrl,
    locale: row.locale ?? locale,
    time_zone: timeZone,
    created_at: timeOf(row.createdAt),
    expires_at: timeOf(row.expiresAt),
    revoked_at: timeOrNull(row.revokedAt),
  }
}

/** Failures by address in the running minute; the oldest address is forgotten when there are too many. */
export function failureCounts(now: () => number) {
  const windows = new Map<string, { readonly until: number; failures: number }>()
  return {
    waitMs: (address: string): number => {
      const window = windows.get(address)
      return window === undefined || window.failures < SIGN_IN_FAILURES_PER_MINUTE_MAX ? 0 : Math.max(0, window.until - now())
    },
    count: (address: string): void => {
      const known = windows.get(address)
      const window = known === undefined || known.until <= now() ? { until: now() + MINUTE_MS, failures: 0 } : known
      window.failures += 1
      windows.delete(address)
      windows.set(address, window)
      if (windows.size > SIGN_IN_ADDRESSES_MAX) windows.delete(windows.keys().next().value ?? address)
    },
  }
}
