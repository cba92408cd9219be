// GET /v1/stream: server-sent events from the outbox. Each client is bounded: one that does not read is cut when its buffer is full and
// resumes from its cursor; a key that is revoked loses its streams with the next keep-alive at the latest.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import { STREAM_BUFFER_BYTES_MAX, STREAM_CLIENTS_MAX, STREAM_CLIENTS_PER_CUSTOMER_MAX } from '@tollgate/core'
import type { Caller } from '../../app/authenticate.ts'
import { viewOf } from '../../app/message-view.ts'
import type { OutboxStream, StreamMessage } from '../../app/outbox-stream.ts'
import { streamRoute } from '../contract.ts'
import { ApiError } from '../problems.ts'
import { readInput } from '../read-input.ts'

/** Proxies cut a connection that is silent for a minute; browsers notice a dead one by nothing else. */
const KEEP_ALIVE_MS = 15_000
/** A client that reads nothing for this long has gone, whatever its socket says. */
const STUCK_MS = 30_000
/** How soon a browser connects again after a break. */
const RETRY_MS = 1_000

export type StreamParts = {
  readonly outbox: OutboxStream
  readonly callerOf: (request: object) => Caller
  /** Whether the key of the request still works. */
  readonly isStillValid: (request: FastifyRequest) => Promise<boolean>
  readonly headers: Readonly<Record<string, string>>
  /** Throws where the caller may not see this customer, or it does not exist. */
  readonly assertVisible: (caller: Caller, customer: string) => Promise<void>
}

export type Streams = { readonly count: () => number; readonly cut: (key: string) => void; readonly closeAll: () => void }

/** `customer` of the key: the operator’s streams count for nobody. */
type Client = { readonly customer: string | null; readonly key: string; readonly end: () => void }

export function registerStream(app: FastifyInstance, parts: StreamParts): Streams {
  const clients = new Set<Client>()

  app.route({
    method: streamRoute.method,
    url: streamRoute.path,
    config: { operation: 'followStream' },
    handler: async (request, reply) => {
      const caller = parts.callerOf(request)
      const query = readInput(streamRoute.query, request.query, 'query')
      if (query.customer !== undefined) await parts.assertVisible(caller, query.customer)
      const customer = caller.key.customer ?? query.customer ?? null
      const after = cursorOf(request, query.after)
      if (after !== null && !parts.outbox.isCursor(after))
        throw new ApiError('invalid_cursor', 'after and Last-Event-ID must be the id of an event of this stream', { field: 'after' })
      assertRoom(clients, caller.key.customer)
      await follow(request, reply, { caller, customer, after })
    },
  })

  async function follow(
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: { readonly caller: Caller; readonly customer: string | null; readonly after: string | null },
  ): Promise<void> {
    const { raw } = reply
    const client: Client = { customer: wanted.caller.key.customer, key: wanted.caller.key.id, end: () => raw.end() }
    clients.add(client)
    let leave = () => {}
    const keepAlive = setInterval(() => void beat(request, raw), KEEP_ALIVE_MS)
    const gone = () => {
      clearInterval(keepAlive)
      clients.delete(client)
      leave()
    }
    raw.on('close', gone)
    const start = () => begin(raw, { ...parts.headers, 'x-request-id': request.id })
    try {
      leave = await parts.outbox.listen({
        customer: wanted.customer,
        after: wanted.after,
        onMessages: (messages) => {
          start()
          return send(raw, messages, wanted.caller.isOperator)
        },
        onEnd: () => raw.destroy(),
      })
    } catch (error) {
      gone()
      throw error
    }
    reply.hijack()
    if (raw.destroyed) return gone()
    start()
  }

  async function beat(request: FastifyRequest, raw: ServerResponse): Promise<void> {
    const isValid = await parts.isStillValid(request).catch(() => true)
    if (isValid) write(raw, ': keep-alive\n\n')
    else raw.end()
  }

  return {
    count: () => clients.size,
    cut: (key) => {
      for (const client of clients) if (client.key === key) client.end()
    },
    closeAll: () => {
      for (const client of clients) client.end()
    },
  }
}

/** A browser sends the header by itself after a break, with the address of the first time. */
function cursorOf(request: FastifyRequest, after: string | undefined): string | null {
  const header = request.headers['last-event-id']
  return typeof header === 'string' && header !== '' ? header : (after ?? null)
}

function assertRoom(clients: ReadonlySet<Client>, customer: string | null): void {
  const isFull =
    clients.size >= STREAM_CLIENTS_MAX ||
    (customer !== null && [...clients].filter((client) => client.customer === customer).length >= STREAM_CLIENTS_PER_CUSTOMER_MAX)
  if (isFull)
    throw new ApiError('too_many_streams', `at most ${STREAM_CLIENTS_MAX} live streams, and ${STREAM_CLIENTS_PER_CUSTOMER_MAX} for one customer`, {
      headers: { 'retry-after': '5' },
    })
}

function begin(raw: ServerResponse, headers: Readonly<Record<string, string>>): void {
  if (raw.headersSent) return
  raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  write(raw, `retry: ${RETRY_MS}\n\n`)
}

/** Resolves when the client has read most of it, so that the next page waits for a slow one. */
function send(raw: ServerResponse, messages: readonly StreamMessage[], isOperator: boolean): void | Promise<void> {
  const frames = messages.map((message) => frameOf(message, isOperator)).filter((frame) => frame !== null)
  if (frames.length === 0 || write(raw, frames.join(''))) return
  return new Promise((resolve) => {
    const stuck = setTimeout(() => raw.destroy(), STUCK_MS)
    const done = () => {
      clearTimeout(stuck)
      raw.off('drain', done).off('close', done)
      resolve()
    }
    raw.on('drain', done).on('close', done)
  })
}

/** False when the client reads slower than we write; one whose buffer is full is cut. */
function write(raw: ServerResponse, text: string): boolean {
  if (raw.destroyed || raw.writableEnded) return true
  if (raw.writableLength > STREAM_BUFFER_BYTES_MAX) {
    raw.destroy()
    return true
  }
  return raw.write(text)
}

/** The frame of a server-sent event; null for a message that this reader may not see. */
function frameOf(message: StreamMessage, isOperator: boolean): string | null {
  const data = viewOf(message, isOperator)
  return data === null ? null : `id: ${message.cursor}\nevent: ${message.type}\ndata: ${JSON.stringify(data)}\n\n`
}
