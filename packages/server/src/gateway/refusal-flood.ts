// Bounds what a flood of refusals costs. A key that was refused very often within one second is told so for the rest of it, before its
// body is read and anything is decided, and a little later: a client in a loop must not take the thread from the others.

import type { GatewayLimits } from './limits.ts'

export type RefusalFlood = {
  /** Whether the key has been refused so often in this second that nothing more is decided for it. */
  readonly isFlooding: (key: string, now: number) => boolean
  readonly refused: (key: string, now: number) => void
  /** Whether one more refusal may be held back for a moment; then it must {@link RefusalFlood.leaveDelay}. */
  readonly enterDelay: () => boolean
  readonly leaveDelay: () => void
}

/** Keys whose refusals of the running second are counted; further ones are not, and are decided as usual. */
const KEYS_MAX = 10_000

export function createRefusalFlood({ refusalsPerSecondMax, shedDelayedMax }: Pick<GatewayLimits, 'refusalsPerSecondMax' | 'shedDelayedMax'>): RefusalFlood {
  let counts = new Map<string, number>()
  let second = 0
  let delayed = 0
  const current = (now: number) => {
    const at = Math.floor(now / 1_000)
    if (at !== second) [second, counts] = [at, new Map()]
    return counts
  }
  return {
    isFlooding: (key, now) => counts.size > 0 && (current(now).get(key) ?? 0) >= refusalsPerSecondMax,
    refused: (key, now) => {
      const of = current(now)
      const count = of.get(key)
      if (count !== undefined || of.size < KEYS_MAX) of.set(key, (count ?? 0) + 1)
    },
    enterDelay: () => {
      if (delayed >= shedDelayedMax) return false
      delayed += 1
      return true
    },
    leaveDelay: () => {
      delayed -= 1
    },
  }
}
