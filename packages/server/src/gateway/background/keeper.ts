// Looks after what providers do in the background until it ends, and settles it then, fetched or not. A job is durable in the control
// plane before its client is answered; its hold stays on this node. Where the node that opened it is gone, another claims it and
// settles it through the control plane, under the same id, so that it is charged once.

import type { BackgroundJob, BackgroundJobs, Clock, ReservationId } from '@tollgate/core'
import type { HotNode, Usage } from '../../hot/contract.ts'
import type { Log } from '../../platform/log.ts'
import { providerCost, quantitiesOf } from '../flow/usage.ts'
import type { Upstreams } from '../upstreams.ts'
import { BACKGROUND } from './kinds.ts'
import { fileOf } from './open.ts'
import { lookAt, type Look } from './poll.ts'

export type BackgroundKeeper = {
  /** Resolves when the job is kept. */
  readonly open: (job: BackgroundJob) => Promise<void>
  /** Keeps whose it is, of what does not run: a file. May be repeated. */
  readonly own: (job: BackgroundJob) => Promise<void>
  readonly find: BackgroundJobs['find']
  readonly close: () => void
}

export type KeeperPace = { readonly firstLookMs: number; readonly lookMsMost: number; readonly claimEveryMs: number }

const PACE: KeeperPace = { firstLookMs: 2_000, lookMsMost: 120_000, claimEveryMs: 60_000 }
/** Jobs that one node looks after; the rest waits in the control plane. */
const JOBS_MAX = 1_000
/** Each look waits longer than the one before by this factor. */
const SLOWER = 1.5
/** Providers end a batch after a day: what is older will not be told any more. */
const AGE_MS_MAX = 30 * 3_600_000

export function createKeeper(parts: { readonly jobs: BackgroundJobs; readonly node: HotNode; readonly upstreams: Upstreams; readonly clock: Clock; readonly log: Log; readonly pace?: Partial<KeeperPace> }): BackgroundKeeper {
  const pace = { ...PACE, ...parts.pace }
  const timers = new Map<string, NodeJS.Timeout>()
  let isClosed = false

  function watch(job: BackgroundJob, waitMs: number): void {
    if (isClosed || timers.size >= JOBS_MAX) return
    const timer = setTimeout(() => {
      step(job, waitMs).catch((error: unknown) => {
        parts.log.warn({ job: job.id, upstream: job.upstream, err: error }, 'background work could not be looked at; it is tried again')
        watch(job, slower(waitMs))
      })
    }, waitMs)
    timer.unref()
    timers.set(job.id, timer)
  }

  function slower(waitMs: number): number {
    return Math.min(waitMs * SLOWER, pace.lookMsMost)
  }

  async function step(job: BackgroundJob, waitMs: number): Promise<void> {
    // What a node that died had only begun to keep.
    if (job.kind === 'file') return parts.jobs.finish(job.id, null)
    const target = parts.upstreams.named(job.upstream, BACKGROUND[job.kind].kinds, job.upstreamKey)
    const isOld = parts.clock.now() - job.event.time > AGE_MS_MAX
    const look: Look = target === null ? { kind: isOld ? 'gone' : 'running' } : await lookAt(target, job)
    if (look.kind === 'running' && !isOld) return watch(job, slower(waitMs))
    if (look.kind === 'ended') for (const file of look.files) await own(fileOf(job, file))
    await settle(job, look)
    timers.delete(job.id)
  }

  async function settle(job: BackgroundJob, look: Look): Promise<void> {
    const usage = await usageOf(job, look)
    const settled = parts.node.settle(job.id as ReservationId, usage)
    if (settled.kind === 'settled') await settled.written
    const { type = job.event.type, ...told } = usage
    await parts.jobs.finish(job.id, settled.kind === 'settled' ? null : { ...job.event, ...told, type, settled: null })
  }

  async function usageOf(job: BackgroundJob, look: Look): Promise<Usage> {
    const { event } = job
    const context = { ...event.context, ending: look.kind === 'ended' ? look.status : 'unknown', latency_ms: parts.clock.now() - event.time }
    const isTold = look.kind === 'ended' && look.isTold
    if (look.kind === 'ended' && Object.keys(look.usage.buckets).length === 0 && look.status !== 'completed') {
      return { type: 'ai.request_failed', quantities: {}, dimensions: event.dimensions, cost: null, estimated: false, context }
    }
    // What the provider does not tell any more is charged as it was held.
    if (!isTold) return { quantities: job.bound, dimensions: event.dimensions, cost: null, estimated: true, context }
    const known = await parts.node.snapshot(job.customer)
    const cost = known === null ? null : providerCost(known.catalog, look.usage, { modelAsked: job.upstreamModel, at: event.time }).cost
    const dimensions = look.usage.model === null ? event.dimensions : { ...event.dimensions, model_returned: look.usage.model.slice(0, 256) }
    return { quantities: { ...quantitiesOf(look.usage), ...(look.requests === null ? {} : { requests: String(look.requests) }) }, dimensions, cost, estimated: false, context }
  }

  async function own(job: BackgroundJob): Promise<void> {
    await parts.jobs.open(parts.node.id, job)
    await parts.jobs.finish(job.id, null)
  }

  async function claim(): Promise<void> {
    const jobs = await parts.jobs.claim(parts.node.id, JOBS_MAX)
    for (const job of jobs) if (!timers.has(job.id)) watch(job, pace.firstLookMs)
  }

  const claimer = setInterval(() => {
    claim().catch((error: unknown) => parts.log.warn({ err: error }, 'background work could not be claimed; it is tried again'))
  }, pace.claimEveryMs)
  claimer.unref()
  claim().catch((error: unknown) => parts.log.warn({ err: error }, 'background work could not be claimed; it is tried again'))

  return {
    open: async (job) => {
      await parts.jobs.open(parts.node.id, job)
      watch(job, pace.firstLookMs)
    },
    own,
    find: parts.jobs.find,
    close: () => {
      isClosed = true
      clearInterval(claimer)
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}
