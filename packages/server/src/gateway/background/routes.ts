// Reads, cancels and deletes background work of the caller's own customer: the provider's account is shared by all, so that nothing is
// passed on whose owner is not known. These requests cost nothing and are passed on as they come.

import { authenticate, idHeaders, type Exchange } from '../exchange.ts'
import { customerOf } from '../flow/attribution.ts'
import { clientHeaders } from '../headers.ts'
import { invalidRequest, RequestRefused, errorAnswer } from '../refusal.ts'
import { fetchWhole } from './fetch.ts'
import { withOwnResultsUrl } from './results-url.ts'

const RESPONSE = /^(?:\/v1)?\/responses\/([A-Za-z0-9_-]{1,200})(\/cancel|\/input_items)?$/
const BATCH = /^(?:\/v1){0,2}\/messages\/batches\/([A-Za-z0-9_-]{1,200})(\/cancel|\/results)?$/

export type BackgroundRoute = { readonly kind: 'response' | 'message_batch'; readonly id: string; readonly action: string; readonly method: 'GET' | 'POST' | 'DELETE' }

export function backgroundRoute(method: string | undefined, path: string): BackgroundRoute | null {
  const response = RESPONSE.exec(path)
  const match = response ?? BATCH.exec(path)
  if (match === null || (method !== 'GET' && method !== 'POST' && method !== 'DELETE')) return null
  const action = match[2] ?? ''
  const isFine = method === 'POST' ? action === '/cancel' : method === 'DELETE' ? action === '' : action !== '/cancel'
  return isFine ? { kind: response === null ? 'message_batch' : 'response', id: match[1]!, action, method } : null
}

const KINDS = { response: ['openai', 'azure'], message_batch: ['anthropic'] } as const

export async function handleBackground(exchange: Exchange, { kind, id, action, method }: BackgroundRoute): Promise<void> {
  const { context, request, response } = exchange
  const key = await authenticate(exchange, ['gateway', 'admin'])
  const found = context.background === null ? null : await context.background.find(customerOf(exchange, key), id)
  if (found === null || found.job.kind !== kind) throw invalidRequest(`There is no background work ${id} of this customer. What was not started in the background is not kept here.`, { status: 404, code: 'not_found' })
  if (method === 'DELETE' && !found.isFinished) throw invalidRequest(`${id} has not been charged yet: cancel it, or wait until it has ended.`, { status: 409, code: 'not_finished' })
  const target = context.upstreams.named(found.job.upstream, KINDS[kind], found.job.upstreamKey)
  if (target === null) throw new RequestRefused(errorAnswer({ status: 503, type: 'server_error', code: 'upstream_not_configured', message: `The upstream ${found.job.upstream} that this ran on is not there any more.` }))
  const query = (request.url ?? '').split('?')[1]
  const path = `${kind === 'response' ? '/responses' : '/messages/batches'}/${encodeURIComponent(id)}${action}${query === undefined ? '' : `?${query}`}`
  const fetched = await fetchWhole(target, { method, path, model: found.job.upstreamModel })
  const { status, headers } = fetched
  const body = action === '/results' ? fetched.body : withOwnResultsUrl(fetched.body, id)
  if (response.destroyed) return
  response.writeHead(status, [...clientHeaders(headers), 'content-length', String(body.length), ...idHeaders(exchange)])
  response.end(body)
}
