import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LIFETIME, instant, type Authority, type Budget, type CatalogDocument, type CustomerId, type CustomerSnapshot, type LeaseNeed } from '@tollgate/core'
import { expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { serialText } from '../platform/random-id.ts'
import { hashKey } from '../platform/secrets.ts'
import type { AuthorizeInput, HotNode } from './contract.ts'
import { startNode } from './start-node.ts'

const CUSTOMER = 'cus_ahead' as CustomerId
const LIMIT: Budget = { id: 'limit:requests', name: 'Requests', unit: { kind: 'meters', meters: ['requests'], scale: 0, name: 'request' }, period: LIFETIME, enforcement: 'hard', entity: null, features: null }
const CATALOG: CatalogDocument = {
  currency: 'USD', features: [{ id: 'chat', name: 'Chat', kind: 'metered' }], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] },
  meters: [{ id: 'requests', name: 'Requests', unit: 'request', event_type: 'ai.request', aggregation: 'sum', properties: ['requests'], filter: {}, scale: 0 }],
  plans: [{ id: 'plan', name: 'Plan', public: true, period: 'month', fee: null, entitlements: [{ feature: 'chat', value: null, models: ['*'] }], limits: [], prices: [], allowances: [], funding: ['overage'] }],
}
const SNAPSHOT: CustomerSnapshot = {
  customer: CUSTOMER, name: 'Ahead', version: 1, catalogVersion: 1, plan: 'plan', standing: 'good', clockOffsetMs: 0, notice: null, usable: null, entitlements: { chat: { granted: true, value: null, models: ['*'], sources: [] } },
  currency: 'USD', period: LIFETIME, limits: [LIMIT], funding: [{ kind: 'overage' }], positions: {}, entityPaths: {}, validUntil: instant(LIFETIME.end), topUpUrl: '', upgradeUrl: '',
}
const REQUEST: AuthorizeInput = {
  reservation: null, customer: CUSTOMER, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', bound: { quantities: { requests: '1' }, dimensions: {} }, ttlMs: 60_000, repeatable: false,
}
const ROUND_TRIP_MS = 3

/** A node whose authority has `limit` to lend and answers after a round trip. */
async function nodeWith(limit: number): Promise<{ readonly node: HotNode; readonly asked: LeaseNeed[]; readonly lent: () => number }> {
  let left = limit
  const asked: LeaseNeed[] = []
  const authority: Authority = {
    register: async (node) => ({ node, incarnation: 1, settled: { segment: 0, offset: 0 }, validMs: 3_600_000 }), renew: async () => ({ validMs: 3_600_000 }), closeEarlier: async () => undefined,
    giveBack: async () => undefined, ship: async (_identity, stretch) => stretch.to,
    acquire: async (_identity, { budgets }) => {
      await delay(ROUND_TRIP_MS)
      const [need] = budgets
      asked.push(need!)
      const granted = Math.min(left, Math.max(need!.need, Math.min(need!.want, Math.floor(left / 2))))
      if (granted < need!.min) return { kind: 'refused', min: 1, budget: LIMIT.id, limit: String(limit), settled: '0', headroom: String(left), escrow: String(limit - left) }
      left -= granted
      return [{ budget: LIMIT.id, periodStart: LIMIT.period.start, granted, exhausted: left === 0 }]
    },
  }
  const node = await startNode({
    node: 'ahead', journalFolder: mkdtempSync(join(tmpdir(), 'ahead-')), authority, clock: systemClock, randomText: serialText, hashKey, boot: 'test', warn: () => undefined,
    directory: { keys: async (hashes) => hashes.map(() => null), catalog: async () => CATALOG, upstreams: async () => [], customer: async () => ({ snapshot: SNAPSHOT, balanceBases: {} }) },
    feed: { subscribe: () => ({ close: () => undefined }) },
  })
  return { node, asked, lent: () => limit - left }
}

/** Authorizes and settles `count` requests; how many had to wait, and how many were allowed. */
async function spend(node: HotNode, count: number): Promise<{ readonly waited: number; readonly allowed: number }> {
  let waited = 0
  let allowed = 0
  for (let index = 0; index < count; index++) {
    const asked = node.authorize(REQUEST)
    if (asked instanceof Promise) waited += 1
    const answer = await asked
    if (answer.kind === 'allowed') {
      allowed += 1
      node.settle(answer.reservation, { quantities: { requests: '1' }, dimensions: {}, cost: null, estimated: false, context: {} })
    }
    if (index % 4 === 0) await delay(1)
  }
  return { waited, allowed }
}

test('a lease is renewed before it runs out: after the first ones no request waits for the authority, and renewals are few', async () => {
  const { node, asked } = await nodeWith(1_000_000)
  await spend(node, 200)
  const { waited, allowed } = await spend(node, 2_000)
  expect(allowed).toBe(2_000)
  expect(waited).toBeLessThanOrEqual(2)
  // At most one request of a hundred asks, and the size follows the pace.
  expect(asked.length).toBeLessThan(22)
  expect(Math.max(...asked.map(({ want }) => want))).toBeGreaterThan(200)
  await node.drain()
})

test('what is renewed ahead needs nothing and is refused nothing: the last unit of a budget is used, and not one more', async () => {
  const { node, asked, lent } = await nodeWith(100)
  expect((await spend(node, 130)).allowed).toBe(100)
  expect(lent()).toBe(100)
  for (const { min, need, want } of asked) expect(min <= need && need <= want).toBe(true)
  await node.drain()
})
