// The chain over a customer's transfers: each posted transfer carries a hash of itself and of the one before it, so that whoever
// holds a later hash can tell whether anything earlier was changed, left out or put in between. This file says what is hashed,
// as text, and checks a chain; the hash function (SHA-256 everywhere in Tollgate) is the caller's, because core has none.

import type { Instant } from '../time.ts'
import { formatInstant } from '../time.ts'

/** A transfer as it is chained. Amounts are decimal text without trailing zeros; hashes are lower-case hexadecimal. */
export type ChainedTransfer = {
  readonly customer: string
  /** Counts the customer's transfers from 1, without gaps. */
  readonly position: number
  readonly id: string
  readonly debit: string
  readonly credit: string
  readonly asset: string
  readonly amount: string
  readonly cause: string
  readonly causeId: string
  readonly periodStart: Instant | null
  readonly postedAt: Instant
  /** Hash of the events behind it ({@link evidenceLine}); null where there are none. */
  readonly evidence: string | null
}

/** What the first transfer of every chain follows on. */
export const CHAIN_START = ''

/** Hash of a text, lower-case hexadecimal. */
export type Hash = (text: string) => string

/** The text whose hash is the transfer's. The form is a contract with every statement that was ever exported: it never changes, a new one gets a new number. */
export function chainText(previous: string, transfer: ChainedTransfer): string {
  const { customer, position, id, debit, credit, asset, amount, cause, causeId, periodStart, postedAt, evidence } = transfer
  return JSON.stringify([
    'tollgate-transfer-1', previous, customer, position, id, debit, credit, asset, amount, cause, causeId,
    periodStart === null ? null : formatInstant(periodStart), formatInstant(postedAt), evidence,
  ])
}

/** One event behind a transfer. The evidence of a transfer is the hash of its events' lines in the order of settlement, each ended by a line feed. */
export function evidenceLine(event: EvidenceEvent): string {
  return `${JSON.stringify([event.source, event.id, event.type, formatInstant(event.time), event.amount, event.asset])}\n`
}

export type EvidenceEvent = { readonly source: string; readonly id: string; readonly type: string; readonly time: Instant; readonly amount: string; readonly asset: string }

/** The text that a checkpoint signs: everything of the customer up to and including `position` is what `hash` says. */
export function checkpointText(checkpoint: { readonly customer: string; readonly position: number; readonly hash: string; readonly at: Instant }): string {
  return JSON.stringify(['tollgate-checkpoint-1', checkpoint.customer, checkpoint.position, checkpoint.hash, formatInstant(checkpoint.at)])
}

export type ChainLink = ChainedTransfer & { readonly hash: string }

/** Where a chain breaks first. */
export type ChainBreak = { readonly position: number; readonly reason: 'gap' | 'changed' }

/**
 * Follows links in order, from the hash before the first of them. Returns the hash after the last, or where the chain breaks:
 * `gap` when a position is missing or doubled, `changed` when a transfer is not what was hashed.
 */
export function followChain(links: Iterable<ChainLink>, from: { readonly position: number; readonly hash: string }, hash: Hash): { readonly position: number; readonly hash: string; readonly broken: ChainBreak | null } {
  let { position, hash: head } = from
  for (const link of links) {
    if (link.position !== position + 1) return { position, hash: head, broken: { position: position + 1, reason: 'gap' } }
    const expected = hash(chainText(head, link))
    if (expected !== link.hash) return { position, hash: head, broken: { position: link.position, reason: 'changed' } }
    position = link.position
    head = expected
  }
  return { position, hash: head, broken: null }
}
