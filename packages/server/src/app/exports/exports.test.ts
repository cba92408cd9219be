// Exports: every row once and in one order however small the parts are, amounts that sum to the ledger's, Parquet that says what CSV says.

import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type Json, type Reply, type TestApi } from '../../../../../test/api.ts'

let api: TestApi
const today = new Date().toISOString().slice(0, 10)
const [from, to] = [new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10), new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)]
beforeAll(async () => {
  api = await testApi()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
  for (const [id, plan, name] of [['cus_a', 'prepaid', '=cmd()'], ['cus_b', 'hybrid', 'B, "Ltd"'], ['cus_c', 'hybrid', 'C']] as const) {
    await api.call('POST /v1/customers', { body: { id, name, plan } })
    if (plan === 'prepaid') {
      await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '1', category: 'promotional', priority: 1 } })
      await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '20' } })
    } else await api.call(`PUT /v1/customers/${id}/billing-profile`, { body: { tax: { kind: 'rates', rates: ['vat'] } } })
    const events = Array.from({ length: 7 }, (_, index) => ({ specversion: '1.0', source: 's', id: `${id}.${index}`, subject: id, type: 'ai.request', data: { feature: 'chat', model: index % 2 === 0 ? 'small' : 'large', input_tokens: 90_001, output_tokens: 11, cost: { amount: '0.01', currency: 'USD' } } }))
    await api.call('POST /v1/events', { body: events })
  }
  await api.call('POST /v1/customers/cus_b/invoice-items', { body: { name: 'Setup', amount: '100' } })
  const { body: manual } = await api.call('POST /v1/customers/cus_b/invoices', { body: { kind: 'manual' } })
  await api.call('POST /v1/customers/cus_b/invoices', { body: { kind: 'progressive' } })
  await api.call(`POST /v1/customers/cus_b/invoices/${manual.id}/credit-notes`, { body: { reason: 'late', lines: [{ line: 1, amount: '10' }] } })
})
afterAll(() => api.close())

const part = (dataset: string, query = ''): Promise<Reply> => api.call(`GET /v1/exports/data/${dataset}?from=${from}&to=${to}${query}`)
async function whole(dataset: string, rows: number): Promise<{ readonly text: string; readonly parts: number }> {
  let [text, after, parts] = ['', '', 0]
  do {
    const answer = await part(dataset, `&rows=${rows}${after === '' ? '' : `&after=${after}`}`)
    expect(answer.status, answer.text).toBe(200)
    text += answer.text
    after = String(answer.headers['tollgate-next'] ?? '')
    parts += 1
  } while (after !== '')
  return { text, parts }
}
function table(text: string): Json[] {
  const lines = text.trim().split('\r\n').map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1).map(([, cell]) => cell!.replace(/^"|"$/g, '').replaceAll('""', '"')))
  return lines.slice(1).map((line) => Object.fromEntries(lines[0]!.map((name, index) => [name, line[index] ?? ''])))
}
/** Exact: in units of 10^-12. */
const exact = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  return (text.startsWith('-') ? -1n : 1n) * BigInt(whole + fraction.padEnd(12, '0'))
}
const sum = (rows: readonly Json[], column: string): bigint => rows.reduce((total: bigint, row) => total + exact(row[column] || '0'), 0n)
async function ledger(customer: string, account: string): Promise<bigint> {
  const { body } = await api.call(`GET /v1/customers/${customer}/ledger/accounts`)
  return body.data.filter((one: Json) => one.account === account || (account === 'wallet' && one.account.startsWith('wallet:'))).reduce((total: bigint, { balance }: Json) => total + exact(balance), 0n)
}

test.each(['events', 'charges', 'invoices', 'invoice-lines'])('%s are the same file in parts of one row, of three, and at once', async (dataset) => {
  const all = await whole(dataset, 10_000)
  const [ones, threes] = [await whole(dataset, 1), await whole(dataset, 3)]
  expect([ones.text, threes.text]).toEqual([all.text, all.text])
  expect(ones.parts).toBeGreaterThan(threes.parts)
  expect(all.parts).toBe(1)
})

test('events and charges sum to what the ledger calls usage revenue', async () => {
  const [events, charges] = [table((await whole('events', 5)).text), table((await whole('charges', 5)).text)]
  expect([events.length, new Set(events.map(({ id }) => id)).size]).toEqual([21, 21])
  for (const customer of ['cus_a', 'cus_b', 'cus_c']) {
    const own = (rows: Json[]) => rows.filter((row) => row.customer === customer)
    const revenue = await ledger(customer, 'usage_revenue')
    expect([sum(own(events), 'amount'), sum(own(charges), 'amount')]).toEqual([revenue, revenue])
  }
})

test('invoices and credit notes sum to what is receivable, and their lines to their net', async () => {
  const [documents, lines] = [table((await whole('invoices', 2)).text), table((await whole('invoice-lines', 2)).text)]
  expect(documents.map(({ kind }) => kind)).toEqual(['manual', 'progressive', 'credit_note'])
  expect(sum(documents, 'amount_due')).toBe(-(await ledger('cus_b', 'receivable')))
  expect(sum(lines.filter(({ kind }) => kind !== 'credit_note'), 'amount') - sum(lines.filter(({ kind }) => kind === 'credit_note'), 'amount')).toBe(sum(documents, 'net'))
})

test('FOCUS: effective cost of usage is its charges, billed cost is what money is asked for, credit that was bought is billed once', async () => {
  const { text } = await whole('focus', 10_000)
  expect(text.split('\r\n')[0]).toMatch(/^BillingAccountId,BillingAccountName,SubAccountId,.*BilledCost,EffectiveCost,ListCost,ContractedCost/)
  const rows = table(text)
  const of = (customer: string, category: string | null = null) => rows.filter((row) => row.BillingAccountId === customer && (category === null || row.ChargeCategory === category))
  for (const customer of ['cus_a', 'cus_b', 'cus_c']) expect(sum(of(customer, 'Usage'), 'EffectiveCost')).toBe(await ledger(customer, 'usage_revenue'))
  // 20 were bought; what was given away and what the purchase pays is not billed again.
  expect(sum(of('cus_a'), 'BilledCost')).toBe(exact('20'))
  expect(sum(of('cus_a', 'Credit'), 'BilledCost')).toBe(-(await ledger('cus_a', 'usage_revenue')))
  // Invoices and the note of b, and its usage that no invoice asks for any more: what is receivable.
  expect(sum(of('cus_b'), 'BilledCost')).toBe(-(await ledger('cus_b', 'receivable')))
  expect(sum(of('cus_c'), 'BilledCost')).toBe(-(await ledger('cus_c', 'accrued_usage')))
  expect(of('cus_b').find(({ ChargeClass }) => ChargeClass === 'Correction')).toMatchObject({ ChargeCategory: 'Adjustment', BilledCost: '-10', InvoiceId: expect.stringMatching(/^CN-/) })
  const usage = of('cus_c', 'Usage')[0]!
  expect(usage).toMatchObject({ ServiceCategory: 'AI and Machine Learning', ServiceSubcategory: 'Generative AI', ServiceProviderName: 'Seller Inc.', ChargePeriodStart: `${today}T00:00:00.000Z`, ConsumedUnit: expect.any(String), BillingCurrency: 'USD' })
  for (const row of rows) for (const name of ['BillingAccountId', 'BillingCurrency', 'BillingPeriodStart', 'BillingPeriodEnd', 'ChargeCategory', 'ChargePeriodStart', 'ChargePeriodEnd', 'BilledCost', 'EffectiveCost', 'ServiceName', 'InvoiceIssuerName']) expect(row[name], `${name} of ${row.ChargeDescription}`).not.toBe('')
})

test.each(['events', 'focus', 'invoices'])('Parquet says what CSV says, with exact amounts: %s', async (dataset) => {
  const rows = table((await whole(dataset, 10_000)).text)
  const url = await base()
  const response = await fetch(`${url}/v1/exports/data/${dataset}?from=${from}&to=${to}&format=parquet`, { headers: { authorization: `Bearer ${api.admin}` } })
  expect([response.status, response.headers.get('content-type'), response.headers.get('tollgate-rows')]).toEqual([200, 'application/vnd.apache.parquet', String(rows.length)])
  const objects = (await parquetReadObjects({ file: await response.arrayBuffer() })) as Json[]
  expect(objects.map((row) => row.id ?? row.ChargeDescription)).toEqual(rows.map((row) => row.id ?? row.ChargeDescription))
  const column = dataset === 'focus' ? 'BilledCost' : dataset === 'events' ? 'amount' : 'amount_due'
  expect(objects.map((row) => Number(row[column]))).toEqual(rows.map((row) => Number(row[column])))
})

let address: string | null = null
async function base(): Promise<string> {
  return (address ??= await api.listen())
}

test('a name that a spreadsheet would run is told to be text, and one with commas and quotes is one cell', async () => {
  const { text } = await whole('focus', 10_000)
  expect(text).toContain(",'=cmd(),")
  expect(text).toContain(',"B, ""Ltd""",')
})

test.each([
  ['GET /v1/exports/data/prompts?from=2026-01-01&to=2026-01-02', 400],
  ['GET /v1/exports/data/focus?from=2026-01-01&to=2026-12-31', 400],
  ['GET /v1/exports/data/events?from=2026-01-02&to=2026-01-01', 400],
  ['GET /v1/exports/data/events?from=2026-01-01&to=2026-01-02&after=eA', 400],
  ['GET /v1/exports/data/events?from=2026-01-01&to=2026-01-02&rows=1000000', 400],
  ['GET /v1/exports/data/events?from=2026-01-01&to=2026-01-02&customer=cus_nobody', 404],
])('%s is refused', async (target, status) => {
  expect((await api.call(target)).status).toBe(status)
})

test('a tenant exports nothing, and one customer asked for is alone in the file', async () => {
  const key = await api.key(['customer'], 'cus_a' as never)
  expect((await api.call(`GET /v1/exports/data/events?from=${from}&to=${to}&customer=cus_a`, { key })).status).toBe(403)
  for (const dataset of ['events', 'charges', 'focus']) {
    const rows = table((await part(dataset, '&customer=cus_b')).text)
    expect(new Set(rows.map((row) => row.customer ?? row.BillingAccountId))).toEqual(new Set(['cus_b']))
  }
})
