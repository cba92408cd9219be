// Fees over the life of a subscription: asked for the time of each agreement, once, whatever changes in between, and whatever it becomes.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { recogniseRevenue } from '../books/recognise.ts'
import { runBilling } from './run.ts'
import { runDueSubscriptions } from '../subscription/due.ts'

const CATALOG = `
currency: USD
features:
  - { id: chat, name: Chat, kind: metered }
meters:
  - { id: tokens, unit: token, event_type: ai.request, properties: [tokens] }
plans:
  - { id: pro, name: Pro, fee: { name: Pro, amount: 30 }, currencies: { EUR: { fee: { name: Pro, amount: 27 }, prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }] } }, entitlements: [chat], prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }], funding: [overage] }
  - { id: team, name: Team, fee: { name: Team, amount: 90 }, entitlements: [chat], prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }], funding: [overage] }
  - { id: yearly, name: Yearly, period: year, fee: { name: Yearly, amount: 900 }, entitlements: [chat], prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }], funding: [overage] }
  - { id: strict, name: Strict, parent: pro, fee: { name: Strict, amount: 30 }, dunning: [{ day: 5, action: cancel }] }
  - { id: tried, name: Tried, parent: pro, fee: { name: Tried, amount: 30 }, trial: { days: 10 } }
  - { id: arrears, name: In arrears, entitlements: [chat], prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }, { id: base, name: Base, model: flat, amount: 60, timing: in_arrears }], funding: [overage] }
  - { id: seats, name: Seats, entitlements: [chat], prices: [{ id: tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.001 }, { id: seat, name: Seat, model: seat, amount: 28, timing: in_advance }], funding: [overage] }
add_ons:
  - { id: support, plans: [pro, team], fee: { name: Support, amount: 14, currencies: { EUR: 12 } }, entitlements: [chat] }
gateway: { feature: chat }
`
const clock = virtualClock(parseInstant('2026-02-01T00:00:00Z', 'start'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock, catalog: CATALOG })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
})
afterAll(() => api.close())

let count = 0
async function customer(plan: string, more: Json = {}): Promise<string> {
  const id = `cus_f${(count += 1)}`
  const made = await api.call('POST /v1/customers', { body: { id, name: id, plan, ...more } })
  expect(made.status, made.text).toBe(201)
  return id
}
async function until(text: string): Promise<void> {
  clock.advance(parseInstant(text, 'until') - clock.now())
  await runDueSubscriptions(api.world.plane)
  await runBilling(api.world.plane)
}
async function ordered(id: string, body: Json): Promise<void> {
  const answer = await api.call(`POST /v1/customers/${id}/subscription/change`, { body })
  expect(answer.status, answer.text).toBe(200)
}
let events = 0
async function use(id: string, tokens: number): Promise<void> {
  const event = { specversion: '1.0', source: 'test', id: `e${(events += 1)}`, subject: id, type: 'ai.request', time: new Date(clock.now()).toISOString(), data: { feature: 'chat', tokens } }
  const { body } = await api.call('POST /v1/events', { body: [event] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
}
/** Pause, resume, cancel, reactivate. */
async function act(id: string, body: Json): Promise<void> {
  const answer = await api.call(`POST /v1/customers/${id}/subscription/actions`, { body })
  expect(answer.status, answer.text).toBeLessThan(300)
}

const invoicesOf = async (id: string): Promise<Json[]> => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.toReversed().map(({ kind, document, amount_due: due }: Json) => [kind, document.from, document.to, ...document.lines.map((line: Json) => `${line.kind} ${line.name} ${line.exact}`), due])

/** What closing the period now would write. */
async function previewed(id: string): Promise<[string, ...string[]]> {
  const { invoice } = (await api.call(`GET /v1/customers/${id}/invoices/preview`)).body
  return [invoice.amount_due, ...invoice.lines.map(({ kind, name, exact }: Json) => `${kind} ${name} ${exact}`)]
}

test('an upgrade in mid-period asks for the difference of the time that remains, as its preview said, and the next period for the new fee alone', async () => {
  await until('2026-02-01T00:00:00Z')
  const id = await customer('pro')
  await until('2026-02-15T00:00:00Z')
  const change = (await api.call(`POST /v1/customers/${id}/subscription/preview`, { body: { plan: 'team' } })).body
  expect(change.lines.map(({ kind, amount }: Json) => `${kind} ${amount}`)).toEqual(['unused_time -15', 'remaining_time 45'])
  await ordered(id, { plan: 'team' })
  const proration = ['proration Pro (unused time) -15', 'proration Team (remaining time) 45']
  expect(await previewed(id)).toEqual(['30', ...proration])
  await until('2026-03-03T00:00:00Z')
  expect(await invoicesOf(id)).toEqual([
    ['opening', '2026-02-01', '2026-02-28', 'fee Pro 30', '30'],
    ['opening', '2026-03-01', '2026-03-31', 'fee Team 90', '90'],
    ['period', '2026-02-01', '2026-02-28', ...proration, '30'],
  ])
  const [closing] = (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.filter(({ kind }: Json) => kind === 'period')
  expect(closing.document.lines.map(({ from, to }: Json) => [from, to]), 'the days that the lines are for').toEqual([['2026-02-15', '2026-02-28'], ['2026-02-15', '2026-02-28']])
})

test('a downgrade at the end of the period changes nothing before it, and one at once gives back the time that is not used', async () => {
  const [late, now] = [await customer('team'), await customer('team')]
  const start = clock.now()
  await until(new Date(start + 1).toISOString())
  await until(new Date(start + 10 * DAY_MS).toISOString())
  await ordered(late, { plan: 'pro' })
  await ordered(now, { plan: 'pro', when: 'now' })
  await until(new Date(start + 34 * DAY_MS).toISOString())
  const without = async (id: string) => (await invoicesOf(id)).map(([kind, , , ...rest]) => [kind, ...rest])
  expect(await without(late)).toEqual([['opening', 'fee Team 90', '90'], ['opening', 'fee Pro 30', '30']])
  expect(await without(now)).toEqual([['opening', 'fee Team 90', '90'], ['opening', 'fee Pro 30', '30'], ['period', 'proration Team (unused time) -60.967741935484', 'proration Pro (remaining time) 20.322580645161', '-40.65']])
})

test('a trial is free, the period that begins with its end is paid from there, and what was used in it is asked for once', async () => {
  await until('2026-06-01T00:00:00Z')
  const id = await customer('tried')
  await use(id, 1_000)
  await until('2026-06-10T00:00:00Z')
  expect(await previewed(id), 'of the trial').toEqual(['1', 'usage Tokens 1'])
  await until('2026-06-14T00:00:00Z')
  await until('2026-07-15T00:00:00Z')
  expect(await invoicesOf(id)).toEqual([
    ['opening', '2026-06-11', '2026-07-10', 'fee Tried 30', '30'],
    ['period', '2026-06-01', '2026-06-10', 'usage Tokens 1', '1'],
    ['opening', '2026-07-11', '2026-08-10', 'fee Tried 30', '30'],
  ])
})

test('another length of the period begins at the change: the year is asked for at once, less the month that is not used', async () => {
  await until('2026-08-01T00:00:00Z')
  const id = await customer('pro')
  await until('2026-08-01T00:01:00Z')
  await until('2026-08-16T12:00:00Z')
  const planned = (await api.call(`POST /v1/customers/${id}/subscription/preview`, { body: { plan: 'yearly', when: 'now' } })).body
  expect(planned.lines.map(({ kind, amount }: Json) => `${kind} ${amount}`)).toEqual(['unused_time -15', 'remaining_time 900'])
  await ordered(id, { plan: 'yearly', when: 'now' })
  await until('2026-08-16T12:01:00Z')
  const both = [
    ['opening', '2026-08-01', '2026-08-31', 'fee Pro 30', '30'],
    ['opening', '2026-08-16', '2027-08-16', 'proration Pro (unused time) -15', 'fee Yearly 900', '885'],
  ]
  expect(await invoicesOf(id)).toEqual(both)
  await until('2026-10-01T00:00:00Z')
  expect(await invoicesOf(id), 'and nothing of it again').toEqual(both)
  await recogniseRevenue(api.world.plane)
  const accounts = (await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data.filter(({ account }: Json) => account === 'fee_revenue' || account === 'deferred_revenue')
  const year = 365 * DAY_MS
  const passed = Date.UTC(2026, 9, 2) - Date.UTC(2026, 7, 16, 12)
  expect(Object.fromEntries(accounts.map(({ account, balance }: Json) => [account, Math.abs(Number(balance))])), 'the half of the month, and of the year what has passed').toEqual({
    fee_revenue: expect.closeTo(15 + (900 * passed) / year, 6), deferred_revenue: expect.closeTo(900 * (1 - passed / year), 6),
  })
})

test('a yearly plan that is left at its end goes on by the month from there', async () => {
  await until('2026-11-05T00:00:00Z')
  const id = await customer('yearly')
  await ordered(id, { plan: 'pro' })
  await until('2027-12-06T00:00:00Z')
  expect(await invoicesOf(id)).toEqual([
    ['opening', '2026-11-05', '2027-11-04', 'fee Yearly 900', '900'],
    ['opening', '2027-11-05', '2027-12-04', 'fee Pro 30', '30'],
    ['opening', '2027-12-05', '2028-01-04', 'fee Pro 30', '30'],
  ])
})

test('seats that come in mid-period are asked for the time that remains; a fee in arrears for the time of its plan', async () => {
  await until('2028-02-01T00:00:00Z')
  const [seats, arrears] = [await customer('seats', { seats: 2 }), await customer('arrears')]
  await until('2028-02-01T00:01:00Z')
  await until('2028-02-15T12:00:00Z')
  await ordered(seats, { seats: 5 })
  await ordered(arrears, { plan: 'pro', when: 'now' })
  expect(await previewed(seats)).toEqual(['42', 'proration Seat (change in mid-period) 42'])
  await until('2028-03-03T00:00:00Z')
  expect(await invoicesOf(seats)).toEqual([
    ['opening', '2028-02-01', '2028-02-29', 'fee Seat 56', '56'],
    ['opening', '2028-03-01', '2028-03-31', 'fee Seat 140', '140'],
    ['period', '2028-02-01', '2028-02-29', 'proration Seat (change in mid-period) 42', '42'],
  ])
  expect(await invoicesOf(arrears)).toEqual([
    ['opening', '2028-03-01', '2028-03-31', 'fee Pro 30', '30'],
    ['period', '2028-02-01', '2028-02-29', 'proration Base (until the change) 30', 'proration Pro (remaining time) 15', '45'],
  ])
})

test('the fee of an add-on is asked for with that of the plan, in the customer’s currency, for the time in which it is held', async () => {
  await until('2028-04-01T00:00:00Z')
  const [held, added] = [await customer('pro', { add_ons: [{ id: 'support' }], currency: 'EUR' }), await customer('pro')]
  await until('2028-04-01T00:01:00Z')
  await until('2028-04-16T00:00:00Z')
  await ordered(added, { add_ons: [{ id: 'support' }] })
  await until('2028-05-03T00:00:00Z')
  expect((await invoicesOf(held))[0]).toEqual(['opening', '2028-04-01', '2028-04-30', 'fee Pro 27', 'fee Support 12', '39'])
  expect(await invoicesOf(added)).toEqual([
    ['opening', '2028-04-01', '2028-04-30', 'fee Pro 30', '30'],
    ['opening', '2028-05-01', '2028-05-31', 'fee Pro 30', 'fee Support 14', '44'],
    ['period', '2028-04-01', '2028-04-30', 'proration Support (remaining time) 7', '7'],
  ])
  const refused = await api.call(`POST /v1/customers/${held}/subscription/change`, { body: { plan: 'team' } })
  expect([refused.status, refused.body.detail ?? refused.text]).toEqual([400, `the customer is billed in EUR, and plan team has prices in USD only`])
})

test('a pause or an end gives nothing back, time in it is free, and what runs again is asked for from there', async () => {
  await until('2028-06-01T00:00:00Z')
  const [paused, ended] = [await customer('pro'), await customer('pro')]
  await until('2028-06-01T00:01:00Z')
  await until('2028-06-11T00:00:00Z')
  await act(paused, { action: 'pause' })
  await act(ended, { action: 'cancel', when: 'now' })
  await until('2028-08-11T00:00:00Z')
  await act(paused, { action: 'resume' })
  await act(ended, { action: 'reactivate' })
  await until('2028-09-04T00:00:00Z')
  const expected = [['opening', '2028-06-01', '2028-06-30', 'fee Pro 30', '30'], ['opening', '2028-09-01', '2028-09-30', 'fee Pro 30', '30'], ['period', '2028-08-01', '2028-08-31', 'proration Pro (remaining time) 20.322580645161', '20.32']]
  expect(await invoicesOf(paused)).toEqual(expected)
  expect(await invoicesOf(ended)).toEqual(expected)
})

test('a fact that comes late and ends an agreement in the past gives back what was asked for since, once', async () => {
  await until('2028-09-10T00:00:00Z')
  const id = await customer('strict')
  for (const day of ['2028-09-10T00:01:00Z', '2028-10-12T00:00:00Z', '2028-11-12T00:00:00Z', '2028-11-20T00:00:00Z']) await until(day)
  const asked = [['opening', '2028-09-10', '2028-10-09', 'fee Strict 30', '30'], ['opening', '2028-10-10', '2028-11-09', 'fee Strict 30', '30'], ['opening', '2028-11-10', '2028-12-09', 'fee Strict 30', '30']]
  expect(await invoicesOf(id)).toEqual(asked)
  const late = await api.call(`POST /v1/customers/${id}/subscription/facts`, { body: { kind: 'payment_failed', at: '2028-09-20T00:00:00Z' } })
  expect(late.status, late.text).toBe(200)
  const back = ['period', '2028-11-10', '2028-12-09', 'proration Strict (unused time) -30', 'proration Strict (unused time) -30', '-60']
  expect((await previewed(id))[0]).toBe('-60')
  await until('2028-12-12T00:00:00Z')
  expect(await invoicesOf(id)).toEqual([...asked, back])
  await until('2029-03-01T00:00:00Z')
  expect(await invoicesOf(id)).toEqual([...asked, back])
})

test('on a test clock a year of invoices is written while it is turned, each on its own day', async () => {
  await until('2029-04-01T00:00:00Z')
  const turning = (await api.call('POST /v1/test-clocks', { body: { name: 'A year' } })).body
  const id = await customer('tried', { test_clock: turning.id })
  const advanced = await api.call(`POST /v1/test-clocks/${turning.id}/advance`, { body: { to: '2030-04-01T00:00:00Z' } })
  expect(advanced.status, advanced.text).toBe(200)
  const listed = (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.toReversed()
  expect(listed.map(({ kind, document }: Json) => `${kind} ${document.issued} ${document.from} ${document.amount_due}`)).toEqual(
    ['2029-04-11', '2029-05-11', '2029-06-11', '2029-07-11', '2029-08-11', '2029-09-11', '2029-10-11', '2029-11-11', '2029-12-11', '2030-01-11', '2030-02-11', '2030-03-11'].map((day) => `opening ${day} ${day} 30`))
})

test('a customer whose invoice cannot be written keeps no other waiting: it is told, and tried again an hour later', async () => {
  const { sql } = api.world.plane
  await until('2030-06-01T00:00:00Z')
  const [broken, fine] = [await customer('pro'), await customer('pro')]
  // What stands in its way: an opening of the same period that the schedule knows nothing of.
  await sql`
    insert into invoice (customer_id, id, kind, state, currency, period_start, period_end, document, subtotal, net, tax, amount_due, created_at)
    select ${broken}, 'inv_in_the_way', 'opening', 'draft', currency, (select anchor_at from subscription where customer_id = ${broken}), period_end, document, subtotal, net, tax, amount_due, created_at from invoice limit 1`
  await until('2030-06-01T00:01:00Z')
  const kinds = async (id: string) => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.map(({ id: own, kind }: Json) => (own === 'inv_in_the_way' ? own : kind))
  const told = async () => (await sql<{ customer: string }[]>`select customer_id as customer from outbox where type = 'invoice.run_failed'`).map((row) => row.customer)
  expect([await kinds(fine), await kinds(broken), await told()]).toEqual([['opening'], ['inv_in_the_way'], [broken]])
  await sql`delete from invoice where id = 'inv_in_the_way'`
  await until('2030-06-01T00:30:00Z')
  expect(await kinds(broken)).toEqual([])
  await until('2030-06-01T01:02:00Z')
  expect([await kinds(broken), await told()]).toEqual([['opening'], [broken]])
})

test('after any life of changes a period’s invoices sum to the time of each agreement, and closing it writes what its preview said', async () => {
  const hours = fc.integer({ min: 1, max: 27 * 24 })
  const step = fc.record({ at: hours, body: fc.constantFrom<Json>({ plan: 'pro', when: 'now' }, { plan: 'team', when: 'now' }, { add_ons: [{ id: 'support' }], when: 'now' }, { add_ons: [], when: 'now' }) })
  let month = 0
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
    const start = Date.UTC(2031, (month += 2), 1)
    const end = Date.UTC(2031, month + 1, 1)
    const at = (hour: number) => new Date(start + hour * HOUR_MS).toISOString()
    await until(at(0))
    const id = await customer('pro')
    await until(new Date(start + 1).toISOString())
    let [plan, support, since, whole] = ['pro', false, 0, 0]
    const pass = (hour: number) => {
      whole += ((plan === 'team' ? 90 : 30) + (support ? 14 : 0)) * (hour - since)
      since = hour
    }
    for (const { at: hour, body } of steps.toSorted((a, b) => a.at - b.at)) {
      await until(at(hour))
      await ordered(id, body)
      pass(hour)
      if (body.plan !== undefined) plan = body.plan
      else support = body.add_ons.length > 0
    }
    const hoursOfMonth = (end - start) / HOUR_MS
    pass(hoursOfMonth)
    await until(new Date(end - 1).toISOString())
    const [, ...lines] = await previewed(id)
    await until(new Date(end + 60 * HOUR_MS).toISOString())
    const own = (await invoicesOf(id)).filter(([, from]) => from === at(0).slice(0, 10))
    expect(own.filter(([kind]) => kind === 'period').flatMap((one) => one.slice(3, -1))).toEqual(lines)
    const asked = own.reduce((sum, one) => sum + one.slice(3, -1).reduce((all: number, line: string) => all + Number(line.split(' ').at(-1)), 0), 0)
    expect(Math.abs(asked - whole / hoursOfMonth)).toBeLessThan(1e-9)
  }), { numRuns: 12 })
}, 60_000)
