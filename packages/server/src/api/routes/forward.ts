// Routes that the gateway answers: the request goes there and the answer comes back byte for byte, so that one address serves
// everything. Nothing is read or decided here, the key is checked there too. Latency matters at the gateway's own address; this one is for
// convenience.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pipeline } from 'node:stream/promises'
import { EVENT_BYTES_MAX, UPSTREAM_IDLE_TIMEOUT_MS } from '@tollgate/core'
import { Agent } from 'undici'
import { FORWARDED } from '../contract.ts'
import { ApiError } from '../problems.ts'

const CONNECTIONS_MAX = 64
const CONNECT_TIMEOUT_MS = 2_000
/** Between two hops of HTTP only; and what is set anew. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'x-request-id',
])

const KEPT_OF_ANSWERS: ReadonlySet<string> = new Set(['content-length', 'x-request-id'])

/** `address` is asked on each request: a gateway that was started anew has another port. */
export function registerForwarded(app: FastifyInstance, parts: { readonly address: () => string }): void {
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: UPSTREAM_IDLE_TIMEOUT_MS,
    bodyTimeout: UPSTREAM_IDLE_TIMEOUT_MS,
  })
  app.addHook('onClose', () => agent.destroy())
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Held, not streamed: a connection that breaks takes the stream with it, and with that the client's chance of an answer.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: EVENT_BYTES_MAX }, (_request, body, done) => done(null, body))
    for (const [operation, route] of Object.entries(FORWARDED)) {
      scope.route({
        method: route.method,
        url: route.path.replace(/\{(\w+)\}/g, ':$1'),
        config: { operation },
        handler: (request, reply) => forward(agent, parts.address(), request, reply),
      })
    }
  })
}

async function forward(agent: Agent, address: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (address === '') throw unavailable()
  const answer = await agent
    .request({
      origin: address,
      path: request.url,
      method: request.method as 'GET' | 'POST',
      headers: forwardedHeaders(request),
      body: Buffer.isBuffer(request.body) ? request.body : null,
    })
    .catch((error: unknown) => {
      request.log.warn({ err: error }, 'the gateway does not answer')
      throw unavailable()
    })
  reply.hijack()
  const { raw } = reply
  raw.writeHead(answer.statusCode, answerHeaders(answer.headers))
  // A client that has gone, or a gateway that breaks off, ends both sides.
  await pipeline(answer.body, raw).catch(() => raw.destroy())
}

function forwardedHeaders(request: FastifyRequest): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'x-request-id': request.id }
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined && !HOP_HEADERS.has(name)) headers[name] = value
  return headers
}

function answerHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] => entry[1] !== undefined && (!HOP_HEADERS.has(entry[0]) || KEPT_OF_ANSWERS.has(entry[0])),
    ),
  )
}

function unavailable(): ApiError {
  return new ApiError('gateway_unavailable', 'the gateway does not answer right now; try again in a moment', { headers: { 'retry-after': '1' } })
}
