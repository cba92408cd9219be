// What the operations of one node share. Only they see it; everyone else has the contract.

import type { Authority, Clock, NodeIdentity } from '@tollgate/core'
import type { DenialLog } from './denial-log.ts'
import type { Expectations } from './expectations.ts'
import type { FileJournal } from './file-journal.ts'
import type { NodeLicence } from './licence.ts'
import type { Memory } from './memory.ts'
import type { ReservationBook } from './reservation.ts'
import type { WaitingRoom } from './queue.ts'
import type { Stopwatch } from './stopwatch.ts'
import type { Runs } from './runs.ts'

export type HotNodeParts = {
  readonly identity: NodeIdentity
  readonly authority: Authority
  readonly licence: NodeLicence
  readonly memory: Memory
  readonly journal: Pick<FileJournal, 'append' | 'note' | 'written' | 'sync' | 'failure' | 'backlogBytes'>
  readonly book: ReservationBook
  readonly denials: DenialLog
  /** How long decisions take. */
  readonly decisions: Stopwatch
  readonly clock: Clock
  /** Numbers the calls to the authority, so that a repeated one is known. */
  readonly nextSequence: () => number
  /** Unguessable text for ids, ordered by time. */
  readonly randomText: () => string
  readonly hashKey: (rawKey: string) => string
  readonly onDrain: () => Promise<void>
}

export type Inside = Pick<HotNodeParts, 'clock' | 'journal' | 'memory' | 'book'> & {
  readonly parts: HotNodeParts
  readonly expected: Expectations
  readonly runs: Runs
  readonly queue: WaitingRoom
  readonly counts: Record<'authorized' | 'denied' | 'settled' | 'released' | 'expired' | 'acquires' | 'unheard' | 'degraded', number>
  isDraining: boolean
}
