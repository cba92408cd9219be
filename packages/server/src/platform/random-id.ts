// New ids: a UUIDv7 in base32hex, 26 lower-case characters. They sort by time, so that an index grows at its end, and 74
// random bits make them unguessable. Not for secrets: those are minted in secrets.ts.

import { randomUUIDv7 } from 'node:crypto'
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
