// The console and the portal as files: read once into memory, served under a policy that lets nothing inline run and nothing foreign
// load. Hashed assets are kept for a year, the two entries never. Only what was read can be asked for, so no path leads out of the folder.

import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './problems.ts'

/** The files of a built folder by their path below it; null for one that is not there. */
export type PageFiles = { readonly file: (path: string) => PageFile | null }
export type PageFile = { readonly bytes: Buffer; readonly gzip: Buffer | null; readonly brotli: Buffer | null }

export type PageParts = {
  /** Waits for a build that runs; throws with what to do where the pages cannot be built. */
  readonly files: () => Promise<PageFiles>
  /** Origins that may show the portal of this session in a frame. */
  readonly framingOrigins: (session: string) => Promise<readonly string[]>
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
}
/** `style-src-attr` stays closed, too: the pages set styles through the DOM, which the policy does not concern. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

export function registerPages(app: FastifyInstance, parts: PageParts): void {
  const page = (name: string, ancestors: (request: FastifyRequest) => Promise<string>) => async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('content-security-policy', `${POLICY}; frame-ancestors ${await ancestors(request)}`)
    return sendFile(request, reply, { file: (await parts.files()).file(name), name, cache: 'no-cache' })
  }
  const nobody = () => Promise.resolve("'none'")
  const allowed = async (request: FastifyRequest) => {
    const { session } = request.query as { readonly session?: unknown }
    const origins = typeof session === 'string' && /^pts_\w{1,60}$/.test(session) ? await parts.framingOrigins(session) : []
    return origins.length === 0 ? "'none'" : origins.join(' ')
  }
  for (const url of ['/console', '/console/*']) app.get(url, page('console.html', nobody))
  for (const url of ['/portal', '/portal/*', '/plans', '/top-up']) app.get(url, page('portal.html', allowed))
  // One widget alone. The plans are for everybody, in any frame; what is of a customer is for the origins of its session.
  app.get('/widgets/frame/pricing-table', page('portal.html', async (request) => ('session' in (request.query as object) ? allowed(request) : '*')))
  for (const url of ['/widgets/frame/usage-nudge', '/widgets/frame/grace-banner']) app.get(url, page('portal.html', allowed))
  app.get('/assets/:name', async (request, reply) => {
    const name = `assets/${(request.params as { readonly name: string }).name}`
    // The widgets are for pages of others, and have a name that stays.
    reply.headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' })
    return sendFile(request, reply, { file: (await parts.files()).file(name), name, cache: name === 'assets/widgets.js' ? 'no-cache' : 'public, max-age=31536000, immutable' })
  })
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { file, name, cache }: { readonly file: PageFile | null; readonly name: string; readonly cache: string }): FastifyReply {
  if (file === null) throw new ApiError('not_found', `there is no file ${name.slice(0, 100)}`)
  const tag = `"${createHash('sha256').update(file.bytes).digest('base64url').slice(0, 22)}"`
  reply.headers({ 'cache-control': cache, 'etag': tag, 'vary': 'accept-encoding' }).type(TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream')
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  const accepted = String(request.headers['accept-encoding'] ?? '')
  if (file.brotli !== null && /\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(file.brotli)
  if (file.gzip !== null && /\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(file.gzip)
  return reply.send(file.bytes)
}
