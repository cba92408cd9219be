// `ingest`: events per second over HTTP — durable, deduplicated, rated and settled when the answer comes — against the least that any
// event store does on the same PostgreSQL: a multi-row insert with a unique key and an hourly rollup, without HTTP. Beside it the time
// of an acknowledgement, and how long a day's usage takes to be queried by dimension (10 million events with --large).

import { Pool } from 'undici'
import { createApi } from '../packages/server/src/api/server.ts'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import type { ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { createKey } from '../packages/server/src/app/keys.ts'
import { checkRollups } from '../packages/server/src/app/rollup-check.ts'
import { usageOfAll } from '../packages/server/src/app/usage-report.ts'
import { instant } from '@tollgate/core'
import { benchPlane } from './plane.ts'
import { createBare, insertBare } from './bare-events.ts'
import { median, percentile, result, type BenchResult } from './result.ts'

const CUSTOMERS = 100
const BATCH = 1_000
const BATCHES_PER_ROUND = 20
const CONNECTIONS = 4
/** Small calls, as services send them, for the time of an acknowledgement. */
const SMALL_BATCH = 10
const SMALL_CALLS = 400
const RATIO_LEAST = 0.25
const QUERY_MS_MOST = 1_000
const DAY_EVENTS = { small: 200_000, large: 10_000_000 }
const MODELS = ['small', 'large', 'gpt-5-mini', 'gpt-4o']
const REGIONS = ['eu', 'us', 'ap']

const CATALOG = `
currency: USD
features: [{ id: chat, kind: metered }]
meters:
  - { id: input_tokens, unit: token, event_type: ai.request, properties: [input_tokens], dimensions: [region] }
  - { id: output_tokens, unit: token, event_type: ai.request, properties: [output_tokens], dimensions: [region] }
plans:
  - id: metered
    name: Metered
    entitlements: [chat]
    prices:
      - { id: input, meter: input_tokens, model: per_unit, amount: 0.015, per: 1000 }
      - { id: output, meter: output_tokens, model: graduated, per: 1000, tiers: [{ up_to: 1000000, amount: 0.03 }, { amount: 0.02 }] }
    funding: [overage]
rate_card: []
gateway: { feature: chat, models: [] }
`

export async function run(options: { readonly rounds: number; readonly large: boolean; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const bench = await benchPlane({ catalog: CATALOG, connections: 8 })
  const { plane } = bench
  const api = createApi({ plane, gatewayUrl: () => '', version: '0.0.0-bench' })
  try {
    const url = await api.listen({ host: '127.0.0.1', port: 0 })
    const { raw: key } = await createKey(plane, SYSTEM, { name: '', scopes: ['admin'], customer: null, entity: null, feature: null, models: null, showsCost: false, expiresAt: null })
    for (let index = 0; index < CUSTOMERS; index++) await createCustomer(plane, SYSTEM, { id: `cus_bench${index}`, name: 'Bench', externalId: null, plan: 'metered', timeZone: 'UTC', metadata: {}, startsAt: null })
    await createBare(plane.sql)
    const pool = new Pool(url, { connections: CONNECTIONS })
    const send = async (events: readonly Sent[]) => {
      const { statusCode, body } = await pool.request({ method: 'POST', path: '/v1/events', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events) })
      const answer = (await body.json()) as { readonly accepted: number }
      if (statusCode !== 200 || answer.accepted !== events.length) throw new Error(`events were not taken: ${statusCode} ${JSON.stringify(answer).slice(0, 300)}`)
    }
    const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = 0; round <= options.rounds; round++) {
      const batches = Array.from({ length: BATCHES_PER_ROUND }, (_, index) => makeEvents(`${round}-${index}`, BATCH))
      const bare = await rate(batches, 1, (events) => insertBare(plane.sql, events.map(bareOf)))
      const ours = await rate(batches, CONNECTIONS, send)
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: ${Math.round(ours)} events/s, bare ${Math.round(bare)}`)
      if (round === 0) continue
      rates.ours.push(ours)
      rates.bare.push(bare)
    }
    const waits = await acknowledgements(send)
    await pool.destroy()
    await assertProven(plane)
    const query = await queryOfADay(plane, options.large ? DAY_EVENTS.large : DAY_EVENTS.small, options.log)
    return [
      result({ bench: 'ingest', metric: 'events over HTTP', value: median(rates.ours), unit: 'events/s', baseline: median(rates.bare), target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } }),
      result({ bench: 'ingest', metric: `acknowledgement of ${SMALL_BATCH} p50`, value: percentile(waits, 0.5), unit: 'ms' }),
      result({ bench: 'ingest', metric: `acknowledgement of ${SMALL_BATCH} p99`, value: percentile(waits, 0.99), unit: 'ms' }),
      result({ bench: 'ingest', metric: `a day of ${query.events.toLocaleString('en')} by dimension`, value: query.ms, unit: 'ms', target: { of: 'value', at: 'most', limit: QUERY_MS_MOST } }),
    ]
  } finally {
    await api.close()
    await plane.queue.close()
    await bench.close()
  }
}

type Sent = { readonly specversion: '1.0'; readonly id: string; readonly source: string; readonly type: string; readonly subject: string; readonly time: string; readonly data: Readonly<Record<string, string | number>> }

function makeEvents(round: string, count: number): Sent[] {
  const now = Date.now()
  return Array.from({ length: count }, (_, index) => ({
    specversion: '1.0', id: `${round}-${index}`, source: 'bench', type: 'ai.request', subject: `cus_bench${(index * 7) % CUSTOMERS}`, time: new Date(now - (index % 3_000)).toISOString(),
    data: { feature: 'chat', model: MODELS[index % MODELS.length]!, region: REGIONS[index % REGIONS.length]!, input_tokens: 200 + (index % 800), output_tokens: 50 + (index % 300) },
  }))
}

function bareOf({ id, source, type, subject, time, data }: Sent) {
  return { id, source, type, customer: subject, time: Date.parse(time), model: String(data['model']), quantity: String(data['input_tokens']), data: JSON.stringify(data) }
}

async function rate(batches: readonly (readonly Sent[])[], inFlight: number, send: (events: readonly Sent[]) => Promise<void>): Promise<number> {
  const start = performance.now()
  let next = 0
  const sender = async () => {
    while (next < batches.length) await send(batches[next++]!)
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
  return (batches.length * BATCH) / ((performance.now() - start) / 1_000)
}

async function acknowledgements(send: (events: readonly Sent[]) => Promise<void>): Promise<number[]> {
  const waits: number[] = []
  let next = 0
  const sender = async () => {
    while (next < SMALL_CALLS) {
      const events = makeEvents(`small-${next++}`, SMALL_BATCH)
      const start = performance.now()
      await send(events)
      waits.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, sender))
  return waits.sort((a, b) => a - b)
}

/** A fast figure over wrong totals would be worth nothing. */
async function assertProven(plane: ControlPlane): Promise<void> {
  const now = plane.clock.now()
  const { differences } = await checkRollups(plane, { customer: null, from: instant(now - 3_600_000), to: now })
  if (differences.length > 0) throw new Error(`rollups differ from their events: ${JSON.stringify(differences[0])}`)
}

/** A day long past, its events and their rollups written by SQL: how they came to be is measured above, here only how they are read. */
async function queryOfADay(plane: ControlPlane, events: number, log: (line: string) => void): Promise<{ readonly events: number; readonly ms: number }> {
  const day = new Date(Date.UTC(2026, 0, 10)).toISOString()
  await plane.sql.unsafe(`
    insert into usage_event (customer_id, source, id, type, time, batch_id, feature, period_start, catalog_version, quantities, dimensions, charges, amount, asset, estimated, context)
    select 'cus_bench' || (n * 7) % ${CUSTOMERS}, 'day', n::text, 'ai.request', '${day}'::timestamptz + (n % 86400) * interval '1 second', 1, 'chat', '2026-01-01', 1,
      '{"input_tokens": "400", "output_tokens": "120"}', jsonb_build_object('model', (array['${MODELS.join("','")}'])[1 + n % ${MODELS.length}], 'region', (array['${REGIONS.join("','")}'])[1 + n % ${REGIONS.length}]),
      '{"lines": [], "paid": {"draws": [], "accrued": "0.0096", "debt": "0"}}', 0.0096, 'USD', false, '{}'
    from generate_series(1, ${events}) n`)
  await plane.sql.unsafe(`
    insert into rollup_hour (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset, kind, quantity, amount, events)
    select customer_id, m, date_trunc('hour', time), period_start, feature, '', dimensions::jsonb, asset, 'sum', sum((quantities ->> m)::numeric), sum(amount) / 2, count(*)
    from usage_event, unnest(array['input_tokens', 'output_tokens']) m where source = 'day' group by 1, 2, 3, 4, 5, 7, 8`)
  await plane.sql.unsafe('analyze rollup_hour')
  log(`${events.toLocaleString('en')} events of one day are there`)
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    const { totals } = await usageOfAll(plane, {
      from: instant(Date.parse(day)), to: instant(Date.parse(day) + 86_400_000), granularity: 'hour', groupBy: ['model', 'region'], filters: new Map(), meter: 'input_tokens', timeZone: null, top: null, cumulative: false,
    })
    times.push(performance.now() - start)
    if (totals[0]?.events !== BigInt(events)) throw new Error('the report does not hold all events of the day')
  }
  return { events, ms: median(times) }
}
