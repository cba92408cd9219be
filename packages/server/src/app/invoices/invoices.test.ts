// Invoices over months of a virtual clock, on the real settlement and ledger: what is asked for is what was used, once, whatever happens in
// which order, and every figure agrees with the ledger.

import fc from 'fast-check'
import { extractText } from 'unpdf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, parseInstant, parseUnits, type Instant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { virtualClock } from '../../platform/clock.ts'
import { runBilling } from './run.ts'

const START = parseInstant('2026-01-31T10:00:00Z', 'start')
const DAY = 86_400_000
const clock = virtualClock(START)
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.', address: ['2 Side Street'], country: 'US' } } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '20' } })
})
afterAll(() => api.close())

let count = 0
async function customer(plan = 'hybrid', profile: Json = null): Promise<string> {
  const id = `cus_i${(count += 1)}`
  expect((await api.call('POST /v1/customers', { body: { id, name: `Customer ${count}`, plan } })).status).toBe(201)
  if (profile !== null) expect((await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: profile })).status).toBe(200)
  return id
}

let events = 0
async function use(id: string, tokens: number, time?: Instant): Promise<void> {
  const event = { specversion: '1.0', source: 'test', id: `e${(events += 1)}`, subject: id, type: 'ai.request', ...(time === undefined ? {} : { time: new Date(time).toISOString() }), data: { feature: 'chat', model: 'm', input_tokens: tokens } }
  const { body } = await api.call('POST /v1/events', { body: [event] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
}

const run = () => runBilling(api.world.plane)
const invoicesOf = async (id: string): Promise<Json[]> => (await api.call(`GET /v1/customers/${id}/invoices`)).body.data.toReversed()
const shown = (invoice: Json) => [invoice.kind, invoice.state, invoice.document.from, invoice.document.to, invoice.document.lines.map((line: Json) => `${line.kind} ${line.price} ${line.exact}`), invoice.amount_due]
async function balances(id: string): Promise<Record<string, string>> {
  return Object.fromEntries((await api.call(`GET /v1/customers/${id}/ledger/accounts`)).body.data.filter(({ balance }: Json) => balance !== '0').map(({ account, balance }: Json) => [account, balance]))
}
async function until(text: string): Promise<void> {
  const at = parseInstant(text, 'until')
  clock.advance(at - clock.now())
}

test('a fee is asked for when its period begins, the usage when its lateness window is over, and nothing twice', async () => {
  const id = await customer()
  await run()
  await use(id, 600_000)
  await run()
  expect((await invoicesOf(id)).map(shown)).toEqual([['opening', 'open', '2026-01-31', '2026-02-28', ['fee fee 49'], '49']])
  await until('2026-02-28T11:00:00Z')
  await run()
  // Late by minutes: still of its period.
  await use(id, 1_000, instant(clock.now() - 2 * 3_600_000))
  await until('2026-03-01T11:00:00Z')
  await run()
  await run()
  expect((await invoicesOf(id)).map(shown)).toEqual([
    ['opening', 'open', '2026-01-31', '2026-02-28', ['fee fee 49'], '49'],
    ['opening', 'open', '2026-02-28', '2026-03-31', ['fee fee 49'], '49'],
    ['period', 'open', '2026-01-31', '2026-02-28', ['usage input_tokens 1.515'], '1.52'],
  ])
  expect(await balances(id)).toMatchObject({ receivable: '-99.52', usage_revenue: '1.515', rounding: '0.005' })
  expect((await balances(id))['accrued_usage']).toBeUndefined()
})

test('numbers have no gaps, and each invoice has its own', async () => {
  const numbers = (await api.call('GET /v1/invoices?limit=1000')).body.data.map((invoice: Json) => Number(invoice.document.number.slice(4))).sort((a: number, b: number) => a - b)
  expect(numbers).toEqual(numbers.map((_: number, index: number) => index + 1))
})

test('the preview of a period is the invoice that closing it writes', async () => {
  const id = await customer('hybrid', { party: { name: 'Buyer GmbH', country: 'DE', tax_id: 'DE1' }, tax: { kind: 'rates', rates: ['vat'] } })
  await run()
  await use(id, 777_777)
  await api.call(`POST /v1/customers/${id}/invoice-items`, { body: { name: 'Onboarding', amount: '500' } })
  const { body: { invoice: preview } } = await api.call(`GET /v1/customers/${id}/invoices/preview`)
  clock.advance(33 * DAY)
  await run()
  const closed = (await invoicesOf(id)).find(({ kind }) => kind === 'period')
  expect(closed.document).toEqual({ ...preview, number: closed.document.number, issued: closed.document.issued, due: closed.document.due })
  // 277,777 tokens beyond the allowance at 0.015 a thousand, and the item; 20 % on both.
  expect([closed.document.subtotal, closed.document.taxes[0].amount, closed.amount_due]).toEqual(['504.17', '100.83', '605'])
})

test('usage that comes after the close is on the next invoice, and says of which period it is', async () => {
  const id = await customer()
  const first = clock.now()
  await use(id, 500_000)
  clock.advance(33 * DAY)
  await run()
  await use(id, 100_000, instant(first + DAY))
  clock.advance(31 * DAY)
  await run()
  const last = (await invoicesOf(id)).filter(({ kind }) => kind === 'period').at(-1)
  expect(last.document.lines.map((line: Json) => [line.kind, line.exact])).toEqual([['late_usage', '1.5']])
  expect(last.document.lines[0].name).toContain('late')
})

test('an invoice in the middle of a period is taken off the one at its end', async () => {
  const id = await customer()
  await run()
  await use(id, 1_500_000)
  const progressive = await api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'progressive' } })
  expect([progressive.status, progressive.body.amount_due]).toEqual([201, '15'])
  expect((await api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'progressive' } })).body.code).toBe('nothing_to_invoice')
  await use(id, 1_000_000)
  clock.advance(33 * DAY)
  await run()
  expect((await invoicesOf(id)).filter(({ kind }) => kind === 'period').map(({ amount_due }) => amount_due)).toEqual(['15'])
})

test('usage that credit paid is shown and not asked for; bought credit is not taxed again, promotional credit lowers the taxed amount', async () => {
  const id = await customer('prepaid', { tax: { kind: 'rates', rates: ['vat'] } })
  await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '1', category: 'promotional' } })
  await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '100' } })
  await use(id, 202_000)
  clock.advance(33 * DAY)
  await run()
  const [invoice] = await invoicesOf(id)
  expect([invoice.document.subtotal, invoice.document.promotional, invoice.document.prepaid, invoice.amount_due, invoice.state]).toEqual(['3', '1', '2', '0', 'paid'])
  expect(await balances(id)).not.toHaveProperty('receivable')
})

test('a payment, a second payment, a void and a write-off leave the ledger where a bookkeeper expects it', async () => {
  const [paid, voided, lost] = [await customer(), await customer(), await customer()]
  await run()
  const first = async (id: string) => (await invoicesOf(id))[0].id
  const act = async (id: string, action: string, body: Json) => api.call(`POST /v1/customers/${id}/invoices/${await first(id)}/${action}`, { body })
  expect((await act(paid, 'pay', { reference: 'transfer 1' })).body.state).toBe('paid')
  expect((await act(paid, 'pay', { reference: 'transfer 2' })).body.reference).toBe('transfer 1')
  expect((await act(paid, 'void', { reason: 'mistake' })).body.code).toBe('invoice_state')
  expect(await balances(paid)).toEqual({ payment_clearing: '-49', deferred_revenue: '49' })
  expect((await act(voided, 'void', { reason: 'mistake' })).body.state).toBe('void')
  expect((await act(voided, 'void', { reason: 'mistake' })).status).toBe(200)
  expect(await balances(voided)).toEqual({})
  expect((await act(lost, 'write-off', { reason: 'gone' })).body.state).toBe('uncollectible')
  expect(await balances(lost)).toEqual({ bad_debt: '-49', deferred_revenue: '49' })
  expect((await act(lost, 'pay', {})).body.state).toBe('paid')
  expect(await balances(lost)).toEqual({ payment_clearing: '-49', deferred_revenue: '49' })
  // What a void invoice asked for is due again.
  clock.advance(33 * DAY)
  await run()
  expect((await invoicesOf(voided)).filter(({ kind }) => kind === 'period').map(shown)[0]![4]).toEqual(['fee fee 49'])
})

test('credit notes take back lines with their tax, never more than there is', async () => {
  const id = await customer('hybrid', { tax: { kind: 'rates', rates: ['vat'] } })
  await run()
  const [invoice] = await invoicesOf(id)
  const note = (body: Json) => api.call(`POST /v1/customers/${id}/invoices/${invoice.id}/credit-notes`, { body: { reason: 'outage', ...body } })
  const first = await note({ lines: [{ line: 1, amount: '9' }] })
  expect([first.status, first.body.document.number.slice(0, 3), first.body.net, first.body.tax, first.body.document.corrects]).toEqual([201, 'CN-', '9', '1.8', invoice.document.number])
  expect((await note({ lines: [{ line: 1, amount: '41' }] })).body).toMatchObject({ code: 'out_of_range', detail: expect.stringContaining('40 left') })
  const rest = await note({})
  expect([rest.body.net, rest.body.tax]).toEqual(['40', '8'])
  expect((await note({})).body.code).toBe('required')
  // None of it was revenue yet: what was deferred goes back, and nothing is owed.
  expect(await balances(id)).toEqual({})
  expect((await api.call(`GET /v1/customers/${id}/credit-notes`)).body.data).toHaveLength(2)
})

test('an invoice with a number never changes, in the database too', async () => {
  const id = await customer()
  await run()
  const [{ id: invoice }] = await invoicesOf(id)
  const { sql } = api.world.plane
  await expect(sql`update invoice set amount_due = 1 where id = ${invoice}`).rejects.toThrow('does not change')
  await expect(sql`update invoice set document = '{}' where id = ${invoice}`).rejects.toThrow('does not change')
  await expect(sql`delete from invoice where id = ${invoice}`).rejects.toThrow('is kept')
})

test('without somebody who issues it an invoice stays a draft; finalized it has what happened meanwhile', async () => {
  await api.world.plane.sql`delete from billing_settings`
  const id = await customer()
  await use(id, 600_000)
  clock.advance(33 * DAY)
  await run()
  const draft = (await invoicesOf(id)).find(({ kind }) => kind === 'period')
  expect([draft.state, draft.document.number]).toEqual(['draft', null])
  expect((await api.call(`POST /v1/customers/${id}/invoices/${draft.id}/finalize`)).body.code).toBe('billing_not_set_up')
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  await use(id, 400_000, instant(clock.now() - 20 * DAY))
  const { body } = await api.call(`POST /v1/customers/${id}/invoices/${draft.id}/finalize`)
  expect([body.state, body.document.number === null]).toEqual(['open', false])
  expect(body.document.lines.map((line: Json) => `${line.kind} ${line.exact}`)).toContain('usage 7.5')
})

test('a tenant reads and prints its own invoices and no other’s', async () => {
  const [own, other] = [await customer(), await customer()]
  await run()
  const key = await api.key(['customer'], own as never)
  const [[mine], [theirs]] = [await invoicesOf(own), await invoicesOf(other)]
  const pdf = await api.app.inject({ method: 'GET', url: `/v1/customers/${own}/invoices/${mine.id}/pdf`, headers: { authorization: `Bearer ${key}` } })
  expect([pdf.statusCode, pdf.headers['content-type']]).toEqual([200, 'application/pdf'])
  expect((await extractText(new Uint8Array(pdf.rawPayload), { mergePages: true })).text).toContain(mine.document.number)
  expect((await api.call(`GET /v1/customers/${own}/invoices/${mine.id}/html`, { key })).text).toContain(mine.document.number)
  for (const form of ['', '/pdf', '/html']) expect((await api.call(`GET /v1/customers/${other}/invoices/${theirs.id}${form}`, { key })).status).toBe(404)
  expect((await api.call(`GET /v1/customers/${own}/invoices/${theirs.id}/pdf`, { key })).status).toBe(404)
  expect((await api.call(`POST /v1/customers/${own}/invoices/${mine.id}/pay`, { key, body: {} })).status).toBe(403)
})

test('two runs at once, and a run after half a year of silence, write each invoice once', async () => {
  const id = await customer()
  await use(id, 600_000)
  clock.advance(185 * DAY)
  await Promise.all([run(), run(), run()])
  const list = await invoicesOf(id)
  expect(new Set(list.map(({ period, kind }) => `${kind} ${period.start}`)).size).toBe(list.length)
  expect(list.filter(({ kind }) => kind === 'opening').length).toBeGreaterThanOrEqual(6)
  expect(list.filter(({ kind }) => kind === 'period').map(({ amount_due }) => amount_due)).toEqual(['1.5'])
})

test('after any life the ledger has nothing accrued that was not invoiced, and invoices sum to what events cost', async () => {
  const step = fc.oneof(fc.record({ kind: fc.constant('use' as const), tokens: fc.integer({ min: 1, max: 900_000 }), ago: fc.integer({ min: 0, max: 20 }) }), fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 40 }) }), fc.constant({ kind: 'progressive' as const }))
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
    const id = await customer()
    const born = clock.now()
    for (const one of steps) {
      if (one.kind === 'use') await use(id, one.tokens, instant(Math.max(born, clock.now() - one.ago * DAY)))
      if (one.kind === 'progressive') await api.call(`POST /v1/customers/${id}/invoices`, { body: { kind: 'progressive' } })
      if (one.kind === 'wait') {
        clock.advance(one.days * DAY)
        await run()
      }
    }
    clock.advance(70 * DAY)
    await run()
    const [accounts, list, sums] = [await balances(id), await invoicesOf(id), (await api.call(`GET /v1/customers/${id}/checks/sums`)).body]
    expect(sums.agrees, sums.differences.join()).toBe(true)
    expect(accounts['accrued_usage']).toBeUndefined()
    const exact = (text: string) => parseUnits(text, 'USD')
    const invoiced = list.flatMap(({ document }) => document.lines).filter(({ kind }: Json) => kind === 'usage' || kind === 'late_usage').reduce((sum: bigint, line: Json) => sum + exact(line.exact), 0n)
    expect(invoiced).toBe(exact(sums.sums.event_charges))
    const due = list.reduce((sum, { amount_due }) => sum + exact(amount_due), 0n)
    expect(exact(accounts['receivable'] ?? '0')).toBe(-due)
  }), { numRuns: 12 })
}, 60_000)

test('what a contract commits to and what a coupon takes off are on the invoice of the period, as its preview said', async () => {
  const id = await customer()
  expect((await api.call(`PUT /v1/customers/${id}/contract`, { body: { source: 'name: Acme\nfrom: 2026-01-01\ncommitment: { minimum: 200 }\ndiscounts: [{ id: rebate, name: Rebate, percent: 10, on: all }]\n' } })).status).toBe(200)
  expect((await api.call('POST /v1/coupons', { body: { code: 'once', name: 'Once', amount: '30', currency: 'USD', periods: 1 } })).status).toBe(201)
  expect((await api.call(`POST /v1/customers/${id}/coupons`, { body: { code: 'once' } })).status).toBe(200)
  await run()
  await use(id, 600_000)
  const { body: { invoice: preview } } = await api.call(`GET /v1/customers/${id}/invoices/preview`)
  clock.advance(33 * DAY)
  await run()
  await run()
  const closed = (await invoicesOf(id)).filter(({ kind }) => kind === 'period')
  // 44.1 of the opening and 1.35 of usage are missing 154.55 to the minimum; the coupon takes 30 off what is left.
  expect(closed.map((invoice) => [...shown(invoice).slice(4), invoice.document.discounts])).toEqual([[['usage input_tokens 1.35', 'true_up minimum 154.55'], '125.9', [{ name: 'Once', amount: '30' }]]])
  expect((await balances(id))['accrued_usage']).toBeUndefined()
  expect(closed[0].document).toEqual({ ...preview, number: closed[0].document.number, issued: closed[0].document.issued, due: closed[0].document.due })
})
