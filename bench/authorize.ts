// `authorize`: decisions per second in process, over a path of four budgets (an entity's cap, a quota, an allowance and the
// wallet), against the same keys and records in bare Maps without rules: four look-ups, four counters, one record. A decision is an
// authorize with its reservation and its intent in the journal; what its settlement takes (the usage rated, the slices
// moved, the event in the journal) is told beside it, and both together as a whole request. Rates are per second of CPU time of
// the deciding thread, all that the thread does for its journal, for shipping it and for garbage included, so that a busy machine does
// not change them much; p99 is that of a single authorize on the clock. One customer after the other asks: the worst order for a cache.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  instant, LIFETIME, type Budget, type CatalogDocument, type CustomerId, type CustomerSnapshot, type EntityId, type ReservationId,
} from '@tollgate/core'
import type { AuthorizeInput, HotNode, Usage } from '../packages/server/src/hot/contract.ts'
import { startNode } from '../packages/server/src/hot/start-node.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { randomText, serialText } from '../packages/server/src/platform/random-id.ts'
import { hashKey } from '../packages/server/src/platform/secrets.ts'
import { generousAuthority } from './hot-parts.ts'
import { median, percentile, result, type BenchResult } from './result.ts'

const CUSTOMERS = 1_000
const OPERATIONS = 200_000
/** What a gateway has open at once. So many are authorized, then so many of those before are settled; the node yields in between so that its journal can write. */
const IN_FLIGHT = 256

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const node = await startNode({
    node: 'bench', journalFolder: folder, authority: generousAuthority(), clock: systemClock, randomText: serialText, hashKey, boot: 'bench', warn: () => undefined,
    directory: { keys: async (hashes) => hashes.map(() => null), catalog: async () => CATALOG, upstreams: async () => [], customer: async (_identity, id) => ({ snapshot: snapshotOf(id), balanceBases: {} }) },
    feed: { subscribe: () => ({ close: () => undefined }) },
  })
  try {
    for (let index = 0; index < CUSTOMERS; index++) await warmUp(node, index)
    const ours: Measured[] = []
    const bare: number[] = []
    for (let round = 0; round <= options.rounds; round++) {
      const bareRate = driveBare()
      const measured = await driveNode(node)
      const { authorizeUs, settleUs, p99 } = measured
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${perSecond(authorizeUs)} decisions/s, with their settlements ${perSecond(authorizeUs + settleUs)}, p99 ${p99.toFixed(1)} µs, bare ${Math.round(bareRate)}`)
      if (round === 0) continue
      bare.push(bareRate)
      ours.push(measured)
    }
    const rate = (us: (of: Measured) => number) => median(ours.map((of) => perSecond(us(of))))
    return [
      result({ bench: 'authorize', metric: 'decisions', value: rate(({ authorizeUs }) => authorizeUs), unit: 'decisions/s', target: { of: 'value', at: 'least', limit: 250_000 } }),
      result({ bench: 'authorize', metric: 'settlements', value: rate(({ settleUs }) => settleUs), unit: 'settlements/s' }),
      result({ bench: 'authorize', metric: 'whole requests', value: rate(({ authorizeUs, settleUs }) => authorizeUs + settleUs), unit: 'requests/s', baseline: median(bare) }),
      result({ bench: 'authorize', metric: 'p99', value: median(ours.map(({ p99 }) => p99)), unit: 'µs', target: { of: 'value', at: 'most', limit: 20 } }),
    ]
  } finally {
    await node.drain()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function warmUp(node: HotNode, index: number): Promise<void> {
  const answer = await node.authorize(inputOf(index))
  if (answer.kind !== 'allowed') throw new Error(`the bench customer is refused: ${JSON.stringify(answer)}`)
  node.settle(answer.reservation, USAGE)
}

type Measured = { readonly authorizeUs: number; readonly settleUs: number; readonly p99: number }

async function driveNode(node: HotNode): Promise<Measured> {
  const durations = new Float64Array(OPERATIONS)
  let open: ReservationId[] = []
  let authorizeUs = 0
  let settleUs = 0
  for (let index = 0; index < OPERATIONS; ) {
    const admitted: ReservationId[] = []
    authorizeUs += await cpuOf(() => {
      for (; admitted.length < IN_FLIGHT && index < OPERATIONS; index++) {
        const input = inputOf(index)
        const before = performance.now()
        const answer = node.authorize(input)
        durations[index] = performance.now() - before
        if (answer instanceof Promise || answer.kind !== 'allowed') throw new Error('a hot decision left the memory')
        admitted.push(answer.reservation)
      }
    })
    settleUs += await cpuOf(() => open.forEach((reservation) => node.settle(reservation, USAGE)))
    open = admitted
  }
  settleUs += await cpuOf(() => open.forEach((reservation) => node.settle(reservation, USAGE)))
  settleUs += await cpuOf(() => node.sync())
  return { authorizeUs: authorizeUs / OPERATIONS, settleUs: settleUs / OPERATIONS, p99: percentile(durations.sort(), 0.99) * 1_000 }
}

/** CPU time of this thread until the journal has written what was done, in microseconds. */
async function cpuOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

function perSecond(us: number): number {
  return Math.round(1e6 / us)
}

/** The same keys and records, no rules: what any implementation of four counters pays. */
function driveBare(): number {
  const counters = new Map<string, { granted: number; used: number; held: number }>()
  const reservations = new Map<string, { readonly id: string; readonly keys: readonly string[]; readonly amount: number; readonly at: number }>()
  const open: string[] = []
  const startedAt = process.threadCpuUsage()
  for (let index = 0; index < OPERATIONS; index++) {
    const customer = `cus_bench${index % CUSTOMERS}`
    const keys = [`${customer} cap:team`, `${customer} limit:requests`, `${customer} allowance:tokens`, `${customer} wallet:USD`]
    for (const key of keys) {
      const counter = counters.get(key) ?? { granted: 1e12, used: 0, held: 0 }
      counter.held += 1_000
      counters.set(key, counter)
    }
    const id = `res_${randomText()}`
    reservations.set(id, { id, keys, amount: 1_000, at: Date.now() })
    open.push(id)
    if (open.length < IN_FLIGHT) continue
    const settled = reservations.get(open.shift()!)!
    for (const key of settled.keys) {
      const counter = counters.get(key)!
      counter.held -= 1_000
      counter.used += 600
    }
    reservations.delete(settled.id)
  }
  const { user, system } = process.threadCpuUsage(startedAt)
  return (OPERATIONS * 1e6) / (user + system)
}

const TEAM = 'ent_team' as EntityId
const USAGE: Usage = { quantities: { input_tokens: '600', output_tokens: '200', requests: '1' }, dimensions: { model: 'sandbox-small' }, cost: null, estimated: false, context: { latency_ms: 800 } }

/** As a key's record has it: it is not put together for each request. */
const IDS = Array.from({ length: CUSTOMERS }, (_, index) => `cus_bench${index}` as CustomerId)

function inputOf(index: number): AuthorizeInput {
  return {
    reservation: null, customer: IDS[index % CUSTOMERS]!, key: null, entity: TEAM, feature: 'chat', model: 'sandbox-small', run: null, type: 'ai.request',
    bound: { quantities: { input_tokens: '800', output_tokens: '400', requests: '1' }, dimensions: { model: 'sandbox-small' } }, ttlMs: 60_000, repeatable: false,
  }
}

function snapshotOf(customer: CustomerId): CustomerSnapshot {
  const budget = (id: string, unit: Budget['unit'], entity: EntityId | null = null): Budget => ({ id, name: id, unit, period: LIFETIME, enforcement: 'hard', entity, features: null })
  return {
    customer, name: customer, version: 1, catalogVersion: 1, plan: 'plan', standing: 'good', clockOffsetMs: 0, notice: null, usable: null, entitlements: { chat: { granted: true, value: null, models: ['*'], sources: [] } }, currency: 'USD', period: LIFETIME,
    limits: [budget('cap:team', { kind: 'money', asset: 'USD' }, TEAM), budget('limit:requests', { kind: 'meters', meters: ['requests'], scale: 0, name: 'request' })],
    funding: [
      { kind: 'allowance', allowance: 'tokens', budget: budget('allowance:tokens', { kind: 'meters', meters: ['input_tokens'], scale: 0, name: 'token' }) },
      { kind: 'wallet', budget: budget('wallet:USD', { kind: 'money', asset: 'USD' }) },
    ],
    positions: {}, entityPaths: { [TEAM]: [] }, validUntil: instant(LIFETIME.end), topUpUrl: '', upgradeUrl: '',
  }
}

const CATALOG: CatalogDocument = {
  currency: 'USD', features: [{ id: 'chat', name: 'Chat', kind: 'metered' }], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] },
  meters: ['input_tokens', 'output_tokens', 'requests'].map((id) => ({ id, name: id, unit: id, event_type: 'ai.request', aggregation: 'sum', properties: [id], filter: {}, scale: 0 })),
  plans: [{
    id: 'plan', name: 'Plan', public: true, period: 'month', fee: null, entitlements: [{ feature: 'chat', value: null, models: ['*'] }], limits: [],
    prices: [{ id: 'input', name: 'Input', meter: 'input_tokens', model: 'per_unit', amount: '0.015', per: '1000' }, { id: 'output', name: 'Output', meter: 'output_tokens', model: 'per_unit', amount: '0.03', per: '1000' }],
    allowances: [{ id: 'tokens', name: 'Tokens', meters: ['input_tokens'], quantity: '1000000' }], funding: ['allowance', 'wallet'],
  }],
}
