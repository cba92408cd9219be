// Ships the journal to the settlement: one stretch in flight, whole lines as they were written, again and again until it
// is taken. While the control plane is away the journal waits on disk and the node goes on.

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

  async function shipNext(): Promise<boolean> {
    const stretch = await journal.read(position, SHIP_BYTES_MAX)
    if (stretch === null) return false
    position = await parts.authority.ship(parts.identity, stretch)
    await journal.release(position)
    return true
  }

  async function run(): Promise<void> {
    let retryMs = RETRY_MS_MIN
    while (!closed) {
      try {
        if (await shipNext()) {
          retryMs = RETRY_MS_MIN
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
    flush: () => new Promise((resolve) => idle.add(resolve)),
    position: () => position,
    close: async () => {
      closed = true
      await running
    },
  }
}
