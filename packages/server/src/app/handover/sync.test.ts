// Invoices kept even on both sides: what happens here happens there, what happens there happens here, each once, in whatever order it is told; what
// does not go together is told and waits.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeStripe, type FakeStripe } from '../../../../../test/stripe/fake-stripe.ts'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { processInbox } from '../providers/process.ts'
import { deliverInvoices } from './handovers.ts'
import { keepEven } from './sync.ts'

let api: TestApi
let stripe: FakeStripe
beforeEach(async () => {
  api = await testApi()
  stripe = await fakeStripe()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
  await api.call('PUT /v1/providers/stripe', { body: { api_key: 'sk_test_1', webhook_secret: 'whsec_1', api_url: stripe.url, allow_private: true } })
  await api.call('PUT /v1/handover', { body: { target: 'stripe' } })
  await api.call('POST /v1/customers', { body: { id: 'cus_one', name: 'One', plan: 'hybrid' } })
  await api.world.plane.sql`insert into provider_link (provider, kind, external_id, customer_id) values ('stripe', 'customer', 'cus_at_one', 'cus_one')`
})
afterEach(async () => {
  await stripe.goAway()
  await api.close()
})

/** An invoice that is handed over: its id here, and the one there. */
async function handedOver(amount = '100'): Promise<{ id: string; there: Json }> {
  await api.call('POST /v1/customers/cus_one/invoice-items', { body: { name: 'Onboarding', amount } })
  const { id } = (await api.call('POST /v1/customers/cus_one/invoices', { body: { kind: 'manual' } })).body
  await deliverInvoices(api.world.plane)
  await turn()
  return { id, there: stripe.billing.invoices.find(({ metadata }) => metadata['tollgate_invoice'] === id)! }
}
const turn = () => keepEven(api.world.plane)
const state = async (id: string): Promise<string> => (await api.call(`GET /v1/customers/cus_one/invoices/${id}`)).body.state
const act = async (id: string, action: string, body: Json = {}) => expect((await api.call(`POST /v1/customers/cus_one/invoices/${id}/${action}`, { body })).status).toBeLessThan(300)
const listed = async (query = ''): Promise<Json[]> => (await api.call(`GET /v1/handover/invoices${query}`)).body.data
const paidTimes = async (id: string): Promise<number> => (await api.world.plane.sql`select 1 from ledger_transfer where cause = 'payment' and cause_id = ${id}`).length
/** Stripe tells of it, as often as it likes. */
async function tell(type: string, object: Json, times = 1): Promise<void> {
  for (let count = 0; count < times; count++) {
    const body = JSON.stringify({ id: `evt_${type}_${count}`, object: 'event', api_version: '2026-09-30.dahlia', created: Math.floor(Date.now() / 1000), livemode: false, type, data: { object } })
    expect((await api.call('POST /v1/providers/stripe/webhook', { key: null, raw: body, headers: { 'content-type': 'application/json', 'stripe-signature': stripe.signature(body, 'whsec_1') } })).status).toBe(200)
  }
  while ((await processInbox(api.world.plane)) > 0);
}

test('what is paid, voided or written off here is so there, also when answers are lost', async () => {
  for (const [action, body, end] of [['pay', { reference: 'bank 7' }, 'paid'], ['void', { reason: 'mistake' }, 'void'], ['write-off', { reason: 'gone' }, 'uncollectible']] as const) {
    const { id, there } = await handedOver()
    await act(id, action, body)
    stripe.billing.trouble.lose = 3
    await turn()
    await api.world.plane.sql`update handover set look_at = now() where look_at is not null`
    await turn()
    expect([there.status, await state(id)]).toEqual([end, end])
    expect((await listed())[0]).toMatchObject({ state_there: end, conflict: null })
    expect(await turn()).toBe(0)
  }
}, 60_000)

test('what is paid there is paid here, once, however often and from wherever it is told', async () => {
  const { id, there } = await handedOver()
  there.status = 'paid'
  await tell('invoice.paid', there, 3)
  await tell('invoice_payment.paid', { id: 'inpay_1', object: 'invoice_payment', invoice: there.id, payment: { type: 'payment_intent', payment_intent: 'pi_1' } })
  expect(await turn()).toBe(1)
  await turn()
  await turn()
  expect([await state(id), await paidTimes(id)]).toEqual(['paid', 1])
  expect((await api.call(`GET /v1/audit?action=invoice.paid`)).body.data).toMatchObject([{ actor: 'provider/stripe' }])
})

test('an invoice that is still open is looked at without any message, and one that ended is not', async () => {
  const [one, two] = [await handedOver(), await handedOver('50')]
  const due = async (): Promise<number> => Number((await api.world.plane.sql<{ n: bigint }[]>`select count(*) as n from handover where look_at between now() + interval '5 hours' and now() + interval '7 hours'`)[0]!.n)
  expect(await due()).toBe(2)
  one.there.status = 'void'
  two.there.status = 'uncollectible'
  await api.world.plane.sql`update handover set look_at = now()`
  await turn()
  await turn()
  expect([await state(one.id), await state(two.id), await due()]).toEqual(['void', 'uncollectible', 0])
  two.there.status = 'paid'
  await tell('invoice.paid', two.there)
  await turn()
  expect(await state(two.id)).toBe('paid')
})

test('a credit note goes there once, on an open invoice and on a paid one; credit over all of it there is credit here', async () => {
  const [open, paid, whole] = [await handedOver(), await handedOver(), await handedOver()]
  await act(paid.id, 'pay')
  await turn()
  for (const { id } of [open, paid]) await act(id, 'credit-notes', { reason: 'down', lines: [{ line: 1, amount: '30' }] })
  stripe.billing.trouble.lose = 3
  await turn()
  await api.world.plane.sql`update handover set look_at = now() where look_at is not null`
  await turn()
  await act(open.id, 'credit-notes', { reason: 'down again', lines: [{ line: 1, amount: '20' }] })
  await turn()
  expect(stripe.billing.notes.map(({ invoice, total }) => [invoice, total]).toSorted()).toEqual([[open.there.id, 2_000], [open.there.id, 3_000], [paid.there.id, 3_000]])
  stripe.billing.notes.push({ id: 'cn_theirs', object: 'credit_note', invoice: whole.there.id, total: 10_000, status: 'issued', memo: '', metadata: {} })
  whole.there.status = 'paid'
  await tell('invoice.updated', whole.there)
  await turn()
  expect((await api.call(`GET /v1/customers/cus_one/credit-notes?invoice=${whole.id}`)).body.data).toMatchObject([{ reason: 'credited at stripe' }])
  await turn()
  expect(stripe.billing.notes).toHaveLength(4)
  expect(await listed('?conflict=true')).toEqual([])
  expect((await api.call('GET /v1/customers/cus_one/checks/sums')).body.differences).toEqual([])
}, 60_000)

test('what does not go together is told once and waits: void here and paid there, part of it credited there, another sum, gone', async () => {
  const [crossed, part, sum, gone] = [await handedOver(), await handedOver(), await handedOver(), await handedOver()]
  await act(crossed.id, 'void', { reason: 'mistake' })
  crossed.there.status = 'paid'
  stripe.billing.notes.push({ id: 'cn_theirs', object: 'credit_note', invoice: part.there.id, total: 4_000, status: 'issued', memo: '', metadata: {} })
  sum.there.total = 11_000
  stripe.billing.invoices.splice(stripe.billing.invoices.indexOf(gone.there), 1)
  await api.world.plane.sql`update handover set look_at = now()`
  await turn()
  await api.world.plane.sql`update handover set look_at = now()`
  await turn()
  const conflicts = new Map((await listed('?conflict=true')).map(({ invoice, conflict }) => [invoice, conflict]))
  expect(conflicts).toEqual(new Map([
    [crossed.id, 'it is void here and paid there: give the money back there'], [part.id, expect.stringContaining('40 is credited there and 0 here')], [sum.id, 'it comes to 110 there and to 100 here'], [gone.id, expect.stringContaining('has no invoice')],
  ]))
  expect((await api.call('GET /v1/handover')).body).toMatchObject({ delivered: 4, conflicts: 4 })
  expect((await api.call('GET /v1/alerts')).body.data.filter(({ type }: Json) => type === 'invoice.handover_conflict')).toHaveLength(4)
  await act(part.id, 'credit-notes', { reason: 'as there', lines: [{ line: 1, amount: '40' }] })
  sum.there.total = 10_000
  expect((await api.call('POST /v1/handover/retry', { body: {} })).body).toEqual({ invoices: 4 })
  await turn()
  expect((await listed('?conflict=true')).map(({ invoice }) => invoice).toSorted()).toEqual([crossed.id, gone.id].toSorted())
}, 60_000)
