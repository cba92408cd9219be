// Starts a node: registers a new incarnation, opens its journal, has what the dead one left behind settled, and only then
// returns the leases of the dead one and begins to admit. The order is the safety: a lease that is closed before its
// journal was read would be lent twice.

import type { Authority, Clock, Directory, Feed, NodeIdentity } from '@tollgate/core'
import { setTimeout as delay } from 'node:timers/promises'
import { denialLog } from './denial-log.ts'
import { openFileJournal, type FileJournal } from './file-journal.ts'
import { createHotNode } from './hot-node.ts'
import { decodeGroups, encodeLine, type Intent } from './journal-line.ts'
import { createMemory } from './memory.ts'
import { startShipper } from './shipper.ts'
import type { HotNode } from './contract.ts'

export type NodeOptions = {
  readonly node: string
  readonly journalFolder: string
  readonly authority: Authority
  readonly directory: Directory
  readonly feed: Feed
  readonly clock: Clock
  readonly randomText: () => string
  readonly hashKey: (rawKey: string) => string
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void
}

/** Pause between attempts to reach the control plane at the start. */
const REGISTER_RETRY_MS = 200

export async function startNode(options: NodeOptions): Promise<HotNode> {
  const { authority, clock } = options
  const registered = await untilReached(options, () => authority.register(options.node))
  const journal = await openFileJournal(options.journalFolder, registered.settled.segment)
  const identity: NodeIdentity = { node: registered.node, incarnation: registered.incarnation }
  await noteAbandoned(journal, options)
  const shipper = startShipper({
    authority, identity, journal, from: registered.settled,
    onProblem: (error, retryMs) => options.warn({ error, retry_ms: retryMs, behind: shipper.position() }, 'the journal cannot be settled now; it waits on disk'),
  })
  await shipper.flush()
  await untilReached(options, () => authority.closeEarlier(identity))

  let sequence = 0
  const nextSequence = () => (sequence += 1)
  const memory = createMemory({ identity, directory: options.directory, clock, giveBack: (returned) => authority.giveBack(identity, nextSequence(), returned) })
  const subscription = options.feed.subscribe(identity, (message) => memory.apply(message))
  return createHotNode({
    identity, authority, memory, journal, clock, nextSequence,
    denials: denialLog((line) => journal.note(line)),
    randomText: options.randomText,
    hashKey: options.hashKey,
    onDrain: async () => {
      await journal.sync()
      await shipper.flush()
      const idle = memory.returnAll()
      if (idle.length > 0) await authority.giveBack(identity, nextSequence(), idle).catch((error: unknown) => options.warn({ error }, 'leases could not be given back; they are closed at the next start'))
      subscription.close()
      await shipper.close()
      await journal.close()
    },
  })
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

/**
 * Requests that a dead process had admitted and neither settled nor released: nobody got an answer that we could prove,
 * so they are not charged. They are voided in the journal and told, with the amount that was held.
 */
async function noteAbandoned(journal: FileJournal, options: NodeOptions): Promise<void> {
  const open = new Map<string, Intent>()
  for await (const { lines } of journal.stored()) {
    for (const record of decodeGroups(lines, new Set(['intent', 'settled', 'void'])).records) {
      if (record.kind === 'intent') open.set(record.body.reservation, record.body)
      else if (record.kind === 'settled') open.delete(record.body.id)
      else if (record.kind === 'void') open.delete(record.body.reservation)
    }
  }
  for (const intent of open.values()) {
    journal.note(encodeLine('void', { reservation: intent.reservation }))
    options.warn({ ...intent }, 'a request was in flight when the node stopped; it is not charged')
  }
}
