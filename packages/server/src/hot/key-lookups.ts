// Looks up keys many at a time: while a call is on its way all that come wait for the next, so that a flood of keys that nobody knows costs the
// control plane one call after the other, and a key that is good waits for two at most. Whoever finds the room full is told to come again.

import { KEY_LOOKUPS_WAITING_MAX, KEYS_PER_LOOKUP_MAX, type Directory, type KeyRecord } from '@tollgate/core'

export type KeyLookups = {
  /** @throws {TooManyLookups} while too many wait. */
  readonly find: (hash: string) => Promise<KeyRecord | null>
}

export class TooManyLookups extends Error {
  override readonly name = 'TooManyLookups'
  readonly code = 'too_many_lookups'
  readonly retryable = true

  constructor() {
    super(`more than ${KEY_LOOKUPS_WAITING_MAX} keys wait to be looked up`)
  }
}

type Waiting = { readonly found: Promise<KeyRecord | null>; readonly tell: (record: KeyRecord | null) => void; readonly fail: (error: unknown) => void }

export function createKeyLookups({ keys }: Pick<Directory, 'keys'>): KeyLookups {
  let waiting = new Map<string, Waiting>()
  let isAsking = false

  async function ask(): Promise<void> {
    isAsking = true
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, KEYS_PER_LOOKUP_MAX)
      waiting = new Map([...waiting].slice(KEYS_PER_LOOKUP_MAX))
      try {
        const records = await keys(batch.map(([hash]) => hash))
        for (const [index, [, { tell }]] of batch.entries()) tell(records[index] ?? null)
      } catch (error) {
        for (const [, { fail }] of batch) fail(error)
      }
    }
    isAsking = false
  }

  return {
    find: (hash) => {
      // Whoever joins a call that has not begun gets an answer that is no older than its question.
      const known = waiting.get(hash)
      if (known !== undefined) return known.found
      if (waiting.size >= KEY_LOOKUPS_WAITING_MAX) return Promise.reject(new TooManyLookups())
      const { promise: found, resolve: tell, reject: fail } = Promise.withResolvers<KeyRecord | null>()
      waiting.set(hash, { found, tell, fail })
      if (!isAsking) void ask()
      return found
    },
  }
}
