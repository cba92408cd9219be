// Whatever happens to a customer, its figures agree: charges of events, usage, invoice lines, ledger, balance and budgets are read
// through the API and compared exactly, after random usage, top-ups and changes of plan.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseUnits } from '@tollgate/core'
import { testApi, type TestApi } from '../api.ts'

const TIERED = `
  - id: tiered
    name: Tiered
    fee: 10
    entitlements: [chat, agents]
    prices:
      - { id: tiered_input, meter: input_tokens, model: graduated, per: 1000, tiers: [{ up_to: 5000, amount: 0.017, flat: 3 }, { up_to: 20000, amount: 0.0131, flat: 1 }, { amount: 0.0009 }] }
      - { id: tiered_output, meter: output_tokens, model: volume, per: 1000, tiers: [{ up_to: 3000, amount: 0.03 }, { amount: 0.011 }] }
      - { id: tiered_steps, meter: agent_steps, model: package, amount: 1.5, size: 7 }
    allowances:
      - { id: tokens, name: Included tokens, meters: [input_tokens, output_tokens], quantity: 1500 }
    funding: [allowance, overage]
`

let api: TestApi
let count = 0
beforeAll(async () => {
  api = await testApi()
  const { source } = (await api.call('GET /v1/catalog')).body
  await api.call('PUT /v1/catalog', { body: { source: source.replace('\ncredit_assets:', `${TIERED}\ncredit_assets:`) } })
})
afterAll(() => api.close())

const PLANS = ['prepaid', 'hybrid', 'free', 'tiered'] as const
const plan = fc.constantFrom(...PLANS)
const usage = fc.record({ input_tokens: fc.nat(9_000), output_tokens: fc.nat(4_000), model: fc.constantFrom('a', 'b'), feature: fc.constantFrom('chat', 'agents') })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.oneof(usage.map((data) => ({ type: 'ai.request', data })), fc.nat(20).map((steps) => ({ type: 'agent.step', data: { steps } }))), { minLength: 1, maxLength: 8 }).map((events) => ({ kind: 'use' as const, events })) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(300_000_000), fc.constantFrom('paid', 'promotional')).map(([millionths, category]) => ({ kind: 'credit' as const, amount: `${Math.floor(millionths / 1e6)}.${String((millionths % 1e6) + 1).padStart(7, '0')}`, category })) },
  { weight: 1, arbitrary: plan.map((to) => ({ kind: 'move' as const, to })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'repeat' as const }) },
)

test('charges, usage, invoice, ledger and balance agree after anything that may happen', async () => {
  await fc.assert(fc.asyncProperty(plan, fc.array(step, { minLength: 1, maxLength: 8 }), async (first, steps) => {
    const customer = `cus_s${count += 1}`
    await api.call('POST /v1/customers', { body: { id: customer, name: 'S', plan: first } })
    let sent: unknown[] = []
    for (const [index, one] of steps.entries()) {
      if (one.kind === 'use') sent = one.events.map((event, position) => ({ specversion: '1.0', source: 'test', id: `${index}.${position}`, subject: customer, ...event }))
      if (one.kind === 'use' || one.kind === 'repeat') await api.call('POST /v1/events', { body: sent })
      if (one.kind === 'credit') expect((await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: one.amount, category: one.category } })).status).toBe(201)
      if (one.kind === 'move') expect((await api.call(`PATCH /v1/customers/${customer}`, { body: { plan: one.to } })).status).toBe(200)
    }
    await agree(customer)
  }), { numRuns: 15 })
}, 60_000)

test('they agree too when everything happens at once', async () => {
  const customers = ['cus_c1', 'cus_c2', 'cus_c3']
  for (const id of customers) await api.call('POST /v1/customers', { body: { id, name: 'C', plan: 'prepaid' } })
  const batch = (round: number) => customers.flatMap((subject, index) => Array.from({ length: 5 }, (_, position) => ({
    specversion: '1.0', source: 'test', id: `${round % 40}.${position}`, type: 'ai.request', subject, data: { input_tokens: 400 + index + (round % 40) * 10, output_tokens: position * 30, feature: 'chat' },
  })))
  // Every batch comes twice, amid top-ups, changes of plan and budgets.
  const answers = await Promise.all(Array.from({ length: 80 }, async (_, round) => {
    const customer = customers[round % 3]!
    if (round % 8 === 3) await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: '0.5' }, headers: { 'idempotency-key': `top-up-${round % 16}-${customer}` } })
    if (round % 16 === 5) await api.call(`PATCH /v1/customers/${customer}`, { body: { plan: PLANS[round % 4]! } })
    if (round % 20 === 7) await api.call(`PUT /v1/customers/${customer}/budgets/cap`, { body: { name: 'Cap', limit: String(round), window: 'month' } })
    return api.call('POST /v1/events', { body: batch(round) })
  }))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(answers.reduce((sum_, { body }) => sum_ + body.accepted, 0)).toBe(40 * 15)
  expect(answers.reduce((sum_, { body }) => sum_ + body.duplicate, 0)).toBe(40 * 15)
  for (const customer of customers) await agree(customer)
})

async function agree(customer: string): Promise<void> {
  const read = async (what: string) => (await api.call(`GET /v1/customers/${customer}/${what}`)).body
  expect(await read('checks/sums')).toMatchObject({ agrees: true, differences: [] })
  const events = (await read('events?limit=1000')).data as { charges: { price: string; amount: string }[]; amount: string; paid: { draws: { amount: string }[]; accrued: string; debt: string } }[]
  const total = sum(events.map(({ amount }) => amount))
  for (const { charges, amount, paid } of events) {
    expect(sum(charges.map((charge) => charge.amount))).toBe(exact(amount))
    expect(sum([...paid.draws.map((draw) => draw.amount), paid.accrued, paid.debt])).toBe(exact(amount))
  }
  const usage = await read('usage?granularity=hour&group_by=model,feature')
  expect(sum(usage.totals.map((row: { amount: string }) => row.amount))).toBe(total)
  expect(sum(usage.data.map((row: { amount: string }) => row.amount))).toBe(total)

  const preview = await read('invoices/preview')
  const lines = preview.lines as { kind: string; price: string; exact: string; amount: string; opening: string }[]
  for (const line of lines) {
    if (line.kind !== 'usage') continue
    const charged = sum(events.flatMap(({ charges }) => charges.filter(({ price }) => price === line.price).map(({ amount }) => amount)))
    expect(charged + exact(line.opening)).toBe(exact(line.exact))
  }
  expect(sum(lines.map(({ amount }) => amount))).toBe(exact(preview.subtotal))
  const { invoice } = preview
  expect([invoice.subtotal, invoice.amount_due]).toEqual([preview.subtotal, preview.amount_due])
  expect(exact(invoice.subtotal) - exact(invoice.promotional) - exact(invoice.prepaid)).toBe(exact(invoice.taxable))
  expect(exact(invoice.total) - exact(invoice.prepaid)).toBe(exact(invoice.amount_due))
  expect(sum(Object.values(preview.paid as Record<string, string>))).toBe(total)

  const accounts = (await read('ledger/accounts')).data as { account: string; balance: string }[]
  const balanceOf = (prefix: string) => sum(accounts.filter(({ account }) => account.startsWith(prefix)).map(({ balance }) => balance))
  expect(sum(accounts.map(({ balance }) => balance))).toBe(0n)
  expect(balanceOf('usage_revenue')).toBe(total)
  const balance = await read('balance')
  expect(balanceOf('wallet:')).toBe(sum(balance.blocks.map((block: { remaining: string }) => block.remaining)))
  expect(exact(balance.balance)).toBe(balanceOf('wallet:') - exact(balance.debt))
  const transfers = (await read('ledger?limit=1000')).data as { debit: string; credit: string; amount: string }[]
  expect(transfers.every(({ amount }) => exact(amount) > 0n)).toBe(true)
}

function exact(text: string): bigint {
  return parseUnits(text, 'USD')
}

function sum(texts: readonly string[]): bigint {
  return texts.reduce((all, text) => all + exact(text), 0n)
}
