// The law of metering, for random meters, prices and events: however they are split into calls, in whatever order, sent twice, with
// corrections before and after what they correct, and wherever settlement breaks off, the totals are those that a naive count gives, the
// charges those of one call in order, and the rollups are proven by their events.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatDecimal, instant } from '@tollgate/core'
import { publishSource, testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { SYSTEM } from '../actor.ts'
import { isSqlState, type Transaction } from '../../platform/postgres.ts'
import type { ControlPlane } from '../control-plane.ts'
import { createCustomer } from '../customers.ts'
import { ingest } from '../ingest.ts'
import { checkSums, invoicePreview } from '../reports.ts'
import { checkRollups } from '../rollup-check.ts'
import { usageReport } from '../usage-report.ts'
import { createPseudonyms } from './pseudonyms.ts'
import { createSettlementQueue } from './queue.ts'

const NOW = instant(Date.parse('2026-03-29T12:00:00Z'))
const DAY = 86_400_000
let world: TestPlane
beforeAll(async () => { world = await testPlane({ clock: { now: () => NOW } }) })
afterAll(() => world.close())

type RandomMeter = { readonly aggregation: 'sum' | 'count' | 'max' | 'unique_count' | 'latest' | 'expression'; readonly scale: number; readonly regions: readonly string[] | null; readonly dimensions: readonly string[]; readonly price: string }
type RandomEvent = { readonly minute: number; readonly value: number; readonly user: string; readonly region: string; readonly bucket: string }
type Correction = { readonly of: number; readonly set: Partial<Omit<RandomEvent, 'minute'>> | null }
type Delivery = { readonly ranks: readonly number[]; readonly sizes: readonly number[]; /** For each call after how many statements it breaks off; zero for not at all, 200 for behind the commit. */ readonly breaks: readonly number[] }

const REGIONS = ['eu', 'us', 'ap']
const PRICES = [
  'model: per_unit, amount: 0.3', 'model: package, amount: 0.9, size: 5', 'model: graduated, tiers: [{ up_to: 10, amount: 2, flat: 1 }, { up_to: 40, amount: 1.5 }, { amount: 0.7 }]',
  'model: volume, tiers: [{ up_to: 30, amount: 2 }, { amount: 1 }]',
]
const meters: fc.Arbitrary<RandomMeter[]> = fc.array(fc.record({
  aggregation: fc.constantFrom('sum', 'count', 'max', 'unique_count', 'latest', 'expression'), scale: fc.constantFrom(0, 2), regions: fc.option(fc.subarray(REGIONS, { minLength: 1 })),
  dimensions: fc.subarray(['region', 'bucket']), price: fc.constantFrom(...PRICES),
}), { minLength: 1, maxLength: 4 })
const events: fc.Arbitrary<RandomEvent[]> = fc.array(fc.record({
  minute: fc.integer({ min: 0, max: 300 }), value: fc.integer({ min: 0, max: 20 }), user: fc.constantFrom('ann', 'bob', 'cyd', 'dan'), region: fc.constantFrom(...REGIONS), bucket: fc.constantFrom('a', 'b'),
}), { minLength: 1, maxLength: 25 })
const corrections = fc.array(fc.record({
  of: fc.nat(24), set: fc.option(fc.record({ value: fc.integer({ min: 0, max: 20 }), user: fc.constantFrom('ann', 'eve'), region: fc.constantFrom(...REGIONS) }, { requiredKeys: [] }).filter((set) => Object.keys(set).length > 0)),
}), { maxLength: 8 })
const delivery: fc.Arbitrary<Delivery> = fc.record({
  ranks: fc.array(fc.nat(1_000), { minLength: 66, maxLength: 66 }), sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 66, maxLength: 66 }),
  breaks: fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(200) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) }), { minLength: 66, maxLength: 66 }),
})

test('any split, order, repetition and break of the same events and corrections gives the same totals, charges and proofs', { timeout: 120_000 }, async () => {
  let run = 0
  await fc.assert(fc.asyncProperty(meters, events, corrections, delivery, async (meterList, eventList, correctionList, how) => {
    run += 1
    await publishSource(world.plane, catalogOf(meterList))
    const fixing = correctionList.map((correction) => ({ ...correction, of: correction.of % eventList.length }))
    const [messy, clean] = [`cus_messy${run}`, `cus_clean${run}`]
    for (const id of [messy, clean]) await createCustomer(world.plane, SYSTEM, { id, name: id, externalId: null, plan: 'random', timeZone: 'UTC', metadata: {}, startsAt: instant(NOW - 20 * DAY) })
    const standing = standingOf(eventList, fixing)
    await deliver(world.plane, messy, [...eventList.map(eventOf), ...fixing.map(correctionOf)], how)
    const sent = standing.map(({ event, id }) => ({ ...eventOf(event, 0), id, subject: clean, specversion: '1.0', source: 'test' }))
    const answers = await ingest(world.plane, sent.sort((a, b) => (a.time < b.time ? -1 : 1)), { customer: null, key: 'key_test' })
    expect(answers.filter(({ status }) => status !== 'accepted')).toEqual([])

    const figures = await figuresOf(messy)
    expect(figures).toEqual(await figuresOf(clean))
    expect(figures.totals).toEqual(Object.fromEntries(meterList.flatMap((meter, index) => naive(meter, standing).map(([region, value]) => [`m${index} ${region}`, value]))))
    for (const customer of [messy, clean]) {
      expect((await checkRollups(world.plane, { customer, from: instant(NOW - 20 * DAY), to: NOW })).differences).toEqual([])
      expect((await checkSums(world.plane, customer)).differences).toEqual([])
    }
  }), { numRuns: 30 })
})

function catalogOf(list: readonly RandomMeter[]): string {
  const lines = list.map(({ aggregation, scale, regions, dimensions }, index) => {
    const quantity = { sum: 'properties: [value]', count: 'aggregation: count', max: 'aggregation: max, properties: [value]', latest: 'aggregation: latest, properties: [value]', unique_count: 'aggregation: unique_count, properties: [user]', expression: `expression: 'quantity.value * (dimension.region == "eu" ? 3 : 1)'` }[aggregation]
    const isWhole = aggregation === 'count' || aggregation === 'unique_count'
    return `  - { id: m${index}, unit: unit, event_type: job, ${quantity}${isWhole ? '' : `, scale: ${scale}`}${regions === null ? '' : `, filter: { region: [${regions.join(', ')}] }`}, dimensions: [${[...new Set(['region', ...dimensions])].join(', ')}] }`
  })
  return `
currency: USD
features: [{ id: jobs, kind: metered }]
meters:
${lines.join('\n')}
plans:
  - id: random
    name: Random
    entitlements: [jobs]
    prices:
${list.map(({ price }, index) => `      - { id: p${index}, meter: m${index}, ${price} }`).join('\n')}
    funding: [overage]
rate_card: []
gateway: { feature: jobs, models: [] }
`
}

type Message = { readonly id: string; readonly type: string; readonly time: string; readonly data: Readonly<Record<string, unknown>> }

function eventOf({ minute, ...data }: RandomEvent, index: number): Message {
  return { id: `e${index}`, type: 'job', time: new Date(NOW - 2 * DAY + minute * 20_000).toISOString(), data }
}

function correctionOf({ of, set }: Correction, index: number): Message {
  return { id: `c${index}`, type: set === null ? 'tollgate.void' : 'tollgate.correction', time: new Date(NOW - 60_000 + index).toISOString(), data: { corrects: `e${of}`, ...(set === null ? {} : { set }) } }
}

/** What holds in the end: of several corrections of an event the one with the latest time, under its id. */
function standingOf(list: readonly RandomEvent[], fixing: readonly Correction[]): { readonly event: RandomEvent; readonly id: string }[] {
  return list.flatMap((event, index) => {
    const held = fixing.findLastIndex(({ of }) => of === index)
    const set = fixing[held]?.set
    if (held === -1) return [{ event, id: `e${index}` }]
    return set === null || set === undefined ? [] : [{ event: { ...event, ...set }, id: `c${held}` }]
  })
}

/** By region, as anybody would count it; what nobody used is not shown. */
function naive({ aggregation, regions, scale }: RandomMeter, standing: readonly { readonly event: RandomEvent; readonly id: string }[]): (readonly [string, string])[] {
  return REGIONS.flatMap((region) => {
    const own = standing.filter(({ event }) => event.region === region && (regions === null || regions.includes(region)))
    if (own.length === 0) return []
    const values = own.map(({ event }) => event.value)
    const latest = own.toSorted((a, b) => a.event.minute - b.event.minute || (`test ${a.id}` < `test ${b.id}` ? -1 : 1)).at(-1)!.event.value
    const sum = values.reduce((total, value) => total + value, 0)
    const found = { sum, count: own.length, max: Math.max(...values), unique_count: new Set(own.map(({ event }) => event.user)).size, latest, expression: sum * (region === 'eu' ? 3 : 1) }[aggregation]
    // An event of nothing is none for what adds up.
    if (found === 0 && (aggregation === 'sum' || aggregation === 'expression') && scale >= 0) return []
    return [[region, String(found)] as const]
  })
}

/** Everything twice, shuffled, in calls that break off; whoever is not answered sends again. */
async function deliver(plane: ControlPlane, subject: string, messages: readonly Message[], { ranks, sizes, breaks }: Delivery): Promise<void> {
  const twice = [...messages, ...messages].map((message, index) => ({ message: { ...message, subject, specversion: '1.0', source: 'test' }, rank: ranks[index]! })).sort((a, b) => a.rank - b.rank).map(({ message }) => message)
  for (let call = 0, start = 0; start < twice.length; start += sizes[call]!, call++) {
    const batch = twice.slice(start, start + sizes[call]!)
    const broken = breakingPlane(plane, breaks[call]!)
    const answers = await ingest(broken, batch, { customer: null, key: 'key_test' }).catch((error: unknown) => {
      if (!(error instanceof Broken) && !isSqlState(error, BROKEN) && !isSqlState(error, '25P02')) throw error
      return ingest(plane, batch, { customer: null, key: 'key_test' })
    })
    expect(answers.filter(({ status }) => status !== 'accepted' && status !== 'duplicate')).toEqual([])
  }
}

class Broken extends Error {}
/** There is no such function. */
const BROKEN = '42883'

/** The same plane, but settlement breaks off at a statement of its transaction, or when it has committed and before it can answer. */
function breakingPlane(plane: ControlPlane, at: number): ControlPlane {
  if (at === 0) return plane
  let statements = 0
  const breaking = (tx: Transaction): Transaction => new Proxy(tx, {
    apply: (target, self, args) => {
      if ((statements += 1) === at) target.unsafe('select nothing_like_this()').catch(() => undefined)
      return Reflect.apply(target as never, self, args) as unknown
    },
  })
  const sql = new Proxy(plane.sql, {
    get: (target, name) => name !== 'begin' ? Reflect.get(target, name) as unknown : async (work: (tx: Transaction) => unknown) => {
      await target.begin((tx) => work(breaking(tx)))
      throw new Broken()
    },
  })
  const queue = createSettlementQueue({ ...plane, sql, dimensions: plane.queue.dimensions, pseudonyms: createPseudonyms({ ...plane, personal: new Set() }) })
  return { ...plane, queue }
}

async function figuresOf(customer: string) {
  const { rows } = await usageReport(world.plane, customer, { from: null, to: null, granularity: 'total', groupBy: ['region'], filters: new Map(), meter: null, timeZone: null, top: null, cumulative: false })
  const days = await usageReport(world.plane, customer, { from: null, to: null, granularity: 'hour', groupBy: ['region'], filters: new Map(), meter: null, timeZone: null, top: null, cumulative: false })
  const { preview } = await invoicePreview(world.plane, customer)
  const used = (list: typeof rows) => list.filter(({ events: count }) => count > 0n)
  return {
    totals: Object.fromEntries(used(rows).map(({ meter, groups, quantity }) => [`${meter} ${groups.join(' ')}`, quantity.includes('.') ? quantity.replace(/\.?0+$/, '') : quantity])),
    hours: used(days.rows).map(({ start, meter, groups, quantity, events: count }) => [start, meter, groups.join(' '), quantity, count]),
    lines: preview.lines.map(({ price, quantity, exact }) => [price, quantity, formatDecimal(exact, 12)]),
  }
}
