// Reads, cancels and deletes background work of the caller's own customer: the provider's account is shared by all, so that nothing is
// passed on whose owner is not known. These requests cost nothing and are passed on as they come.

import type { BackgroundJob, BackgroundKind, CustomerId } from '@tollgate/core'
import { authenticate, idHeaders, type Exchange } from '../exchange.ts'
import { customerOf } from '../flow/attribution.ts'
import { clientHeaders } from '../headers.ts'
import { invalidRequest, RequestRefused, errorAnswer } from '../refusal.ts'
import { fieldsIn } from '../json-request.ts'
import { fetchWhole, passOn } from './fetch.ts'
import { BACKGROUND, placeOfWork } from './kinds.ts'
import { fileOf } from './open.ts'
import { filesOf } from './poll.ts'
import { withOwnResultsUrl } from './results-url.ts'

const PLACES: readonly (readonly [kind: BackgroundKind, pattern: RegExp, actions: Readonly<Record<string, string>>])[] = [
  ['response', /^(?:\/v1)?\/responses\/([A-Za-z0-9_-]{1,200})(\/cancel|\/input_items)?$/, { '/cancel': 'POST', '/input_items': 'GET', '': 'GET DELETE' }],
  ['message_batch', /^(?:\/v1){0,2}\/messages\/batches\/([A-Za-z0-9_-]{1,200})(\/cancel|\/results)?$/, { '/cancel': 'POST', '/results': 'GET', '': 'GET DELETE' }],
  ['batch', /^(?:\/v1)?\/batches\/([A-Za-z0-9_-]{1,200})(\/cancel)?$/, { '/cancel': 'POST', '': 'GET' }],
  ['file', /^(?:\/v1)?\/files\/([A-Za-z0-9_-]{1,200})(\/content)?$/, { '/content': 'GET', '': 'GET DELETE' }],
]

export type BackgroundRoute = { readonly kind: BackgroundKind; readonly id: string; readonly action: string; readonly method: 'GET' | 'POST' | 'DELETE' }

export function backgroundRoute(method: string | undefined, path: string): BackgroundRoute | null {
  for (const [kind, pattern, actions] of PLACES) {
    const match = pattern.exec(path)
    const action = match?.[2] ?? ''
    if (match !== null && (actions[action] ?? '').split(' ').includes(method ?? '')) return { kind, id: match[1]!, action, method: method as BackgroundRoute['method'] }
  }
  return null
}

/** Bodies that may be long: they pass as they come. */
const LONG: ReadonlySet<string> = new Set(['/results', '/content'])

export async function handleBackground(exchange: Exchange, { kind, id, action, method }: BackgroundRoute): Promise<void> {
  const { context, request, response } = exchange
  const key = await authenticate(exchange, ['gateway', 'admin'])
  const customer = customerOf(exchange, key)
  const found = context.background === null ? null : await context.background.find(customer, id)
  if (found === null || found.job.kind !== kind) throw invalidRequest(`There is no background work ${id} of this customer. What was not started in the background is not kept here.`, { status: 404, code: 'not_found' })
  const { job } = found
  if (method === 'DELETE' && !(await isCharged(exchange, customer, found))) throw invalidRequest(`${id} has not been charged yet: cancel it, or wait until it has ended.`, { status: 409, code: 'not_finished' })
  const target = context.upstreams.named(job.upstream, BACKGROUND[kind].kinds, job.upstreamKey)
  if (target === null) throw new RequestRefused(errorAnswer({ status: 503, type: 'server_error', code: 'upstream_not_configured', message: `The upstream ${job.upstream} that this ran on is not there any more.` }))
  const query = (request.url ?? '').split('?')[1]
  const input = { method, path: `${placeOfWork(kind, id, action)}${query === undefined ? '' : `?${query}`}`, model: job.upstreamModel }
  if (LONG.has(action)) return passOn(exchange, target, input)
  const { status, headers, body: answer } = await fetchWhole(target, input)
  // A client that learns of a batch's files asks for them before the keeper has looked.
  if (kind === 'batch' && status === 200) for (const file of filesOf(fieldsIn(answer.toString()))) await context.background?.own(fileOf(job, file))
  const body = kind === 'message_batch' ? withOwnResultsUrl(answer, id) : answer
  if (response.destroyed) return
  response.writeHead(status, [...clientHeaders(headers), 'content-length', String(body.length), ...idHeaders(exchange)])
  response.end(body)
}

/** A file that a batch wrote tells what the batch used: until that is charged it stays. */
async function isCharged({ context }: Exchange, customer: CustomerId, { job, isFinished }: { readonly job: BackgroundJob; readonly isFinished: boolean }): Promise<boolean> {
  return job.batch === undefined ? isFinished : ((await context.background?.find(customer, job.batch))?.isFinished ?? true)
}
