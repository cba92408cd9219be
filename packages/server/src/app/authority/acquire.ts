// Acquires of many nodes and customers, in shared transactions: whatever waits goes together, each request still all or nothing.
// Core's rule decides over the locked rows, one request after the other; then all is written at once.

import {
  ACQUIRE_LANES, ACQUIRES_PER_BATCH_MAX, afterRecall, assert, formatDecimal, headroomOf, holderOf, leaseFrom, nodeOf, unusedOf,
  type AuthorityRefusal, type Budget, type BudgetState, type Lease, type LeaseNeed, type LeaseRequest, type NodeIdentity,
} from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import type { BudgetKey } from '../../store/budgets.ts'
import { customerVersions } from '../../store/customers.ts'
import { budgetKeyText, lockLeases, STORED_SCALE, writeLeases, type LeaseWrite } from '../../store/leases.ts'
import { answerKeyText, readLeaseAnswers, renewNode, standingsOf, writeLeaseAnswers } from '../../store/nodes.ts'
import { budgetScale } from '../customer-contexts.ts'
import { needsInForce, type InForceParts, type OpenRows } from './budgets-in-force.ts'
import { inBatches } from './batches.ts'
import { FencedError, StaleBudgetError } from './errors.ts'

/** `recall`: other nodes may hold what is missing of these budgets. `granted`: what the asking node had of each. */
export type Outcome = { readonly kind: 'leases'; readonly leases: Lease[] } | { readonly kind: 'recall'; readonly budgets: readonly string[]; readonly nodes: readonly string[]; readonly granted: ReadonlyMap<string, bigint> } | AuthorityRefusal

/** `before`: asked again after a recall, with the `granted` of the first time. */
export type Asked = { readonly identity: NodeIdentity; readonly request: LeaseRequest; readonly before: ReadonlyMap<string, bigint> | null }

/** Answers each request when the transaction that holds it has committed. */
export function createAcquirer(parts: InForceParts & { readonly sql: Sql }): (asked: Asked) => Promise<Outcome> {
  const opened: OpenRows = new Set()
  return inBatches({
    lanes: ACQUIRE_LANES, max: ACQUIRES_PER_BATCH_MAX,
    run: async (batch) => {
      const { outcomes, committed } = await withRetry(parts.sql, (tx) => acquireIn(tx, { ...parts, opened }, batch))
      committed()
      return outcomes
    },
  })
}

type Row = {
  readonly key: BudgetKey
  readonly factor: bigint
  state: BudgetState
  /** The other cycles of a rolling window that count against this one. */
  readonly around: readonly Row[]
  readonly leases: Map<string, { granted: bigint; used: bigint; isOpen: boolean }>
  /** Nodes of other leases with something unused. */
  readonly otherNodes: readonly string[]
}

async function acquireIn(tx: Transaction, parts: InForceParts & { readonly opened: OpenRows }, batch: readonly Asked[]): Promise<{ readonly outcomes: (Outcome | Error)[]; readonly committed: () => void }> {
  const identities = [...new Map(batch.map(({ identity }) => [holderOf(identity.node, identity.incarnation), identity])).values()]
  const [standings, answers, versions] = await Promise.all([standingsOf(tx, identities), readLeaseAnswers(tx, batch.map(keyOf)), customerVersions(tx, [...new Set(batch.map(({ request }) => request.customer))])])
  for (const identity of identities) if (standings.get(holderOf(identity.node, identity.incarnation)) === 'silent') await renewNode(tx, identity, parts.clock.now())
  const { needs, open, committed } = await needsInForce(tx, parts, versions, batch.map(({ request }) => request))
  await open()
  let rows = await lockRows(tx, batch, needs, identities)
  if (isMissing(rows, batch, needs)) {
    // Remembered, and deleted since.
    parts.opened.clear()
    await open()
    rows = await lockRows(tx, batch, needs, identities)
  }
  const writes = new Map<string, LeaseWrite>()
  const given: (ReturnType<typeof keyOf> & { readonly answer: Lease[] | AuthorityRefusal })[] = []
  const outcomes = batch.map((asked, index): Outcome | Error => {
    const { identity, request } = asked
    const known = answers.get(answerKeyText(keyOf(asked)))
    if (known !== undefined) return Array.isArray(known) ? { kind: 'leases', leases: known as Lease[] } : (known as AuthorityRefusal)
    const standing = standings.get(holderOf(identity.node, identity.incarnation))
    if (standing !== 'active' && standing !== 'silent') return new FencedError(`node ${identity.node} is fenced: its incarnation ${identity.incarnation} is ${standing ?? 'not registered'}`)
    const wanted = needs[index]!
    // A node that still has an older plan gets nothing for a budget that is gone; its snapshot is on the way.
    if (wanted === null) return new StaleBudgetError(`a budget of ${request.customer} is not in force any more`)
    const outcome = decide(asked, wanted, rows, writes)
    if (outcome.kind === 'recall') return outcome
    const answer = outcome.kind === 'leases' ? outcome.leases : outcome
    given.push({ ...keyOf(asked), answer })
    // The same call twice in one batch.
    answers.set(answerKeyText(keyOf(asked)), answer)
    return outcome
  })
  await Promise.all([writeLeases(tx, [...writes.values()]), writeLeaseAnswers(tx, given)])
  return { outcomes, committed }
}

function isMissing(rows: ReadonlyMap<string, Row>, batch: readonly Asked[], needs: readonly (readonly LeaseNeed[] | null)[]): boolean {
  return batch.some(({ request }, index) => needs[index]?.some(({ budget }) => !rows.has(budgetKeyText({ customer: request.customer, budget: budget.id, periodStart: budget.period.start }))))
}

/** One request over the working copies; they change only when all of it fits. */
function decide({ identity, request, before }: Asked, wanted: readonly LeaseNeed[], rows: ReadonlyMap<string, Row>, writes: Map<string, LeaseWrite>): Outcome {
  const holder = holderOf(identity.node, identity.incarnation)
  const steps: { readonly row: Row; readonly lease: { granted: bigint; used: bigint }; readonly granted: bigint; readonly escrow: bigint }[] = []
  const leases: Lease[] = []
  const short: { readonly budget: string; readonly nodes: readonly string[] }[] = []
  const had = new Map<string, bigint>()
  for (const { budget, ...asked } of wanted) {
    const row = rows.get(budgetKeyText({ customer: request.customer, budget: budget.id, periodStart: budget.period.start }))
    assert(row !== undefined, `budget ${budget.id} was not created`)
    const lease = row.leases.get(holder) ?? { granted: 0n, used: 0n }
    const othersEscrow = row.state.escrow - unusedOf(lease)
    const around = row.around.reduce((sum, { state }) => sum + state.settled + state.escrow, 0n)
    const state = { ...row.state, settled: row.state.settled + around }
    had.set(budget.id, lease.granted)
    const need = afterRecall(asked, budget.unit, { before: before?.get(budget.id) ?? lease.granted, now: lease.granted })
    const step = leaseFrom({ ...state, lease, othersEscrow, sharers: sharersOf(row, holder) }, budget.unit, need)
    const lenders = before === null && (step === null || step.recallable) ? nodesWith(row, identity.node) : []
    if (lenders.length > 0) short.push({ budget: budget.id, nodes: lenders })
    else if (step === null) return refusal(budget, state, need.min)
    if (step === null) continue
    leases.push({ budget: budget.id, periodStart: budget.period.start, granted: step.granted, exhausted: step.exhausted })
    steps.push({ row, lease, granted: step.leaseGranted, escrow: step.escrow })
  }
  if (short.length > 0) return { kind: 'recall', budgets: short.map(({ budget: id }) => id), nodes: [...new Set(short.flatMap(({ nodes }) => nodes))], granted: had }
  for (const { row, lease, granted, escrow } of steps) {
    if (granted === lease.granted) continue
    const key = `${budgetKeyText(row.key)} ${holder}`
    const before = writes.get(key)?.before ?? { granted: lease.granted * row.factor, used: lease.used * row.factor }
    writes.set(key, { ...row.key, ...identity, granted: granted * row.factor, before })
    row.leases.set(holder, { granted, used: lease.used, isOpen: true })
    row.state = { ...row.state, escrow }
  }
  return { kind: 'leases', leases }
}

/** Other nodes that may have something idle of it. */
function nodesWith(row: Row, node: string): string[] {
  const inBatch = [...row.leases].flatMap(([holder, lease]) => (lease.isOpen && unusedOf(lease) > 0n ? [nodeOf(holder)] : []))
  return [...new Set([...row.otherNodes, ...inBatch])].filter((other) => other !== node)
}

function sharersOf(row: Row, holder: string): number {
  let sharers = 1 + row.otherNodes.length
  for (const [other, lease] of row.leases) if (other !== holder && lease.isOpen && unusedOf(lease) > 0n) sharers += 1
  return sharers
}

/** The rows of all requests, in the exact units of their budgets. */
async function lockRows(tx: Transaction, batch: readonly Asked[], needs: readonly (readonly LeaseNeed[] | null)[], holders: readonly NodeIdentity[]): Promise<Map<string, Row>> {
  const wanted = new Map<string, { readonly key: BudgetKey; readonly trailingMs: number }>()
  const factors = new Map<string, bigint>()
  for (const [index, { request }] of batch.entries()) {
    for (const { budget } of needs[index] ?? []) {
      const key = { customer: request.customer, budget: budget.id, periodStart: budget.period.start }
      wanted.set(budgetKeyText(key), { key, trailingMs: (budget.terms?.cycleMs ?? 0) * (budget.terms?.trailing ?? 0) })
      factors.set(`${request.customer} ${budget.id}`, 10n ** BigInt(STORED_SCALE - budgetScale(budget)))
    }
  }
  const locked = await lockLeases(tx, [...wanted.values()].map(({ key, trailingMs }) => ({ ...key, trailingMs })), holders)
  const rows = new Map([...locked].map(([text, { key, state, leases, otherNodes }]): [string, Row & { around: Row[] }] => {
    const factor = factors.get(`${key.customer} ${key.budget}`)!
    const exact = (amount: bigint) => amount / factor
    return [text, {
      key, factor, around: [], otherNodes, state: { limit: exact(state.limit), settled: exact(state.settled), escrow: exact(state.escrow) },
      leases: new Map([...leases].map(([holder, lease]) => [holder, { granted: exact(lease.granted), used: exact(lease.used), isOpen: lease.isOpen }])),
    }]
  }))
  for (const [text, { key, trailingMs }] of wanted) {
    if (trailingMs === 0) continue
    const isAround = (other: BudgetKey) => other.customer === key.customer && other.budget === key.budget && other.periodStart !== key.periodStart && Math.abs(other.periodStart - key.periodStart) <= trailingMs
    rows.get(text)?.around.push(...[...rows.values()].filter((row) => isAround(row.key)))
  }
  return rows
}

function keyOf({ identity, request }: Asked) {
  return { ...identity, sequence: request.sequence }
}

function refusal(budget: Budget, state: BudgetState, min: number): AuthorityRefusal {
  const scale = budgetScale(budget)
  return {
    kind: 'refused', budget: budget.id, limit: formatDecimal(state.limit, scale), settled: formatDecimal(state.settled, scale),
    headroom: formatDecimal(headroomOf(state), scale), escrow: formatDecimal(state.escrow, scale), min,
  }
}
