// Hands an admitted request whose provider works on in the background over to the keeper, before its client is answered. Where that
// fails the provider is told to stop: nothing may run that nobody will charge.

import type { BackgroundJob, BackgroundKind } from '@tollgate/core'
import type { Called } from '../flow/called.ts'
import type { Exchange } from '../exchange.ts'
import { fieldsOf } from '../json-request.ts'
import type { Target } from '../upstreams.ts'
import { boundQuantities } from '../usage-bound.ts'
import { fetchWhole } from './fetch.ts'
import { placeOfWork } from './kinds.ts'

/** Names under which providers say that they are not done. */
const UNFINISHED: ReadonlySet<unknown> = new Set(['queued', 'in_progress', 'canceling'])

/** A batch that was made ends in a file, which tells its use: only one that failed at once has none. */
const FAILED: ReadonlySet<unknown> = new Set(['failed', 'expired', 'cancelled'])

/** The provider's id of work that goes on; null when the answer says that it has ended, or says nothing. */
export function unfinishedId(kind: BackgroundKind, answer: unknown): string | null {
  const { id, status, processing_status: processing } = fieldsOf(answer)
  if (kind === 'batch') return typeof id === 'string' && id.length <= 200 && !FAILED.has(status) ? id : null
  return typeof id === 'string' && id.length <= 200 && (UNFINISHED.has(status) || UNFINISHED.has(processing)) ? id : null
}

/** False when it could not be kept: then it is cancelled at the provider. */
export async function openJob(exchange: Exchange, called: Called, kind: BackgroundJob['kind'], providerId: string): Promise<boolean> {
  const { context } = exchange
  if (context.background !== null) {
    try {
      await context.background.open(jobOf(exchange, called, kind, providerId))
      return true
    } catch (error) {
      context.log.error({ request: exchange.requestId, err: error }, 'background work could not be kept; it is cancelled at the provider')
    }
  }
  await fetchWhole(calledTarget(called), { method: 'POST', path: placeOfWork(kind, providerId, '/cancel'), model: called.model.upstreamModel }).catch((error: unknown) => {
    context.log.error({ request: exchange.requestId, provider_id: providerId, err: error }, 'background work could not be cancelled: the provider may charge for it')
  })
  return false
}

/** Keeps whose file it is that the provider just took. False when it could not be kept: then it is deleted there. */
export async function ownFile(exchange: Exchange, called: Called, providerId: unknown): Promise<boolean> {
  const { context } = exchange
  if (typeof providerId !== 'string' || providerId === '' || providerId.length > 200) return false
  if (context.background !== null) {
    try {
      await context.background.own(fileOf(jobOf(exchange, called, 'file', providerId), providerId))
      return true
    } catch (error) {
      context.log.error({ request: exchange.requestId, err: error }, 'a file could not be kept; it is deleted at the provider')
    }
  }
  await fetchWhole(calledTarget(called), { method: 'DELETE', path: placeOfWork('file', providerId), model: called.model.upstreamModel }).catch(() => undefined)
  return false
}

/** A file at the provider of what the work belongs to: one that it reads, or that it wrote. */
export function fileOf(job: BackgroundJob, providerId: string): BackgroundJob {
  return { ...job, id: `file_${job.customer}_${providerId}`, kind: 'file', providerId, bound: {}, ...(job.kind === 'batch' ? { batch: job.providerId } : {}) }
}

/** The upstream with the key that was used. */
function calledTarget({ model: { target }, upstreamKey }: Called): Target {
  return upstreamKey === null ? target : { ...target, headers: upstreamKey.headers }
}

function jobOf(exchange: Exchange, called: Called, kind: BackgroundJob['kind'], providerId: string): BackgroundJob {
  const { surface, key, known, model, bound, dimensions, authorization, attribution, upstreamKey, request } = called
  return {
    id: authorization.reservation, customer: known.snapshot.customer, kind, upstream: model.target.config.name, ...(upstreamKey === null ? {} : { upstreamKey: upstreamKey.name }), providerId, upstreamModel: model.upstreamModel,
    event: {
      id: authorization.reservation, source: 'tollgate:gateway', type: surface.event, customer: known.snapshot.customer, time: exchange.startedAt,
      entity: attribution.entity, feature: attribution.feature, run: attribution.run, key: key.id, dimensions, catalogVersion: authorization.catalogVersion,
      context: { request_id: exchange.requestId, surface: surface.name, background: true, stream: false },
    },
    bound: boundQuantities(bound, known.catalog, surface.event),
    ...(request.requests === undefined ? {} : { requests: request.requests }),
  }
}
