// The authority on PostgreSQL: the adapter that runs core's rules over locked rows. Before a refusal, what other nodes hold idle
// is recalled and looked at again.

import {
  ACQUIRES_PER_BATCH_MAX, assert, GIVE_BACK_LANES, holderOf, holdToExact, LEASE_MARGIN_MS, LEASE_TTL_MS,
  type Authority, type AuthorityRefusal, type Clock, type HolderStanding, type InFlight, type Instant, type JournalPosition, type JournalStretch, type Lease, type LeaseRequest, type LeftBehind, type NodeIdentity, type ReturnedLease, type UsageEvent,
} from '@tollgate/core'
import { decodeGroups, type DenialRecord } from '../../hot/journal-line.ts'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { budgetKeyText, closeLeases, lockLeases, STORED_SCALE, writeLeases, type DoubtRow, type LeaseWrite } from '../../store/leases.ts'
import { answerKeyText, journalPosition, latestAnswer, readLeaseAnswers, registerNode, renewNode, standingsOf, writeLeaseAnswers } from '../../store/nodes.ts'
import type { CustomerContexts } from '../customer-contexts.ts'
import type { NodeHub } from '../node-hub.ts'
import type { SettlementQueue } from '../settlement/queue.ts'
import { createAcquirer } from './acquire.ts'
import { inBatches } from './batches.ts'
import { unitsInForce, type BudgetUse } from './budgets-in-force.ts'
import { restEndsAt } from './doubt.ts'
import { FencedError } from './errors.ts'

export type AuthorityParts = { readonly sql: Sql; readonly contexts: CustomerContexts; readonly hub: NodeHub; readonly queue: SettlementQueue; readonly clock: Clock }

const LICENCE = { validMs: LEASE_TTL_MS - LEASE_MARGIN_MS } as const

export function createPostgresAuthority(parts: AuthorityParts): Authority {
  const { sql, clock } = parts
  const ask = createAcquirer(parts)

  async function acquire(identity: NodeIdentity, request: LeaseRequest): Promise<Lease[] | AuthorityRefusal> {
    const answer = await ask({ identity, request, before: null })
    if (answer.kind !== 'recall') return answer.kind === 'leases' ? answer.leases : answer
    // Before anything is refused or spilled to the next funding source: what other nodes hold idle comes back.
    const late = await parts.hub.recall({ customer: request.customer, budgets: answer.budgets, nodes: answer.nodes })
    const second = await ask({ identity, request, before: answer.granted })
    assert(second.kind !== 'recall', 'recalled twice')
    if (second.kind === 'leases') return second.leases
    return late.length > 0 ? { ...second, unheard: true } : second
  }

  const giveBack = inBatches<GivenBack, void>({
    lanes: GIVE_BACK_LANES, max: ACQUIRES_PER_BATCH_MAX,
    run: (batch) => withRetry(sql, (tx) => giveBackIn(tx, parts, batch)),
  })

  async function ship(identity: NodeIdentity, stretch: JournalStretch): Promise<JournalStretch['to']> {
    const { records, torn } = decodeGroups(stretch.lines, SHIPPED)
    await mustRemember(sql, identity, stretch.from)
    assert(!torn, `node ${identity.node} ships a damaged journal at ${stretch.from.segment}:${stretch.from.offset}`)
    const items = records.flatMap((record) => (record.kind === 'settled' ? [{ event: record.body as UsageEvent, statedTime: true }] : []))
    const outbox = records.flatMap((record) => (record.kind === 'denied' ? [denialMessage(record.body)] : []))
    await parts.queue.settleStretch({ identity, to: stretch.to, items, outbox })
    return stretch.to
  }

  return {
    register: async (node) => ({ ...(await withRetry(sql, (tx) => registerNode(tx, node, clock.now()))), ...LICENCE }),
    renew: async (identity, report) => {
      if (report !== undefined) await mustHaveAnswered(sql, identity, report.answered)
      if (!(await renewNode(sql, identity, clock.now()))) throw fenced(identity)
      return LICENCE
    },
    closeEarlier: (identity, left) => withRetry(sql, async (tx) => {
      await fence(tx, identity)
      await closeLeases(tx, identity.node, { doubts: await doubtsOf(tx, parts, identity.node, left), kept: left.kept, restUntil: restEndsAt(clock.now()) })
    }),
    acquire,
    giveBack: (identity, sequence, returned) => giveBack({ identity, sequence, returned }),
    ship,
  }
}

/**
 * A node goes on from where its journal was said to be settled. A database that has not settled that far is an older one than the node spoke to,
 * a backup that was put back: it does not know what it lent. The node starts anew, and ships what it still has from where this one stands.
 */
async function mustRemember(sql: Sql, identity: NodeIdentity, from: JournalPosition): Promise<void> {
  // A segment is begun without a word of how the one before it ended.
  if (from.offset === 0) return
  const settled = await journalPosition(sql, identity)
  if (settled === null || settled.segment > from.segment || (settled.segment === from.segment && settled.offset >= from.offset)) return
  throw new FencedError(`node ${identity.node} is fenced: its journal was settled up to ${from.segment}:${from.offset}, and this database knows of ${settled.segment}:${settled.offset}; it was restored from an older one`)
}

/** The same of what it was lent: before its licence is renewed, so that a node that was cut off meanwhile uses nothing that this database lends again. */
async function mustHaveAnswered(sql: Sql, identity: NodeIdentity, answered: number): Promise<void> {
  const known = answered === 0 ? 0 : await latestAnswer(sql, identity)
  if (known < answered) throw new FencedError(`node ${identity.node} is fenced: it was answered ${answered} calls, and this database knows of ${known}; it was restored from an older one`)
}

const SHIPPED = new Set(['settled', 'denied'] as const)

async function fence(tx: Transaction, identity: NodeIdentity): Promise<void> {
  if (!isCurrent((await standingsOf(tx, [identity])).get(holderOf(identity.node, identity.incarnation)))) throw fenced(identity)
}

function isCurrent(standing: HolderStanding | undefined): boolean {
  return standing === 'active' || standing === 'silent'
}

function fenced(identity: NodeIdentity): FencedError {
  return new FencedError(`node ${identity.node} is fenced: incarnation ${identity.incarnation} is not its latest, or was given up`)
}

type GivenBack = { readonly identity: NodeIdentity; readonly sequence: number; readonly returned: readonly ReturnedLease[] }

/** Takes what is given back off the nodes' leases, each call once. */
async function giveBackIn(tx: Transaction, parts: AuthorityParts, batch: readonly GivenBack[]): Promise<(undefined | FencedError)[]> {
  const identities = [...new Map(batch.map(({ identity }) => [holderOf(identity.node, identity.incarnation), identity])).values()]
  const keyOf = ({ identity, sequence }: GivenBack) => ({ ...identity, sequence })
  const [standings, known] = await Promise.all([standingsOf(tx, identities), readLeaseAnswers(tx, batch.map(keyOf))])
  const mayGive = ({ identity }: GivenBack) => isCurrent(standings.get(holderOf(identity.node, identity.incarnation)))
  const fresh = [...new Map(batch.filter((one) => mayGive(one) && !known.has(answerKeyText(keyOf(one)))).map((one) => [answerKeyText(keyOf(one)), one])).values()]
  await shrink(tx, parts, fresh)
  await writeLeaseAnswers(tx, fresh.map((one) => ({ ...keyOf(one), answer: 'given back' })))
  return batch.map((one) => (mayGive(one) ? undefined : fenced(one.identity)))
}

async function shrink(tx: Transaction, parts: AuthorityParts, given: readonly GivenBack[]): Promise<void> {
  const all = given.flatMap(({ returned }) => returned)
  if (all.length === 0) return
  const locked = await lockLeases(tx, [...new Map(all.map((one) => [budgetKeyText(one), one])).values()], [...new Map(given.map(({ identity }) => [holderOf(identity.node, identity.incarnation), identity])).values()])
  const useOf = await unitsInForce(tx, parts, all)
  const writes = new Map<string, LeaseWrite>()
  for (const { identity, returned } of given) {
    const holder = holderOf(identity.node, identity.incarnation)
    for (const one of returned) {
      const text = `${budgetKeyText(one)} ${holder}`
      const lease = locked.get(budgetKeyText(one))?.leases.get(holder)
      if (lease === undefined) continue
      const granted = (writes.get(text)?.granted ?? lease.granted) - storedOf(useOf(one), one.amount)
      assert(granted >= 0n, `node ${identity.node} gives back more of ${one.budget} than it was lent`)
      writes.set(text, { customer: one.customer, budget: one.budget, periodStart: one.periodStart, ...identity, granted, before: lease })
    }
  }
  await writeLeases(tx, [...writes.values()])
}

async function doubtsOf(tx: Transaction, parts: AuthorityParts, node: string, left: LeftBehind): Promise<DoubtRow[]> {
  const useOf = await unitsInForce(tx, parts, left.inFlight.flatMap(({ holds }) => holds))
  return left.inFlight.flatMap(({ reservation, incarnation, endsAt, holds }: InFlight) =>
    holds.map((held) => ({ ...held, reservation, node, incarnation, endsAt: endsAt as Instant, amount: storedOf(useOf(held), held.amount) })))
}

/** Hold units as the columns keep them. */
function storedOf({ unit, scale }: BudgetUse, amount: number): bigint {
  return holdToExact(unit, amount) * 10n ** BigInt(STORED_SCALE - scale)
}

/** What would have been refused and was let through is no denial: it has a type of its own, and a run in a loop another. */
function denialMessage(denial: DenialRecord): { readonly customer: string; readonly type: string; readonly payload: unknown } {
  const type = denial.observed !== true ? 'request.denied' : denial.reason === 'run_halted' ? 'run.suspected' : 'request.observed'
  return { customer: denial.customer, type, payload: denial }
}
