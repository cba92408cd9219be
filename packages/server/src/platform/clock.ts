// Time as a port: the machine's for the program, one that only moves when told for tests and the simulator.

import { instant } from '@tollgate/core'
import type { Clock, Instant } from '@tollgate/core'

export const systemClock: Clock = { now: () => instant(Date.now()) }

export type VirtualClock = Clock & {
  /** Moves forward by milliseconds; time never goes back. */
  readonly advance: (durationMs: number) => void
  readonly set: (to: Instant) => void
}

export function virtualClock(start: Instant): VirtualClock {
  let now = start
  const set = (to: Instant) => {
    if (!(to >= now)) throw new RangeError(`a clock does not go back from ${now} to ${to}`)
    now = to
  }
  return { now: () => now, set, advance: (durationMs) => set(instant(now + durationMs)) }
}
