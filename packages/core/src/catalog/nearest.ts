// Which known word somebody probably meant: for typos in fields, ids and choices. Case and `-` against `_` count as the
// same letter; beyond a third of the letters changed there is no suggestion, because a wrong hint is worse than none.

/** Longest word that is compared: the distance costs the product of two lengths. */
const LENGTH_MAX = 64

/** The candidate closest to `word`, or null when none is close. Of equals, the first. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = folded(word)
  if (wanted === '' || wanted.length > LENGTH_MAX) return null
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | null = null
  let least = bound + 1
  for (const candidate of candidates) {
    if (candidate.length > LENGTH_MAX || candidate === word) continue
    const steps = distance(wanted, folded(candidate))
    if (steps >= least) continue
    best = candidate
    least = steps
  }
  return best
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}

/** Letters added, dropped, changed, or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1
      let steps = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + change)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) steps = Math.min(steps, beforeLast[column - 2]! + 1)
      current.push(steps)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
