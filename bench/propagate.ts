// `propagate`: milliseconds from the start of an operator's call until two nodes have both decided with it: a published price, a
// raised budget, a member's limit, a freeze, a suspension and a top-up. The nodes speak to the control plane over HTTP as gateways do; all three share this
// process, so what one machine's network would add is not in it, and what its processors would take away is. Each node is asked every
// millisecond from the moment of the call, first by decisions that are still the old ones.

import { join } from 'node:path'
import Fastify from 'fastify'
import type { CustomerId } from '@tollgate/core'
import { registerInternal } from '../packages/server/src/api/internal.ts'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import type { ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { topUp } from '../packages/server/src/app/credits.ts'
import { putBudget, setMemberLimit } from '../packages/server/src/app/budgets.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { freeze, lift } from '../packages/server/src/app/freezes.ts'
import { changeSubscription } from '../packages/server/src/app/subscription/set-standing.ts'
import type { AuthorizeInput, HotNode } from '../packages/server/src/hot/contract.ts'
import { startNode } from '../packages/server/src/hot/start-node.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { createControlClient } from '../packages/server/src/platform/control-client.ts'
import { randomText } from '../packages/server/src/platform/random-id.ts'
import { hashKey } from '../packages/server/src/platform/secrets.ts'
import { benchPlane, publishText, type BenchPlane } from './plane.ts'
import { percentile, result, type BenchResult } from './result.ts'

const REPETITIONS_PER_ROUND = 20
const REPETITIONS_MIN = 50
const POLL_MS = 1
const TARGET_MS = 250
/** Above it a change is lost, not late. */
const LOST_MS = 10_000
const TOKEN = 'bench-node-token'
const PRICE = 1_000

/** One unit costs a dollar, and a tenth of a cent more with each publication: the estimate tells which price a decision was made with. */
function catalogOf(version: number): string {
  const plan = (id: string, funding: string) => `
  - id: ${id}
    name: ${id}
    entitlements: [tasks]
    prices: [{ id: units, meter: units, model: per_unit, amount: ${(PRICE + version) / 1_000} }]
    funding: [${funding}]`
  return `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: units, unit: unit, event_type: ai.request, properties: [units] }]
plans:${plan('prepaid', 'wallet')}${plan('invoiced', 'overage')}
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`
}

type Nodes = { readonly nodes: readonly HotNode[]; readonly close: () => Promise<void> }
/** Makes the change of a repetition, and says whether a node's decision already reflects it. */
type Change = { readonly name: string; readonly make: (repetition: number) => Promise<unknown>; readonly isInForce: (node: HotNode, repetition: number) => Promise<boolean>; readonly after?: (repetition: number) => Promise<unknown> }

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const bench = await benchPlane({ catalog: catalogOf(0), connections: 20 })
  const { nodes, close } = await startNodes(bench)
  try {
    const repetitions = Math.max(REPETITIONS_MIN, options.rounds * REPETITIONS_PER_ROUND)
    const results: BenchResult[] = []
    for (const change of await changesOf(bench.plane)) {
      const durations: number[] = []
      for (let repetition = 0; repetition <= repetitions; repetition++) {
        const duration = await measure(nodes, change, repetition)
        // The first one finds nodes that have never seen the customer.
        if (repetition > 0) durations.push(duration)
        await change.after?.(repetition)
      }
      durations.sort((a, b) => a - b)
      const [p50, p99] = [percentile(durations, 0.5), percentile(durations, 0.99)]
      options.log(`${change.name}, ${durations.length} times: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${durations.at(-1)!.toFixed(1)} ms`)
      results.push(
        result({ bench: 'propagate', metric: `${change.name}, p50`, value: p50, unit: 'ms' }),
        result({ bench: 'propagate', metric: `${change.name}, p99`, value: p99, unit: 'ms', target: { of: 'value', at: 'most', limit: TARGET_MS } }),
      )
    }
    return results
  } finally {
    await close()
    await bench.close()
  }
}

/** Until the slower of the nodes has decided with the change. */
async function measure(nodes: readonly HotNode[], change: Change, repetition: number): Promise<number> {
  for (const node of nodes) if (await change.isInForce(node, repetition)) throw new Error(`${change.name}: in force before it was made`)
  const start = performance.now()
  const seen = nodes.map(async (node) => {
    for (;;) {
      if (await change.isInForce(node, repetition)) return performance.now() - start
      if (performance.now() - start > LOST_MS) throw new Error(`${change.name}: node ${node.id} never decided with it`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  })
  const [, ...durations] = await Promise.all([change.make(repetition), ...seen])
  return Math.max(...(durations as number[]))
}

async function changesOf(plane: ControlPlane): Promise<readonly Change[]> {
  const customer = async (id: string, plan: string) =>
    (await createCustomer(plane, SYSTEM, { id: `cus_${id}`, name: id, externalId: null, plan, timeZone: 'UTC', metadata: {}, startsAt: null })).id
  const [priced, capped, suspended, prepaid] = [await customer('priced', 'invoiced'), await customer('capped', 'invoiced'), await customer('suspended', 'invoiced'), await customer('prepaid', 'prepaid')]
  const setCap = (limit: number) => putBudget(plane, SYSTEM, capped, { id: 'cap', name: 'Cap', meters: ['units'], limit: String(limit), window: 'lifetime', enforcement: 'hard', entity: null, features: null })
  await setCap(0)
  const [member, frozen] = [await customer('member', 'invoiced'), await customer('frozen', 'invoiced')]
  await putBudget(plane, SYSTEM, member, { id: 'each', name: 'Each', meters: ['units'], limit: '0', window: 'lifetime', enforcement: 'hard', entity: null, features: null, terms: { per: ['tag'] } })
  return [
    // Two units more each time, and each node takes one and keeps it: both are refused again until the next change.
    { name: 'raised budget', make: (repetition) => setCap(2 * (repetition + 1)), isInForce: takesOne(capped) },
    { name: 'top-up', make: () => topUp(plane, SYSTEM, prepaid, { amount: '2', category: 'paid', priority: 100, expiresAt: null, reference: null }), isInForce: takesOne(prepaid) },
    { name: "a member's limit", make: (repetition) => setMemberLimit(plane, SYSTEM, member, { rule: 'cap:each', values: ['a'], limit: String(2 * (repetition + 1)) }), isInForce: takesOne(member, { tag: 'a' }) },
    {
      name: 'freeze',
      make: (repetition) => freeze(plane, SYSTEM, { id: `frz_${repetition}`, customer: frozen, kind: 'customer', target: frozen, reason: 'bench' }),
      isInForce: async (node) => {
        const answer = await node.check(inputOf(frozen))
        return answer.kind === 'denied' && answer.denial.reason === 'frozen'
      },
      after: (repetition) => lift(plane, SYSTEM, `frz_${repetition}`),
    },
    {
      name: 'suspension',
      make: () => changeSubscription(plane, SYSTEM, suspended, { plan: null, standing: 'suspended' }),
      isInForce: async (node) => {
        const answer = await node.check(inputOf(suspended))
        return answer.kind === 'denied' && answer.denial.reason === 'not_in_good_standing'
      },
      after: () => changeSubscription(plane, SYSTEM, suspended, { plan: null, standing: 'good' }),
    },
    {
      name: 'catalog',
      make: (repetition) => publishText(plane, catalogOf(repetition + 1)),
      isInForce: async (node, repetition) => {
        const answer = await node.check(inputOf(priced))
        return answer.kind === 'allowed' && answer.estimate === BigInt(PRICE + repetition + 1) * 10n ** 9n
      },
    },
  ]
}

function takesOne(customer: CustomerId, dimensions: Readonly<Record<string, string>> = {}): Change['isInForce'] {
  return async (node) => {
    const input = inputOf(customer)
    const answer = await node.authorize({ ...input, bound: { ...input.bound, dimensions }, reservation: null, ttlMs: 3_600_000, repeatable: false })
    return answer.kind === 'allowed'
  }
}

function inputOf(customer: CustomerId): Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'> {
  return { customer, key: null, entity: null, feature: 'tasks', model: null, run: null, type: 'ai.request', bound: { quantities: { units: '1' }, dimensions: {} } }
}

async function startNodes({ plane, folder }: BenchPlane): Promise<Nodes> {
  const app = Fastify()
  registerInternal(app, plane, TOKEN)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const started = await Promise.all(['near', 'far'].map(async (node) => {
    const client = createControlClient({ url, token: TOKEN })
    return { client, node: await startNode({ ...client, node, journalFolder: join(folder, `journal-${node}`), clock: systemClock, randomText, hashKey, boot: 'bench', warn: () => undefined }) }
  }))
  return {
    nodes: started.map(({ node }) => node),
    close: async () => {
      for (const { node, client } of started) {
        await node.drain()
        await client.close()
      }
      await app.close()
    },
  }
}
