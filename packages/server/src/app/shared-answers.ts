// The response cache that all gateways share: answers sealed for the owner and place that they are of, so that none can be read among another's.
// Bounded in bytes, all together and for each owner: what finds no room is not kept, and once a minute the oldest go. The sums are in
// memory, counted anew with each trim, because one process is the control plane.

import { SHARED_ANSWERS_BYTES_MAX, SHARED_ANSWERS_PER_OWNER_BYTES_MAX, type Clock, type SharedAnswer, type SharedAnswers } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'
import { open, seal, SealError } from '../platform/secrets.ts'
import { bytesByOwner, deleteExpiredAnswers, deleteOldestAnswers, findSharedAnswer, upsertSharedAnswer } from '../store/shared-answers.ts'

export type AnswerShelf = SharedAnswers & { /** Deletes what is over, and makes room. */ readonly trim: () => Promise<void> }

/** What a trim leaves of each bound: room for the next minute. */
const TRIMMED_TO = 0.9

type Parts = { readonly sql: Sql; readonly clock: Clock; readonly masterKey: Uint8Array }
type Bounds = { readonly perOwner: number; readonly total: number }

export function createAnswerShelf({ sql, clock, masterKey }: Parts, bounds: Bounds = { perOwner: SHARED_ANSWERS_PER_OWNER_BYTES_MAX, total: SHARED_ANSWERS_BYTES_MAX }): AnswerShelf {
  let sums: Promise<Sums> | null = null
  const counted = () => (sums ??= count(sql).catch((error: unknown) => {
    sums = null
    throw error
  }))
  return {
    find: async ({ owner, place }) => {
      const sealed = await findSharedAnswer(sql, owner, place, clock.now())
      return sealed === null ? null : opened(masterKey, sealed, recordOf(owner, place))
    },
    keep: async (customer, { owner, place }, answer) => {
      const known = await counted()
      const sealed = seal(masterKey, JSON.stringify(answer), recordOf(owner, place))
      const ofOwner = (known.byOwner.get(owner) ?? 0) + sealed.length
      if (ofOwner > bounds.perOwner || known.total + sealed.length > bounds.total) return
      known.byOwner.set(owner, ofOwner)
      known.total += sealed.length
      await upsertSharedAnswer(sql, { owner, place, customer, sealed, bytes: sealed.length, expiresAt: answer.expiresAt })
    },
    trim: async () => {
      await deleteExpiredAnswers(sql, clock.now())
      await deleteOldestAnswers(sql, { perOwner: Math.floor(bounds.perOwner * TRIMMED_TO), total: Math.floor(bounds.total * TRIMMED_TO) })
      sums = null
    },
  }
}

type Sums = { readonly byOwner: Map<string, number>; total: number }

async function count(sql: Sql): Promise<Sums> {
  const byOwner = new Map((await bytesByOwner(sql)).map(({ owner, bytes }) => [owner, bytes]))
  return { byOwner, total: byOwner.values().reduce((sum, bytes) => sum + bytes, 0) }
}

/** Both parts in quotes: no owner and place together look like another pair. */
function recordOf(owner: string, place: string): string {
  return `answer:${JSON.stringify([owner, place])}`
}

/** One that was sealed by another key is as good as none. */
function opened(masterKey: Uint8Array, sealed: string, record: string): SharedAnswer | null {
  try {
    return JSON.parse(open(masterKey, sealed, record)) as SharedAnswer
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}
