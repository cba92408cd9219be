// Bounds what a flood of refusals costs. A key that was refused very often within one second is told so for the rest of it, before its
// body is read and anything is decided: a client in a loop must not take the thread from the others.

export type RefusalFlood = {
  /** Whether the key has been refused so often in this second that nothing more is decided for it. */
  readonly isFlooding: (key: string, now: number) => boolean
  readonly refused: (key: string, now: number) => void
}

/** Keys whose refusals of the running second are counted; further ones are not, and are decided as usual. */
const KEYS_MAX = 10_000

export function createRefusalFlood(perSecondMax: number): RefusalFlood {
  let counts = new Map<string, number>()
  let second = 0
  const current = (now: number) => {
    const at = Math.floor(now / 1_000)
    if (at !== second) [second, counts] = [at, new Map()]
    return counts
  }
  return {
    isFlooding: (key, now) => counts.size > 0 && (current(now).get(key) ?? 0) >= perSecondMax,
    refused: (key, now) => {
      const of = current(now)
      const count = of.get(key)
      if (count !== undefined || of.size < KEYS_MAX) of.set(key, (count ?? 0) + 1)
    },
  }
}
