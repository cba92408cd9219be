// Answers in memory of one process, by who may have them. Bounded in bytes, for each customer too: whoever keeps more gives up its own
// oldest answers, and where all together are too many those go that belong to whoever asked the longest ago. Holds no prompt: a
// place is a hash.

import { CACHE_BYTES_MAX, CACHE_BYTES_PER_CUSTOMER_MAX, type EventCost, type Instant, type ProviderUsage } from '@tollgate/core'

export type StoredAnswer = {
  readonly contentType: string
  readonly body: Buffer
  readonly usage: ProviderUsage
  /** What it cost at the provider, which a hit saves. */
  readonly cost: EventCost | null
  readonly at: Instant
  readonly expiresAt: Instant
}

export type AnswerStore = {
  /** Null where there is none any more. */
  readonly find: (owner: string, place: string, now: Instant) => StoredAnswer | null
  readonly keep: (owner: string, place: string, answer: StoredAnswer) => void
  readonly bytes: () => number
}

/** What an answer takes beside its body: its key, its usage, the maps. */
const OVERHEAD_BYTES = 1_024

export function createAnswerStore(limits: { readonly bytesMax: number; readonly bytesPerOwnerMax: number } = { bytesMax: CACHE_BYTES_MAX, bytesPerOwnerMax: CACHE_BYTES_PER_CUSTOMER_MAX }): AnswerStore {
  /** Owners, and answers within each, in the order of their last use. */
  const owners = new Map<string, Shelf>()
  let total = 0

  function drop(shelf: Shelf, place: string, answer: StoredAnswer): void {
    shelf.answers.delete(place)
    shelf.bytes -= sizeOf(answer)
    total -= sizeOf(answer)
  }

  function dropOldest(owner: string, shelf: Shelf): void {
    for (const [place, answer] of shelf.answers) {
      drop(shelf, place, answer)
      break
    }
    if (shelf.answers.size === 0) owners.delete(owner)
  }

  return {
    find: (owner, place, now) => {
      const shelf = owners.get(owner)
      const answer = shelf?.answers.get(place)
      if (shelf === undefined || answer === undefined) return null
      if (answer.expiresAt <= now) {
        drop(shelf, place, answer)
        if (shelf.answers.size === 0) owners.delete(owner)
        return null
      }
      owners.delete(owner)
      owners.set(owner, shelf)
      shelf.answers.delete(place)
      shelf.answers.set(place, answer)
      return answer
    },
    keep: (owner, place, answer) => {
      const shelf: Shelf = owners.get(owner) ?? { bytes: 0, answers: new Map() }
      const old = shelf.answers.get(place)
      if (old !== undefined) drop(shelf, place, old)
      owners.delete(owner)
      owners.set(owner, shelf)
      shelf.answers.set(place, answer)
      shelf.bytes += sizeOf(answer)
      total += sizeOf(answer)
      while (shelf.bytes > limits.bytesPerOwnerMax) dropOldest(owner, shelf)
      while (total > limits.bytesMax) {
        const [first] = owners
        if (first === undefined) return
        dropOldest(...first)
      }
    },
    bytes: () => total,
  }
}

type Shelf = { bytes: number; readonly answers: Map<string, StoredAnswer> }

function sizeOf({ body }: StoredAnswer): number {
  return body.length + OVERHEAD_BYTES
}
