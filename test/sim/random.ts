// The simulator's only source of chance: a small generator (xoshiro128**, seeded by splitmix32), so that a seed replays
// the same run on every machine. Not for secrets.

export type Random = {
  /** A number in [0, 1). */
  readonly unit: () => number
  /** An integer in [min, max]. */
  readonly integer: (min: number, max: number) => number
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(items: readonly T[]) => T
  /** Picks by weight; all weights are zero or above, one is not. */
  readonly weighted: <T extends string>(weights: Readonly<Record<T, number>>) => T
  /** Letters and digits, such as an id. */
  readonly text: (length: number) => string
}

export function seeded(seed: number): Random {
  let state = seed | 0
  const scramble = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  let [a, b, c, d] = [scramble(), scramble(), scramble(), scramble()]
  const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits))

  function next(): number {
    const result = Math.imul(rotate(Math.imul(b!, 5), 7), 9) >>> 0
    const shifted = b! << 9
    c! ^= a!
    d! ^= b!
    b! ^= c!
    a! ^= d!
    c! ^= shifted
    d = rotate(d!, 11)
    return result
  }

  const unit = () => next() / 2 ** 32
  const integer = (min: number, max: number) => min + Math.floor(unit() * (max - min + 1))
  return {
    unit,
    integer,
    chance: (probability) => unit() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    weighted: (weights) => {
      const entries = Object.entries(weights) as [keyof typeof weights, number][]
      let left = unit() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of entries) if ((left -= weight) < 0) return name
      return entries.at(-1)![0]
    },
    text: (length) => Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[integer(0, 35)]).join(''),
  }
}
