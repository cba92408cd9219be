// The HTTP API of the control plane on fastify: registers the contract's routes and stands around them with what all have in
// common: bounds, request ids, keys and scopes, tenant isolation, idempotency, problems, metrics. No route decides any of it
// for itself.

import fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { API_BODY_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from '@tollgate/core'
import type { Registry } from 'prom-client'
import { authenticate, type Caller } from '../app/authenticate.ts'
import { hasCsrfToken, sessionCaller } from '../app/console-sessions.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { getCustomer, localeOf } from '../app/customers.ts'
import { readiness } from '../app/health.ts'
import { publicPlans } from '../app/public-plans.ts'
import { framingOrigins } from '../app/portal-sessions.ts'
import { createOutboxStream } from '../app/outbox-stream.ts'
import { randomId } from '../platform/random-id.ts'
import { FORWARDED, HANDLED, ROUTES, SYSTEM, type HandledOperation, type Operation, type Route } from './contract.ts'
import { scopesOf } from './contract/roles.ts'
import { registerLago } from './compat/lago.ts'
import { registerOpenMeter } from './compat/openmeter.ts'
import type { Call } from './handler.ts'
import { allowOrigin, registerCrossOrigin } from './cross-origin.ts'
import { runIdempotent } from './idempotency.ts'
import { createApiMetrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { PAGE_POLICY, renderDocs, renderHome } from './pages.ts'
import { registerPages, type PageFiles } from './page-files.ts'
import { ApiError, problemBody, refusalOf } from './problems.ts'
import { readInput } from './read-input.ts'
import { HANDLERS } from './routes.ts'
import { registerExports } from './routes/exports.ts'
import { registerEvents } from './routes/events.ts'
import { registerForwarded } from './routes/forward.ts'
import { registerPeople, OIDC_PATH } from './routes/people.ts'
import { registerSessions, sessionToken } from './routes/sessions.ts'
import { registerMailLinks } from './routes/mail.ts'
import { registerPrinted } from './routes/print.ts'
import { registerAuditExport } from './routes/audit.ts'
import { registerProviderWebhooks } from './routes/provider-webhooks.ts'
import { registerStream } from './routes/stream.ts'

export type ApiOptions = {
  readonly plane: ControlPlane
  /** Address of the gateway process, asked on each forwarded request; empty while there is none. */
  readonly gatewayUrl: () => string
  readonly version: string
  /** Further routes, such as the node protocol. They authenticate their own callers. */
  readonly register?: (app: FastifyInstance) => void
  /** Font file for invoices in scripts that the usual one lacks. */
  readonly invoiceFont?: string | null
  /** Where other parts of the process have their metrics. */
  readonly metrics?: Registry
  /** The console and the portal; left out, only the API is served. */
  readonly pages?: () => Promise<PageFiles>
  /** For tests: every answer is held against the contract, and one that differs is an error. */
  readonly assertAnswers?: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The entry of the contract; left out for routes that are not part of it. */
    operation?: string
  }
}

/** Nothing of an answer is for frames, caches or guesses. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const
const PARAM_LENGTH_MAX = 100
const KEEP_ALIVE_MS = 65_000
/** How long a stop waits for what runs; a feed of a node elsewhere would keep it waiting for ever. */
const CLOSE_GRACE_MS = 10_000

export function createApi(options: ApiOptions): FastifyInstance {
  const { plane } = options
  const app = openServer(plane)
  const callers = new WeakMap<object, Caller>()
  const callerOf = (request: object): Caller => callers.get(request)!
  const outbox = createOutboxStream({ sql: plane.sql, log: plane.log, onSettled: plane.queue.onSettled })

  let isStopping = false
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, 'x-request-id': request.id })
    const { operation } = request.routeOptions.config
    // What is not of the contract authenticates its own callers, and so does the gateway what it answers.
    if (operation === undefined) return
    if (isStopping) throw new ApiError('stopping', 'this server is stopping; try again in a moment', { headers: { 'retry-after': '1', connection: 'close' } })
    if (operation in FORWARDED) return
    const route = ROUTES[operation as Operation]
    if (route.access !== 'public') callers.set(request, await admitted(plane, request, { operation, route }))
    allowOrigin(request, reply, operation, callers.get(request) ?? null)
  })
  readJson(app)
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler((request) => {
    throw unknownAddress(request)
  })

  const streams = registerStream(app, {
    outbox,
    callerOf,
    headers: HEADERS,
    isStillValid: async (request) => (await callerFrom(plane, request)) !== null,
    assertVisible: async (caller, customer) => {
      assertOwn(caller, customer)
      await getCustomer(plane, customer)
    },
  })
  const metrics = createApiMetrics(plane, streams.count, options.metrics)
  app.addHook('onResponse', async (request, reply) => {
    const { operation } = request.routeOptions.config
    if (operation !== undefined) metrics.answered({ operation, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 })
  })
  app.addHook('preClose', () => {
    isStopping = true
    streams.closeAll()
    setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS).unref()
  })
  app.addHook('onClose', () => outbox.close())

  registerHandled(app, options, callerOf, streams.cut)
  registerCrossOrigin(app)
  registerSessions(app, plane)
  registerPeople(app, plane)
  registerMailLinks(app, plane)
  registerEvents(app, { plane, callerOf, metrics })
  registerOpenMeter(app, { plane })
  registerLago(app, { plane })
  registerPrinted(app, { plane, font: options.invoiceFont ?? null })
  registerExports(app, { plane, font: options.invoiceFont ?? null })
  registerAuditExport(app, plane)
  registerProviderWebhooks(app, plane)
  registerForwarded(app, { address: options.gatewayUrl })
  registerSystem(app, options, metrics.registry)
  if (options.pages !== undefined) registerPages(app, { files: options.pages, framingOrigins: (session) => framingOrigins(plane, session) })
  options.register?.(app)
  return app
}

/** The bare server: bounds, request ids, and problems for what never becomes a request. */
function openServer(plane: ControlPlane): FastifyInstance {
  return fastify({
    // The welcome tells the address; fastify need not say it again.
    loggerInstance: plane.log.level === 'info' ? plane.log.child({}, { level: 'warn' }) : plane.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: API_BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // Its answer would be no problem; ours is below.
    return503OnClosing: false,
    http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    exposeHeadRoutes: false,
    genReqId: requestIdOf,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request as FastifyRequest, reply as FastifyReply),
    // An answer before any request exists: headers that are too large, or that never end.
    clientErrorHandler: (error, socket) => void (socket.writable ? socket.end(rawProblem(error)) : socket.destroy()),
  }) as unknown as FastifyInstance
}

/** An empty body is no body: many clients send the content type with every call. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, body as string, done)
  })
}

function registerHandled(app: FastifyInstance, options: ApiOptions, callerOf: (request: object) => Caller, cutStreams: (key: string) => void): void {
  for (const [operation, route] of Object.entries(HANDLED) as [HandledOperation, Route][]) {
    app.route({
      method: route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { operation },
      handler: async (request, reply) => {
        const caller = callerOf(request)
        const input = {
          plane: options.plane,
          caller,
          params: readInput(route.params, request.params, 'path'),
          query: readInput(route.query, request.query, 'query'),
          body: route.body === null ? null : readInput(route.body, request.body ?? {}, 'body'),
        }
        const run = HANDLERS[operation] as (call: Call<Route>) => Promise<unknown>
        const answer = await runIdempotent(options.plane, { request, route, operation, caller }, async (idText) => {
          const body = await run({ ...input, idText } as Call<Route>)
          if (options.assertAnswers === true) route.answer?.parse(body)
          return body
        })
        if (operation === 'revokeKey') cutStreams((input.params as { key: string }).key)
        if (answer.replayed) reply.header('idempotency-replayed', 'true')
        return reply.code(route.status).send(answer.body)
      },
    })
  }
}

function registerSystem(app: FastifyInstance, { plane, version }: ApiOptions, registry: Registry): void {
  const document = JSON.stringify(openApiDocument(version))
  const pages = { home: renderHome(version), docs: renderDocs(version) }
  const get = (operation: keyof typeof SYSTEM, handler: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
    app.route({ method: ['GET', 'HEAD'], url: ROUTES[operation].path, config: { operation }, handler: async (request, reply) => handler(request, reply) })
  const html = (page: string) => (_request: FastifyRequest, reply: FastifyReply) =>
    reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY }).send(page)
  get('home', html(pages.home))
  get('docs', html(pages.docs))
  get('listPlans', (request) => {
    const { locale } = readInput(SYSTEM.listPlans.query, request.query, 'query')
    const { version: catalog_version, ...rest } = publicPlans(plane, localeOf(locale ?? null))
    return { ...rest, catalog_version }
  })
  get('getSignIn', () => ({ oidc: plane.issuer === null ? null : { name: plane.issuer.name, path: OIDC_PATH } }))
  get('openapi', (_request, reply) => reply.type('application/json').send(document))
  get('healthz', () => ({ status: 'ok', version }))
  get('readyz', async () => {
    const { isReady, database, nodes } = await readiness(plane)
    if (!isReady)
      throw new ApiError('not_ready', database === 'ok' ? 'no gateway is connected' : 'the database does not answer', {
        headers: { 'retry-after': '1' },
        extra: { database, nodes },
      })
    return { status: 'ready', database, nodes }
  })
  get('metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

/** The caller, if its key may call this route on this customer. */
async function admitted(plane: ControlPlane, request: FastifyRequest, { operation, route }: { readonly operation: string; readonly route: Route }): Promise<Caller> {
  const caller = await callerFrom(plane, request)
  if (caller === null) {
    throw new ApiError(
      'invalid_api_key',
      request.headers.authorization === undefined ? 'no key came with the request: send Authorization: Bearer <key>' : 'the key is unknown, revoked or expired',
      { headers: { 'www-authenticate': 'Bearer' } },
    )
  }
  const { customer } = request.params as { readonly customer?: string }
  if (customer !== undefined) assertOwn(caller, customer)
  const scopes = scopesOf(operation, route)
  if (!caller.key.scopes.some((scope) => scopes.includes(scope))) {
    throw new ApiError('wrong_scope', `the key ${caller.key.hint} has the scope ${caller.key.scopes.join(', ')}; this needs ${scopes.join(' or ')}`)
  }
  return caller
}

/** For a key that belongs to a customer no other exists: the words are those of one that does not. */
function assertOwn(caller: Caller, customer: string): void {
  if (caller.key.customer !== null && caller.key.customer !== customer)
    throw new ApiError('not_found', `there is no customer ${customer}`, { field: 'customer' })
}

/** By the key of the header, else by the cookie of the console, whose writes must come from the console's own page. */
async function callerFrom(plane: ControlPlane, request: FastifyRequest): Promise<Caller | null> {
  const { authorization, 'x-csrf-token': csrfToken } = request.headers
  if (authorization !== undefined) return /^bearer /i.test(authorization) ? authenticate(plane, authorization.slice(7).trim()) : null
  const token = sessionToken(request)
  const caller = token === null ? null : await sessionCaller(plane, token)
  if (caller !== null && request.method !== 'GET' && !hasCsrfToken(caller, typeof csrfToken === 'string' ? csrfToken : undefined))
    throw new ApiError('csrf_token_missing', 'x-csrf-token is missing or not that of this session')
  return caller
}

/** A client's own request id is taken over when it is short and plain enough for logs and headers. */
function requestIdOf(request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(given) ? given : randomId('request')
}

function unknownAddress(request: FastifyRequest): ApiError {
  const path = request.url.split('?', 1)[0]!
  const taken = Object.values(ROUTES)
    .filter((route) => new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method)
  if (taken.length > 0 && !taken.some((method) => method === request.method))
    return new ApiError('method_not_allowed', `${request.method} is not possible here; ${taken.join(', ')} is`, { headers: { allow: taken.join(', ') } })
  return new ApiError('not_found', `there is nothing at ${request.method} ${path.slice(0, 200)}; see /docs`)
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refused = refusalOf(error)
  if (!refused.isExpected) request.log.error({ err: error, request: request.id, path: request.url.split('?', 1)[0] }, 'a request failed inside the API')
  return reply
    .code(refused.status)
    .headers({ ...HEADERS, 'x-request-id': request.id, ...refused.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(refused, request.id)))
}

function rawProblem(error: Error): string {
  const known = refusalOf(error)
  const refused = known.isExpected ? known : refusalOf(new ApiError('invalid_value', 'the request is not valid HTTP'))
  const body = JSON.stringify(problemBody(refused, randomId('request')))
  return `HTTP/1.1 ${refused.status} ${refused.title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
