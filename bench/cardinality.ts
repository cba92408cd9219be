// `cardinality`: one customer with 100,000 budgets, which five rules make over 20 teams, 10 features and their users, and requests of five
// dimensions each at 3,334 a second. p99 of one decision, against the same rules with one team, user and value each, in turn; and
// what a budget costs in memory on a node that holds a lease of every one.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { instant, LIFETIME, type Budget, type CustomerId, type CustomerSnapshot, type EntityId, type EntityKind } from '@tollgate/core'
import type { AuthorizeInput, HotNode, Usage } from '../packages/server/src/hot/contract.ts'
import { startNode } from '../packages/server/src/hot/start-node.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { serialText } from '../packages/server/src/platform/random-id.ts'
import { hashKey } from '../packages/server/src/platform/secrets.ts'
import { catalogOf, generousAuthority } from './hot-parts.ts'
import { median, percentile, result, type BenchResult } from './result.ts'

const TEAMS = 20
const FEATURES = 10
/** With 20 × 10 budgets of teams, and those of 20 models, 10 tags and 10 regions, a hundred thousand in all. */
const USERS = 9_976
const REQUESTS_PER_SECOND = 3_334
const SECONDS_PER_ROUND = 3
/** Requests of one turn of the event loop at that pace. */
const TURN_MS = 5

type World = { readonly node: HotNode; readonly input: (index: number) => AuthorizeInput }

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const folders = ['few', 'many'].map((name) => mkdtempSync(join(tmpdir(), `tollgate-bench-${name}-`)))
  const few = await worldOf(folders[0]!, { teams: 1, users: 1, features: 1, values: 1 })
  await few.node.authorize(few.input(0))
  await drive(few, 1)
  const before = heapUsed()
  const many = await worldOf(folders[1]!, { teams: TEAMS, users: USERS, features: FEATURES, values: 20 })
  const budgets = await touchAll(many)
  const bytes = (heapUsed() - before) / budgets
  options.log(`${budgets} budgets leased`)
  const p99: { few: number[]; many: number[] } = { few: [], many: [] }
  try {
    for (let round = 0; round <= options.rounds; round++) {
      const measured = { few: await drive(few, SECONDS_PER_ROUND), many: await drive(many, SECONDS_PER_ROUND) }
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: p99 ${measured.many.toFixed(1)} µs, with one of each ${measured.few.toFixed(1)} µs`)
      if (round === 0) continue
      p99.few.push(measured.few)
      p99.many.push(measured.many)
    }
  } finally {
    for (const { node } of [few, many]) await node.drain()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
  return [
    result({ bench: 'cardinality', metric: 'p99 of a decision', value: median(p99.many), unit: 'µs', baseline: median(p99.few), target: { of: 'value', at: 'most', limit: 100 } }),
    result({ bench: 'cardinality', metric: 'memory per budget', value: bytes, unit: 'bytes' }),
  ]
}

/** Milliseconds of wall time at the stated pace; answers the p99 of a single authorize in microseconds. */
async function drive({ node, input }: World, seconds: number): Promise<number> {
  const durations: number[] = []
  const perTurn = Math.round((REQUESTS_PER_SECOND * TURN_MS) / 1_000)
  const startedAt = performance.now()
  for (let index = 0; index < REQUESTS_PER_SECOND * seconds; ) {
    for (let step = 0; step < perTurn; step++, index++) {
      const request = input(index * 7919)
      const before = performance.now()
      const answer = node.authorize(request)
      durations.push(performance.now() - before)
      if (answer instanceof Promise || answer.kind !== 'allowed') throw new Error('a hot decision left the memory')
      node.settle(answer.reservation, USAGE)
    }
    const ahead = (index / REQUESTS_PER_SECOND) * 1_000 - (performance.now() - startedAt)
    await delay(Math.max(0, ahead))
  }
  return percentile(durations.sort((a, b) => a - b), 0.99) * 1_000
}

/** Every budget is leased once. Answers how many there are. */
async function touchAll({ node, input }: World): Promise<number> {
  const seen = new Set<string>()
  for (let index = 0; index < USERS * FEATURES; index++) {
    const request = input(index)
    for (const part of [`${request.entity} ${request.feature}`, `team ${teamOf(index % USERS)} ${request.feature}`, ...Object.entries(request.bound.dimensions).map(String)]) seen.add(part)
    const answer = await node.authorize(request)
    if (answer.kind !== 'allowed') throw new Error(`the bench customer is refused: ${JSON.stringify(answer)}`)
    node.settle(answer.reservation, USAGE)
  }
  await node.sync()
  return seen.size
}

const USAGE: Usage = { quantities: { input_tokens: '600', output_tokens: '200', requests: '1' }, dimensions: { model: 'm0', tag: 't0', region: 'r0' }, cost: null, estimated: false, context: {} }
const CUSTOMER = 'cus_bench' as CustomerId
const userOf = (index: number) => `ent_u${index}` as EntityId
const teamOf = (user: number) => `ent_t${user % TEAMS}` as EntityId

async function worldOf(folder: string, counts: { readonly teams: number; readonly users: number; readonly features: number; readonly values: number }): Promise<World> {
  const features = Array.from({ length: FEATURES }, (_, index) => `feature-${index}`)
  const snapshot = snapshotOf(counts.users, features)
  const node = await startNode({
    node: 'bench', journalFolder: folder, authority: generousAuthority(), clock: systemClock, randomText: serialText, hashKey, boot: 'bench', warn: () => undefined,
    directory: { keys: async (hashes) => hashes.map(() => null), catalog: async () => catalogOf(features), upstreams: async () => [], customer: async () => ({ snapshot, balanceBases: {} }) },
    feed: { subscribe: () => ({ close: () => undefined }) },
  })
  const input = (index: number): AuthorizeInput => ({
    reservation: null, customer: CUSTOMER, key: null, entity: userOf(index % counts.users), feature: features[Math.floor(index / counts.users) % counts.features]!, model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false,
    bound: { quantities: { input_tokens: '800', output_tokens: '400', requests: '1' }, dimensions: { model: `m${index % counts.values}`, tag: `t${index % Math.min(10, counts.values)}`, region: `r${(index >> 3) % Math.min(10, counts.values)}` } },
  })
  return { node, input }
}

function snapshotOf(users: number, features: readonly string[]): CustomerSnapshot {
  const rule = (id: string, per: readonly string[]): Budget => ({ id: `cap:${id}`, name: id, unit: { kind: 'money', asset: 'USD' }, period: LIFETIME, enforcement: 'hard', entity: null, features: null, terms: { per } })
  const all = Array.from({ length: users }, (_, index) => index)
  const teams = [...new Set(all.map(teamOf))]
  return {
    customer: CUSTOMER, name: 'Bench', version: 1, catalogVersion: 1, plan: 'plan', standing: 'good', clockOffsetMs: 0, notice: null, usable: null, currency: 'USD', period: LIFETIME,
    entitlements: Object.fromEntries(features.map((feature) => [feature, { granted: true, value: null, models: ['*'], sources: [] }])),
    limits: [rule('user', ['user', 'feature']), rule('team', ['team', 'feature']), rule('model', ['model']), rule('tag', ['tag']), rule('region', ['region'])],
    funding: [{ kind: 'overage' }], positions: {}, validUntil: instant(LIFETIME.end), topUpUrl: '', upgradeUrl: '',
    entityPaths: Object.fromEntries([...all.map((index) => [userOf(index), [teamOf(index)]] as const), ...teams.map((team) => [team, []] as const)]),
    entityKinds: Object.fromEntries([...all.map((index) => [userOf(index), 'user' as EntityKind] as const), ...teams.map((team) => [team, 'team' as EntityKind] as const)]),
  }
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
