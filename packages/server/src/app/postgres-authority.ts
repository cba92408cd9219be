// The authority on PostgreSQL: the adapter that decides, by core's rules, over locked rows. One call is one transaction,
// all or nothing over the budgets it names. Before a refusal, what other nodes hold idle is recalled and looked at again.

import {
  assert, budgetOf, formatDecimal, headroomOf, holdToExact, leaseFrom, RECALL_WAIT_MS,
  type Authority, type AuthorityRefusal, type Budget, type BudgetState, type Clock, type CustomerId, type JournalStretch, type Lease, type LeaseNeed, type LeaseRequest, type NodeIdentity, type ReturnedLease, type UsageEvent,
} from '@tollgate/core'
import { decodeGroups, type DenialRecord } from '../hot/journal-line.ts'
import { withRetry, type Sql, type Transaction } from '../platform/postgres.ts'
import { closeLeases, lockForLease, writeLeases, type LeaseChange } from '../store/budgets.ts'
import { findCustomer } from '../store/customers.ts'
import { nodeIncarnation, readLeaseAnswer, registerNode, writeLeaseAnswer } from '../store/nodes.ts'
import { budgetScale, type CustomerContexts } from './customer-contexts.ts'
import type { NodeHub } from './node-hub.ts'
import type { SettlementQueue } from './settlement/queue.ts'
import { openNamed } from './open-budgets.ts'

export type AuthorityParts = { readonly sql: Sql; readonly contexts: CustomerContexts; readonly hub: NodeHub; readonly queue: SettlementQueue; readonly clock: Clock }

/** What one look at the rows says; `recall`: other nodes may hold what is missing. */
type Outcome = { readonly kind: 'leases'; readonly leases: Lease[] } | { readonly kind: 'recall' } | AuthorityRefusal

/** The node was replaced by a later incarnation of itself, or never registered: it must register anew. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  readonly code = 'node_fenced'
  readonly retryable = false
}

export function createPostgresAuthority(parts: AuthorityParts): Authority {
  const { sql } = parts

  async function acquire(identity: NodeIdentity, request: LeaseRequest): Promise<Lease[] | AuthorityRefusal> {
    const answer = await withRetry(sql, (tx) => acquireIn(tx, identity, request, { mayRecall: true }))
    if (answer.kind !== 'recall') return answer.kind === 'leases' ? answer.leases : answer
    // Before anything is refused or spilled to the next funding source: what other nodes hold idle comes back.
    await parts.hub.broadcast({ kind: 'recall', customer: request.customer, budgets: request.budgets.map(({ budget }) => budget.id) }, RECALL_WAIT_MS)
    const second = await withRetry(sql, (tx) => acquireIn(tx, identity, request, { mayRecall: false }))
    assert(second.kind !== 'recall', 'recalled twice')
    return second.kind === 'leases' ? second.leases : second
  }

  async function acquireIn(tx: Transaction, identity: NodeIdentity, request: LeaseRequest, options: { readonly mayRecall: boolean }): Promise<Outcome> {
    await fence(tx, identity)
    const known = await readLeaseAnswer(tx, identity, request.sequence)
    if (known !== null) return { kind: 'leases', leases: known as Lease[] }
    const wanted = await knownBudgets(tx, request)
    const locked = await lockForLease(tx, { ...identity, customer: request.customer, budgets: wanted.map(({ budget }) => ({ budget: budget.id, periodStart: budget.period.start, scale: budgetScale(budget), trailingMs: trailingMs(budget) })) })
    const leases: Lease[] = []
    const changes: LeaseChange[] = []
    for (const { budget, ...amounts } of wanted) {
      const state = locked.get(budget.id)
      assert(state !== undefined, `budget ${budget.id} was not created`)
      const step = leaseFrom(state, budget.unit, amounts)
      if (options.mayRecall && state.othersEscrow > 0n && (step === null || step.recallable)) return { kind: 'recall' }
      if (step === null) return refusal(budget, state)
      leases.push({ budget: budget.id, periodStart: budget.period.start, granted: step.granted, exhausted: step.exhausted })
      changes.push({ budget: budget.id, periodStart: budget.period.start, scale: budgetScale(budget), granted: step.leaseGranted, escrowAdded: step.escrow - state.escrow })
    }
    if (changes.some(({ escrowAdded }) => escrowAdded !== 0n)) await writeLeases(tx, { ...identity, customer: request.customer, changes })
    await writeLeaseAnswer(tx, identity, request.sequence, leases)
    return { kind: 'leases', leases }
  }

  /** The node's budgets as this side knows them: a limit is never taken from a node's word. */
  async function knownBudgets(tx: Transaction, request: LeaseRequest): Promise<readonly LeaseNeed[]> {
    const customer = await findCustomer(tx, request.customer)
    assert(customer !== null, `no customer ${request.customer}`)
    const facts = await parts.contexts.facts(tx, new Map([[customer.id, customer.version]]))
    const at = (start: number) => parts.contexts.at(facts.get(customer.id)!, start as never)
    const wanted = request.budgets.map((need) => {
      const now = parts.clock.now()
      const inForce = need.budget.period.start <= now && now < need.budget.period.end ? at(now) : at(need.budget.period.start)
      const budget = budgetOf(inForce.snapshot, need.budget.id, need.budget.period.start <= now && now < need.budget.period.end ? now : need.budget.period.start)
      return budget === undefined || budget.period.start !== need.budget.period.start ? null : { ...need, budget, context: inForce }
    })
    // A node that still has an older plan gets nothing for a budget that is gone; its snapshot is on the way.
    if (wanted.includes(null)) throw new StaleBudgetError(`a budget of ${request.customer} is not in force any more`)
    const present = wanted.filter((one) => one !== null)
    await openNamed(tx, present, (_, start) => at(start))
    return present.sort((a, b) => (a.budget.id < b.budget.id ? -1 : 1))
  }

  async function giveBack(identity: NodeIdentity, sequence: number, returned: readonly ReturnedLease[]): Promise<void> {
    await withRetry(sql, async (tx) => {
      await fence(tx, identity)
      if ((await readLeaseAnswer(tx, identity, sequence)) !== null) return
      for (const customer of [...new Set(returned.map((one) => one.customer))].sort()) await giveBackOf(tx, identity, customer, returned.filter((one) => one.customer === customer))
      await writeLeaseAnswer(tx, identity, sequence, 'given back')
    })
  }

  async function giveBackOf(tx: Transaction, identity: NodeIdentity, customer: CustomerId, returned: readonly ReturnedLease[]): Promise<void> {
    const own = [...returned].sort((a, b) => (a.budget < b.budget ? -1 : 1))
    const locked = await lockForLease(tx, { ...identity, customer, budgets: own.map(({ budget, periodStart }) => ({ budget, periodStart, scale: STORED_SCALE })) })
    const units = await unitsOf(tx, customer, own)
    const changes = own.flatMap(({ budget, periodStart, amount }): LeaseChange[] => {
      const state = locked.get(budget)
      const unit = units.get(budget)
      if (state === undefined || unit === undefined) return []
      const idle = holdToExact(unit.unit, amount) * 10n ** BigInt(STORED_SCALE - unit.scale)
      const granted = state.lease.granted - idle
      assert(granted >= 0n, `node ${identity.node} gives back more of ${budget} than it was lent`)
      const escrowOf = (value: bigint) => (value > state.lease.used ? value - state.lease.used : 0n)
      return [{ budget, periodStart, scale: STORED_SCALE, granted, escrowAdded: escrowOf(granted) - escrowOf(state.lease.granted) }]
    })
    if (changes.length > 0) await writeLeases(tx, { ...identity, customer, changes })
  }

  /** Units of budgets by id, of the running period or of the one they name. */
  async function unitsOf(tx: Transaction, customer: CustomerId, returned: readonly ReturnedLease[]): Promise<Map<string, { readonly unit: Budget['unit']; readonly scale: number }>> {
    const row = await findCustomer(tx, customer)
    if (row === null) return new Map()
    const facts = (await parts.contexts.facts(tx, new Map([[row.id, row.version]]))).get(row.id)!
    const found = new Map(returned.flatMap(({ budget: id, periodStart }) => {
      const at = periodStart === 0 ? parts.clock.now() : periodStart
      const budget = budgetOf(parts.contexts.at(facts, at).snapshot, id, at)
      return budget === undefined ? [] : [[id, { unit: budget.unit, scale: budgetScale(budget) }] as const]
    }))
    // A budget of a plan that was left: meter units, whole ones, since a plan's quotas count tokens and requests.
    for (const { budget } of returned) if (!found.has(budget)) found.set(budget, budget.startsWith('wallet:') ? { unit: { kind: 'money', asset: budget.slice(7) }, scale: 12 } : { unit: { kind: 'meters', meters: [], scale: 0, name: '' }, scale: 0 })
    return found
  }

  async function ship(identity: NodeIdentity, stretch: JournalStretch): Promise<JournalStretch['to']> {
    const { records, torn } = decodeGroups(stretch.lines, SHIPPED)
    assert(!torn, `node ${identity.node} ships a damaged journal at ${stretch.from.segment}:${stretch.from.offset}`)
    const items = records.flatMap((record) => (record.kind === 'settled' ? [{ event: record.body as UsageEvent, statedTime: true }] : []))
    const outbox = records.flatMap((record) => (record.kind === 'denied' ? [denialMessage(record.body)] : []))
    await parts.queue.settleStretch({ node: identity.node, to: stretch.to, items, outbox })
    return stretch.to
  }

  return {
    register: (node) => withRetry(sql, (tx) => registerNode(tx, node)),
    closeEarlier: (identity) => withRetry(sql, async (tx) => {
      await fence(tx, identity)
      await closeLeases(tx, identity.node, identity.incarnation)
    }),
    acquire,
    giveBack,
    ship,
  }
}

/** A node that asks for a budget of a plan that was left. It refreshes its snapshot and asks again. */
export class StaleBudgetError extends Error {
  override readonly name = 'StaleBudgetError'
  readonly code = 'stale_budget'
  readonly retryable = true
}

/** How far the cycles of a rolling window reach back; 0 for any other. */
function trailingMs({ terms }: Budget): number {
  return (terms?.cycleMs ?? 0) * (terms?.trailing ?? 0)
}

const SHIPPED = new Set(['settled', 'denied'] as const)
/** Decimal places of the columns: exact for every unit, where the unit itself is not at hand. */
const STORED_SCALE = 12

async function fence(tx: Transaction, identity: NodeIdentity): Promise<void> {
  const current = await nodeIncarnation(tx, identity.node)
  if (current !== identity.incarnation) throw new FencedError(`node ${identity.node} runs as incarnation ${current}, not ${identity.incarnation}`)
}

function refusal(budget: Budget, state: BudgetState): AuthorityRefusal {
  const scale = budgetScale(budget)
  return {
    kind: 'refused', budget: budget.id, limit: formatDecimal(state.limit, scale), settled: formatDecimal(state.settled, scale),
    headroom: formatDecimal(headroomOf(state), scale), escrow: formatDecimal(state.escrow, scale),
  }
}

function denialMessage(denial: DenialRecord): { readonly customer: string; readonly type: string; readonly payload: unknown } {
  return { customer: denial.customer, type: 'request.denied', payload: denial }
}
