// `books`: how fast the books follow settled usage (added up by day, customer, feature, model and plan, each batch once), against one aggregation of the
// same events on the same PostgreSQL; how fast events are exported as CSV, against reading the same rows; and what a month's report takes, checks
// included.

import type { CustomerId, UsageEvent } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { addUpUsage, dayText, startOfDay } from '../packages/server/src/app/books/days.ts'
import { booksOfMonth } from '../packages/server/src/app/books/month.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { exportPart } from '../packages/server/src/app/exports/part.ts'
import { DAY_MS, instant } from '@tollgate/core'
import { DEMO_SOURCE } from './demo-catalog.ts'
import { benchPlane } from './plane.ts'
import { median, result, type BenchResult } from './result.ts'

const CUSTOMERS = Number(process.env['BENCH_CUSTOMERS'] ?? 500)
const EVENTS_PER_ROUND = 40_000
const BATCH = 2_000
const PART_ROWS = 10_000

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const { plane, close } = await benchPlane({ catalog: DEMO_SOURCE, connections: 4 })
  try {
    const { sql } = plane
    const customers: CustomerId[] = []
    for (let index = 0; index < CUSTOMERS; index += 1) customers.push((await createCustomer(plane, SYSTEM, { id: `cus_b${index}`, name: `Bench ${index}`, externalId: null, plan: 'hybrid', timeZone: 'UTC', metadata: {}, startsAt: null })).id)
    const rates = { ours: [] as number[], bare: [] as number[], exported: [] as number[], read: [] as number[] }
    for (let round = 0; round <= options.rounds; round += 1) {
      const [before] = await sql<{ id: bigint }[]>`select coalesce(max(id), 0) as id from settlement_batch`
      await use(customers, round)
      const bareStart = performance.now()
      await sql`
        select customer_id, feature, dimensions ->> 'model', asset, cost ->> 'currency', count(*), sum(amount), sum((cost ->> 'amount')::numeric) from usage_event where batch_id > ${before!.id} group by 1, 2, 3, 4, 5`
      const bare = EVENTS_PER_ROUND / ((performance.now() - bareStart) / 1_000)
      const start = performance.now()
      await addUpUsage(plane)
      const ours = EVENTS_PER_ROUND / ((performance.now() - start) / 1_000)
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: added up ${Math.round(ours)} events/s, one aggregation ${Math.round(bare)}`)
      if (round > 0) {
        rates.ours.push(ours)
        rates.bare.push(bare)
      }
    }
    const from = startOfDay(plane.clock.now())
    const span = { from, to: instant(from + DAY_MS) }
    const events = EVENTS_PER_ROUND * (options.rounds + 1)
    for (let round = 0; round < 2; round += 1) {
      const start = performance.now()
      for (let after: readonly string[] | null = null; ; ) {
        const part = await exportPart(plane, { dataset: 'events', ...span, customer: null, format: 'csv', after, rows: PART_ROWS })
        after = part.next
        if (after === null) break
      }
      rates.exported.push(events / ((performance.now() - start) / 1_000))
      const bareStart = performance.now()
      for await (const rows of sql`select * from usage_event where time >= ${span.from} and time < ${span.to} order by customer_id, time, sequence`.cursor(2_000)) void rows.length
      rates.read.push(events / ((performance.now() - bareStart) / 1_000))
    }
    const start = performance.now()
    const month = await booksOfMonth(plane, dayText(from).slice(0, 7))
    const reportMs = performance.now() - start
    const failed = month.checks.filter(({ agrees }) => !agrees)
    if (failed.length > 0) throw new Error(`the books do not agree: ${failed.map(({ name }) => name).join('; ')}`)
    return [
      result({ bench: 'books', metric: 'usage added up', value: median(rates.ours), unit: 'events/s', baseline: median(rates.bare), target: { of: 'ratio', at: 'least', limit: 0.2 } }),
      result({ bench: 'books', metric: 'events exported as CSV', value: median(rates.exported), unit: 'rows/s', baseline: median(rates.read), target: { of: 'ratio', at: 'least', limit: 0.3 } }),
      result({ bench: 'books', metric: `a month of ${events} events, with its checks`, value: reportMs, unit: 'ms' }),
    ]
  } finally {
    await close()
  }

  async function use(all: readonly CustomerId[], round: number): Promise<void> {
    const now = plane.clock.now()
    const events = Array.from({ length: EVENTS_PER_ROUND }, (_, index): UsageEvent => ({
      id: `${round}-${index}`, source: 'bench', type: 'ai.request', customer: all[index % all.length]!, time: now, entity: null, feature: 'chat', run: null, key: null, quantities: { input_tokens: '20000', output_tokens: '5000' },
      dimensions: { model: index % 3 === 0 ? 'sandbox-large' : 'sandbox-small' }, cost: { amount: '0.0123', currency: 'USD' }, estimated: false, catalogVersion: 1, settled: null, context: {},
    }))
    for (let at = 0; at < events.length; at += BATCH) {
      await plane.queue.settleStretch({ identity: { node: 'bench', incarnation: 1 }, to: { segment: 1, offset: 1 }, items: events.slice(at, at + BATCH).map((event) => ({ event, statedTime: true })), outbox: [] })
    }
  }
}
