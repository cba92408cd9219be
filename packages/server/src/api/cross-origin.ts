// Who of another origin may read: everybody the plans, and a page of an allowed origin what the token of its portal session reads. Nothing else is
// shown to scripts of other origins, nothing is written by them, and no cookie counts.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../app/authenticate.ts'

const PREFLIGHT_SECONDS = 600

/** Lets a browser ask. What is answered then decides by the token; a preflight carries none. */
export function registerCrossOrigin(app: FastifyInstance): void {
  app.options('/v1/*', (request, reply) => {
    const { origin, 'access-control-request-method': method } = request.headers
    if (origin === undefined || method !== 'GET') return reply.code(403).send()
    return reply.code(204).headers({ 'access-control-allow-origin': origin, 'access-control-allow-methods': 'GET', 'access-control-allow-headers': 'authorization', 'access-control-max-age': String(PREFLIGHT_SECONDS), 'vary': 'origin' }).send()
  })
}

/** `caller`: null on a public route. */
export function allowOrigin(request: FastifyRequest, reply: FastifyReply, operation: string, caller: Caller | null): void {
  const { origin } = request.headers
  if (origin === undefined || request.method !== 'GET') return
  const session = caller?.session
  const isAllowed = operation === 'listPlans' || (session?.kind === 'portal' && session.allowedOrigins.includes(origin))
  if (isAllowed) reply.headers({ 'access-control-allow-origin': operation === 'listPlans' ? '*' : origin, 'cross-origin-resource-policy': 'cross-origin', 'vary': 'origin' })
}
