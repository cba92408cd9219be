// Chance where nothing must be guessed from it: how long to wait, and whose turn it is. What must not be guessed is in random-id.ts.

/** From 0 up to and without 1. */
export function chance(): number {
  return Math.random()
}

/** Anything from half of it to all of it: those who failed together do not come back together. */
export function jittered(ms: number): number {
  return Math.ceil(ms * (0.5 + Math.random() / 2))
}
