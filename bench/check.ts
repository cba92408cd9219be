// `check`: the latency of reading entitlements and of a check, in process and over HTTP on loopback with one connection, against the
// gateway's own health page over the same connection: what is left between them is ours.

import { request as send, Agent } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant, LIFETIME, type Authority, type CatalogDocument, type CustomerId, type CustomerSnapshot, type KeyRecord } from '@tollgate/core'
import { countingMetrics } from '../packages/server/src/gateway/metrics.ts'
import { createGateway } from '../packages/server/src/gateway/server.ts'
import type { HotNode } from '../packages/server/src/hot/contract.ts'
import { startNode } from '../packages/server/src/hot/start-node.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { silentLog } from '../packages/server/src/platform/log.ts'
import { serialText } from '../packages/server/src/platform/random-id.ts'
import { hashKey } from '../packages/server/src/platform/secrets.ts'
import { median, percentile, result, type BenchResult } from './result.ts'

const CALLS = 2_000
/** On a machine that is not busy otherwise. */
const MS_MOST = 1

type Times = { readonly p50: number; readonly p99: number }

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const node = await startNode({
    node: 'bench', journalFolder: folder, authority: generousAuthority(), clock: systemClock, randomText: serialText, hashKey, boot: 'bench', warn: () => undefined,
    directory: { keys: async (hashes) => hashes.map(() => KEY), catalog: async () => CATALOG, upstreams: async () => [], customer: async () => ({ snapshot: SNAPSHOT, balanceBases: {} }) },
    feed: { subscribe: () => ({ close: () => undefined }) },
  })
  const gateway = createGateway({ node, clock: systemClock, log: silentLog(), sandboxUrl: 'http://127.0.0.1:1', upstreams: () => [], metrics: countingMetrics() })
  const url = `http://127.0.0.1:${await gateway.listen(0, '127.0.0.1')}`
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const authorization = 'Bearer tg_admin_bench'
    const check = JSON.stringify({ customer: CUSTOMER, feature: 'chat', quantities: { input_tokens: 10 } })
    const cases = {
      health: { method: 'GET', path: '/healthz', body: '' },
      entitlement: { method: 'GET', path: `/v1/customers/${CUSTOMER}/entitlements/chat`, body: '' },
      check: { method: 'POST', path: '/v1/check', body: check },
    } as const
    const figures: Record<keyof typeof cases | 'inProcess', Times[]> = { health: [], entitlement: [], check: [], inProcess: [] }
    for (let round = 0; round <= options.rounds; round++) {
      for (const name of Object.keys(cases) as (keyof typeof cases)[]) {
        const times = await drive({ agent, url, authorization, ...cases[name] })
        if (round > 0) figures[name].push(times)
      }
      const inProcess = await driveInProcess(node)
      if (round > 0) figures.inProcess.push(inProcess)
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${(Object.keys(cases) as (keyof typeof cases)[]).map((name) => `${name} p50 ${figures[name].at(-1)?.p50.toFixed(3)} p99 ${figures[name].at(-1)?.p99.toFixed(3)} ms`).join(', ')}`)
    }
    const of = (name: keyof typeof figures, share: keyof Times) => median(figures[name].map((times) => times[share]))
    const row = (metric: string, name: keyof typeof cases, share: keyof Times) =>
      result({ bench: 'check', metric, value: of(name, share), unit: 'ms', baseline: of('health', share), target: { of: 'value', at: 'most', limit: MS_MOST } })
    return [
      row('entitlement over HTTP, p50', 'entitlement', 'p50'),
      row('entitlement over HTTP, p99', 'entitlement', 'p99'),
      row('check over HTTP, p50', 'check', 'p50'),
      row('check over HTTP, p99', 'check', 'p99'),
      result({ bench: 'check', metric: 'check in process, p99', value: of('inProcess', 'p99'), unit: 'µs', target: { of: 'value', at: 'most', limit: 100 } }),
    ]
  } finally {
    agent.destroy()
    await gateway.close()
    await node.drain()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Job = { readonly agent: Agent; readonly url: string; readonly authorization: string; readonly method: string; readonly path: string; readonly body: string }

/** One after the other over one connection, in milliseconds. */
async function drive(job: Job): Promise<Times> {
  const times = new Float64Array(CALLS)
  for (let index = 0; index < CALLS; index++) {
    const startedAt = performance.now()
    await once(job)
    times[index] = performance.now() - startedAt
  }
  const sorted = times.sort()
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

function once({ agent, url, authorization, method, path, body }: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = send(`${url}${path}`, { agent, method, headers: { authorization, ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }) } }, (response) => {
      response.resume()
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${path} answered ${response.statusCode}`))))
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function driveInProcess(node: HotNode): Promise<Times> {
  const times = new Float64Array(CALLS)
  for (let index = 0; index < CALLS; index++) {
    const startedAt = performance.now()
    await node.check({ customer: CUSTOMER, key: null, entity: null, feature: 'chat', model: null, run: null, type: 'ai.request', bound: { quantities: { input_tokens: '10' }, dimensions: {} } })
    times[index] = (performance.now() - startedAt) * 1_000
  }
  const sorted = times.sort()
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

const CUSTOMER = 'cus_bench' as CustomerId
const KEY: KeyRecord = { id: 'key_bench', hint: 'tg_admin_benc…', scopes: ['admin'], customer: null, entity: null, feature: null, models: null, expiresAt: null, showsCost: false }
const SNAPSHOT: CustomerSnapshot = {
  customer: CUSTOMER, name: 'Bench', version: 1, catalogVersion: 1, plan: 'plan', standing: 'good', clockOffsetMs: 0, notice: null, usable: null, currency: 'USD', period: LIFETIME, limits: [], positions: {}, entityPaths: {},
  entitlements: { chat: { granted: true, value: null, models: ['*'], sources: [{ kind: 'plan', id: 'plan', value: null, models: ['*'], quantity: 1, until: null, reason: null, won: true }] } },
  funding: [{ kind: 'wallet', budget: { id: 'wallet:USD', name: 'Credit balance', unit: { kind: 'money', asset: 'USD' }, period: LIFETIME, enforcement: 'hard', entity: null, features: null } }],
  validUntil: instant(LIFETIME.end), topUpUrl: '', upgradeUrl: '',
}
const CATALOG: CatalogDocument = {
  currency: 'USD', features: [{ id: 'chat', name: 'Chat', kind: 'metered' }], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] },
  meters: [{ id: 'input_tokens', name: 'Input', unit: 'token', event_type: 'ai.request', aggregation: 'sum', properties: ['input_tokens'], filter: {}, scale: 0 }],
  plans: [{
    id: 'plan', name: 'Plan', public: true, period: 'month', fee: null, entitlements: [{ feature: 'chat', value: null, models: ['*'] }], limits: [], allowances: [], funding: ['wallet'],
    prices: [{ id: 'input', name: 'Input', meter: 'input_tokens', model: 'per_unit', amount: '0.015', per: '1000' }],
  }],
}

/** An authority that has always more to lend: what is measured is the node and its HTTP. */
function generousAuthority(): Authority {
  return {
    register: async (node) => ({ node, incarnation: 1, settled: { segment: 0, offset: 0 }, validMs: 3_600_000 }),
    renew: async () => ({ validMs: 3_600_000 }),
    closeEarlier: async () => undefined,
    acquire: async (_identity, request) => request.budgets.map(({ budget }) => ({ budget: budget.id, periodStart: budget.period.start, granted: 2 ** 45, exhausted: false })),
    giveBack: async () => undefined,
    ship: async (_identity, stretch) => stretch.to,
  }
}
