// `simulate`: stored events a second through a price simulation, against reading the same rows through the same cursor and doing nothing
// with them: what a simulation adds is the rating. Memory is told beside it, because it must not grow with the number of events.

import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { simulate } from '../packages/server/src/app/simulate/simulate.ts'
import { draftCatalog } from '../packages/server/src/app/simulate/simulations.ts'
import { simulatedEvents } from '../packages/server/src/store/simulation.ts'
import { instant, type Span } from '@tollgate/core'
import { benchPlane, type BenchPlane } from './plane.ts'
import { median, result, type BenchResult } from './result.ts'

const CUSTOMERS = 500
const EVENTS = 500_000
const EVENTS_LARGE = 3_000_000
const DAY_MS = 86_400_000

const CATALOG = `
currency: USD
features: [{ id: chat, kind: metered }]
meters:
  - { id: input_tokens, event_type: ai.request, properties: [input_tokens] }
  - { id: output_tokens, event_type: ai.request, properties: [output_tokens] }
plans:
  - id: pro
    fee: 49
    entitlements: [chat]
    prices:
      - { id: input_tokens, meter: input_tokens, model: graduated, per: 1000, tiers: [{ up_to: 1000000, amount: 0.015 }, { amount: 0.012 }] }
      - { id: output_tokens, meter: output_tokens, model: per_unit, amount: 0.03, per: 1000 }
    allowances: [{ id: tokens, meters: [input_tokens, output_tokens], quantity: 100000 }]
    funding: [allowance, overage]
gateway: { feature: chat }
`

export async function run(options: { readonly rounds: number; readonly large: boolean; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const bench = await benchPlane({ catalog: CATALOG, connections: 4 })
  try {
    const events = options.large ? EVENTS_LARGE : EVENTS
    const span = await fill(bench, events)
    const draft = await draftCatalog(bench.plane, { source: CATALOG.replace('amount: 0.03', 'amount: 0.035'), overlays: [] })
    const rates: { ours: number[]; read: number[] } = { ours: [], read: [] }
    let heapMax = 0
    for (let round = 0; round <= (options.large ? 1 : options.rounds); round++) {
      const read = await perSecond(events, () => readAll(bench, span))
      const ours = await perSecond(events, async () => {
        const { events: rated } = await simulate({
          sql: bench.plane.sql, current: bench.plane.catalogs.current(), draft, span, plans: null, signal: new AbortController().signal,
          onProgress: () => void (heapMax = Math.max(heapMax, process.memoryUsage().heapUsed)),
        })
        if (rated !== events) throw new Error(`${rated} of ${events} events were rated`)
      })
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours)} events/s, read ${Math.round(read)}; heap at most ${Math.round(heapMax / 1024 / 1024)} MiB, process ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MiB`)
      if (round === 0) continue
      rates.ours.push(ours)
      rates.read.push(read)
    }
    return [result({ bench: 'simulate', metric: `${events} events`, value: median(rates.ours), unit: 'events/s', baseline: median(rates.read) })]
  } finally {
    await bench.close()
  }
}

/** A month of events, written straight into the table: their charges do not matter to what is measured. */
async function fill({ plane }: BenchPlane, events: number): Promise<Span> {
  const now = Date.now()
  const span = { start: instant(now - 30 * DAY_MS), end: instant(now) }
  for (let index = 0; index < CUSTOMERS; index++) {
    await createCustomer(plane, SYSTEM, { id: `cus_sim${index}`, name: `Customer ${index}`, externalId: null, plan: 'pro', timeZone: 'UTC', metadata: {}, startsAt: instant(now - 300 * DAY_MS) })
  }
  await plane.sql`
    insert into usage_event (batch_id, customer_id, source, id, type, time, period_start, catalog_version, quantities, dimensions, charges, cost, context, amount, asset, estimated, feature)
    select 1, 'cus_sim' || (n % ${CUSTOMERS}), 'bench', n::text, 'ai.request', ${span.start}::timestamptz + interval '1 second' + (n * ${(30 * DAY_MS - 60_000) / events}::float8) * interval '1 millisecond', ${span.start}, 1,
      jsonb_build_object('input_tokens', (200 + n % 800)::text, 'output_tokens', (50 + n % 300)::text, 'requests', '1'), jsonb_build_object('model', 'gpt-5-mini', 'provider', 'openai'),
      '{"lines": [], "paid": {"draws": [], "accrued": "0", "debt": "0"}}'::jsonb, '{"amount": "0.000312", "currency": "USD"}'::jsonb, '{}'::jsonb, 0.0061, 'USD', false, 'chat'
    from generate_series(1, ${events}) n`
  await plane.sql`analyze usage_event`
  return span
}

async function readAll({ plane }: BenchPlane, span: Span): Promise<void> {
  let rows = 0
  for (let first = 0; first < CUSTOMERS; first += 200) {
    const customers = Array.from({ length: Math.min(200, CUSTOMERS - first) }, (_, index) => `cus_sim${first + index}`)
    for await (const batch of simulatedEvents(plane.sql, { customers, from: span.start, to: span.end })) rows += batch.length
  }
  if (rows === 0) throw new Error('nothing was read')
}

async function perSecond(events: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return events / ((performance.now() - start) / 1_000)
}
