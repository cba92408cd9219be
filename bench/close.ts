// `close`: customers per second through a closing run (fees, usage by price, credit, tax, numbers, documents, ledger, messages; durable)
// against the least that any billing does with the same usage on the same PostgreSQL: one aggregation by customer and price. It reads what one would
// keep for just that: a table a month, a row an event and price, in typed columns, analyzed; filling it is not measured. A virtual clock turns a month a
// round, so each round closes a period that has fresh usage.

import { parseInstant, type CustomerId, type Instant, type UsageEvent } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { runBilling } from '../packages/server/src/app/invoices/run.ts'
import { setBillingSettings } from '../packages/server/src/app/invoices/settings.ts'
import { checkSums } from '../packages/server/src/app/reports.ts'
import { virtualClock } from '../packages/server/src/platform/clock.ts'
import type { Sql } from '../packages/server/src/platform/postgres.ts'
import { DEMO_SOURCE } from './demo-catalog.ts'
import { benchPlane } from './plane.ts'
import { median, result, type BenchResult } from './result.ts'

const CUSTOMERS = Number(process.env['BENCH_CUSTOMERS'] ?? 1_000)
/** As many a customer as in a month of a hundred thousand customers and ten million events. */
const EVENTS_EACH = 100
const BATCH = 2_000
const MONTH_MS = 32 * 86_400_000
/** That charge an event of {@link eventOf}. */
const PRICES = 2

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const clock = virtualClock(parseInstant('2026-01-01T00:00:00Z', 'start'))
  const { plane, close } = await benchPlane({ catalog: DEMO_SOURCE, connections: 4, clock })
  try {
    const { sql } = plane
    await setBillingSettings(plane, SYSTEM, { seller: { name: 'Bench', address: [], country: null, taxId: null, email: null }, series: 'INV', noteSeries: 'CN', paymentDays: 14, latenessHours: 24, autoFinalize: true, notes: [] })
    const customers: CustomerId[] = []
    for (let index = 0; index < CUSTOMERS; index += 1) customers.push((await createCustomer(plane, SYSTEM, { id: `cus_b${index}`, name: `Bench ${index}`, externalId: null, plan: 'hybrid', timeZone: 'UTC', metadata: {}, startsAt: null })).id)
    await runBilling(plane)
    const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    const heap: number[] = []
    for (let round = 0; round <= options.rounds; round += 1) {
      await use(customers, round)
      const month = await keepTyped(sql, round, new Date(clock.now() - MONTH_MS).toISOString())
      clock.advance(MONTH_MS)
      const bareStart = performance.now()
      const rows = await sql`select customer_id, price, sum(quantity), sum(amount) from ${sql(month)} group by customer_id, price`
      const bare = CUSTOMERS / ((performance.now() - bareStart) / 1_000)
      if (rows.length < CUSTOMERS) throw new Error(`the aggregation found ${rows.length} customers and prices, fewer than customers`)
      const start = performance.now()
      const { invoices } = await runBilling(plane)
      const ours = CUSTOMERS / ((performance.now() - start) / 1_000)
      heap.push(process.memoryUsage().heapUsed / 1e6)
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours)} customers/s (${invoices} invoices), one aggregation ${Math.round(bare)}`)
      if (round > 0) {
        rates.ours.push(ours)
        rates.bare.push(bare)
      }
    }
    options.log(`the aggregation reads ${EVENTS_EACH} events a customer from a table of typed columns for just that, a month, ${PRICES} rows an event; the closing run writes two invoices a customer and what belongs to them`)
    const check = await checkSums(plane, customers[0]!)
    if (!check.agrees) throw new Error(`the sums do not agree: ${check.differences.join('; ')}`)
    return [
      result({ bench: 'close', metric: 'customers', value: median(rates.ours), unit: 'customers/s', baseline: median(rates.bare), target: { of: 'ratio', at: 'least', limit: 0.2 } }),
      result({ bench: 'close', metric: 'heap after the last round', value: heap.at(-1)!, unit: 'MB', baseline: heap[1] ?? heap[0]! }),
    ]
  } finally {
    await close()
  }

  async function use(customers: readonly CustomerId[], round: number): Promise<void> {
    const now = clock.now()
    const events = customers.flatMap((customer, index) => Array.from({ length: EVENTS_EACH }, (_, position): UsageEvent => eventOf(customer, `${round}-${index}-${position}`, now)))
    for (let at = 0; at < events.length; at += BATCH) {
      await plane.queue.settleStretch({ identity: { node: 'bench', incarnation: 1 }, to: { segment: 1, offset: 1 }, items: events.slice(at, at + BATCH).map((event) => ({ event, statedTime: true })), outbox: [] })
    }
  }
}

/** The month's charges as one would keep them to add them up: nothing in a row but what is grouped and summed. */
async function keepTyped(sql: Sql, round: number, since: string): Promise<string> {
  const name = `bench_usage_${round}`
  await sql`
    create table ${sql(name)} as select customer_id, line ->> 'price' as price, time, (line ->> 'quantity')::bigint as quantity, (line ->> 'amount')::numeric(38,12) as amount
    from usage_event, json_array_elements(charges -> 'lines') line where time >= ${since}::text::timestamptz`
  await sql`analyze ${sql(name)}`
  return name
}

function eventOf(customer: CustomerId, id: string, time: Instant): UsageEvent {
  return {
    id, source: 'bench', type: 'ai.request', customer, time, entity: null, feature: 'chat', run: null, key: null, quantities: { input_tokens: '20000', output_tokens: '5000' }, dimensions: { model: 'sandbox-small' },
    cost: null, estimated: false, catalogVersion: 1, settled: null, context: {},
  }
}
