// Nodes and how far their journals are settled.

import { assert, type JournalPosition, type NodeIdentity } from '@tollgate/core'
import type { Transaction } from '../platform/postgres.ts'

/** Starts an incarnation, which fences every earlier one. */
export async function registerNode(tx: Transaction, node: string): Promise<NodeIdentity & { readonly settled: JournalPosition }> {
  const [row] = await tx<{ incarnation: number; segment: number; offset: bigint }[]>`
    insert into node (id, incarnation) values (${node}, 1)
    on conflict (id) do update set incarnation = node.incarnation + 1, registered_at = now()
    returning incarnation, journal_segment as segment, journal_offset as offset`
  assert(row !== undefined, 'a node registers')
  return { node, incarnation: row.incarnation, settled: { segment: row.segment, offset: Number(row.offset) } }
}

/** The current incarnation, or null for a node that never registered. Locks the row when asked. */
export async function nodeIncarnation(tx: Transaction, node: string): Promise<number | null> {
  const [row] = await tx<{ incarnation: number }[]>`select incarnation from node where id = ${node}`
  return row?.incarnation ?? null
}

/** Moves forward only: a doubled or late ship changes nothing. */
export async function advanceJournal(tx: Transaction, node: string, to: JournalPosition): Promise<void> {
  await tx`
    update node set journal_segment = ${to.segment}, journal_offset = ${to.offset}
    where id = ${node} and (journal_segment, journal_offset) < (${to.segment}, ${to.offset}::bigint)`
}

export async function readLeaseAnswer(tx: Transaction, identity: NodeIdentity, sequence: number): Promise<unknown> {
  const [row] = await tx<{ answer: unknown }[]>`
    select answer from lease_answer where node_id = ${identity.node} and incarnation = ${identity.incarnation} and sequence = ${sequence}`
  return row?.answer ?? null
}

/** Answers older than this many calls are never asked for again. */
const ANSWERS_KEPT = 1_000

export async function writeLeaseAnswer(tx: Transaction, identity: NodeIdentity, sequence: number, answer: unknown): Promise<void> {
  await tx`
    insert into lease_answer (node_id, incarnation, sequence, answer)
    values (${identity.node}, ${identity.incarnation}, ${sequence}, ${tx.json(answer as never)})`
  if (sequence % 100 === 0) {
    await tx`delete from lease_answer where node_id = ${identity.node} and (incarnation < ${identity.incarnation} or sequence < ${sequence - ANSWERS_KEPT})`
  }
}
