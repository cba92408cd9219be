// Usage rated again under a corrected price: what it shows before anything is posted, what is posted, and that charges, sums and chains stay
// as they are; posted again, or looked at again, it posts nothing.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'
import { checkBooks } from '../ledger/check.ts'
import { runBilling } from '../invoices/run.ts'

const DAY = 86_400_000
const catalog = (price: string, more = '') => `
currency: USD
features: [{ id: chat, kind: metered }]
meters: [{ id: tokens, event_type: ai.request, properties: [tokens] }]
plans:
  - id: pro
    entitlements: [chat]
    prices: [{ id: tokens, name: Tokens, meter: tokens, model: graduated, tiers: [{ up_to: 1000, amount: ${price} }, { amount: 0.001 }] }]
    allowances: [{ id: free, meters: [tokens], quantity: 100 }]
    funding: [allowance, overage]
  - id: prepaid
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: ${price} }]
    funding: [wallet]
gateway: { feature: chat }
${more}`

let clock: VirtualClock
let api: TestApi
let sent = 0
const SPAN = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }
beforeEach(async () => {
  clock = virtualClock(parseInstant('2026-01-01T00:00:00Z', 'start'))
  api = await testApi({ clock, catalog: catalog('0.02') })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
})
afterEach(() => api.close())

async function customer(id: string, plan = 'pro'): Promise<string> {
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan } })).status).toBe(201)
  return id
}

async function send(subject: string, tokens: number, more: Json = {}, type = 'ai.request'): Promise<string> {
  const id = `e${++sent}`
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id, type, subject, time: new Date(clock.now()).toISOString(), data: type === 'ai.request' ? { feature: 'chat', tokens } : more }] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
  return id
}

async function rerate(body: Json = {}): Promise<Json> {
  const started = await api.call('POST /v1/reratings', { body: { ...SPAN, reason: 'the price was wrong', ...body } })
  expect(started.status, JSON.stringify(started.body)).toBe(201)
  return until(started.body.id, 'running')
}

async function until(id: string, state: string): Promise<Json> {
  await expect.poll(async () => (await api.call(`GET /v1/reratings/${id}`)).body.state, { timeout: 10_000 }).not.toBe(state)
  return (await api.call(`GET /v1/reratings/${id}`)).body
}

async function post(id: string): Promise<Json> {
  expect((await api.call(`POST /v1/reratings/${id}/post`)).status).toBe(200)
  return until(id, 'posting')
}

const entriesOf = async (id: string) => (await api.call(`GET /v1/reratings/${id}/entries`)).body.data
const chargesOf = async (id: string) => (await api.call(`GET /v1/customers/${id}/events?limit=100`)).body.data.map(({ id: event, amount }: Json) => [event, amount])
const tables = async () => (await api.world.plane.sql`select (select count(*) from ledger_transfer)::int as transfers, (select count(*) from invoice_item)::int as items, (select count(*) from outbox where type = 'usage.rerated')::int as told`)[0]

async function invoiceLines(id: string): Promise<string[]> {
  await runBilling(api.world.plane)
  const invoices: Json[] = (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.filter(({ kind }: Json) => kind === 'period')
  return invoices.toReversed().flatMap(({ document: { lines } }) => lines.map((line: Json) => `${line.kind} ${line.exact} ${line.from} ${line.to} ${line.name}`))
}

test('the preview says before, after and difference by customer and changes nothing; what is posted stands on the next invoice under the days that it is for', async () => {
  const [one, other] = [await customer('cus_one'), await customer('cus_other')]
  await send(one, 600)
  clock.advance(DAY)
  await send(one, 700)
  await send(other, 50)
  clock.advance(32 * DAY)
  // 100 are included; 1,000 at 0.02 and 200 at 0.001.
  expect(await invoiceLines(one)).toEqual(['usage 20.2 2026-01-01 2026-01-31 Tokens'])
  const before = [await chargesOf(one), await tables()]
  await api.call('PUT /v1/catalog', { body: { source: catalog('0.01') } })
  const previewed = await rerate()
  expect(previewed).toMatchObject({ state: 'previewed', customers: 2, events: 3, totals: [{ currency: 'USD', state: 'due', customers: 1, before: '20.2', after: '10.2', difference: '-10' }] })
  expect(await entriesOf(previewed.id)).toMatchObject([{ customer: one, charged: '20.2', adjusted: '0', after: '10.2', difference: '-10', events: 2, state: 'due', from: '2026-01-01T00:00:00.000Z' }])
  expect([await chargesOf(one), await tables()]).toEqual(before)
  expect(await post(previewed.id)).toMatchObject({ state: 'posted', totals: [{ state: 'posted', difference: '-10' }] })
  expect(await chargesOf(one)).toEqual(before[0])
  const transfers = await api.world.plane.sql`select debit, credit, amount::float8 as amount, cause, cause_id as "causeId" from ledger_transfer where cause = 'rerating'`
  expect([...transfers]).toEqual([{ debit: 'usage_adjustments', credit: 'accrued_usage', amount: 10, cause: 'rerating', causeId: previewed.id }])
  await send(one, 1_200)
  clock.advance(31 * DAY)
  expect((await invoiceLines(one)).slice(1)).toEqual(['usage 10.1 2026-02-01 2026-02-28 Tokens', 'adjustment -10 2026-01-01 2026-01-31 Usage rated again, 2026-01-01 to 2026-01-31'])
  const balances: Json[] = (await api.call(`GET /v1/customers/${one}/accounts`)).body.data ?? []
  for (const { account, balance } of balances) if (account === 'accrued_usage') expect(Number(balance)).toBe(0)
  expect((await checkBooks(api.world.plane, one)).problems).toEqual([])
})

test('posted twice at once, and looked at again, it posts nothing twice', async () => {
  const ids = await Promise.all(Array.from({ length: 7 }, (_, index) => customer(`cus_${index}`)))
  for (const id of ids) await send(id, 300)
  clock.advance(33 * DAY)
  const { id } = await rerate({ source: catalog('0.03') })
  await Promise.all([post(id), post(id), post(id)])
  await post(id)
  const after = await tables()
  expect(after).toMatchObject({ items: 7, told: 7 })
  const again = await rerate({ source: catalog('0.03') })
  expect(again.totals).toEqual([])
  await post(again.id)
  expect(await tables()).toEqual(after)
  // A third price comes on top of what was posted, not of the charges alone.
  const third = await rerate({ source: catalog('0.04') })
  expect(third.totals).toMatchObject([{ state: 'due', customers: 7, before: '42', after: '56', difference: '14' }])
})

test('of two previews of the same span the second is left out once the first is posted', async () => {
  await send(await customer('cus_one'), 300)
  clock.advance(33 * DAY)
  const [first, second] = [await rerate({ source: catalog('0.03') }), await rerate({ source: catalog('0.05') })]
  await post(first.id)
  expect(await post(second.id)).toMatchObject({ state: 'posted', totals: [{ state: 'outdated' }] })
  expect(await tables()).toMatchObject({ items: 1 })
})

test('usage that comes late or is taken back after a re-rating is the difference of the next one', async () => {
  const one = await customer('cus_one')
  const event = await send(one, 300)
  const first = clock.now()
  clock.advance(33 * DAY)
  await post((await rerate({ source: catalog('0.03') })).id)
  await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', id: 'late', type: 'ai.request', subject: one, time: new Date(first + DAY).toISOString(), data: { feature: 'chat', tokens: 100 } }] })
  expect((await rerate({ source: catalog('0.03') })).totals).toMatchObject([{ before: '8', after: '9', difference: '1' }])
  await send(one, 0, { corrects: event }, 'tollgate.void')
  const [entry] = await entriesOf((await rerate({ source: catalog('0.03') })).id)
  expect(entry).toMatchObject({ charged: '0', adjusted: '2', after: '0', difference: '-2' })
})

test('another span of a period that was posted is told and not posted, and so is usage that credits paid', async () => {
  const [one, paid] = [await customer('cus_one'), await customer('cus_paid', 'prepaid')]
  await api.call(`POST /v1/customers/${paid}/credits`, { body: { amount: '100' } })
  await send(one, 300)
  await send(paid, 100)
  clock.advance(33 * DAY)
  await post((await rerate({ source: catalog('0.03'), plans: ['pro'] })).id)
  const other = await rerate({ source: catalog('0.04'), to: '2026-01-20T00:00:00Z' })
  expect(other.totals).toMatchObject([{ state: 'overlaps', customers: 1 }, { state: 'prepaid', customers: 1, before: '2', after: '4' }])
  const before = await tables()
  await post(other.id)
  expect(await tables()).toEqual(before)
})

test('what cannot be rated again is refused, a cancelled one is not posted, and an item of it cannot be taken off', async () => {
  const one = await customer('cus_one')
  await send(one, 300)
  expect((await api.call('POST /v1/reratings', { body: { ...SPAN, reason: 'x' } })).body).toMatchObject({ code: 'out_of_range', field: 'to' })
  clock.advance(33 * DAY)
  expect((await api.call('POST /v1/reratings', { body: { ...SPAN, reason: 'x', source: 'currency: [' } })).body.code).toBe('invalid_catalog')
  const { id } = await rerate({ source: catalog('0.03') })
  expect((await api.call(`DELETE /v1/reratings/${id}`)).body.state).toBe('cancelled')
  expect((await api.call(`POST /v1/reratings/${id}/post`)).body.code).toBe('rerating_state')
  await post((await rerate({ source: catalog('0.03') })).id)
  const [item] = await api.world.plane.sql<{ id: string }[]>`select id from invoice_item`
  expect((await api.call(`DELETE /v1/customers/${one}/invoice-items/${item!.id}`)).status).toBe(404)
  expect((await api.call('GET /v1/reratings')).body.data).toHaveLength(2)
  expect((await api.call('GET /v1/audit?action=rerating')).body.data.map(({ action, reason }: Json) => [action, reason])).toContainEqual(['rerating.posted', 'the price was wrong'])
})
