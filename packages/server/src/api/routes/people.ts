// Signing in by the operator's OpenID Connect issuer: two steps of a browser, beside the contract. The first sends it there, the second is
// where it comes back, and leaves it on the console, signed in or told why not. What the two must agree on is in a sealed cookie of ten minutes.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { beginPersonSignIn, finishPersonSignIn } from '../../app/console-sessions.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { ApiError } from '../problems.ts'
import { cookieOf, failureCounts, isSecure, setSessionCookie } from './sessions.ts'

export const OIDC_PATH = '/v1/session/oidc'
const COOKIE = 'tollgate_oidc'
const CONSOLE = '/console/'

export function registerPeople(app: FastifyInstance, plane: ControlPlane): void {
  const failures = failureCounts(() => plane.clock.now())
  const redirectUri = () => plane.links.portalUrl.replace(/\/portal\/$/, `${OIDC_PATH}/callback`)
  const issuerOf = () => {
    if (plane.issuer === null) throw new ApiError('not_found', 'no issuer is set (TOLLGATE_OIDC_ISSUER): sign in with a key')
    return plane.issuer
  }
  const backTo = (reply: FastifyReply, why: string | null) => reply.redirect(why === null ? CONSOLE : `${CONSOLE}?sign_in=${why}`, 302)

  app.get(OIDC_PATH, async (request, reply) => {
    const issuer = issuerOf()
    if (failures.waitMs(request.ip) > 0) return backTo(reply, 'too_often')
    try {
      const { url, cookie, maxAgeSeconds } = await beginPersonSignIn(plane, issuer, redirectUri())
      setPending(request, reply, cookie, maxAgeSeconds)
      return await reply.redirect(url, 302)
    } catch (error) {
      plane.log.warn({ error }, 'the issuer of the sign-in does not answer')
      failures.count(request.ip)
      return backTo(reply, 'unreachable')
    }
  })

  app.get(`${OIDC_PATH}/callback`, async (request, reply) => {
    const issuer = issuerOf()
    if (failures.waitMs(request.ip) > 0) return backTo(reply, 'too_often')
    const callback = new URL(redirectUri())
    callback.search = new URL(request.url, callback).search
    const signed = await finishPersonSignIn(plane, issuer, { callback, cookie: cookieOf(request, COOKIE) ?? '' })
    setPending(request, reply, '', 0)
    if ('refused' in signed) {
      failures.count(request.ip)
      return backTo(reply, signed.refused)
    }
    setSessionCookie(reply, signed.token, { maxAgeSeconds: Math.floor((signed.expiresAt - plane.clock.now()) / 1_000), isSecure: isSecure(request) })
    return backTo(reply, null)
  })
}

/** `Lax`: the browser comes back from another site, and must bring it along. */
function setPending(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeSeconds: number): void {
  reply.header('set-cookie', `${COOKIE}=${value}; Path=${OIDC_PATH}; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${isSecure(request) ? '; Secure' : ''}`)
}
