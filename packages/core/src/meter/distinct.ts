// Distinct values in bounded space: the smallest hashes of the values are kept. While fewer than the bound are known the count is
// exact; past it the density of the kept ones estimates the whole (a theta sketch), with a standard error of 1/√k. Sketches of
// hours join into that of a month in any order. Only reports read it: prices count the values themselves.

import { DISTINCT_HASHES_MAX } from '../limits.ts'

/** Hashes are whole numbers below 2^63, the positive range of a `bigint` column. */
const HASH_SPACE = 2 ** 63

export type Distinct = { readonly count: number; readonly isExact: boolean }

/** Ascending, distinct, at most {@link DISTINCT_HASHES_MAX}. */
export type DistinctHashes = readonly bigint[]

export function joinHashes(sketches: readonly DistinctHashes[]): DistinctHashes {
  const joined = [...new Set(sketches.flat())].sort((a, b) => (a < b ? -1 : 1))
  return joined.slice(0, DISTINCT_HASHES_MAX)
}

/**
 * `known` hashes lie at or below `ceiling`, the lowest end of a full sketch among those joined; null when none was full, so
 * that all values are known.
 */
export function countDistinct(known: number, ceiling: bigint | null): Distinct {
  if (ceiling === null) return { count: known, isExact: true }
  return { count: Math.round(((known - 1) * HASH_SPACE) / (Number(ceiling) + 1)), isExact: false }
}

/** The first 63 bits of a hash's bytes. */
export function distinctHash(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes.subarray(0, 8)) value = (value << 8n) | BigInt(byte)
  return value >> 1n
}
