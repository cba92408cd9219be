// `authority`: cold acquires a second, four budgets each (a team's cap, a quota, an allowance and the wallet), through the authority on
// PostgreSQL, at 1, at 16 and at 256 callers, whose acquires share transactions. Cold: the node has no lease of that customer yet. The baseline is what most gates do on each
// request: `update … set settled = settled + amount where settled + amount <= limit`, a statement a budget, in one transaction, on the
// same PostgreSQL, as durable. It resolves no plan, fences no node, remembers no answer and recalls nothing; on the other hand it is
// paid for by every request, and an acquire by one in as many as fit its lease.

import type { Budget, CustomerId, LeaseNeed, NodeIdentity } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import type { ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { topUp } from '../packages/server/src/app/credits.ts'
import { budgetsOf } from '../packages/server/src/app/customer-contexts.ts'
import { putBudget } from '../packages/server/src/app/budgets.ts'
import { createCustomer, createEntity } from '../packages/server/src/app/customers.ts'
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
    await createBare(plane, customers)
    const results: BenchResult[] = []
    for (const callers of CALLERS) {
      const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
      for (let round = 0; round <= options.rounds; round++) {
        const bare = await rate(callers, customers, (customer) => updateBare(plane, customer))
        const node = await plane.authority.register(`bench-${callers}-${round}`)
        let sequence = 0
        const ours = await rate(callers, customers, (customer) => acquire(plane, node, (sequence += 1), customer))
        options.log(`${callers} callers, round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours)} acquires/s, bare ${Math.round(bare)}`)
        if (round === 0) continue
        rates.ours.push(ours)
        rates.bare.push(bare)
      }
      results.push(result({ bench: 'authority', metric: `acquires, ${callers} at once`, value: median(rates.ours), unit: 'acquires/s', baseline: median(rates.bare), ...(callers === CALLERS.at(-1) ? { target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } } : {}) }))
    }
    return results
  } finally {
    await close()
  }
}

type BenchCustomer = { readonly id: CustomerId; readonly needs: readonly LeaseNeed[] }

/** One call a customer, `callers` at a time. */
async function rate(callers: number, customers: readonly BenchCustomer[], call: (customer: BenchCustomer) => Promise<void>): Promise<number> {
  const waiting = customers.values()
  const start = performance.now()
  await Promise.all(Array.from({ length: callers }, async () => {
    for (const customer of waiting) await call(customer)
  }))
  return customers.length / ((performance.now() - start) / 1_000)
}

async function acquire(plane: ControlPlane, node: NodeIdentity, sequence: number, { id, needs }: BenchCustomer): Promise<void> {
  const answer = await plane.authority.acquire(node, { sequence, customer: id, budgets: needs })
  if ('kind' in answer || answer.length !== needs.length) throw new Error(`the bench customer is refused: ${JSON.stringify(answer)}`)
}

async function updateBare(plane: ControlPlane, { id, needs }: BenchCustomer): Promise<void> {
  await plane.sql.begin(async (tx) => {
    for (const { budget } of needs) {
      const { count } = await tx`update bare_budget set settled = settled + 1 where customer_id = ${id} and budget_id = ${budget.id} and settled + 1 <= limit_amount`
      if (count !== 1) throw new Error('the bare budget is used up')
    }
  })
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

async function createBare(plane: ControlPlane, customers: readonly BenchCustomer[]): Promise<void> {
  const rows = customers.flatMap(({ id, needs }) => needs.map(({ budget }) => ({ customer: id, budget: budget.id })))
  await plane.sql`create table bare_budget (customer_id text not null, budget_id text not null, limit_amount numeric not null, settled numeric not null default 0, primary key (customer_id, budget_id))`
  await plane.sql`insert into bare_budget select c, b, 1000000000 from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ budget }) => budget)}::text[]) as r(c, b)`
}
