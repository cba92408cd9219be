// A month of the books on the real ledger: whatever customers did, every figure agrees with every other to the last digit, closed days never
// change, and journal entries are the same in every export and sum to the ledger to the cent.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { followed } from '../../../../../test/followed.ts'
import { addUpUsage, closeDays, dayText } from './days.ts'
import { keepBooks } from './keep.ts'
import { recogniseRevenue } from './recognise.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
})
afterAll(() => api.close())

let count = 0
async function use(id: string, tokens: number, cost: string | null = '0.0123'): Promise<void> {
  const event = { specversion: '1.0', source: 'b', id: `e${(count += 1)}`, subject: id, type: 'ai.request', data: { feature: 'chat', model: count % 2 === 0 ? 'small' : 'large', input_tokens: tokens, ...(cost === null ? {} : { cost: { amount: cost, currency: 'USD' } }) } }
  const { body } = await api.call('POST /v1/events', { body: [event] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
}
async function post(target: string, body: Json): Promise<Json> {
  const answer = await api.call(target, { body })
  expect(answer.status, `${target} ${JSON.stringify(answer.body)}`).toBeLessThan(300)
  return answer.body
}

/** Everything that moves money, once. */
async function life(): Promise<{ readonly hybrid: string; readonly prepaid: string }> {
  const [hybrid, prepaid] = [`cus_h${(count += 1)}`, `cus_p${(count += 1)}`]
  await post('POST /v1/customers', { id: hybrid, name: 'Hybrid', plan: 'hybrid' })
  await post('POST /v1/customers', { id: prepaid, name: 'Prepaid', plan: 'prepaid' })
  await post(`PUT /v1/customers/${hybrid}/billing-profile`, { tax: { kind: 'rates', rates: ['vat'] } })
  await post(`POST /v1/customers/${prepaid}/credits`, { amount: '5', category: 'promotional', priority: 1 })
  await post(`POST /v1/customers/${prepaid}/credits`, { amount: '20' })
  for (const tokens of [123_457, 400_001, 2_003]) await use(prepaid, tokens)
  for (const tokens of [600_011, 77_777]) await use(hybrid, tokens)
  await use(hybrid, 1_000, null)
  const now = Date.now()
  await post(`POST /v1/customers/${hybrid}/invoice-items`, { name: 'Support for a year', amount: '1200', from: new Date(now - 3 * DAY_MS).toISOString(), to: new Date(now + 362 * DAY_MS).toISOString() })
  const year = await post(`POST /v1/customers/${hybrid}/invoices`, { kind: 'manual' })
  const usage = await post(`POST /v1/customers/${hybrid}/invoices`, { kind: 'progressive' })
  await recogniseRevenue(api.world.plane)
  await post(`POST /v1/customers/${hybrid}/invoices/${usage.id}/pay`, { reference: 'bank' })
  await post(`POST /v1/customers/${hybrid}/invoices/${year.id}/credit-notes`, { reason: 'down', lines: [{ line: 1, amount: '100' }] })
  await post(`POST /v1/customers/${hybrid}/invoices/${usage.id}/credit-notes`, { reason: 'down', lines: [{ line: 1, amount: '0.5' }] })
  for (const action of ['void', 'write-off']) {
    await post(`POST /v1/customers/${hybrid}/invoice-items`, { name: 'Mistake', amount: '33.33' })
    const { id } = await post(`POST /v1/customers/${hybrid}/invoices`, { kind: 'manual' })
    await post(`POST /v1/customers/${hybrid}/invoices/${id}/${action}`, { reason: 'x' })
  }
  return { hybrid, prepaid }
}

/** As if it had happened some days before: closing looks at days that are over. */
async function backdate(days: number): Promise<void> {
  const { sql } = api.world.plane
  await sql`alter table ledger_transfer disable trigger ledger_transfer_append_only`
  await sql`update ledger_transfer set posted_at = posted_at - make_interval(days => ${days})`
  await sql`alter table ledger_transfer enable trigger ledger_transfer_append_only`
  await sql`update settlement_batch set settled_at = settled_at - make_interval(days => ${days})`
  await sql`update usage_day set posted_on = posted_on - ${days}::integer`
}

const today = () => dayText(Date.now())
const books = async (month: string): Promise<Json> => (await api.call(`GET /v1/books/${month}`)).body
const disagreeing = (month: Json): Json[] => month.checks.filter(({ agrees }: Json) => !agrees)
const usd = (month: Json): Json => month.books.find(({ currency }: Json) => currency === 'USD')
const account = (month: Json, name: string): Json => usd(month).accounts.find((one: Json) => one.account === name)
const journals = (query: string) => api.call(`GET /v1/exports/journals?${query}`)

test('everything that moves money in a month agrees: ledger, invoices, credit notes, charges, deferred lines, blocks', async () => {
  await life()
  const month = await books(today().slice(0, 7))
  expect(disagreeing(month)).toEqual([])
  expect(month.checks.length).toBeGreaterThan(8)
  expect([month.agrees, month.is_running]).toEqual([true, true])
  const deferred = account(month, 'deferred_revenue')
  expect(deferred.movements.map(({ cause }: Json) => cause)).toEqual(['credit_note', 'invoice', 'recognition'])
  expect(Number(deferred.opening) + deferred.movements.reduce((sum: number, { amount }: Json) => sum + Number(amount), 0)).toBeCloseTo(Number(deferred.closing), 9)
  expect(account(month, 'provider_cost').closing).toBe('0.0615')
  // Promotional credit that was used takes away from revenue: 5 of it.
  expect(usd(month).invoices.documents).toBe(4)
  expect(usd(month).credit_notes).toMatchObject({ documents: 2, net: '100.5' })
})

test('a figure that somebody changed is found, and says what it was held against', async () => {
  const { sql } = api.world.plane
  await sql`update credit_block set remaining = remaining - 0.01 where id = (select id from credit_block where category = 'paid' limit 1)`
  const found = disagreeing(await books(today().slice(0, 7)))
  await sql`update credit_block set remaining = remaining + 0.01 where id = (select id from credit_block where category = 'paid' limit 1)`
  expect(found.map(({ name }) => name)).toEqual(['open blocks that were bought = prepaid credit'])
  expect(Number(found[0].right) - Number(found[0].left)).toBeCloseTo(0.01, 9)
})

test('a day that is over is closed once, its journal entries balance, and a second export is the same file', async () => {
  await followed(api.world.plane.sql)
  await addUpUsage(api.world.plane)
  await backdate(2)
  const day = dayText(Date.now() - 2 * DAY_MS)
  expect(await closeDays(api.world.plane)).toEqual([day, dayText(Date.now() - DAY_MS)])
  expect(await closeDays(api.world.plane)).toEqual([])
  const first = await journals(`from=${day}&to=${today()}`)
  expect([first.status, first.headers['tollgate-closed-through']]).toEqual([200, dayText(Date.now() - DAY_MS)])
  // More happens, and is closed later: what was exported stays.
  await life()
  expect((await journals(`from=${day}&to=${today()}`)).text).toBe(first.text)
  const rows = first.text.trim().split('\r\n').slice(1).map((line) => line.split(','))
  const sums = new Map<string, number>()
  for (const row of rows) sums.set(row[0]!, (sums.get(row[0]!) ?? 0) + Math.round(Number(row[6] || 0) * 100) - Math.round(Number(row[7] || 0) * 100))
  expect([...sums.keys()].sort()).toEqual(['credit_note', 'invoice', 'invoice_void', 'invoice_write_off', 'payment', 'provider_cost', 'recognition', 'top_up', 'usage'].map((cause) => `tollgate-${day}-USD-${cause}`))
  expect([...sums.values()]).toEqual([...sums].map(() => 0))
  for (const at of [day, today()]) expect(disagreeing(await books(at.slice(0, 7)))).toEqual([])
})

test('closed days cannot be changed, in the database too, and a ledger that was changed behind them is found', async () => {
  const { sql } = api.world.plane
  await expect(sql`update book_day_sum set debits = debits + 1`).rejects.toThrow('append-only')
  await expect(sql`delete from book_day`).rejects.toThrow('append-only')
  const day = dayText(Date.now() - 2 * DAY_MS)
  await sql`alter table ledger_transfer disable trigger ledger_transfer_append_only`
  const [row] = await sql<{ id: string }[]>`select id from ledger_transfer where cause = 'payment' and posted_at < ${day}::text::date + 1 limit 1`
  await sql`update ledger_transfer set amount = amount + 1 where id = ${row!.id}`
  const found = disagreeing(await books(day.slice(0, 7))).map(({ name }) => name)
  await sql`update ledger_transfer set amount = amount - 1 where id = ${row!.id}`
  await sql`alter table ledger_transfer enable trigger ledger_transfer_append_only`
  expect(found).toEqual(expect.arrayContaining(['closed days = ledger', 'closed days = ledger: payment_clearing payment', 'closed days = ledger: receivable payment']))
})

test('when a day is closed its month is checked, and what disagrees is told with both sides', async () => {
  const { sql } = api.world.plane
  await backdate(1)
  await sql`update credit_block set remaining = remaining - 0.01 where id = (select id from credit_block where category = 'paid' limit 1)`
  await sql`update invoice set credited_net = credited_net + 1 where state = 'open'`
  await sql`update usage_day set amount = amount + 1 where (posted_on, customer_id, feature, model) = (select posted_on, customer_id, feature, model from usage_day order by posted_on limit 1)`
  const day = dayText(Date.now() - DAY_MS)
  await sql`alter table book_day disable trigger book_day_append_only`
  await sql`alter table book_day_sum disable trigger book_day_sum_append_only`
  await sql`delete from book_day_sum where day = ${day}::text::date`
  await sql`delete from book_day where day = ${day}::text::date`
  await sql`alter table book_day enable trigger book_day_append_only`
  await sql`alter table book_day_sum enable trigger book_day_sum_append_only`
  const months = await keepBooks(api.world.plane)
  const messages = await sql<{ payload: Json }[]>`select payload from outbox where type = 'books.disagree' and customer_id is null`
  expect(months).toEqual([day.slice(0, 7)])
  expect(messages[0]!.payload.problems.join()).toContain('charges of events = usage revenue')
  expect(await keepBooks(api.world.plane)).toEqual([])
})

test('entries go to NetSuite as its import file and as records, under the accounts that the operator set', async () => {
  const day = dayText(Date.now() - 2 * DAY_MS)
  await post('PUT /v1/book-settings', { accounts: { fee_revenue: { code: '217', name: 'SaaS, "fees"' }, deferred_revenue: { code: '118' } }, subsidiary: '3' })
  const csv = (await journals(`from=${day}&to=${day}&format=netsuite-csv`)).text.split('\r\n').filter((line) => line.includes('-recognition,'))
  const [, month, date] = day.split('-').map(Number)
  expect(csv[0]).toMatch(new RegExp(`^tollgate-${day}-USD-recognition,${month}/${date}/${day.slice(0, 4)},[A-Z][a-z]{2} ${day.slice(0, 4)},USD,3,Recognised of ${day},118 Deferred revenue,\\d+\\.\\d\\d,,`))
  expect(csv[1]).toContain('"217 SaaS, ""fees"""')
  const records = (await journals(`from=${day}&to=${day}&format=netsuite-json`)).text.trim().split('\n').map((line) => JSON.parse(line))
  const recognition = records.find(({ externalId }) => externalId === `tollgate-${day}-USD-recognition`)
  expect(recognition).toMatchObject({ tranDate: day, subsidiary: { id: '3' }, currency: { refName: 'USD' }, line: { items: expect.arrayContaining([expect.objectContaining({ account: { id: '118' }, debit: expect.any(Number) }), expect.objectContaining({ account: { id: '217' }, credit: expect.any(Number) })]) } })
  // What rounding to cents leaves has a line of its own, on some days.
  const cents = (side: 'debit' | 'credit') => recognition.line.items.reduce((sum: number, item: Json) => sum + Math.round(Number(item[side] ?? 0) * 100), 0)
  expect(cents('debit')).toBe(cents('credit'))
  const wrong = await api.call('PUT /v1/book-settings', { body: { accounts: { fee_revenu: { code: '1' } } } })
  expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining('fee_revenue')])
})

test.each([
  ['GET /v1/books/2026-13', 'invalid_value'],
  ['GET /v1/exports/journals?from=2026-02-30&to=2026-03-01', 'invalid_value'],
  ['GET /v1/exports/journals?from=2026-03-02&to=2026-03-01', 'out_of_range'],
  ['GET /v1/exports/journals?from=2020-01-01&to=2026-03-01', 'out_of_range'],
])('%s is refused', async (target, code) => {
  const { status, body } = await api.call(target)
  expect([status, body.code]).toEqual([400, code])
})

test('a month in which nothing happened has books that are empty and agree; a tenant sees none', async () => {
  expect(await books('2020-01')).toMatchObject({ agrees: true, books: [], is_running: false })
  const key = await api.key(['customer'], 'cus_h1' as never)
  expect((await api.call('GET /v1/books/2026-11', { key })).status).toBe(403)
  expect((await api.call('GET /v1/exports/journals?from=2026-11-01&to=2026-11-02', { key })).status).toBe(403)
})
