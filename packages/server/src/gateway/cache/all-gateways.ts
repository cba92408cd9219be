// Answers that all gateways of a deployment share, behind those in this process's own memory. A request waits for them a moment and then asks
// its provider; while they do not come nobody asks for a while. What is kept there goes on its way after its answer has ended, bounded in
// bytes. It knows no rule: a place says whose an answer is.

import { SHARED_ANSWER_WAIT_MS, SHARED_ANSWERS_WAITING_BYTES_MAX, type Clock, type CustomerId, type SharedAnswers } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import type { GatewayMetrics } from '../metrics.ts'
import type { CachePlace } from './place.ts'
import type { AnswerStore, StoredAnswer } from './store.ts'

export type SharedCache = {
  /** What is found is in this process's memory too from then on. */
  readonly find: (place: CachePlace) => Promise<StoredAnswer | null>
  readonly keep: (customer: CustomerId, place: CachePlace, answer: StoredAnswer) => void
}

/** How long nobody asks where an answer did not come in time. */
const AWAY_MS = 5_000

type Parts = { readonly shared: SharedAnswers; readonly own: AnswerStore; readonly clock: Clock; readonly metrics: GatewayMetrics; readonly log: Log; readonly waitMs?: number }

export function createSharedCache({ shared, own, clock, metrics, log, waitMs = SHARED_ANSWER_WAIT_MS }: Parts): SharedCache {
  let awayUntil = 0
  let waitingBytes = 0

  function isAway(error: unknown): null {
    awayUntil = clock.now() + AWAY_MS
    metrics.happened('shared_answers_away')
    log.debug({ err: error }, 'stored answers of other gateways do not come: providers are asked')
    return null
  }

  async function find({ owner, name }: CachePlace): Promise<StoredAnswer | null> {
    const now = clock.now()
    if (now < awayUntil) return null
    const found = await within(shared.find({ owner, place: name }), waitMs).catch(isAway)
    if (found === null || found.expiresAt <= now) return null
    const answer = { ...found, body: Buffer.from(found.body, 'base64') }
    own.keep(owner, name, answer)
    return answer
  }

  async function send(customer: CustomerId, { owner, name }: CachePlace, { body, ...answer }: StoredAnswer): Promise<void> {
    try {
      await shared.keep(customer, { owner, place: name }, { ...answer, body: body.toString('base64') })
      metrics.happened('answer_shared')
    } catch (error) {
      isAway(error)
      metrics.happened('answer_not_shared')
    }
    waitingBytes -= body.length
  }

  return {
    find,
    keep: (customer, place, answer) => {
      if (clock.now() < awayUntil || waitingBytes + answer.body.length > SHARED_ANSWERS_WAITING_BYTES_MAX) return metrics.happened('answer_not_shared')
      waitingBytes += answer.body.length
      void send(customer, place, answer)
    },
  }
}

/** Rejects when it takes longer. */
function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    promise.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
