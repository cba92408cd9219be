// Final invoices handed over by the job: what becomes of each, what stops and is tried again, and both sides held against each other.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeStripe, type FakeStripe } from '../../../../../test/stripe/fake-stripe.ts'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { deliverInvoices } from './handovers.ts'

let api: TestApi
let stripe: FakeStripe
beforeEach(async () => {
  api = await testApi()
  stripe = await fakeStripe()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
  await api.call('PUT /v1/providers/stripe', { body: { api_key: 'sk_test_1', api_url: stripe.url, allow_private: true } })
})
afterEach(async () => {
  await stripe.goAway()
  await api.close()
})

async function customer(id: string, isLinked = true): Promise<string> {
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid' } })).status).toBe(201)
  if (isLinked) await api.world.plane.sql`insert into provider_link (provider, kind, external_id, customer_id) values ('stripe', 'customer', ${`cus_at_${id}`}, ${id})`
  return id
}

async function invoice(id: string, amount: string): Promise<string> {
  expect((await api.call(`POST /v1/customers/${id}/invoice-items`, { body: { name: 'Onboarding', amount } })).status).toBe(201)
  const draft = await api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'manual' } })
  expect(draft.status, JSON.stringify(draft.body)).toBe(201)
  if (draft.body.state === 'draft') expect((await api.call(`POST /v1/customers/${id}/invoices/${draft.body.id}/finalize`)).status).toBe(200)
  return draft.body.id
}

const handOver = (target: string | null, more: Json = {}) => api.call('PUT /v1/handover', { body: { target, ...more } })
const deliver = () => deliverInvoices(api.world.plane)
const listed = async (state?: string): Promise<Json[]> => (await api.call(`GET /v1/handover/invoices${state === undefined ? '' : `?state=${state}`}`)).body.data
const due = () => api.world.plane.sql`update handover set next_attempt_at = now()`
const reconcile = async (): Promise<Json> => (await api.call(`GET /v1/handover/reconciliation?from=${new Date(Date.now() - 86_400_000).toISOString()}&to=${new Date(Date.now() + 86_400_000).toISOString()}`)).body

test('final invoices become finished ones at Stripe, once, from when it was set; both sides agree', async () => {
  const one = await customer('cus_one')
  await invoice(one, '5')
  expect((await handOver('stripe')).body).toMatchObject({ target: 'stripe', waiting: 0, delivered: 0 })
  const [second, third] = [await invoice(one, '120.5'), await invoice(one, '-20')]
  expect(await deliver()).toBe(2)
  expect(await deliver()).toBe(0)
  expect(stripe.billing.invoices).toMatchObject([{ status: 'open', customer: 'cus_at_cus_one', total: 12_050, collection_method: 'send_invoice' }, { status: 'paid', total: -2_000 }])
  expect((await listed()).map(({ invoice: id, state, total, external_id: external }) => [id, state, total, external]).sort()).toEqual([[second, 'delivered', '120.5', 'in_fake_1'], [third, 'delivered', '-20', 'in_fake_2']].sort())
  const report = await reconcile()
  expect(report.differences).toMatchObject([{ kind: 'missing', here: 'not queued' }])
  expect((await handOver('stripe', { since: new Date(Date.now() - 86_400_000).toISOString() })).status).toBe(200)
  await deliver()
  expect(await reconcile()).toMatchObject({ agrees: true, here: { invoices: 3, totals: [{ currency: 'USD', amount: '105.5' }] }, there: { invoices: 3, totals: [{ currency: 'USD', amount: '105.5' }], others: 0 } })
  expect((await api.call('GET /v1/audit?action=handover')).body.data).toHaveLength(2)
})

test('what lacks a link stops with what to do, and is delivered when that is mended', async () => {
  await handOver('stripe')
  const id = await customer('cus_unlinked', false)
  await invoice(id, '7')
  await deliver()
  const [stopped] = await listed('stopped')
  expect(stopped!.reason).toContain('is not known at stripe')
  await api.world.plane.sql`insert into provider_link (provider, kind, external_id, customer_id) values ('stripe', 'customer', 'cus_late', ${id})`
  expect(await deliver()).toBe(0)
  expect((await api.call('POST /v1/handover/retry', { body: {} })).body).toEqual({ invoices: 1 })
  await deliver()
  expect(await listed('delivered')).toHaveLength(1)
})

test('trouble that may pass is tried again and makes nothing twice; a refusal stops', async () => {
  await handOver('stripe')
  const one = await customer('cus_one')
  await invoice(one, '7')
  stripe.billing.trouble.lose = 3
  await deliver()
  expect(await listed('waiting')).toMatchObject([{ attempts: 1, reason: 'Stripe: Stripe is having a moment' }])
  expect(await deliver()).toBe(0)
  await due()
  await deliver()
  expect(await listed('delivered')).toHaveLength(1)
  expect(stripe.billing.invoices).toMatchObject([{ status: 'open', total: 700 }])
  await invoice(one, '8')
  stripe.billing.trouble.refuse = true
  await deliver()
  expect(await listed('stopped')).toMatchObject([{ reason: 'Stripe: This customer has no email address.' }])
}, 30_000)

test('the reconciliation tells what is there and not here, twice, of another amount, or ended on one side', async () => {
  await handOver('stripe')
  const one = await customer('cus_one')
  const ids = [await invoice(one, '10'), await invoice(one, '20'), await invoice(one, '30')]
  await deliver()
  const [first, second, third] = stripe.billing.invoices as [Json, Json, Json]
  first.total = 1_100
  stripe.billing.invoices.push({ ...second, id: 'in_twice' } as never, { ...second, id: 'in_unknown', metadata: { tollgate_invoice: 'inv_nobody' } } as never, { ...second, id: 'in_other', metadata: {} } as never)
  third.status = 'void'
  const byId = new Map(stripe.billing.invoices.map((own) => [own.metadata['tollgate_invoice'], own]))
  const { differences, there, agrees } = await reconcile()
  expect([agrees, there.others]).toEqual([false, 1])
  expect(differences.map(({ kind }: Json) => kind).sort()).toEqual(['amount', 'state', 'twice', 'unknown'])
  expect(differences).toContainEqual(expect.objectContaining({ kind: 'amount', there: '11', here: '10' }))
  expect(byId.size + ids.length).toBeGreaterThan(3)
})

test('an invoice that was voided before its turn is not handed over, null ends it, and CSV needs no account', async () => {
  await handOver('csv')
  const one = await customer('cus_one', false)
  const [kept, voided] = [await invoice(one, '10'), await invoice(one, '20')]
  await api.world.plane.sql`insert into handover (customer_id, invoice_id, target, state) values (${one}, ${voided}, 'csv', 'waiting')`
  expect((await api.call(`POST /v1/customers/${one}/invoices/${voided}/void`, { body: { reason: 'mistake' } })).status).toBe(200)
  await deliver()
  expect((await listed()).map(({ invoice: id, state }) => [id, state])).toEqual(expect.arrayContaining([[kept, 'delivered'], [voided, 'stopped']]))
  expect(await reconcile()).toMatchObject({ target: 'csv', agrees: true })
  await handOver(null)
  await invoice(one, '30')
  expect(await deliver()).toBe(0)
  expect((await api.call('GET /v1/handover/reconciliation?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z')).status).toBe(404)
})
