// What dead processes left in a node's journal: requests that they had admitted and neither settled nor released. Nobody can
// prove what those used, so they are not charged; what they held stays held until it may be settled no more.

import type { CustomerId, InFlight, Instant, LeftBehind, NodeIdentity } from '@tollgate/core'
import type { FileJournal } from './file-journal.ts'
import { decodeGroups, type Intent, type JournalRecord } from './journal-line.ts'

const READ = new Set(['started', 'intent', 'settled', 'void'] as const)

export async function leftBehind(journal: Pick<FileJournal, 'stored'>, identity: NodeIdentity, boot: string): Promise<LeftBehind> {
  const open = new Map<string, InFlight>()
  let incarnation = 0
  const kept = new Set<number>()
  const read = (record: JournalRecord) => {
    switch (record.kind) {
      case 'started':
        incarnation = record.body.incarnation
        // Lines that were written and not synced outlive their process, not their machine.
        if (record.body.boot === boot) kept.add(incarnation)
        return
      case 'intent':
        return void open.set(record.body[0], inFlightOf(record.body, incarnation))
      case 'settled':
        return void open.delete(record.body.id)
      case 'void':
        return void open.delete(record.body.reservation)
      case 'denied':
        return
    }
  }
  for await (const { lines } of journal.stored()) for (const record of decodeGroups(lines, READ).records) read(record)
  kept.delete(identity.incarnation)
  return { kept: [...kept], inFlight: [...open.values()] }
}

function inFlightOf([reservation, customer, , endsAt, , ...holds]: Intent, incarnation: number): InFlight {
  const held: InFlight['holds'][number][] = []
  for (let index = 0; index < holds.length; index += 3) {
    held.push({ customer: customer as CustomerId, budget: String(holds[index]), periodStart: holds[index + 1] as Instant, amount: Number(holds[index + 2]) })
  }
  return { reservation, incarnation, endsAt: endsAt as Instant, holds: held }
}
