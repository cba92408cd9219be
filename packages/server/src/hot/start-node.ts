// Starts a node: registers a new incarnation, opens its journal, has what the dead one left behind settled, and only then
// returns the leases of the dead one and begins to admit. The order is the safety: a lease that is closed before its
// journal was read would be lent twice.

import type { Authority, Clock, Directory, Feed, NodeIdentity } from '@tollgate/core'
import { setTimeout as delay } from 'node:timers/promises'
import { denialLog } from './denial-log.ts'
import { openFileJournal } from './file-journal.ts'
import { createHotNode } from './hot-node.ts'
import { createGiver } from './give-back.ts'
import { encodeLine } from './journal-line.ts'
import { leftBehind } from './left-behind.ts'
import { startLicence } from './licence.ts'
import { createMemory } from './memory.ts'
import { reservationBook } from './reservation.ts'
import { startShipper } from './shipper.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'
import type { HotNode } from './contract.ts'

export type NodeOptions = {
  readonly node: string
  readonly journalFolder: string
  readonly authority: Authority
  readonly directory: Directory
  readonly feed: Feed
  readonly clock: Clock
  /** Milliseconds that are never set back; the process's own clock unless told. */
  readonly monotonic?: () => number
  /** Tells one start of this machine from another: what was written and not synced survives a process, not the machine. */
  readonly boot: string
  readonly randomText: () => string
  readonly hashKey: (rawKey: string) => string
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void
}

/** Pause between attempts to reach the control plane at the start. */
const REGISTER_RETRY_MS = 200

export async function startNode(options: NodeOptions): Promise<HotNode> {
  const { clock } = options
  const answered = rememberAnswers(options.authority)
  const { authority } = answered
  const monotonic = options.monotonic ?? (() => performance.now())
  const registered = await untilReached(options, async () => {
    const sent = { sentAt: clock.now(), sentAtMonotonic: monotonic() }
    return { ...(await authority.register(options.node)), ...sent }
  })
  const identity: NodeIdentity = { node: registered.node, incarnation: registered.incarnation }
  const book = reservationBook()
  const journal = await openFileJournal(options.journalFolder, { after: registered.settled.segment, started: { incarnation: identity.incarnation, boot: options.boot }, carry: () => book.intents() })
  const left = await leftBehind(journal, identity, options.boot)
  const shipper = startShipper({
    authority, identity, journal, from: registered.settled,
    onProblem: (error, retryMs) => options.warn({ error, retry_ms: retryMs, behind: shipper.position() }, 'the journal cannot be settled now; it waits on disk'),
  })
  await shipper.flush()
  await untilReached(options, () => authority.closeEarlier(identity, left))
  // Not before: a start that dies in between must name them again.
  for (const { reservation, holds } of left.inFlight) {
    journal.note(encodeLine('void', { reservation }))
    options.warn({ reservation, holds }, 'a request was in flight when the node stopped; it is not charged, and what it held is in doubt')
  }

  const decisions = createStopwatch(monotonic)
  const acquires = createStopwatch(monotonic)
  const report = () => ({ decisions: decisions.counts(), acquires: acquires.counts(), journalBytes: journal.bytesAfter(shipper.position()), isWriting: journal.failure() === null, answered: answered.latest() })
  const unheard = (error: unknown) => options.warn({ error }, 'the control plane does not hear that this node lives')
  const licence = startLicence({ identity, authority, clock, monotonic, first: registered, report, onProblem: unheard })
  let sequence = 0
  const nextSequence = () => (sequence += 1)
  const giver = createGiver({
    identity, authority, nextSequence, latestSequence: () => sequence,
    onProblem: (error, returned) => options.warn({ error, returned }, 'idle leases could not be given back; they stay lent to this node until its next start'),
  })
  const memory = createMemory({ identity, directory: options.directory, clock, giveBack: giver.giveBack })
  const subscription = options.feed.subscribe(identity, (message) => {
    // The control plane may be another one, on a database that was restored: better asked now than in some seconds.
    if (message.kind === 'hello') licence.renew().catch(unheard)
    return memory.apply(message)
  })
  return createHotNode({
    identity, authority: timed(authority, acquires), licence, memory, journal, book, clock, decisions, nextSequence,
    denials: denialLog((line) => journal.note(line)),
    randomText: options.randomText,
    hashKey: options.hashKey,
    onDrain: async () => {
      await journal.sync()
      await shipper.flush()
      const idle = memory.returnAll()
      if (idle.length > 0) await authority.giveBack(identity, nextSequence(), idle).catch((error: unknown) => options.warn({ error }, 'leases could not be given back; they are closed at the next start'))
      subscription.close()
      giver.close()
      licence.close()
      await shipper.close()
      await journal.close()
    },
  })
}

/** Which of its numbered calls was answered last. */
function rememberAnswers(authority: Authority): { readonly authority: Authority; readonly latest: () => number } {
  let latest = 0
  const answered = (sequence: number) => {
    latest = Math.max(latest, sequence)
  }
  return {
    latest: () => latest,
    authority: {
      ...authority,
      acquire: async (identity, request) => {
        const answer = await authority.acquire(identity, request)
        answered(request.sequence)
        return answer
      },
      giveBack: async (identity, sequence, returned) => {
        await authority.giveBack(identity, sequence, returned)
        answered(sequence)
      },
    },
  }
}

function timed(authority: Authority, acquires: Stopwatch): Authority {
  return {
    ...authority,
    acquire: (identity, request) => {
      const startedAt = acquires.start()
      const answer = authority.acquire(identity, request)
      acquires.stop(startedAt, answer)
      return answer
    },
  }
}

async function untilReached<T>(options: NodeOptions, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      options.warn({ error }, 'the control plane does not answer yet')
      await delay(REGISTER_RETRY_MS)
    }
  }
}
