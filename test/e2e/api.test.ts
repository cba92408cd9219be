// The whole way of a customer through the API: created, topped up, used, read, changed. Each answer is held against the contract.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { expireBlocks } from '../../packages/server/src/app/wallets/expire.ts'
import { testApi, type Json, type TestApi } from '../api.ts'

let api: TestApi
beforeAll(async () => { api = await testApi() })
afterAll(() => api.close())

const event = (fields: Record<string, unknown>) => ({ specversion: '1.0', source: 'test', type: 'ai.request', ...fields })

test('a customer is created, topped up, charged for its usage, and every figure leads to the next', async () => {
  const created = await api.call('POST /v1/customers', { body: { id: 'cus_way', name: 'Way', plan: 'prepaid', external_id: 'way-1', metadata: { crm: '7' } } })
  expect(created).toMatchObject({ status: 201, body: { id: 'cus_way', plan: 'prepaid', standing: 'good', time_zone: 'UTC', metadata: { crm: '7' } } })
  expect(await api.call('POST /v1/customers/cus_way/credits', { body: { amount: '10', reference: 'pi_1' } })).toMatchObject({ status: 201, body: { amount: '10', currency: 'USD', repaid: '0', balance: '10' } })

  const sent = await api.call('POST /v1/events', { body: [event({ id: 'e1', subject: 'cus_way', data: { feature: 'chat', model: 'gpt-5-mini', input_tokens: 3000, output_tokens: 1000 } }), event({ id: 'e2', subject: 'cus_way', type: 'agent.step', data: { feature: 'agents', steps: 2, run: 'run_1' } })] })
  // 2,000 tokens are included: 1,000 input and 1,000 output are left to pay, and two steps.
  expect(sent).toMatchObject({ status: 200, body: { accepted: 2, results: [{ id: 'e1', status: 'accepted', charge: { amount: '0.045', currency: 'USD' } }, { id: 'e2', status: 'accepted', charge: { amount: '0.2' } }] } })

  expect((await api.call('GET /v1/customers/cus_way/balance')).body).toMatchObject({ balance: '9.755', debt: '0', blocks: [{ granted: '10', remaining: '9.755' }] })
  const usage = await api.call('GET /v1/customers/cus_way/usage?granularity=total&group_by=feature,model')
  expect(usage.body.totals).toEqual([
    { meter: 'agent_steps', quantity: '2', amount: '0.2', currency: 'USD', events: 1 }, { meter: 'input_tokens', quantity: '3000', amount: '0.015', currency: 'USD', events: 1 },
    { meter: 'output_tokens', quantity: '1000', amount: '0.03', currency: 'USD', events: 1 }, { meter: 'requests', quantity: '1', amount: '0', currency: 'USD', events: 1 },
  ])
  expect(usage.body.data[1]).toMatchObject({ start: null, meter: 'input_tokens', feature: 'chat', model: 'gpt-5-mini', quantity: '3000' })
  expect(usage.body).toMatchObject({ posted: true, time_zone: 'UTC', currency: 'USD' })

  const preview = await api.call('GET /v1/customers/cus_way/invoices/preview')
  expect(preview.body).toMatchObject({ subtotal: '0.25', credits_applied: '0.25', amount_due: '0', paid: { drawn: '0.245', accrued: '0', debt: '0' } })
  for (const line of preview.body.lines) {
    const events = await api.call(`GET ${line.events_url}`)
    const charges = events.body.data.flatMap((row: Json) => row.charges.filter((charge: Json) => charge.price === line.price))
    expect([line.price, sum(charges.map((charge: Json) => charge.amount))]).toEqual([line.price, line.exact])
    expect(events.body.data).toHaveLength(line.events)
  }
  const ledger = await api.call('GET /v1/customers/cus_way/ledger')
  expect(ledger.body.data.map((row: Json) => [row.debit.replace(/blk_\w+/, 'blk'), row.credit.replace(/blk_\w+/, 'blk'), row.amount])).toEqual([['payment_clearing', 'wallet:blk', '10'], ['wallet:blk', 'usage_revenue', '0.245']])
  const accounts = await api.call('GET /v1/customers/cus_way/ledger/accounts')
  expect(sum(accounts.body.data.map((row: Json) => row.balance))).toBe('0')
  expect((await api.call('GET /v1/customers/cus_way/checks/sums')).body).toMatchObject({ agrees: true, differences: [], events: 2 })
})

test('entitlements say what is allowed, why not, and which budgets stand behind it', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_ent', name: 'Ent', plan: 'prepaid' } })
  const before = (await api.call('GET /v1/customers/cus_ent/entitlements')).body
  expect(before.features.map((row: Json) => [row.feature, row.entitled, row.reason])).toEqual([['chat', true, null], ['agents', true, null], ['sso', false, 'feature_not_entitled']])
  expect(before.features[0]).toMatchObject({ models: ['*'], source: { kind: 'plan', plan: 'prepaid' }, budgets: ['allowance:tokens', 'wallet:USD'] })
  expect(before.features[2]).toMatchObject({ source: null, upgrade_url: 'http://localhost/plans' })

  // The allowance is used up and the wallet was never filled.
  await api.call('POST /v1/events', { body: event({ id: 'e1', subject: 'cus_ent', data: { input_tokens: 2000 } }) })
  const after = (await api.call('GET /v1/customers/cus_ent/entitlements/chat')).body
  expect(after).toMatchObject({ plan: 'prepaid', entitlement: { feature: 'chat', entitled: false, reason: 'credit_balance_exhausted', top_up_url: 'http://localhost/top-up' } })
  expect(after.budgets[0]).toMatchObject({ id: 'allowance:tokens', kind: 'allowance', limit: '2000', used: '2000', remaining: '0', window: 'billing_period' })
  expect(after.budgets[0].resets_at).toBe(after.budgets[0].period.end)

  await api.call('POST /v1/customers/cus_ent/credits', { body: { amount: '1' } })
  expect((await api.call('GET /v1/customers/cus_ent/entitlements/chat')).body.entitlement).toMatchObject({ entitled: true, reason: null })
  await api.call('PATCH /v1/customers/cus_ent', { body: { standing: 'suspended' } })
  expect((await api.call('GET /v1/customers/cus_ent/entitlements/chat')).body.entitlement).toMatchObject({ entitled: false, reason: 'not_in_good_standing' })
  expect(await api.call('GET /v1/customers/cus_ent/entitlements/chatt')).toMatchObject({ status: 404, body: { code: 'not_found', detail: expect.stringContaining('Did you mean "chat"?') } })
})

test('a plan is changed in the middle of a period and the invoice still holds the usage before it', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_move', name: 'Move', plan: 'prepaid' } })
  await api.call('POST /v1/events', { body: event({ id: 'e1', subject: 'cus_move', data: { input_tokens: 12000 } }) })
  expect(await api.call('PATCH /v1/customers/cus_move', { body: { plan: 'free' } })).toMatchObject({ status: 200, body: { plan: 'free' } })
  const preview = (await api.call('GET /v1/customers/cus_move/invoices/preview')).body
  expect(preview.lines.filter(({ events }: { readonly events: number }) => events > 0)).toMatchObject([{ price: 'input_tokens', quantity: '12000', included: '2000', billable: '10000', exact: '0.15' }])
  expect(preview).toMatchObject({ subtotal: '0.15', paid: { drawn: '0', accrued: '0', debt: '0.15' } })
  expect((await api.call('GET /v1/customers/cus_move/checks/sums')).body).toMatchObject({ agrees: true })
})

test('entities and budgets are set, listed and kept to what they count', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_tree', name: 'Tree', plan: 'hybrid' } })
  expect(await api.call('POST /v1/customers/cus_tree/entities', { body: { id: 'ent_research', kind: 'team', name: 'Research' } })).toMatchObject({ status: 201, body: { id: 'ent_research', parent: null } })
  expect(await api.call('POST /v1/customers/cus_tree/entities', { body: { id: 'ent_ada', kind: 'user', name: 'Ada', parent: 'ent_research' } })).toMatchObject({ status: 201, body: { parent: 'ent_research' } })
  expect(await api.call('POST /v1/customers/cus_tree/entities', { body: { id: 'ent_ada', kind: 'user', name: 'Ada' } })).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  expect(await api.call('POST /v1/customers/cus_tree/entities', { body: { kind: 'user', name: 'Bob', parent: 'ent_nobody' } })).toMatchObject({ status: 400, body: { code: 'unknown_entity', field: 'parent' } })
  expect((await api.call('GET /v1/customers/cus_tree/entities?limit=1')).body).toMatchObject({ data: [{ id: 'ent_ada' }], next_cursor: expect.any(String) })

  const cap = { name: 'Research', limit: '500', window: 'month', entity: 'ent_research' }
  expect(await api.call('PUT /v1/customers/cus_tree/budgets/research', { body: cap })).toMatchObject({ status: 200, body: { id: 'cap:research', kind: 'cap', unit: 'USD', limit: '500', used: '0', remaining: '500', enforcement: 'hard', entity: 'ent_research' } })
  expect(await api.call('PUT /v1/customers/cus_tree/budgets/research', { body: { ...cap, limit: '250.5' } })).toMatchObject({ status: 200, body: { limit: '250.5' } })
  for (const other of [{ meters: ['input_tokens'] }, { window: 'day' }, { entity: null }]) {
    expect(await api.call('PUT /v1/customers/cus_tree/budgets/research', { body: { ...cap, ...other } })).toMatchObject({ status: 409, body: { code: 'budget_fixed' } })
  }
  await api.call('POST /v1/events', { body: event({ id: 'e1', subject: 'cus_tree', type: 'agent.step', data: { steps: 3, entity: 'ent_ada' } }) })
  const budgets = (await api.call('GET /v1/customers/cus_tree/budgets')).body.data
  expect(budgets.map((row: Json) => [row.id, row.used, row.remaining])).toEqual([['allowance:tokens', '0', '500000'], ['cap:research', '0.3', '250.2']])
  expect(await api.call('PUT /v1/customers/cus_tree/budgets/x', { body: { ...cap, features: ['chatt'] } })).toMatchObject({ status: 400, body: { code: 'unknown_feature' } })
  expect(await api.call('PUT /v1/customers/cus_tree/budgets/x', { body: { ...cap, meters: ['tokens'] } })).toMatchObject({ status: 400, body: { code: 'unknown_meter' } })
})

test('a raw key is shown once, a revoked one is refused at once, and upstreams never tell their secret', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_keys', name: 'Keys', plan: 'free' } })
  const made = await api.call('POST /v1/keys', { body: { name: 'portal', scopes: ['customer'], customer: 'cus_keys' } })
  expect(made).toMatchObject({ status: 201, body: { scopes: ['customer'], customer: 'cus_keys', key: expect.stringMatching(/^tg_customer_/) } })
  const raw = made.body.key
  expect(await api.call('GET /v1/customers/cus_keys/balance', { key: raw })).toMatchObject({ status: 200 })
  const listed = await api.call('GET /v1/keys?customer=cus_keys')
  expect(listed.body.data).toMatchObject([{ id: made.body.id, name: 'portal', revoked_at: null }])
  expect(listed.text).not.toContain(raw)
  expect(await api.call(`DELETE /v1/keys/${made.body.id}`)).toMatchObject({ status: 200, body: { revoked_at: expect.any(String) } })
  expect(await api.call('GET /v1/customers/cus_keys/balance', { key: raw })).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } })

  const upstream = { name: 'mine', base_url: 'https://models.example.com/v1/', provider: 'openai', models: ['gpt-5-mini'], secret: 'sk-very-secret' }
  const put = await api.call('PUT /v1/upstreams/ups_mine', { body: upstream })
  expect(put).toMatchObject({ status: 200, body: { id: 'ups_mine', base_url: 'https://models.example.com/v1', has_secret: true, allow_private: false } })
  const { secret: _, ...withoutSecret } = upstream
  expect(await api.call('PUT /v1/upstreams/ups_mine', { body: withoutSecret })).toMatchObject({ body: { has_secret: true } })
  expect((await api.call('GET /v1/upstreams')).text + put.text).not.toContain('sk-very-secret')
  expect((await api.world.plane.directory.upstreams()).find(({ id }) => id === 'ups_mine')?.secret).toBe('sk-very-secret')
  for (const [base_url, code] of [['http://models.example.com/v1', 'invalid_upstream_url'], ['http://169.254.169.254/v1', 'private_upstream'], ['http://localhost:9/v1', 'private_upstream'], ['https://user:pw@x.com', 'invalid_upstream_url'], ['nonsense', 'invalid_upstream_url']]) {
    expect(await api.call('POST /v1/upstreams', { body: { ...upstream, name: 'other', base_url } })).toMatchObject({ status: 400, body: { code, field: 'base_url' } })
  }
  // Several keys in the place of the secret: those that are named without one keep theirs, and none is ever answered.
  const keyed = { ...withoutSecret, keys: [{ name: 'one', secret: 'sk-very-secret-1' }, { name: 'two', weight: 3, secret: 'sk-very-secret-2' }], priority: 2, retries: 3, timeouts: { answer_ms: 5_000 } }
  const more = await api.call('PUT /v1/upstreams/ups_mine', { body: keyed })
  expect(more.body).toMatchObject({ has_secret: true, keys: [{ name: 'one', weight: 1 }, { name: 'two', weight: 3 }], priority: 2, weight: 1, retries: 3, timeouts: { answer_ms: 5_000, idle_ms: null } })
  expect(more.text).not.toContain('sk-very-secret')
  expect(await api.call('PUT /v1/upstreams/ups_mine', { body: { ...withoutSecret, keys: [{ name: 'two', weight: 3 }] } })).toMatchObject({ status: 200, body: { keys: [{ name: 'two', weight: 3 }] } })
  expect(await api.call('PUT /v1/upstreams/ups_mine', { body: { ...withoutSecret, keys: [{ name: 'one' }] } })).toMatchObject({ status: 400, body: { code: 'required', field: 'keys' } })
  expect(await api.call('PUT /v1/upstreams/ups_mine', { body: { ...upstream, keys: [{ name: 'one', secret: 'x' }] } })).toMatchObject({ status: 400, body: { field: 'keys' } })
  expect(await api.call('POST /v1/upstreams', { body: upstream })).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  expect(await api.call('DELETE /v1/upstreams/ups_mine')).toMatchObject({ status: 200, body: { deleted: true } })
  expect(await api.call('DELETE /v1/upstreams/ups_mine')).toMatchObject({ status: 404 })
})

test('a catalog is planned, published on the version it was planned on, and refused with every problem of it', async () => {
  const { body: current } = await api.call('GET /v1/catalog')
  expect(current).toMatchObject({ version: 1, applied_by: 'system', document: { currency: 'USD' } })
  const source = current.source.replace('quantity: 2000 }', 'quantity: 3000 }')
  await api.call('POST /v1/customers', { body: { id: 'cus_plan', name: 'Plan', plan: 'prepaid' } })
  const plan = await api.call('POST /v1/catalog/plan', { body: { source } })
  expect(plan).toMatchObject({ status: 200, body: { base_version: 1, changes: [{ action: 'changed', kind: 'allowance', plan: 'prepaid', id: 'tokens', fields: [{ field: 'quantity', before: '2000', after: '3000' }] }] } })
  expect(plan.body.customers_touched.prepaid).toBeGreaterThan(0)
  expect(await api.call('PUT /v1/catalog', { body: { source, base_version: 1 } })).toMatchObject({ status: 200, body: { version: 2, changed: true } })
  expect(await api.call('PUT /v1/catalog', { body: { source } })).toMatchObject({ status: 200, body: { version: 2, changed: false } })
  expect(await api.call('PUT /v1/catalog', { body: { source: current.source, base_version: 1 } })).toMatchObject({ status: 409, body: { code: 'catalog_conflict' } })
  const { body: balance } = await api.call('GET /v1/customers/cus_plan/balance')
  expect(balance.budgets).toMatchObject([{ id: 'allowance:tokens', limit: '3000' }])

  const broken = await api.call('POST /v1/catalog/plan', { body: { source: source.replace('kind: metered', 'kind: meterd') } })
  expect(broken).toMatchObject({ status: 400, body: { code: 'invalid_catalog', issues: [{ level: 'error', line: expect.any(Number), suggestion: 'metered' }] } })
  const planGone = await api.call('PUT /v1/catalog', { body: { source: source.replaceAll('id: prepaid', 'id: prepaid2') } })
  expect(planGone).toMatchObject({ status: 409, body: { code: 'plan_in_use' } })
  expect(await api.call('PUT /v1/catalog', { body: { source: current.source, base_version: 2 } })).toMatchObject({ body: { changed: true } })
})

test('days begin where the customer is, and a bound inside an hour takes the hour', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_zone', name: 'Zone', plan: 'hybrid', time_zone: 'Europe/Berlin', starts_at: '2026-08-01T00:00:00+02:00' } })
  // In August Berlin is two hours ahead: 22:00Z is the next day there.
  const at = ['2026-08-10T21:59:59.999Z', '2026-08-10T22:00:00Z', '2026-08-11T21:30:00Z', '2026-08-31T22:00:00Z']
  const events = at.map((time, index) => event({ id: `z${index}`, subject: 'cus_zone', type: 'agent.step', time, data: { steps: 1 } }))
  expect((await api.call('POST /v1/events', { body: events })).body.accepted).toBe(4)
  const rows = async (query: string) => (await api.call(`GET /v1/customers/cus_zone/usage?from=2026-08-01T00:00:00Z&to=2026-10-01T00:00:00Z&${query}`)).body.data.map((row: Json) => [row.start, row.quantity])
  expect(await rows('granularity=day')).toEqual([['2026-08-09T22:00:00.000Z', '1'], ['2026-08-10T22:00:00.000Z', '2'], ['2026-08-31T22:00:00.000Z', '1']])
  expect(await rows('granularity=day&time_zone=UTC')).toEqual([['2026-08-10T00:00:00.000Z', '2'], ['2026-08-11T00:00:00.000Z', '1'], ['2026-08-31T00:00:00.000Z', '1']])
  expect(await rows('granularity=month')).toEqual([['2026-07-31T22:00:00.000Z', '3'], ['2026-08-31T22:00:00.000Z', '1']])
  const narrow = (await api.call('GET /v1/customers/cus_zone/usage?granularity=total&from=2026-08-10T22:30:00Z&to=2026-08-11T21:10:00Z')).body
  expect(narrow).toMatchObject({ from: '2026-08-10T22:00:00.000Z', to: '2026-08-11T22:00:00.000Z', totals: [{ quantity: '2' }] })
  // The billing period of each event is that of its own time.
  const listed = (await api.call('GET /v1/customers/cus_zone/events')).body.data
  expect(listed.map((row: Json) => row.period_start)).toEqual(['2026-07-31T22:00:00.000Z', '2026-07-31T22:00:00.000Z', '2026-07-31T22:00:00.000Z', '2026-08-31T22:00:00.000Z'])
})

test('a top-up repays the debt first, and what is left of it when it expires is no balance any more', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_debt', name: 'Debt', plan: 'prepaid' } })
  const use = (id: string, steps: number) => api.call('POST /v1/events', { body: event({ id, subject: 'cus_debt', type: 'agent.step', data: { steps } }) })
  const balance = async () => (await api.call('GET /v1/customers/cus_debt/balance')).body
  const agrees = async () => expect((await api.call('GET /v1/customers/cus_debt/checks/sums')).body).toMatchObject({ agrees: true, differences: [] })
  await use('d1', 20)
  expect(await balance()).toMatchObject({ balance: '-2', debt: '2', blocks: [] })
  const expires = new Date(Date.now() + 700).toISOString()
  expect((await api.call('POST /v1/customers/cus_debt/credits', { body: { amount: '5', expires_at: expires } })).body).toMatchObject({ repaid: '2', balance: '3' })
  expect((await api.call('POST /v1/customers/cus_debt/credits', { body: { amount: '4', category: 'promotional', priority: 200 } })).body).toMatchObject({ repaid: '0', balance: '7' })
  await use('d2', 10)
  await agrees()
  expect((await balance()).blocks.map((block: Json) => [block.category, block.remaining])).toEqual([['paid', '2'], ['promotional', '4']])
  await new Promise((resolve) => setTimeout(resolve, 750))
  expect(await expireBlocks(api.world.plane)).toEqual({ ended: 1, lapsed: 0 })
  expect(await expireBlocks(api.world.plane)).toEqual({ ended: 0, lapsed: 0 })
  expect(await balance()).toMatchObject({ balance: '4', debt: '0' })
  await use('d3', 50)
  expect(await balance()).toMatchObject({ balance: '-1', debt: '1' })
  await agrees()
  const accounts = Object.fromEntries((await api.call('GET /v1/customers/cus_debt/ledger/accounts')).body.data.map((row: Json) => [row.account.replace(/blk_\w+/, 'blk'), row.balance]))
  expect(accounts).toMatchObject({ 'wallet:blk': expect.any(String), usage_revenue: '8', payment_clearing: '-5', promotion: '-4', wallet_debt: '-1' })
})

test('lists are read page by page without loss', async () => {
  for (let index = 0; index < 7; index++) await api.call('POST /v1/customers', { body: { id: `cus_page${index}`, name: `Page ${index}`, plan: 'free' } })
  const seen: string[] = []
  for (let cursor = ''; ;) {
    const { body } = await api.call(`GET /v1/customers?search=cus_page&limit=3${cursor}`)
    seen.push(...body.data.map((row: Json) => row.id))
    if (body.next_cursor === null) break
    cursor = `&cursor=${body.next_cursor}`
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `cus_page${index}`))
  await api.call('POST /v1/events', { body: Array.from({ length: 5 }, (_, index) => event({ id: `p${index}`, subject: 'cus_page0', data: { input_tokens: index } })) })
  const first = (await api.call('GET /v1/customers/cus_page0/events?order=newest&limit=2')).body
  const second = (await api.call(`GET /v1/customers/cus_page0/events?order=newest&limit=3&cursor=${first.next_cursor}`)).body
  expect([...first.data, ...second.data].map((row: Json) => row.id)).toEqual(['p4', 'p3', 'p2', 'p1', 'p0'])
  expect(second.next_cursor).toBeNull()
  expect(await api.call(`GET /v1/customers/cus_page0/ledger?cursor=${first.next_cursor}`)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
})

test('provider cost, keys and context of an event are for the operator only', async () => {
  await api.call('POST /v1/customers', { body: { id: 'cus_cost', name: 'Cost', plan: 'free' } })
  await api.call('POST /v1/events', { body: event({ id: 'c1', subject: 'cus_cost', data: { input_tokens: 5 } }) })
  const tenant = await api.key(['customer'], 'cus_cost' as never)
  const [own] = (await api.call('GET /v1/customers/cus_cost/events', { key: tenant })).body.data
  const [full] = (await api.call('GET /v1/customers/cus_cost/events')).body.data
  expect(Object.keys(full).filter((name) => !(name in own))).toEqual(['cost', 'key', 'context'])
})

function sum(amounts: readonly string[]): string {
  const scale = 12
  const total = amounts.reduce((all, text) => {
    const negative = text.startsWith('-')
    const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
    const units = BigInt(whole + fraction.padEnd(scale, '0'))
    return negative ? all - units : all + units
  }, 0n)
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, '0')
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '')
  return total < 0n ? `-${text}` : text
}
