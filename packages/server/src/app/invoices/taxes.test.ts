// Customers whose tax a service says: invoices and purchases go by what it said, what it does not say keeps them waiting and is told, and no rate is
// ever guessed.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, parseInstant, parsePercent } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { SYSTEM } from '../actor.ts'
import { settlePayment } from '../wallets/settle-payment.ts'
import { createRecharger } from '../wallets/recharge.ts'
import { runBilling } from './run.ts'
import { determineTaxes } from './taxes.ts'
import { TaxServiceError, type TaxAnswer, type TaxAsk, type TaxService } from './tax-port.ts'

const clock = virtualClock(parseInstant('2026-02-01T00:00:00Z', 'start'))
/** Says what it is told to say. */
const asks: TaxAsk[] = []
let says: TaxAnswer | string = 'not reachable'
const service: TaxService = {
  determine: (ask) => {
    asks.push(ask)
    return typeof says === 'string' ? Promise.reject(new TaxServiceError(says)) : Promise.resolve(says)
  },
}
const vat = (percent: string, validUntil: number | null = null): TaxAnswer => ({ treatment: { kind: 'rates', rates: [{ id: 'vat', name: 'VAT', percent: parsePercent(percent, 'percent') }] }, reference: 'calc_1', validUntil })

let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock, taxService: service })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', country: 'US' } } })
})
afterAll(() => api.close())

let count = 0
const SERVICE = { tax: { kind: 'service' }, party: { name: 'Acme GmbH', address: ['Hauptstr. 1'], country: 'DE', tax_id: 'DE123456789' } }
async function customer(plan = 'hybrid', profile: Json = SERVICE): Promise<string> {
  const id = `cus_x${(count += 1)}`
  expect((await api.call('POST /v1/customers', { body: { id, name: 'X', plan } })).status).toBe(201)
  expect((await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: profile })).status).toBe(200)
  return id
}
const invoicesOf = async (id: string): Promise<Json[]> => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data
const told = async (id: string) => (await api.world.plane.sql<{ type: string; payload: Json }[]>`select type, payload from outbox where customer_id = ${id} and type in ('tax.undetermined', 'invoice.run_failed') order by id`).map(({ type, payload }) => [type, payload.reason])

test('what the service said is on the invoice, asked when the profile is set and not while it is written', async () => {
  says = vat('19')
  const id = await customer()
  const { question } = asks.at(-1)!
  expect(question).toEqual({ customer: { id, name: 'Acme GmbH', address: ['Hauptstr. 1'], country: 'DE', taxId: 'DE123456789' }, seller: { name: 'Seller Inc.', address: [], country: 'US', taxId: null }, currency: 'USD' })
  const before = asks.length
  await runBilling(api.world.plane)
  expect((await invoicesOf(id)).map(({ document }) => [document.taxes, document.amount_due])).toEqual([[[{ name: 'VAT', percent: '19', base: '49', amount: '9.31' }], '58.31']])
  expect(asks).toHaveLength(before)
})

test('an invoice whose tax nobody knows waits and is told once; it is written when the service has said it, and others never wait', async () => {
  says = 'not reachable'
  const [waiting, fine] = [await customer(), await customer('hybrid', { tax: { kind: 'exempt', reason: 'school' } })]
  await runBilling(api.world.plane)
  await determineTaxes(api.world.plane)
  expect([(await invoicesOf(waiting)).length, (await invoicesOf(fine)).length]).toEqual([0, 1])
  expect(await told(waiting)).toEqual([['tax.undetermined', 'not reachable'], ['invoice.run_failed', expect.stringContaining('not reachable')]])
  expect(await api.call(`GET /v1/customers/${waiting}/invoices/preview`)).toMatchObject({ status: 409, body: { code: 'tax_undetermined' } })
  says = vat('7')
  clock.advance(2 * HOUR_MS)
  await determineTaxes(api.world.plane)
  await runBilling(api.world.plane)
  expect((await invoicesOf(waiting)).map(({ document }) => document.taxes[0].amount)).toEqual(['3.43'])
})

test('an answer holds until its end and is renewed before it; past it nothing is written, and another question is another answer', async () => {
  says = vat('19', clock.now() + 10 * DAY_MS)
  const id = await customer('prepaid')
  const quote = () => api.call(`GET /v1/customers/${id}/credit-quote?amount=100`)
  expect((await quote()).body).toMatchObject({ net: '100', tax: '19' })
  says = vat('20', clock.now() + 30 * DAY_MS)
  clock.advance(4 * DAY_MS)
  await determineTaxes(api.world.plane)
  expect((await quote()).body.tax).toBe('19')
  clock.advance(2 * DAY_MS)
  await determineTaxes(api.world.plane)
  expect((await quote()).body.tax).toBe('20')
  says = 'not reachable'
  await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: { ...SERVICE, party: { ...SERVICE.party, country: 'FR' } } })
  expect(await quote()).toMatchObject({ status: 409, body: { code: 'tax_undetermined' } })
  await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: SERVICE })
  expect((await quote()).body.tax, 'what was said of it still holds').toBe('20')
  clock.advance(25 * DAY_MS)
  expect(await quote()).toMatchObject({ status: 409, body: { code: 'tax_undetermined' } })
})

test('bought credits are taxed as the service said when they were bought, and none are bought by themselves whose tax nobody knows', async () => {
  says = { treatment: { kind: 'reverse_charge' }, reference: null, validUntil: null }
  const id = await customer('prepaid')
  await api.call(`PUT /v1/customers/${id}/recharges/USD`, { body: { threshold: '1', amount: '100', method: 'request' } })
  await createRecharger()(api.world.plane)
  const [payment] = (await api.call(`GET /v1/customers/${id}/payments`)).body.data
  clock.advance(3 * DAY_MS)
  await settlePayment(api.world.plane, SYSTEM, { customer: id, id: payment.id }, { kind: 'succeeded', providerId: 'mine' })
  expect((await api.call(`GET /v1/customers/${id}/payments/${payment.id}/invoice`)).body).toMatchObject({ taxes: [], notes: [expect.any(String), expect.stringContaining('Reverse charge')] })
  says = 'not reachable'
  const other = await customer('prepaid')
  await api.call(`PUT /v1/customers/${other}/recharges/USD`, { body: { threshold: '1', amount: '100', method: 'request' } })
  await createRecharger()(api.world.plane)
  expect((await api.call(`GET /v1/customers/${other}/payments`)).body.data).toEqual([])
})
