// `authority`: cold acquires a second, four budgets each (a team's cap, a quota, an allowance and the wallet), through the authority on
// PostgreSQL, at 1, at 16 and at 256 callers, whose acquires share transactions. Cold: nothing of that customer is lent yet. The baseline
// makes the same leases with one statement a request, written by hand for that: it fences the node, locks the four budgets, checks them, lends, moves
// the escrow and remembers the answer, in one round trip. It resolves no plan and looks for no other node's lease. Beside the clock stands
// what both take of the processor, database and authority together: on a machine that does other things only that can be compared.

import type { Budget, CustomerId, LeaseNeed, NodeIdentity } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import type { ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { topUp } from '../packages/server/src/app/credits.ts'
import { budgetsOf } from '../packages/server/src/app/customer-contexts.ts'
import { putBudget } from '../packages/server/src/app/budgets.ts'
import { createCustomer, createEntity } from '../packages/server/src/app/customers.ts'
import { cpuUs } from './cpu.ts'
import { benchPlane } from './plane.ts'
import { median, result, type BenchResult } from './result.ts'

const CUSTOMERS = 500
const CALLERS = [1, 16, 256] as const
/** Of the most callers: there acquires come in batches. */
const RATIO_LEAST = 3
/** As many as the server opens. */
const CONNECTIONS = 20
/** Requests that one lease covers. */
const AHEAD = 32

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
plans:
  - id: bench
    name: Bench
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.001 }]
    limits: [{ id: tokens, name: Tokens, meters: [tokens], quantity: 1000000000, window: lifetime }]
    allowances: [{ id: tokens, name: Tokens, meters: [tokens], quantity: 1000000000 }]
    funding: [allowance, wallet]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: chat, models: [] }
`

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const { plane, close } = await benchPlane({ catalog: CATALOG, connections: CONNECTIONS })
  try {
    const customers = await Promise.all(Array.from({ length: CUSTOMERS }, (_, index) => makeCustomer(plane, index)))
    const [{ folder } = { folder: '' }] = await plane.sql<{ folder: string }[]>`select current_setting('data_directory') as folder`
    const measure = (callers: number, call: (customer: BenchCustomer) => Promise<void>) => measured(folder, callers, customers, call)
    const results: BenchResult[] = []
    for (const callers of CALLERS) {
      const batched: Measured[] = []
      const alone: Measured[] = []
      for (let round = 0; round <= options.rounds; round++) {
        await takeBack(plane)
        const node = await plane.authority.register(`batched-${callers}-${round}`)
        let sequence = 0
        const ours = await measure(callers, (customer) => acquire(plane, node, (sequence += 1), customer))
        await takeBack(plane)
        const other = await plane.authority.register(`alone-${callers}-${round}`)
        const theirs = await measure(callers, (customer) => acquireAlone(plane, other, (sequence += 1), customer))
        options.log(`${callers} callers, round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours.perSecond)} acquires/s, a statement each ${Math.round(theirs.perSecond)}`)
        if (round === 0) continue
        batched.push(ours)
        alone.push(theirs)
      }
      const target = callers === CALLERS.at(-1) ? { target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } as const } : {}
      const rate = (of: readonly Measured[]) => median(of.map(({ perSecond }) => perSecond))
      results.push(result({ bench: 'authority', metric: `acquires, ${callers} at once`, value: rate(batched), unit: 'acquires/s', baseline: rate(alone), ...target }))
      const [ours, theirs] = [perCpuSecond(batched), perCpuSecond(alone)]
      if (ours !== null && theirs !== null) results.push(result({ bench: 'authority', metric: `acquires, ${callers} at once, by CPU`, value: ours, unit: 'acquires/CPU s', baseline: theirs, ...target }))
    }
    return results
  } finally {
    await close()
  }
}

type BenchCustomer = { readonly id: CustomerId; readonly needs: readonly LeaseNeed[] }

/** `cpuUs`: of one call; null where it cannot be known. */
type Measured = { readonly perSecond: number; readonly cpuUs: number | null }

/** One call a customer, `callers` at a time. */
async function measured(dataDir: string, callers: number, customers: readonly BenchCustomer[], call: (customer: BenchCustomer) => Promise<void>): Promise<Measured> {
  const waiting = customers.values()
  const [startedAt, before] = [performance.now(), cpuUs(dataDir)]
  await Promise.all(Array.from({ length: callers }, async () => {
    for (const customer of waiting) await call(customer)
  }))
  const [seconds, after] = [(performance.now() - startedAt) / 1_000, cpuUs(dataDir)]
  return { perSecond: customers.length / seconds, cpuUs: before === null || after === null ? null : (after - before) / customers.length }
}

/** Over all rounds: the database's clock ticks are coarse. */
function perCpuSecond(rounds: readonly Measured[]): number | null {
  const known = rounds.flatMap(({ cpuUs: one }) => (one === null ? [] : [one]))
  return known.length === 0 ? null : (1e6 * known.length) / known.reduce((sum, one) => sum + one, 0)
}

/** Nothing is lent: cold for everybody, and no other node has to be asked. */
async function takeBack(plane: ControlPlane): Promise<void> {
  await plane.sql`truncate lease, lease_answer, lease_doubt`
  await plane.sql`update budget_state set escrow = 0`
  await plane.sql`vacuum analyze budget_state`
}

async function acquire(plane: ControlPlane, node: NodeIdentity, sequence: number, { id, needs }: BenchCustomer): Promise<void> {
  const answer = await plane.authority.acquire(node, { sequence, customer: id, budgets: needs })
  if ('kind' in answer || answer.length !== needs.length) throw new Error(`the bench customer is refused: ${JSON.stringify(answer)}`)
}

/** The same leases with a statement a request, as written by hand for that. */
async function acquireAlone(plane: ControlPlane, { node, incarnation }: NodeIdentity, sequence: number, { id, needs }: BenchCustomer): Promise<void> {
  const amount = (budget: Budget, hold: number) => String(budget.unit.kind === 'money' ? hold / 1e9 : hold)
  const [row] = await plane.sql<{ ok: boolean }[]>`
    with wanted as (
      select * from unnest(${needs.map(({ budget }) => budget.id)}::text[], ${needs.map(({ budget }) => new Date(budget.period.start).toISOString())}::timestamptz[],
        ${needs.map(({ budget, need }) => amount(budget, need))}::numeric[], ${needs.map(({ budget, want }) => amount(budget, want))}::numeric[]) as w(budget_id, period_start, need, want)
    ), locked as (
      select b.budget_id, b.period_start, w.need, w.want, b.limit_amount - b.settled - b.escrow as headroom
      from budget_state b join wanted w using (budget_id, period_start) where b.customer_id = ${id} order by b.budget_id, b.period_start for update of b
    ), granted as (
      select budget_id, period_start, least(headroom, greatest(need, least(want, headroom / 2))) as amount, headroom >= need as fits from locked
    ), allowed as (
      select count(*) = ${needs.length} and bool_and(fits) and exists (select 1 from node_incarnation where node_id = ${node} and incarnation = ${incarnation} and standing = 'active') as ok from granted
    ), lent as (
      insert into lease (customer_id, budget_id, period_start, node_id, incarnation, granted)
      select ${id}, budget_id, period_start, ${node}, ${incarnation}, amount from granted, allowed where ok
      on conflict (customer_id, budget_id, period_start, node_id, incarnation) do update set granted = lease.granted + excluded.granted
    ), moved as (
      update budget_state b set escrow = b.escrow + g.amount from granted g, allowed
      where ok and b.customer_id = ${id} and b.budget_id = g.budget_id and b.period_start = g.period_start
    ), noted as (
      insert into lease_answer (node_id, incarnation, sequence, answer)
      select ${node}, ${incarnation}, ${sequence}, jsonb_agg(jsonb_build_object('budget', budget_id, 'granted', amount)) from granted, allowed where ok
    )
    select ok from allowed`
  if (row?.ok !== true) throw new Error('the bench customer is refused')
}

async function makeCustomer(plane: ControlPlane, index: number): Promise<BenchCustomer> {
  const { id } = await createCustomer(plane, SYSTEM, { id: `cus_bench${index}`, name: `Bench ${index}`, externalId: null, plan: 'bench', timeZone: 'UTC', metadata: {}, startsAt: null })
  await topUp(plane, SYSTEM, id, { amount: '1000000', category: 'paid', priority: 100, expiresAt: null, reference: null })
  const entity = await createEntity(plane, SYSTEM, id, { id: null, parent: null, kind: 'team', name: 'Team' })
  await putBudget(plane, SYSTEM, id, { id: 'team', name: 'Team', meters: null, limit: '1000000', window: 'lifetime', enforcement: 'hard', entity, features: null })
  const view = await plane.directory.customer({ node: 'bench', incarnation: 1 }, id)
  if (view === null) throw new Error('the bench customer is not there')
  return { id, needs: budgetsOf(view.snapshot).map(needOf) }
}

/** A request of a thousand tokens, a dollar. */
function needOf(budget: Budget): LeaseNeed {
  const need = budget.unit.kind === 'money' ? 1_000_000_000 : 1_000
  return { budget, min: need, need, want: need * AHEAD }
}
