// Items that are written by hand: they are on one invoice, alone where they are asked for alone, in the customer's currency.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { DEMO_CATALOG } from '../../../../../test/plane.ts'
import { virtualClock } from '../../platform/clock.ts'

/** The demo catalog, with one plan that has prices in yen too. */
const CATALOG = readFileSync(DEMO_CATALOG, 'utf8').replace('\n  # The same prices out of a wallet', () => `    currencies:
      JPY:
        fee: { name: Hybrid plan, amount: 7000 }
        prices:
          - { id: input_tokens, meter: input_tokens, model: per_unit, amount: 2, per: 1000 }
          - { id: output_tokens, meter: output_tokens, model: per_unit, amount: 4, per: 1000 }
          - { id: agent_steps, meter: agent_steps, model: per_unit, amount: 15 }

  # The same prices out of a wallet`)
const clock = virtualClock(parseInstant('2026-01-31T10:00:00Z', 'start'))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock, catalog: CATALOG })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
})
afterAll(() => api.close())

async function customer(id: string, more: Json = {}): Promise<string> {
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid', ...more } })).status).toBe(201)
  return id
}
const add = (id: string, amount: string) => api.call(`POST /v1/customers/${id}/invoice-items`, { body: { name: 'Onboarding', amount } })
const byHand = (id: string) => api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'manual' } })
const linesOf = ({ document }: Json) => document.lines.map((line: Json) => `${line.kind} ${line.exact}`)

test('an item of a customer that is billed in another currency is in that currency, and is invoiced', async () => {
  const id = await customer('cus_yen', { currency: 'JPY' })
  expect((await add(id, '500')).status).toBe(201)
  const { status, body } = await byHand(id)
  expect([status, body.currency, linesOf(body), body.amount_due]).toEqual([201, 'JPY', ['item 500'], '500'])
})

test('an invoice by hand asks for the items that wait and nothing else: no fee, no usage, no minimum commitment, no coupon', async () => {
  const id = await customer('cus_committed')
  expect((await api.call(`PUT /v1/customers/${id}/contract`, { body: { source: 'name: Acme\nfrom: 2026-01-01\ncommitment: { minimum: 200 }\n' } })).status).toBe(200)
  expect((await api.call('POST /v1/coupons', { body: { code: 'once', name: 'Once', amount: '30', currency: 'USD', periods: 1 } })).status).toBe(201)
  expect((await api.call(`POST /v1/customers/${id}/coupons`, { body: { code: 'once' } })).status).toBe(200)
  expect((await byHand(id)).body.code).toBe('nothing_to_invoice')
  await add(id, '12.5')
  const { body } = await byHand(id)
  expect([linesOf(body), body.document.discounts, body.amount_due]).toEqual([['item 12.5'], [], '12.5'])
  expect((await byHand(id)).body.code).toBe('nothing_to_invoice')
})

test('the items of an invoice that was voided wait again, and are invoiced once', async () => {
  const id = await customer('cus_voided')
  await add(id, '40')
  const { body: first } = await byHand(id)
  expect((await api.call(`POST /v1/customers/${id}/invoices/${first.id}/void`, { body: { reason: 'wrong address' } })).body.state).toBe('void')
  const { body: second } = await byHand(id)
  expect([linesOf(second), second.amount_due, second.document.number]).toEqual([['item 40'], '40', nextOf(first.document.number)])
  expect((await byHand(id)).body.code).toBe('nothing_to_invoice')
  const accounts = (await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data
  expect(accounts.find(({ account }: Json) => account === 'receivable').balance).toBe('-40')
})

function nextOf(number: string): string {
  return `INV-${String(Number(number.slice(4)) + 1).padStart(6, '0')}`
}
