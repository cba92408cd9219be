// The gateway's HTTP server on raw node:http: routes, bounds, and a stop that finishes what is in flight. Every path below /v1
// that it does not serve is refused by name, so that nothing reaches a provider unmetered.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { InputError, type BackgroundJobs, type Clock, type Prompts, type RestReports, type SharedAnswers, type Spent, type UpstreamConfig } from '@tollgate/core'
import type { HotNode } from '../hot/contract.ts'
import type { Log } from '../platform/log.ts'
import { createKeeper, type KeeperPace } from './background/keeper.ts'
import { backgroundRoute, handleBackground } from './background/routes.ts'
import { createRestReporter } from './attempts/standing.ts'
import { createSharedCache } from './cache/all-gateways.ts'
import { createAnswerStore } from './cache/store.ts'
import { requestIdOf, sendError, sendJson, type Exchange, type GatewayContext } from './exchange.ts'
import { handleAuthorize, handleCheck, handleCheckBatch } from './hot-api/authorize.ts'
import { handleEntitlements } from './hot-api/entitlements.ts'
import { createOwners, type Owners } from './hot-api/owners.ts'
import { createSiblings, type SiblingAddresses } from './hot-api/siblings.ts'
import { inputProblem, sendProblem } from './hot-api/problem.ts'
import { handleReservation, type ReservationAction } from './hot-api/reservations.ts'
import { createInFlight } from './in-flight.ts'
import { watchLateness } from './lateness.ts'
import { createRefusalFlood } from './refusal-flood.ts'
import { handleKey } from './key-info.ts'
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts'
import { countingMetrics, type GatewayMetrics, type MetricsPage } from './metrics.ts'
import { runRequest } from './flow/run.ts'
import { handleBilling, type BillingPage } from './openai/billing.ts'
import { handleModels } from './models.ts'
import { errorAnswer, RequestRefused, unavailable } from './refusal.ts'
import { servedPaths, shapeAt, surfaceAt } from './surfaces.ts'
import { createPromptKeeper } from './prompts/keeper.ts'
import { createTokenCounter } from './token-counter.ts'
import { createTurns } from './turns.ts'
import { createUpstreams } from './upstreams.ts'

export type GatewayParts = {
  readonly node: HotNode
  readonly clock: Clock
  readonly log: Log
  /** Origin of the built-in upstream named `sandbox`; null for none. */
  readonly sandboxUrl: string | null
  /** Where requests may go; default: what the node was told. */
  readonly upstreams?: () => readonly UpstreamConfig[]
  /** Is told which upstreams rest; nobody without it. */
  readonly rests?: RestReports
  readonly metrics?: GatewayMetrics
  readonly limits?: Partial<GatewayLimits>
  /** What `GET /metrics` answers; without it there is none. */
  readonly metricsPage?: MetricsPage
  /** Asked for OpenAI's billing paths; without it they are not served. */
  readonly spent?: Spent
  /** Where background work is kept; without it none is started. */
  readonly background?: BackgroundJobs
  /** Where answers are that all gateways share; without it each has its own. */
  readonly sharedAnswers?: SharedAnswers
  /** Where prompts are kept; without it none is. */
  readonly prompts?: Prompts
  readonly backgroundPace?: Partial<KeeperPace>
  /** Where the other gateway processes on the same port are reached; without it there are none. */
  readonly siblings?: SiblingAddresses
}

export type Gateway = {
  readonly server: Server
  /** Listens and resolves with the port. */
  readonly listen: (port: number, host: string) => Promise<number>
  /** Also listens on loopback, at an address of this process alone, for its siblings; resolves with the port. */
  readonly listenOwn: () => Promise<number>
  /** Stops accepting and resolves when everything in flight is settled, drains included; what outlasts the grace is cut. */
  readonly close: (graceMs?: number) => Promise<void>
}

export function createGateway(parts: GatewayParts): Gateway {
  const limits: GatewayLimits = { ...GATEWAY_LIMITS, ...parts.limits }
  const metrics = parts.metrics ?? countingMetrics()
  const owners = createOwners()
  const upstreams = createUpstreams({
    configs: parts.upstreams ?? parts.node.upstreams,
    sandboxUrl: parts.sandboxUrl,
    limits,
    log: parts.log,
    onRetry: () => metrics.happened('upstream_retry'),
  })
  const standing = () => upstreams.standing(parts.clock.now())
  metrics.watches?.(standing)
  const rests = parts.rests === undefined ? null : createRestReporter({ standing, reports: parts.rests, clock: parts.clock, log: parts.log })
  const tokens = createTokenCounter()
  const lateness = watchLateness()
  const siblings = parts.siblings === undefined ? null : createSiblings(parts.siblings)
  let isClosing = false
  let active = 0
  let onIdle: (() => void) | null = null
  const keeper = parts.background === undefined ? null : createKeeper({ jobs: parts.background, node: parts.node, upstreams, clock: parts.clock, log: parts.log, ...(parts.backgroundPace === undefined ? {} : { pace: parts.backgroundPace }) })
  const prompts = parts.prompts === undefined ? null : createPromptKeeper({ prompts: parts.prompts, metrics, log: parts.log })
  const answers = createAnswerStore()
  const sharedAnswers = parts.sharedAnswers === undefined ? null : createSharedCache({ shared: parts.sharedAnswers, own: answers, clock: parts.clock, metrics, log: parts.log })
  const inFlight = createInFlight(limits, lateness.isLate)
  const context: GatewayContext = {
    node: parts.node, upstreams, tokens, inFlight, turns: createTurns(inFlight.isShared), refusals: createRefusalFlood(limits), guesses: createRefusalFlood({ ...limits, refusalsPerSecondMax: limits.unknownKeysPerSecondMax }), answers, sharedAnswers, prompts, metrics, limits, clock: parts.clock, log: parts.log, bodies: { bytes: 0 }, isClosing: () => isClosing, metricsPage: parts.metricsPage ?? null, spent: parts.spent ?? null, background: keeper, siblings,
  }

  const bounds = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.clientKeepAliveMs,
    connectionsCheckingInterval: limits.connectionsCheckMs,
    noDelay: true,
  }
  const server = createServer(bounds)
  server.maxConnections = limits.connectionsMax
  const own = createServer(bounds)
  own.on('request', (request, response) => {
    if (request.url === '/metrics' && parts.metricsPage !== undefined) void sendOwnMetrics(response, parts.metricsPage)
    else server.emit('request', request, response)
  })
  server.on('request', (request, response) => {
    const path = pathOf(request.url ?? '/')
    void answer({ request, response, requestId: requestIdOf(request), startedAt: parts.clock.now(), bodyBytes: 0, shape: shapeAt(path), context }, path)
  })

  async function answer(exchange: Exchange, path: string): Promise<void> {
    active += 1
    try {
      await route(exchange, path, owners)
    } catch (error) {
      sendFailure(exchange, error, path)
    } finally {
      active -= 1
      context.bodies.bytes -= exchange.bodyBytes
      if (active === 0) onIdle?.()
      const { response } = exchange
      metrics.answered(surfaceOf(path), response.headersSent ? response.statusCode : CLIENT_GONE, parts.clock.now() - exchange.startedAt)
    }
  }

  async function close(graceMs: number = limits.closeGraceMs): Promise<void> {
    isClosing = true
    keeper?.close()
    // Whoever is connected hears of it by the end of an answer and comes back elsewhere; a socket that is closed under a request that is on its way would fail it.
    if (await hasClients(server)) await delay(Math.min(limits.closeNoticeMs, graceMs))
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const cut = setTimeout(() => {
      server.closeAllConnections()
      void upstreams.destroy()
    }, graceMs)
    if (active > 0) await new Promise<void>((resolve) => { onIdle = resolve })
    server.closeIdleConnections()
    await closed
    clearTimeout(cut)
    lateness.close()
    rests?.close()
    own.close()
    own.closeAllConnections()
    await Promise.all([upstreams.close(), tokens.close(), prompts?.close(), siblings?.close()])
  }

  return {
    server,
    listen: (port, host) => listening(server, port, host),
    listenOwn: () => listening(own, 0, '127.0.0.1'),
    close,
  }
}

function hasClients(server: Server): Promise<boolean> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error === null && count > 0)))
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

const NO_WEBSOCKETS = 'WebSockets and other upgrades are not served here: what a realtime session will use cannot be held before it runs, and nothing passes unmetered. Use POST /v1/chat/completions, /v1/responses or /v1/messages with "stream": true.'

/** How logs and metrics call a request whose client went away before its answer, after a web server's habit. */
const CLIENT_GONE = 499

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

const BILLING = /^(?:\/v1)?\/dashboard\/billing\/(subscription|usage|credit_grants)$/
const RESERVATION = /^\/v1\/reservations\/([^/]{1,80})\/(settle|extend|release)$/
const ENTITLEMENTS = /^\/v1\/customers\/([^/]{1,80})\/entitlements(?:\/([^/]{1,100}))?$/
function isHotApi(path: string): boolean {
  return path === '/v1/authorize' || path === '/v1/check' || path === '/v1/check/batch' || ENTITLEMENTS.test(path) || RESERVATION.test(path)
}

function surfaceOf(path: string): string {
  return surfaceAt(path)?.surface.name ?? (isHotApi(path) ? 'hot_api' : 'other')
}

async function routeRequest(exchange: Exchange, path: string): Promise<void> {
  const found = surfaceAt(path)
  const entry = { path, surface: found?.surface ?? null, params: found?.params ?? [], query: (exchange.request.url ?? '').slice(path.length) }
  if (!(await runRequest(exchange, entry))) sendNotFound(exchange, path)
}

function route(exchange: Exchange, path: string, owners: Owners): Promise<void> | void {
  const { method, headers } = exchange.request
  if (headers.upgrade !== undefined) return sendError(exchange, errorAnswer({ status: 501, type: 'invalid_request_error', code: 'websocket_not_served', message: NO_WEBSOCKETS }))
  const background = path.includes('/responses/') || path.includes('/batches/') || path.includes('/files/') ? backgroundRoute(method, path) : null
  if (background !== null) return handleBackground(exchange, background)
  if (method === 'POST') {
    if (path === '/v1/authorize') return handleAuthorize(exchange, owners)
    if (path === '/v1/check') return handleCheck(exchange)
    if (path === '/v1/check/batch') return handleCheckBatch(exchange)
    const reservation = RESERVATION.exec(path)
    if (reservation !== null) return handleReservation(exchange, owners, decoded(reservation[1]!), reservation[2] as ReservationAction)
    return routeRequest(exchange, path)
  }
  if (method === 'GET' || method === 'HEAD') {
    if (path === '/v1/models' || path === '/models' || path === '/v1beta/models') return handleModels(exchange, null)
    const model = /^(?:\/v1(?:beta)?)?\/models\/(.{1,300})$/.exec(path)
    if (model !== null) return handleModels(exchange, decoded(model[1]!))
    if (path === '/v1/key') return handleKey(exchange)
    const billing = BILLING.exec(path)
    if (billing !== null && exchange.context.spent !== null) return handleBilling(exchange, billing[1] as BillingPage, exchange.context.spent)
    const entitlements = ENTITLEMENTS.exec(path)
    if (entitlements !== null) return handleEntitlements(exchange, decoded(entitlements[1]!), entitlements[2] === undefined ? null : decoded(entitlements[2]))
    if (path === '/healthz') return sendJson(exchange, 200, '{"status":"ok"}')
    if (path === '/readyz') return sendReadiness(exchange)
    if (path === '/metrics' && exchange.context.metricsPage !== null) return sendMetrics(exchange, exchange.context.metricsPage)
  }
  sendNotFound(exchange, path)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Of all processes on this port. */
async function sendMetrics(exchange: Exchange, page: MetricsPage): Promise<void> {
  const others = await exchange.context.siblings?.ask('/metrics')
  sendJson(exchange, 200, await page.render(others ?? []), [], page.contentType)
}

/** Of this process, for a sibling that puts them together. */
async function sendOwnMetrics(response: ServerResponse, page: MetricsPage): Promise<void> {
  const text = JSON.stringify(await page.values())
  response.writeHead(200, { 'content-type': 'application/json' }).end(text)
}

function sendReadiness(exchange: Exchange): void {
  const { node, isClosing } = exchange.context
  const isReady = node.isReady() && !isClosing()
  sendJson(exchange, isReady ? 200 : 503, JSON.stringify({ status: isReady ? 'ready' : isClosing() ? 'stopping' : 'not ready' }))
}

function sendNotFound(exchange: Exchange, path: string): void {
  const message = `${exchange.request.method} ${path.slice(0, 200)} is not served here, and nothing passes unmetered. Served are: ${servedPaths().join(', ')}, GET /v1/models, GET /v1/key, GET /v1/dashboard/billing/subscription and /usage, POST /v1/authorize, POST /v1/check, POST /v1/reservations/{id}/settle, /extend and /release.`
  sendError(exchange, errorAnswer({ status: 404, type: 'invalid_request_error', code: 'unknown_url', message }))
}

/** What a route threw, in the shape of its surface. */
function sendFailure(exchange: Exchange, error: unknown, path: string): void {
  const { response, context } = exchange
  if (response.headersSent) return void response.destroy()
  if (isHotApi(path)) {
    if (error instanceof InputError) return sendProblem(exchange, inputProblem(error))
    if (error instanceof RequestRefused) return sendProblem(exchange, { status: error.answer.status, code: error.answer.code, field: error.answer.param, detail: error.message })
  } else if (error instanceof RequestRefused) {
    return sendError(exchange, error.answer)
  }
  context.log.error({ request: exchange.requestId, path, err: error }, 'a request failed inside the gateway')
  const outage = unavailable('The gateway cannot decide right now: its control plane or its journal does not answer. Try again in a moment.')
  if (isHotApi(path)) sendProblem(exchange, { status: 503, code: outage.code, field: null, detail: outage.message })
  else sendError(exchange, outage)
}
