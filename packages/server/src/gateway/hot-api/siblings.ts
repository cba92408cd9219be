// Gateway processes that share one port. A connection reaches any of them, but a reservation lives in the memory of one: the one that
// its id names, by its hash. What comes to another is passed on to it, byte for byte. A process that is down keeps nobody waiting.

import { makeId, UPSTREAM_IDLE_TIMEOUT_MS, type ReservationId } from '@tollgate/core'
import { pipeline } from 'node:stream/promises'
import { Agent } from 'undici'
import { serialText } from '../../platform/random-id.ts'
import type { Exchange } from '../exchange.ts'
import { unavailable } from '../refusal.ts'
import { sendProblem } from './problem.ts'

export type Siblings = {
  /** A new id whose reservation is kept in this process. */
  readonly newId: () => ReservationId
  readonly isOwn: (reservation: string) => boolean
  /** Sends the request to the process that keeps the reservation, and its answer to the client. */
  readonly pass: (exchange: Exchange, reservation: string, body: Uint8Array | string) => Promise<void>
  /** `GET path` of each other process that answers, parsed. */
  readonly ask: (path: string) => Promise<unknown[]>
  readonly close: () => Promise<void>
}

export type SiblingAddresses = {
  /** Which of the processes this one is, from 0. */
  readonly index: number
  readonly count: number
  /** Where each process is reached by the others; null while it is down. Asked on each use. */
  readonly addressOf: (index: number) => string | null
}

const CONNECTIONS_MAX = 64
const CONNECT_TIMEOUT_MS = 1_000
const ASK_TIMEOUT_MS = 2_000
/** What is passed on of a request's headers: who asks, and what is asked. */
const PASSED_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'content-type', 'idempotency-key'] as const

export function createSiblings({ index, count, addressOf }: SiblingAddresses): Siblings {
  const agent = new Agent({ connections: CONNECTIONS_MAX, connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: UPSTREAM_IDLE_TIMEOUT_MS, bodyTimeout: UPSTREAM_IDLE_TIMEOUT_MS })
  const ownerOf = (reservation: string) => hash(reservation) % count

  async function pass(exchange: Exchange, reservation: string, body: Uint8Array | string): Promise<void> {
    const { request, response, requestId, context } = exchange
    const origin = addressOf(ownerOf(reservation))
    const headers: Record<string, string> = { 'x-request-id': requestId }
    for (const name of PASSED_HEADERS) if (typeof request.headers[name] === 'string') headers[name] = request.headers[name]
    const answer = origin === null ? null : await agent.request({ origin, path: request.url!, method: 'POST', headers, body }).catch((error: unknown) => {
      context.log.warn({ err: error, request: requestId }, 'the gateway process that keeps a reservation does not answer')
      return null
    })
    if (answer === null) {
      const { code } = unavailable('')
      return sendProblem(exchange, { status: 503, code, field: null, detail: 'The gateway process that keeps this reservation is being started again. Try again in a second.' })
    }
    response.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']), 'x-request-id': requestId, ...(answer.headers['retry-after'] === undefined ? {} : { 'retry-after': String(answer.headers['retry-after']) }) })
    await pipeline(answer.body, response).catch(() => response.destroy())
  }

  async function ask(path: string): Promise<unknown[]> {
    const asked = Array.from({ length: count }, async (_, other) => {
      const origin = other === index ? null : addressOf(other)
      if (origin === null) return []
      const { body } = await agent.request({ origin, path, method: 'GET', headersTimeout: ASK_TIMEOUT_MS, bodyTimeout: ASK_TIMEOUT_MS })
      return [await body.json()]
    })
    return (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  }

  return {
    newId: () => {
      for (;;) {
        const id = makeId('reservation', serialText())
        if (ownerOf(id) === index) return id
      }
    },
    isOwn: (reservation) => ownerOf(reservation) === index,
    pass,
    ask,
    close: () => agent.destroy(),
  }
}

/** FNV-1a, 32 bits: even over ids that differ in their last characters only. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  value ^= value >>> 15
  return value >>> 0
}
