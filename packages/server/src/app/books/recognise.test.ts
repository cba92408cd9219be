// Deferred fees over months of a virtual clock, on the real ledger: revenue follows time, whatever is voided or credited meanwhile, and what is
// deferred by line is what the ledger holds.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS, instant, parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { runBilling } from '../invoices/run.ts'
import { checkDocuments } from './check-documents.ts'
import { recogniseRevenue } from './recognise.ts'

const clock = virtualClock(parseInstant('2026-02-01T00:00:00Z', 'start'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
})
afterAll(() => api.close())

let count = 0
async function customer(plan = 'hybrid'): Promise<string> {
  const id = `cus_r${(count += 1)}`
  expect((await api.call('POST /v1/customers', { body: { id, name: 'R', plan } })).status).toBe(201)
  return id
}
async function balances(id: string): Promise<Record<string, string>> {
  return Object.fromEntries((await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data.filter(({ balance }: Json) => balance !== '0').map(({ account, balance }: Json) => [account, balance]))
}
const invoices = async (id: string): Promise<Json[]> => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.toReversed()
const days = (count: number) => clock.advance(count * DAY_MS)
const recognise = () => recogniseRevenue(api.world.plane)
async function item(id: string, amount: string, from: number, to: number): Promise<Json> {
  await api.call(`POST /v1/customers/${id}/invoice-items`, { body: { name: 'Support', amount, from: new Date(from).toISOString(), to: new Date(to).toISOString() } })
  const { status, body } = await api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'manual' } })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

test('a fee of 28 days is revenue day by day, once, and all of it at the end', async () => {
  const id = await customer()
  await runBilling(api.world.plane)
  expect(await balances(id)).toEqual({ receivable: '-49', deferred_revenue: '49' })
  await recognise()
  await recognise()
  expect(await balances(id)).toEqual({ receivable: '-49', deferred_revenue: '47.25', fee_revenue: '1.75' })
  days(13)
  await recognise()
  expect(await balances(id)).toMatchObject({ deferred_revenue: '24.5', fee_revenue: '24.5' })
  // Nobody looked until the period was long over.
  days(40)
  const posted = await recognise()
  expect(posted).toBe(1)
  expect(await recognise()).toBe(0)
  expect(await balances(id)).toEqual({ receivable: '-49', fee_revenue: '49' })
})

test('voiding an invoice takes back what was recognised of it and what is left, and nothing of it is revenue later', async () => {
  const id = await customer('prepaid')
  const invoice = await item(id, '100', clock.now(), clock.now() + 10 * DAY_MS)
  days(3)
  await recognise()
  expect(await balances(id)).toEqual({ receivable: '-100', deferred_revenue: '60', fee_revenue: '40' })
  await api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/void`, { body: { reason: 'by mistake' } })
  expect(await balances(id)).toEqual({})
  days(30)
  expect(await recognise()).toBe(0)
  expect(await balances(id)).toEqual({})
})

test('a credit note takes its share of what is deferred, and the rest is spread over the rest of the time', async () => {
  const id = await customer('prepaid')
  const invoice = await item(id, '100', clock.now(), clock.now() + 10 * DAY_MS)
  days(3)
  await recognise()
  await api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/credit-notes`, { body: { reason: 'half', lines: [{ line: 1, amount: '50' }] } })
  // Of the 60 that were deferred half is gone; of the 40 that were revenue 20 are taken back.
  expect(await balances(id)).toEqual({ receivable: '-50', deferred_revenue: '30', fee_revenue: '40', credit_notes: '-20' })
  days(3)
  await recognise()
  expect(await balances(id)).toMatchObject({ deferred_revenue: '15', fee_revenue: '55' })
  await api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/credit-notes`, { body: { reason: 'the rest' } })
  expect(await balances(id)).toEqual({ fee_revenue: '55', credit_notes: '-55' })
  days(30)
  expect(await recognise()).toBe(0)
})

test('time that is given back is taken from revenue as it passes, and a fee for next year waits for it', async () => {
  const id = await customer('prepaid')
  const start = clock.now()
  await item(id, '-30', start, start + 3 * DAY_MS)
  await item(id, '365', start + 10 * DAY_MS, start + 375 * DAY_MS)
  await recognise()
  expect(await balances(id)).toEqual({ receivable: '-335', deferred_revenue: '345', fee_revenue: '-10' })
  days(11)
  await recognise()
  expect(await balances(id)).toEqual({ receivable: '-335', deferred_revenue: '363', fee_revenue: '-28' })
})

test('whatever happens in whatever order, what lines defer is what the ledger holds, and in the end nothing', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('item' as const), cents: fc.integer({ min: -90_000, max: 90_000 }).filter((cents) => cents !== 0), from: fc.integer({ min: -5, max: 5 }), length: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('days' as const), days: fc.integer({ min: 0, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('void' as const), pick: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('note' as const), pick: fc.nat(), percent: fc.integer({ min: 1, max: 100 }) }) },
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
    const id = await customer('prepaid')
    for (const one of steps) {
      const all = await invoices(id)
      if (one.kind === 'item') await item(id, (one.cents / 100).toFixed(2), clock.now() + one.from * DAY_MS, clock.now() + (one.from + one.length) * DAY_MS)
      else if (one.kind === 'days') {
        days(one.days)
        await recognise()
      } else if (all.length > 0) {
        const invoice = all[one.pick % all.length]
        if (one.kind === 'void') await api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/void`, { body: { reason: 'x' } })
        else await api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/credit-notes`, { body: { reason: 'x', lines: [{ line: 1, amount: (Math.ceil(Math.abs(Number(invoice.document.lines[0].amount)) * one.percent) / 100).toFixed(2) }] } })
      }
      expect(await checkDocuments(api.world.plane, id)).toEqual([])
    }
    for (const { state, id: invoice } of await invoices(id)) if (state === 'open') await api.call(`POST /v1/customers/${id}/invoices/${invoice}/pay`, { body: {} })
    expect(await checkDocuments(api.world.plane, id)).toEqual([])
    days(50)
    await recognise()
    expect((await balances(id))['deferred_revenue']).toBeUndefined()
  }), { numRuns: 12, endOnFailure: true })
}, 60_000)

test('a deferred line or an invoice that somebody changed is found', async () => {
  const id = await customer('prepaid')
  await item(id, '100', clock.now(), clock.now() + 10 * DAY_MS)
  await api.world.plane.sql`update deferral set recognised = recognised + 1 where customer_id = ${id}`
  await api.world.plane.sql`update invoice set credited_net = credited_net + 2 where customer_id = ${id}`
  expect(await checkDocuments(api.world.plane, id)).toEqual(['deferred by invoice line 99 ≠ ledger: deferred revenue 100 USD', 'invoices outstanding 98 ≠ ledger: receivable 100 USD'])
  await api.world.plane.sql`update deferral set recognised = recognised - 1 where customer_id = ${id}`
})

test('a run that many customers wait for posts all of them, and dates nothing after the day that runs', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, () => customer()))
  await runBilling(api.world.plane)
  expect(await recognise()).toBeGreaterThanOrEqual(ids.length)
  const rows = await api.world.plane.sql<{ until: number }[]>`select recognised_until as until from deferral where customer_id = any(${ids}::text[])`
  const endOfDay = instant((Math.floor(clock.now() / DAY_MS) + 1) * DAY_MS)
  expect(rows.map(({ until }) => until)).toEqual(ids.map(() => endOfDay))
})
