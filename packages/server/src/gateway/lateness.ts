// How late this thread is with its work: a timer that should ring at an even pace, and how much later it rings. What is late again and
// again has more requests than it can answer.

const RING_MS = 20
/** A ring so much behind its time is late; two of them within the window are more than one collection of garbage. */
const LATE_MS = 60
const WINDOW_MS = 1_000

export type Lateness = { readonly isLate: () => boolean; readonly close: () => void }

export function watchLateness(now: () => number = () => performance.now()): Lateness {
  let dueAt = now() + RING_MS
  let [lastAt, beforeAt] = [-Infinity, -Infinity]
  const timer = setInterval(() => {
    const at = now()
    if (at - dueAt > LATE_MS) [lastAt, beforeAt] = [at, lastAt]
    dueAt = at + RING_MS
  }, RING_MS)
  timer.unref()
  return { isLate: () => now() - beforeAt < WINDOW_MS, close: () => clearInterval(timer) }
}
