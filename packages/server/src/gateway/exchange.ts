// One request of a client and what every route needs around it: its id, its key, its bounded body, and the two ways to answer.
// Headers are flat lists of names and values, which node writes without building objects.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Instant, KeyRecord, KeyScope, Spent } from '@tollgate/core'
import type { HotNode } from '../hot/contract.ts'
import { TooManyLookups } from '../hot/key-lookups.ts'
import type { Log } from '../platform/log.ts'
import { randomId } from '../platform/random-id.ts'
import type { GatewayLimits } from './limits.ts'
import type { GatewayMetrics, MetricsPage } from './metrics.ts'
import type { InFlight } from './in-flight.ts'
import type { RefusalFlood } from './refusal-flood.ts'
import type { SharedCache } from './cache/all-gateways.ts'
import type { AnswerStore } from './cache/store.ts'
import type { BackgroundKeeper } from './background/keeper.ts'
import type { PromptKeeper } from './prompts/keeper.ts'
import type { Siblings } from './hot-api/siblings.ts'
import { forbidden, invalidKey, invalidRequest, RequestRefused, tooManyUnknownKeys, unavailable, type ErrorAnswer } from './refusal.ts'
import type { ErrorShape } from './surface.ts'
import type { Turns } from './turns.ts'
import type { TokenCounter } from './token-counter.ts'
import type { Upstreams } from './upstreams.ts'

/** What the routes share. */
export type GatewayContext = {
  readonly node: HotNode
  readonly upstreams: Upstreams
  readonly tokens: TokenCounter
  readonly inFlight: InFlight
  readonly turns: Turns
  readonly refusals: RefusalFlood
  /** Keys that nobody knows, by the address that they came from. */
  readonly guesses: RefusalFlood
  readonly answers: AnswerStore
  /** Answers of all gateways; null where there are none but one's own. */
  readonly sharedAnswers: SharedCache | null
  /** Who keeps prompts; null where nobody does. */
  readonly prompts: PromptKeeper | null
  readonly metrics: GatewayMetrics
  readonly limits: GatewayLimits
  readonly clock: Clock
  readonly log: Log
  /** Bytes of bodies that are held now, over all requests. */
  readonly bodies: { bytes: number }
  /** The gateway is stopping: connections close with their answer. */
  readonly isClosing: () => boolean
  readonly metricsPage: MetricsPage | null
  /** What a customer was charged so far; null where nobody can be asked. */
  readonly spent: Spent | null
  /** Who looks after what providers do in the background; null where nobody does. */
  readonly background: BackgroundKeeper | null
  /** The other gateway processes on this port; null where there are none. */
  readonly siblings: Siblings | null
}

export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly startedAt: Instant
  /** Bytes of its body that count in {@link GatewayContext.bodies} until it ends. */
  bodyBytes: number
  /** How its errors are written. */
  readonly shape: ErrorShape
  readonly context: GatewayContext
}

/** Ids of our own requests: unguessable by process, then counted; they name log lines and need no more. */
const REQUEST_ID_START = randomId('request')
let requestCount = 0

/** A client's own request id is taken over when it is short and plain enough for logs and headers. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(given) ? given : `${REQUEST_ID_START}${(requestCount++).toString(36)}`
}

/**
 * The key of the request; a promise only where the node's memory misses.
 * @throws {RequestRefused} 401 without a valid key, 403 when none of its scopes is in `scopes`.
 */
export function authenticate(exchange: Exchange, scopes: readonly KeyScope[]): KeyRecord | Promise<KeyRecord> {
  const rawKey = rawKeyOf(exchange.request)
  if (rawKey === '') throw invalidKey(null)
  const { node, guesses } = exchange.context
  if (guesses.isFlooding(addressOf(exchange), exchange.startedAt) && !node.knows(rawKey)) return authenticateLater(exchange, rawKey, scopes)
  const found = node.authenticate(rawKey)
  return found instanceof Promise ? lookedUp(exchange, found, { rawKey, scopes }) : permitted(exchange, found, { rawKey, scopes })
}

type Claim = { readonly rawKey: string; readonly scopes: readonly KeyScope[] }

/** Where many keys came that nobody knows, those that are not in memory are held back for a moment: a good one is only late, once. */
async function authenticateLater(exchange: Exchange, rawKey: string, scopes: readonly KeyScope[]): Promise<KeyRecord> {
  const { node, guesses, limits } = exchange.context
  if (!guesses.enterDelay()) throw new RequestRefused(tooManyUnknownKeys())
  await delay(limits.shedDelayMs)
  guesses.leaveDelay()
  return lookedUp(exchange, Promise.resolve(node.authenticate(rawKey)), { rawKey, scopes })
}

async function lookedUp(exchange: Exchange, found: Promise<KeyRecord | null>, claim: Claim): Promise<KeyRecord> {
  try {
    return permitted(exchange, await found, claim)
  } catch (error) {
    throw error instanceof TooManyLookups ? new RequestRefused(tooManyUnknownKeys()) : error
  }
}

function addressOf({ request }: Exchange): string {
  return request.socket.remoteAddress ?? ''
}

/** Where the official clients put a key: `Authorization: Bearer`, else the header of Anthropic's, Google's or Azure's. */
const GEMINI_KEY = /^\/v1(?:beta|alpha)?\/models\/[^?]*\?(?:[^#]*&)?key=([A-Za-z0-9_-]{1,200})(?:&|$)/
const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const

function rawKeyOf({ headers, url = '' }: IncomingMessage): string {
  const { authorization } = headers
  if (authorization !== undefined && /^bearer /i.test(authorization)) return authorization.slice(7).trim()
  for (const name of KEY_HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') return value.trim()
  }
  // Google's older clients put it into the address.
  return GEMINI_KEY.exec(url)?.[1] ?? ''
}

function permitted(exchange: Exchange, key: KeyRecord | null, { rawKey, scopes }: Claim): KeyRecord {
  if (key === null) {
    exchange.context.guesses.refused(addressOf(exchange), exchange.startedAt)
    throw invalidKey(rawKey.length > 20 ? `${rawKey.slice(0, 8)}…` : 'sent')
  }
  if (!key.scopes.some((scope) => scopes.includes(scope))) {
    throw forbidden('wrong_scope', `The key ${key.hint} has the scope ${key.scopes.join(', ')}; this needs ${scopes.join(' or ')}.`)
  }
  return key
}

/** The whole body, refused as soon as it is known to be too large. Rejects when the client goes away before its end. */
export function readBody(exchange: Exchange, bytesMax: number): Promise<Buffer> {
  const { request, context } = exchange
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  // A stream that is destroyed already tells neither its end nor its close again.
  if (request.destroyed) throw incomplete()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax) return reject(tooLarge(bytesMax))
      exchange.bodyBytes += chunk.length
      context.bodies.bytes += chunk.length
      if (context.bodies.bytes > context.limits.bodiesBytesMax) return reject(new RequestRefused(unavailable('The gateway holds as many request bodies as it may. Try again in a moment.')))
      chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('close', () => {
      if (!request.readableEnded) reject(incomplete())
    })
  })
}

function incomplete(): Error {
  return invalidRequest('The connection closed before the body was complete.', { code: 'incomplete_body' })
}

function tooLarge(bytesMax: number): Error {
  return invalidRequest(`The body is larger than ${bytesMax} bytes, the most that is accepted.`, { status: 413, code: 'request_too_large' })
}

/** The request's id under each name that its clients look for. */
export function idHeaders({ requestId, shape }: Exchange): string[] {
  return shape.idHeader === null ? ['x-request-id', requestId] : ['x-request-id', requestId, shape.idHeader, requestId]
}

/** Answers with a whole body of JSON. A client that has gone gets nothing, and nobody minds. */
export function sendJson(exchange: Exchange, status: number, body: string | Buffer, headers: readonly string[] = [], contentType = 'application/json'): void {
  const { response } = exchange
  if (response.headersSent || response.destroyed) return
  const all = ['content-type', contentType, 'content-length', String(Buffer.byteLength(body)), ...idHeaders(exchange), ...headers]
  if (exchange.context.isClosing() || !isWorthReading(exchange.request)) all.push('connection', 'close')
  response.writeHead(status, all)
  response.end(body)
}

/** What is left of a refused request is read by node to reach the next one on the connection; a large rest is not worth it. */
function isWorthReading(request: IncomingMessage): boolean {
  return request.complete || Number(request.headers['content-length'] ?? Infinity) <= UNREAD_BYTES_MAX
}

const UNREAD_BYTES_MAX = 64 * 1024

export function sendError(exchange: Exchange, answer: ErrorAnswer, headers: readonly string[] = []): void {
  const all = [...headers]
  if (answer.retry !== null) all.push('x-should-retry', String(answer.retry))
  if (answer.retryAfterSeconds !== null) all.push('retry-after', String(answer.retryAfterSeconds))
  sendJson(exchange, answer.status, exchange.shape.body(answer, exchange.requestId), all)
}
