// `settle`: events per second through the whole settlement (dedupe, rating, ledger, budgets, rollup, outbox; one transaction
// a batch) against the least that any event store does on the same PostgreSQL: a multi-row insert with a unique key and an
// hourly rollup. Durable on both sides (fsync on).

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant, type CustomerId, type UsageEvent } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { topUp } from '../packages/server/src/app/credits.ts'
import { createControlPlane, type ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { checkSums } from '../packages/server/src/app/reports.ts'
import { keepPartitions } from '../packages/server/src/app/partitions.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { startEmbeddedPostgres } from '../packages/server/src/platform/embedded-postgres.ts'
import { silentLog } from '../packages/server/src/platform/log.ts'
import { migrate } from '../packages/server/src/platform/migrate.ts'
import { connect } from '../packages/server/src/platform/postgres.ts'
import { randomText } from '../packages/server/src/platform/random-id.ts'
import { createBare, insertBare, type BareEvent } from './bare-events.ts'
import { publishDemo } from './demo-catalog.ts'
import { median, result, type BenchResult } from './result.ts'

const CUSTOMERS = 100
const BATCH = 2_000
const BATCHES_PER_ROUND = 10
const MODELS = ['sandbox-small', 'sandbox-large', 'gpt-5-mini', 'gpt-4o']

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  // Under root PostgreSQL runs as another user, who must be able to pass.
  chmodSync(folder, 0o711)
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: silentLog() })
  const sql = connect({ url: postgres.url, applicationName: 'bench', max: 4 })
  try {
    await migrate(sql)
    const plane = await createControlPlane({ sql, clock: systemClock, log: silentLog(), links: { topUpUrl: '', upgradeUrl: '', portalUrl: '' }, masterKey: new Uint8Array(32), randomText, environmentUpstreams: [] })
    await keepPartitions(plane)
    await publishDemo(plane)
    const customers = await makeCustomers(plane)
    await createBare(sql)
    const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = 0; round <= options.rounds; round++) {
      const batches = Array.from({ length: BATCHES_PER_ROUND }, (_, index) => makeEvents(customers, `${round}-${index}`))
      const bare = await rate(batches, (events) => insertBare(sql, events.map(bareOf)))
      const ours = await rate(batches, async (events) => {
        await plane.queue.settleStretch({ identity: { node: 'bench', incarnation: 1 }, to: { segment: 1, offset: 1 }, items: events.map((event) => ({ event, statedTime: true })), outbox: [] })
      })
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours)} events/s, bare ${Math.round(bare)}`)
      if (round > 0) {
        rates.ours.push(ours)
        rates.bare.push(bare)
      }
    }
    const check = await checkSums(plane, customers[0]!)
    if (!check.agrees) throw new Error(`the sums do not agree: ${check.differences.join('; ')}`)
    return [result({ bench: 'settle', metric: 'events', value: median(rates.ours), unit: 'events/s', baseline: median(rates.bare), target: { of: 'ratio', at: 'least', limit: 0.25 } })]
  } finally {
    await sql.end()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rate(batches: readonly (readonly UsageEvent[])[], settle: (events: readonly UsageEvent[]) => Promise<void>): Promise<number> {
  const start = performance.now()
  for (const events of batches) await settle(events)
  return (batches.length * BATCH) / ((performance.now() - start) / 1_000)
}

async function makeCustomers(plane: ControlPlane): Promise<CustomerId[]> {
  return Promise.all(Array.from({ length: CUSTOMERS }, async (_, index) => {
    const { id } = await createCustomer(plane, SYSTEM, { id: `cus_bench${index}`, name: `Bench ${index}`, externalId: null, plan: index % 2 === 0 ? 'prepaid' : 'hybrid', timeZone: 'UTC', metadata: {}, startsAt: null })
    await topUp(plane, SYSTEM, id, { amount: '1000000', category: 'paid', priority: 100, expiresAt: null, reference: null })
    return id
  }))
}

function makeEvents(customers: readonly CustomerId[], round: string): UsageEvent[] {
  const now = Date.now()
  return Array.from({ length: BATCH }, (_, index) => ({
    id: `res_${round}-${index}`, source: 'tollgate:gateway', type: 'ai.request', customer: customers[(index * 7) % customers.length]!, time: instant(now - index), entity: null, feature: 'chat', run: null, key: 'key_bench',
    quantities: { input_tokens: String(200 + (index % 800)), output_tokens: String(50 + (index % 300)), requests: '1' },
    dimensions: { model: MODELS[index % MODELS.length]!, model_returned: MODELS[index % MODELS.length]!, provider: 'sandbox', upstream: 'sandbox' },
    cost: { amount: '0.000312', currency: 'USD' }, estimated: false, catalogVersion: 1, settled: { node: 'bench', incarnation: 1, covered: [] },
    context: { latency_ms: 812, ttfb_ms: 310, status: 200, stream: false },
  }))
}

function bareOf({ id, source, type, customer, time, quantities, dimensions }: UsageEvent): BareEvent {
  return { id, source, type, customer, time, model: dimensions['model']!, quantity: quantities['input_tokens']!, data: JSON.stringify({ ...quantities, ...dimensions }) }
}
