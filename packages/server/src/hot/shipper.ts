// Ships the journal to the settlement: one stretch in flight, whole lines as they were written, again and again until it
// is taken. While the control plane is away the journal waits on disk and the node goes on. Stretches follow each other at a pace: what is
// settled one by one as it comes keeps a machine busy whose gateway needs it, and costs many times what it costs together.

import { SHIP_BYTES_MAX, type Authority, type JournalPosition, type NodeIdentity } from '@tollgate/core'
import { setTimeout as delay } from 'node:timers/promises'
import type { FileJournal } from './file-journal.ts'

export type Shipper = {
  /** Ships until nothing is left that was written before the call. */
  readonly flush: () => Promise<void>
  readonly position: () => JournalPosition
  readonly close: () => Promise<void>
}

/** Lines that come within this time share a settlement: a reader of the live stream waits no longer for its event. */
const GATHER_MS = 50
/** The same where so much comes in that time that nobody reads it line by line: a fifth of what settlement may be behind. */
const GATHER_BUSY_MS = 200
const BUSY_BYTES = 64 * 1024
/** A stretch so large was waiting already: the next follows at once. */
const BEHIND_BYTES = SHIP_BYTES_MAX / 2
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000
/** A quiet journal is looked at again after this long. */
const IDLE_MS = 1_000

export function startShipper(parts: {
  readonly authority: Pick<Authority, 'ship'>
  readonly identity: NodeIdentity
  readonly journal: FileJournal
  readonly from: JournalPosition
  readonly onProblem: (error: unknown, retryMs: number) => void
}): Shipper {
  const { journal } = parts
  let position = parts.from
  let closed = false
  let idle = new Set<() => void>()
  let wake: () => void = () => undefined

  /** Bytes that were shipped; 0 where nothing was left. */
  async function shipNext(): Promise<number> {
    const stretch = await journal.read(position, SHIP_BYTES_MAX)
    if (stretch === null) return 0
    position = await parts.authority.ship(parts.identity, stretch)
    await journal.release(position)
    return stretch.lines.length
  }

  /** Until so long after `startedAt`, or until somebody waits for all to be shipped. */
  async function pace(startedAt: number, bytes: number): Promise<void> {
    const leftMs = startedAt + (bytes >= BUSY_BYTES ? GATHER_BUSY_MS : GATHER_MS) - performance.now()
    if (leftMs <= 0 || bytes >= BEHIND_BYTES || idle.size > 0 || closed) return
    const waiting = Promise.withResolvers<void>()
    const timer = setTimeout(waiting.resolve, leftMs)
    wake = waiting.resolve
    await waiting.promise
    clearTimeout(timer)
  }

  async function run(): Promise<void> {
    let retryMs = RETRY_MS_MIN
    while (!closed) {
      try {
        const startedAt = performance.now()
        const bytes = await shipNext()
        if (bytes > 0) {
          retryMs = RETRY_MS_MIN
          await pace(startedAt, bytes)
          continue
        }
        const waiting = idle
        idle = new Set()
        for (const resolve of waiting) resolve()
        await journal.appended(position, IDLE_MS)
        if (!closed) await delay(GATHER_MS)
      } catch (error) {
        parts.onProblem(error, retryMs)
        await delay(retryMs)
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
      }
    }
  }

  const running = run()
  return {
    flush: () => new Promise((resolve) => {
      idle.add(resolve)
      wake()
    }),
    position: () => position,
    close: async () => {
      closed = true
      wake()
      await running
    },
  }
}
