// Gives idle amounts back for certain: until the authority has answered, it counts them as lent out, and this node has them no more. The same call
// is made again, under its first number, so that what had arrived is not taken off twice. Bounded by the calls that the authority remembers.

import { ANSWERS_REMEMBERED, type Authority, type NodeIdentity, type ReturnedLease } from '@tollgate/core'
import { setTimeout as delay } from 'node:timers/promises'

/** `first`: the first try has ended, well or not; whoever waits for longer waits for an authority that is away. `arrived` rejects when it is given up. */
export type GivingBack = { readonly first: Promise<void>; readonly arrived: Promise<void> }

export type GiverParts = {
  readonly identity: NodeIdentity
  readonly authority: Pick<Authority, 'giveBack'>
  /** Counts calls; the latest that it gave out. */
  readonly nextSequence: () => number
  readonly latestSequence: () => number
  readonly onProblem: (error: unknown, returned: readonly ReturnedLease[]) => void
}

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000

export function createGiver(parts: GiverParts): { readonly giveBack: (returned: readonly ReturnedLease[]) => GivingBack; readonly close: () => void } {
  let isClosed = false

  async function again(sequence: number, returned: readonly ReturnedLease[], error: unknown): Promise<void> {
    let last = error
    for (let retryMs = RETRY_MS_MIN; !isClosed && !isFinal(last) && parts.latestSequence() - sequence < ANSWERS_REMEMBERED / 2; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      await delay(retryMs, undefined, { ref: false })
      try {
        return await parts.authority.giveBack(parts.identity, sequence, returned)
      } catch (next) {
        last = next
      }
    }
    // Nobody else gets it until the next start of this node has closed its leases: idle for longer than it should be, and never lent twice.
    parts.onProblem(last, returned)
    throw last
  }

  return {
    giveBack: (returned) => {
      const sequence = parts.nextSequence()
      const sent = parts.authority.giveBack(parts.identity, sequence, returned)
      const arrived = sent.catch((error: unknown) => again(sequence, returned, error))
      arrived.catch(() => undefined)
      return { first: sent.catch(() => undefined), arrived }
    },
    close: () => {
      isClosed = true
    },
  }
}

/** The leases of a node that is fenced are not its own any more. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'node_fenced'
}
