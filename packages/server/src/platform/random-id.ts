// New ids: a UUIDv7 in base32hex, 26 lower-case characters. They sort by time, so that an index grows at its end, and 74
// random bits make them unguessable. Not for secrets: those are minted in secrets.ts.

import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { makeId } from '@tollgate/core'
import type { Id, IdKind } from '@tollgate/core'

/** 128 bits in digits of 5 bits, most significant first, so that text order is time order. */
const DIGITS = 26

export function randomId<K extends IdKind>(kind: K): Id<K> {
  return makeId(kind, randomText())
}

/** The part after the prefix: 26 characters of 0-9 and a-v. */
export function randomText(): string {
  return BigInt(`0x${randomUUIDv7().replaceAll('-', '')}`).toString(32).padStart(DIGITS, '0')
}

/**
 * Ids for the hot path, where a UUID would cost more than the decision: milliseconds, 60 random bits of this process, and
 * a counter. Unique and in the order of time, but the next one can be guessed: for names, never for secrets.
 */
export function serialText(): string {
  const now = Date.now()
  if (now !== serialMs) {
    serialMs = now
    serialPrefix = now.toString(32).padStart(9, '0') + PROCESS_TEXT
  }
  serial = (serial + 1) % SERIAL_MAX
  return serialPrefix + serial.toString(32).padStart(5, '0')
}

const PROCESS_TEXT = (randomBytes(8).readBigUInt64BE() >> 4n).toString(32).padStart(12, '0')
/** Five digits of base 32: 33 million ids in one millisecond. */
const SERIAL_MAX = 32 ** 5
let serialMs = 0
let serialPrefix = ''
let serial = 0
