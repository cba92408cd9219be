// Whatever the way of the events, the figures are those of the events: split into any batches, in any order, sent again, corrected and
// corrected back, with corrections before their events. One customer gets all of that, another what is left of it, once and in order.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type Json, type TestApi } from '../api.ts'
import { publishMeters } from '../meters.ts'

const NOW = Date.parse('2026-03-29T12:00:00Z')
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock: { now: () => NOW } as never })
  await publishMeters(api)
})
afterAll(() => api.close())

type Data = Readonly<Record<string, Json>>
type Sent = { readonly id: string; readonly type: string; readonly time: string; readonly data: Data }

const data = fc.record({
  gpus: fc.nat(9), user: fc.constantFrom('ann', 'bob', 'cyd', 'dan', 'eve'), stored: fc.nat(20_000).map((units) => (units / 1_000).toFixed(3)),
  gpu_ms: fc.nat(6_000), region: fc.constantFrom('eu', 'us'), bucket: fc.constantFrom('a', 'b'), images: fc.nat(4), size: fc.constantFrom('large', 'small'),
}, { requiredKeys: [] })
const time = fc.nat(27 * 24 * 60).map((minutes) => new Date(Date.parse('2026-03-01T00:00:00Z') + minutes * 60_000).toISOString())
const usage = fc.array(fc.record({ time, data }), { minLength: 1, maxLength: 14 })
/** By index of the event: a void, or members that replace. */
const corrections = fc.array(fc.record({ of: fc.nat(13), at: fc.nat(1_000), set: fc.option(data.filter((set) => Object.keys(set).length > 0), { nil: null }) }), { maxLength: 6 })

type Correction = { readonly of: number; readonly at: number; readonly set: Data | null }

/** What is left: of several corrections the latest holds, by the time that it states and then by its id. */
function standing(events: readonly Sent[], list: readonly (Correction & { readonly id: string })[]): Sent[] {
  return events.flatMap((event, index) => {
    const own = list.filter(({ of }) => of === index).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    const held = own.at(-1)
    if (held === undefined) return [event]
    return held.set === null ? [] : [{ ...event, id: held.id, data: { ...event.data, ...held.set } }]
  })
}

async function post(subject: string, batch: readonly Sent[]): Promise<void> {
  if (batch.length === 0) return
  const answer = await api.call('POST /v1/events', { body: batch.map((event) => ({ specversion: '1.0', source: 'test', subject, ...event })) })
  expect([answer.status, answer.body.results.filter(({ status }: Json) => status !== 'accepted' && status !== 'duplicate')]).toEqual([200, []])
}

async function figures(customer: string) {
  const get = async (path: string) => (await api.call(`GET /v1/customers/${customer}${path}`)).body
  const pick = (rows: readonly Json[], ...names: readonly string[]) => rows.filter((row) => row.events !== 0 || !('start' in row)).map((row) => names.map((name) => row[name]).join(' '))
  const [balance, invoice, sums] = [await get('/balance'), await get('/invoices/preview'), await get('/checks/sums')]
  expect(sums.differences).toEqual([])
  return {
    balance: [balance.balance, balance.debt, ...pick(balance.blocks, 'remaining')],
    budgets: pick(balance.budgets, 'id', 'used', 'remaining'),
    invoice: pick(invoice.lines, 'price', 'quantity', 'included', 'exact', 'amount', 'events'),
    total: pick((await get('/usage?granularity=total')).data, 'meter', 'quantity', 'amount', 'events'),
    // A bucket whose events were all undone may keep what tiers moved elsewhere. Which event a tier's step fell on is a matter of their order: amounts agree in sum, quantities everywhere.
    regions: pick((await get('/usage?granularity=total&group_by=region')).data, 'meter', 'region', 'quantity', 'events'),
    days: pick((await get('/usage?granularity=day&group_by=bucket')).data, 'start', 'meter', 'bucket', 'quantity', 'events'),
    minutes: pick((await get('/usage?granularity=minute&from=2026-03-27T12:00:00Z')).data, 'start', 'meter', 'quantity'),
  }
}

let count = 0
async function customer(plan: string): Promise<string> {
  const id = `cus_replay${(count += 1)}`
  const answer = await api.call('POST /v1/customers', { body: { id, name: 'R', plan, starts_at: '2026-01-01T00:00:00Z' } })
  expect(answer.status).toBe(201)
  if (plan === 'metered_wallet') {
    for (const [amount, category] of [['0.3', 'promotional'], ['0.9', 'paid']]) await api.call(`POST /v1/customers/${id}/credits`, { body: { amount, category } })
  }
  return id
}

function split<T>(list: readonly T[], at: readonly number[]): T[][] {
  const cuts = [...new Set(at.map((cut) => cut % (list.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((start, index) => list.slice(start, cuts[index] ?? list.length)).filter((batch) => batch.length > 0)
}

for (const plan of ['metered', 'metered_wallet']) {
  test(`any split, order, repetition and correction ends in the same figures: ${plan}`, { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(usage, corrections, fc.array(fc.nat(60), { maxLength: 5 }), fc.infiniteStream(fc.nat(1 << 20)), async (list, amended, cuts, order) => {
      const events = list.map((event, index): Sent => ({ id: `e${index}`, type: 'job', ...event }))
      const own = amended.filter(({ of }) => of < events.length).map((correction, index) => ({ ...correction, id: `c${index}` }))
      const messages = own.map(({ id, of, at, set }): Sent => ({
        id, type: set === null ? 'tollgate.void' : 'tollgate.correction', time: new Date(NOW - 10_000 + at).toISOString(), data: { corrects: `e${of}`, ...(set === null ? {} : { set }) },
      }))
      const all = [...events, ...messages]

      const shuffled = [...all, ...all].map((event) => ({ event, rank: order.next().value })).sort((a, b) => a.rank - b.rank).map(({ event }) => event)
      const [messy, clean] = [await customer(plan), await customer(plan)]
      for (const batch of split(shuffled, cuts)) await post(messy, batch)
      for (const event of standing(events, own).sort((a, b) => (a.time < b.time ? -1 : 1))) await post(clean, [event])
      expect(await figures(messy)).toEqual(await figures(clean))
      const proof = await api.call(`GET /v1/checks/rollups?customer=${messy}&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z`)
      expect([proof.status, proof.body.differences]).toEqual([200, []])
    }), { numRuns: 12, endOnFailure: true })
  })
}
