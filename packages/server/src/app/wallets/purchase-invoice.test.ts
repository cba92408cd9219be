// The invoice of bought credits: the tax of the customer, a series without gaps, and what the credits pay later is not taxed again.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { carryOutPayments } from './payments.ts'
import { createRecharger } from './recharge.ts'

const CATALOG = `
currency: EUR
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_prices: [{ asset: EUR, bonus: [{ from: 100, percent: 10 }] }]
plans: [{ id: prepaid, name: Prepaid, entitlements: [chat], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [wallet] }]
gateway: { feature: chat }
`
const clock = virtualClock(instant(Date.UTC(2026, 2, 31, 22, 30)))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ catalog: CATALOG, clock })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
})
afterAll(() => api.close())

let count = 0
async function buyer(): Promise<string> {
  const customer = `cus_p${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id: customer, name: 'Käufer', plan: 'prepaid', time_zone: 'Europe/Berlin' } })
  await api.call(`PUT /v1/customers/${customer}/billing-profile`, { body: { tax: { kind: 'rates', rates: ['vat'] } } })
  await api.call(`PUT /v1/customers/${customer}/recharges/EUR`, { body: { threshold: '5', amount: '100', method: 'request' } })
  return customer
}
async function buys(customer: string): Promise<string> {
  await createRecharger()(api.world.plane)
  await carryOutPayments(api.world.plane)
  const { id } = (await api.call(`GET /v1/customers/${customer}/payments`)).body.data[0]
  for (const turn of [1, 2]) expect((await api.call(`POST /v1/customers/${customer}/payments/${id}/confirm`, { body: { outcome: 'succeeded', reference: `tx_${customer}` } })).text, `told for the time ${turn}`).toContain('succeeded')
  return id
}
const invoice = (customer: string, payment: string, form = '') => api.call(`GET /v1/customers/${customer}/payments/${payment}/invoice${form}`)

test('without somebody who issues it there is none, and the answer says what to do', async () => {
  const customer = await buyer()
  const answer = await invoice(customer, await buys(customer))
  expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('PUT /v1/billing/settings')])
})

test('a payment that paid one purchase does not pay another', async () => {
  const [one, two] = [await buyer(), await buyer()]
  await buys(one)
  const { id } = (await api.call(`GET /v1/customers/${two}/payments`)).body.data[0]
  const again = await api.call(`POST /v1/customers/${two}/payments/${id}/confirm`, { body: { outcome: 'succeeded', reference: `tx_${one}` } })
  expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
  expect((await api.call(`GET /v1/customers/${two}/balance`)).body.balance).toBe('0')
})

test('bought credits are invoiced once, paid, with the customer’s tax and on its own day; the numbers have no gaps', async () => {
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller GmbH', address: ['Hauptstraße 1'], country: 'DE', tax_id: 'DE123456789' } } })
  const [one, two] = [await buyer(), await buyer()]
  const [first, second] = [await buys(one), await buys(two)]
  const { body } = await invoice(one, first)
  expect(body).toMatchObject({
    number: 'INV-C-000001', issued: '2026-04-01', currency: 'EUR', subtotal: '100', taxable: '100', taxes: [{ name: 'VAT', percent: '19', base: '100', amount: '19' }], total: '119', amount_due: '0',
    buyer: { name: 'Käufer' }, seller: { tax_id: 'DE123456789' }, notes: ['Paid in full (tx_cus_p4).'],
  })
  expect(body.lines.map(({ name, quantity, amount }: Record<string, string>) => [name, quantity, amount])).toEqual([['Credits', '100', '100'], ['Credits on top, free', '10', '0']])
  expect((await invoice(two, second)).body.number).toBe('INV-C-000002')
  expect((await invoice(two, first)).status, 'of another customer').toBe(404)
  const page = await invoice(one, first, '/html')
  expect([page.status, page.headers['content-security-policy']]).toEqual([200, expect.stringContaining("default-src 'none'")])
  expect(page.text).toContain('INV-C-000001')
  expect((await invoice(one, first, '/pdf')).status).toBe(200)
  await expect(api.world.plane.sql`update purchase_invoice set number = 7`).rejects.toThrow()
  expect((await api.call(`GET /v1/customers/${one}/checks/sums`)).body).toMatchObject({ agrees: true })
})

test('a refund of bought credits has a credit note on their invoice, with its tax, in a series without gaps', async () => {
  const customer = await buyer()
  const payment = await buys(customer)
  const refund = async (amount: string) => (await api.call(`POST /v1/customers/${customer}/credits/${payment.replace('pay_', 'blk_')}/refund`, { body: { amount, reason: 'ordered twice' } })).body
  const [first, second] = [await refund('25'), await refund('75')]
  const note = (of: { readonly id: string }, form = '') => api.call(`GET /v1/customers/${customer}/refunds/${of.id}/credit-note${form}`)
  const { number } = (await invoice(customer, payment)).body
  expect((await note(first)).body).toMatchObject({ kind: 'credit_note', corrects: number, subtotal: '25', taxes: [{ percent: '19', base: '25', amount: '4.75' }], total: '29.75' })
  const numbers = [(await note(first)).body.number, (await note(second)).body.number].map((text: string) => Number(text.slice(-6)))
  expect(numbers[1]! - numbers[0]!).toBe(1)
  expect([(await note(second, '/pdf')).status, (await note(second, '/html')).status]).toEqual([200, 200])
  const accounts = (await api.call(`GET /v1/customers/${customer}/ledger/accounts`)).body.data
  expect(accounts.filter(({ account }: Record<string, string>) => account === 'tax_payable' || account === 'payment_clearing').map(({ balance }: Record<string, string>) => balance)).toEqual(['0', '0'])
  await expect(api.world.plane.sql`delete from purchase_credit_note`).rejects.toThrow()
})
