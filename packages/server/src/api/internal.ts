// The control plane's side of the node protocol. Only nodes of this deployment speak it, with a token that the server
// makes at its start; it is served on loopback beside the API and is not part of the public contract.

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ServerResponse } from 'node:http'
import { parseInstant, SHIP_BYTES_MAX, PROMPT_CALL_BYTES_MAX, KEYS_PER_LOOKUP_MAX, CACHE_ANSWER_BYTES_MAX, type Acknowledged, type BackgroundJob, type CustomerId, type FeedMessage, type JournalPosition, type LeaseRequest, type LeftBehind, type NodeIdentity, type NodeReport, type ReturnedLease, type UsageEvent, type KeptPrompt, type RestingUpstream, type SharedAnswer, type SharedPlace } from '@tollgate/core'
import { FencedError, StaleBudgetError } from '../app/authority/errors.ts'
import { createBackgroundJobs } from '../app/background-jobs.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { createPrompts } from '../app/prompts.ts'
import { spentBy } from '../app/usage-report.ts'
import { isEqualSecret } from '../platform/secrets.ts'

/** A feed that is silent for this long gets a blank line, so that a dead connection is noticed. */
const FEED_KEEP_ALIVE_MS = 10_000

export function registerInternal(app: FastifyInstance, plane: ControlPlane, nodeToken: string): void {
  void app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer', bodyLimit: SHIP_BYTES_MAX * 2 }, (_request, body, done) => done(null, body))
    scope.addHook('onRequest', async (request, reply) => {
      const given = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
      if (!isEqualSecret(given, nodeToken)) await reply.code(401).send({ code: 'node_token_invalid', detail: 'this address is for nodes of this deployment' })
    })
    scope.setErrorHandler((error, request, reply) => {
      if (error instanceof FencedError) return reply.code(409).send({ code: error.code, detail: error.message })
      if (error instanceof StaleBudgetError) return reply.code(409).send({ code: error.code, detail: error.message })
      request.log.error({ error }, 'a call of a node failed')
      return reply.code(503).send({ code: 'control_plane_error', detail: error instanceof Error ? error.message : String(error) })
    })

    scope.post('/nodes', async (request) => plane.authority.register((request.body as { node: string }).node))
    scope.post('/nodes/:node/:incarnation/close-earlier', async (request) => {
      await plane.authority.closeEarlier(identityOf(request), request.body as LeftBehind)
      return {}
    })
    scope.post('/nodes/:node/:incarnation/renew', async (request) => {
      const body = request.body as NodeReport | Record<string, never>
      const report = 'decisions' in body ? (body as NodeReport) : undefined
      const licence = await plane.authority.renew(identityOf(request), report)
      if (report !== undefined) plane.hub.report(identityOf(request).node, report)
      return licence
    })
    scope.post('/nodes/:node/:incarnation/acquire', async (request) => plane.authority.acquire(identityOf(request), request.body as LeaseRequest))
    scope.post('/nodes/:node/:incarnation/give-back', async (request) => {
      const { sequence, returned } = request.body as { sequence: number; returned: ReturnedLease[] }
      await plane.authority.giveBack(identityOf(request), sequence, returned)
      return {}
    })
    scope.post('/nodes/:node/:incarnation/journal', async (request) =>
      plane.authority.ship(identityOf(request), { from: positionOf(request.headers['x-journal-from']), to: positionOf(request.headers['x-journal-to']), lines: request.body as Buffer }))
    scope.post('/nodes/:node/:incarnation/acknowledge', async (request) => {
      plane.hub.acknowledge(identityOf(request).node, request.body as Acknowledged)
      return {}
    })
    const feeds = new Set<ServerResponse>()
    // An open feed would keep the server from closing; the node comes back by itself.
    scope.addHook('preClose', async () => {
      for (const raw of feeds) raw.end()
    })
    scope.get('/nodes/:node/:incarnation/feed', (request, reply) => feed(plane, identityOf(request), reply, feeds))
    scope.get('/nodes/:node/:incarnation/customers/:customer', async (request) => ({ view: await plane.directory.customer(identityOf(request), paramOf(request, 'customer') as CustomerId) }))
    const jobs = createBackgroundJobs(plane)
    scope.post('/nodes/:node/background', async (request) => {
      await jobs.open(paramOf(request, 'node'), request.body as BackgroundJob)
      return {}
    })
    scope.post('/nodes/:node/background/claim', async (request) => ({ jobs: await jobs.claim(paramOf(request, 'node'), (request.body as { limit: number }).limit) }))
    scope.post('/nodes/:node/rests', async (request) => {
      plane.restingUpstreams.told(paramOf(request, 'node'), (request.body as { rests: RestingUpstream[] }).rests)
      return {}
    })
    scope.post('/answers/find', async (request) => ({ answer: await plane.sharedAnswers.find(request.body as SharedPlace) }))
    scope.post('/answers', { bodyLimit: CACHE_ANSWER_BYTES_MAX * 2 }, async (request) => {
      const { customer, where, answer } = request.body as { customer: CustomerId; where: SharedPlace; answer: SharedAnswer }
      await plane.sharedAnswers.keep(customer, where, answer)
      return {}
    })
    const kept = createPrompts(plane)
    scope.post('/prompts', { bodyLimit: PROMPT_CALL_BYTES_MAX * 4 }, async (request) => {
      await kept.keep((request.body as { prompts: KeptPrompt[] }).prompts)
      return {}
    })
    scope.post('/background/:job/finish', async (request) => {
      await jobs.finish(paramOf(request, 'job'), (request.body as { event: UsageEvent | null }).event)
      return {}
    })
    scope.get('/customers/:customer/background/:provider', async (request) => ({ found: await jobs.find(paramOf(request, 'customer') as CustomerId, paramOf(request, 'provider')) }))
    scope.get('/customers/:customer/spent', async (request) => {
      const { from, to } = request.query as { from?: string; to?: string }
      return spentBy(plane, paramOf(request, 'customer'), from === undefined ? null : parseInstant(from, 'from'), to === undefined ? null : parseInstant(to, 'to'))
    })
    scope.post('/keys', async (request) => ({ keys: await plane.directory.keys((request.body as { hashes: string[] }).hashes.slice(0, KEYS_PER_LOOKUP_MAX)) }))
    scope.get('/catalogs/:version', async (request) => plane.directory.catalog(Number(paramOf(request, 'version'))))
    scope.get('/upstreams', async () => ({ upstreams: await plane.directory.upstreams() }))
  }, { prefix: '/internal' })
}

function feed(plane: ControlPlane, identity: NodeIdentity, reply: FastifyReply, feeds: Set<ServerResponse>): void {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
  feeds.add(raw)
  const leave = plane.hub.join(identity.node, (message: FeedMessage) => void raw.write(`${JSON.stringify(message)}\n`))
  const keepAlive = setInterval(() => raw.write('\n'), FEED_KEEP_ALIVE_MS)
  raw.on('close', () => {
    clearInterval(keepAlive)
    feeds.delete(raw)
    leave()
  })
}

function identityOf(request: { readonly params: unknown }): NodeIdentity {
  const { node, incarnation } = request.params as { node: string; incarnation: string }
  return { node, incarnation: Number(incarnation) }
}

function paramOf(request: { readonly params: unknown }, name: string): string {
  return (request.params as Record<string, string>)[name] ?? ''
}

function positionOf(header: string | string[] | undefined): JournalPosition {
  const [segment = NaN, offset = NaN] = String(header).split(':').map(Number)
  if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(offset)) throw new TypeError(`not a journal position: ${String(header)}`)
  return { segment, offset }
}
