// Nodes, their incarnations with how long they were not heard of, and how far their journals are settled.

import { ANSWERS_REMEMBERED, assert, type HolderStanding, type Instant, type JournalPosition, type NodeIdentity } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

/** Starts an incarnation, which fences every earlier one. */
export async function registerNode(tx: Transaction, node: string, now: Instant): Promise<NodeIdentity & { readonly settled: JournalPosition }> {
  const [row] = await tx<{ incarnation: number; segment: number; offset: bigint }[]>`
    insert into node (id, incarnation) values (${node}, 1)
    on conflict (id) do update set incarnation = node.incarnation + 1, registered_at = now()
    returning incarnation, journal_segment as segment, journal_offset as offset`
  assert(row !== undefined, 'a node registers')
  await tx`update node_incarnation set standing = 'replaced' where node_id = ${node} and standing in ('active', 'silent')`
  await tx`insert into node_incarnation (node_id, incarnation, renewed_at) values (${node}, ${row.incarnation}, ${iso(now)})`
  return { node, incarnation: row.incarnation, settled: { segment: row.segment, offset: Number(row.offset) } }
}

/** Standings by `<node>/<incarnation>`, kept so until the transaction ends. */
export async function standingsOf(tx: Transaction, identities: readonly NodeIdentity[]): Promise<Map<string, HolderStanding>> {
  const rows = await tx<{ holder: string; standing: HolderStanding }[]>`
    select node_id || '/' || incarnation as holder, standing from node_incarnation
    where (node_id, incarnation) in (select * from unnest(${identities.map(({ node }) => node)}::text[], ${identities.map(({ incarnation }) => incarnation)}::int[]))
    order by node_id, incarnation for share`
  return new Map(rows.map(({ holder, standing }) => [holder, standing]))
}

/** Notes that a node was heard of. False when it was replaced or given up. */
export async function renewNode(sql: Sql | Transaction, identity: NodeIdentity, now: Instant): Promise<boolean> {
  const { count } = await sql`
    update node_incarnation set standing = 'active', renewed_at = ${iso(now)}
    where node_id = ${identity.node} and incarnation = ${identity.incarnation} and standing in ('active', 'silent')`
  return count === 1
}

/** Those not heard of since `since` count as silent from now on. Answers them. */
export async function lapseNodes(sql: Sql | Transaction, since: Instant): Promise<NodeIdentity[]> {
  return sql<NodeIdentity[]>`
    update node_incarnation set standing = 'silent' where standing = 'active' and renewed_at <= ${iso(since)} returning node_id as node, incarnation`
}

/** Silent or replaced incarnations that were last heard of before `since` and have something open. */
export async function unheardSince(sql: Sql | Transaction, since: Instant): Promise<NodeIdentity[]> {
  return sql<NodeIdentity[]>`
    select node_id as node, incarnation from node_incarnation n where standing in ('silent', 'replaced') and renewed_at <= ${iso(since)}
      and exists (select 1 from lease l where l.node_id = n.node_id and l.incarnation = n.incarnation and l.phase = 'open' and l.granted > l.used)
    order by node_id, incarnation`
}

/** Changes a standing unless the node was heard of meanwhile; false then. */
export async function retireNode(tx: Transaction, identity: NodeIdentity, standing: 'replaced' | 'given_up', since: Instant): Promise<boolean> {
  const { count } = await tx`
    update node_incarnation set standing = ${standing}
    where node_id = ${identity.node} and incarnation = ${identity.incarnation} and standing in ('silent', 'replaced') and renewed_at <= ${iso(since)}`
  return count === 1
}

export async function givenUp(sql: Sql | Transaction, identities: readonly NodeIdentity[]): Promise<Set<string>> {
  if (identities.length === 0) return new Set()
  const rows = await sql<{ holder: string }[]>`
    select node_id || '/' || incarnation as holder from node_incarnation where standing = 'given_up'
      and (node_id, incarnation) in (select * from unnest(${identities.map(({ node }) => node)}::text[], ${identities.map(({ incarnation }) => incarnation)}::int[]))`
  return new Set(rows.map(({ holder }) => holder))
}

/** How far the journal of this incarnation is settled; null when it is not the latest of its node. */
export async function journalPosition(sql: Sql | Transaction, { node, incarnation }: NodeIdentity): Promise<JournalPosition | null> {
  const [row] = await sql<{ segment: number; offset: bigint }[]>`select journal_segment as segment, journal_offset as offset from node where id = ${node} and incarnation = ${incarnation}`
  return row === undefined ? null : { segment: row.segment, offset: Number(row.offset) }
}

/** The latest call of this incarnation that was answered; 0 for none. */
export async function latestAnswer(sql: Sql, { node, incarnation }: NodeIdentity): Promise<number> {
  const [row] = await sql<{ sequence: bigint | null }[]>`select max(sequence) as sequence from lease_answer where node_id = ${node} and incarnation = ${incarnation}`
  return Number(row?.sequence ?? 0)
}

/** Moves forward only: a doubled or late ship changes nothing. Nor does that of a replaced process, whose journal is another one. */
export async function advanceJournal(tx: Transaction, { node, incarnation }: NodeIdentity, to: JournalPosition): Promise<void> {
  await tx`
    update node set journal_segment = ${to.segment}, journal_offset = ${to.offset}
    where id = ${node} and incarnation = ${incarnation} and (journal_segment, journal_offset) < (${to.segment}, ${to.offset}::bigint)`
}

export type AnswerKey = NodeIdentity & { readonly sequence: number }

export function answerKeyText(key: AnswerKey): string {
  return `${key.node}/${key.incarnation}#${key.sequence}`
}

export async function readLeaseAnswers(tx: Transaction, keys: readonly AnswerKey[]): Promise<Map<string, unknown>> {
  const rows = await tx<{ node: string; incarnation: number; sequence: bigint; answer: unknown }[]>`
    select node_id as node, incarnation, sequence, answer from lease_answer
    where (node_id, incarnation, sequence) in (select * from unnest(${keys.map(({ node }) => node)}::text[], ${keys.map(({ incarnation }) => incarnation)}::int[], ${keys.map(({ sequence }) => String(sequence))}::bigint[]))`
  return new Map(rows.map((row) => [answerKeyText({ ...row, sequence: Number(row.sequence) }), row.answer]))
}

export async function writeLeaseAnswers(tx: Transaction, answers: readonly (AnswerKey & { readonly answer: unknown })[]): Promise<void> {
  if (answers.length === 0) return
  await tx`
    insert into lease_answer (node_id, incarnation, sequence, answer)
    select n, i, s, a::jsonb from unnest(${answers.map(({ node }) => node)}::text[], ${answers.map(({ incarnation }) => incarnation)}::int[],
      ${answers.map(({ sequence }) => String(sequence))}::bigint[], ${answers.map(({ answer }) => JSON.stringify(answer))}::text[]) as a(n, i, s, a)`
  for (const { node, incarnation, sequence } of answers) {
    if (sequence % 100 === 0) await tx`delete from lease_answer where node_id = ${node} and (incarnation < ${incarnation} or sequence < ${sequence - ANSWERS_REMEMBERED})`
  }
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
