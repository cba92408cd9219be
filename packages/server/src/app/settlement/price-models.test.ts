// Every price model of the catalog through the real settlement: what events are charged, on which aggregate, in which asset, and
// that events, totals, rollups, ledger and wallet agree. Figures are computed by hand.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatUnits, instant, type CustomerId } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { virtualClock } from '../../platform/clock.ts'
import type { HotNode } from '../../hot/contract.ts'
import { listBudgets } from '../../store/budgets.ts'
import { SYSTEM } from '../actor.ts'
import { putBudget } from '../budgets.ts'
import { changeSubscription } from '../subscription/set-standing.ts'
import { explainCharge } from '../explain-charge.ts'
import { ingest } from '../ingest.ts'
import { eventsPage } from '../records.ts'
import { balanceReport, checkSums, invoicePreview } from '../reports.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, kind: metered }, { id: tasks, kind: metered }, { id: sales, kind: metered }]
meters:
  - { id: input, event_type: ai.request, properties: [input_tokens] }
  - { id: output, event_type: ai.request, properties: [output_tokens] }
  - { id: requests, event_type: ai.request, aggregation: count }
  - { id: tasks, event_type: task.done, aggregation: count }
  - { id: sold, event_type: sale, properties: [amount], scale: 2 }
  - { id: given, event_type: fee, properties: [amount], scale: 2 }
plans:
  - id: matrix
    entitlements: [chat]
    prices:
      - id: input
        meter: input
        model: matrix
        entries:
          - { when: { model: small }, amount: 1, per: 1000 }
          - { when: { model: large }, price: { model: graduated, per: 1000, tiers: [{ up_to: 2000, amount: 5 }, { amount: 4 }] } }
      - { id: output, meter: output, model: per_unit, amount: 2, per: 1000 }
      - { id: output_batch, meter: output, when: { tier: batch }, model: per_unit, amount: 1, per: 1000 }
    funding: [overage]
  - id: by_event
    entitlements: [tasks, sales]
    prices:
      - { id: cut, meter: sold, model: percentage, percent: 10, fixed: 0.30, free_events: 1, maximum: 5 }
      - { id: task, meter: tasks, model: outcome, amount: 2.50 }
      - { id: pass, meter: given, model: dynamic, maximum: 100 }
    funding: [overage]
  - id: runs
    entitlements: [chat, tasks]
    prices:
      - { id: output, meter: output, model: per_unit, amount: 2, per: 1000 }
      - { id: task, meter: tasks, model: outcome, amount: 2.50, features: [chat, tasks] }
    funding: [wallet]
  - id: sized
    entitlements: [chat]
    prices: [{ id: output_sized, meter: output, model: matrix, entries: [{ when: { size: 1024 }, amount: 2 }], otherwise: { model: per_unit, amount: 1 } }]
    funding: [overage]
  - id: tiered
    entitlements: [chat]
    prices: [{ id: output_tiered, meter: output, model: graduated, per: 1000, tiers: [{ up_to: 2000, amount: 5 }, { amount: 1 }] }]
    funding: [wallet]
  - id: cost
    entitlements: [chat]
    prices: [{ id: cost, meter: requests, model: cost_plus, margin_percent: 45, minimum: 0.001 }]
    funding: [wallet]
  - id: points
    asset: credits
    entitlements: [chat]
    prices:
      - { id: input_credits, meter: input, model: credits, per: 1000, entries: [{ when: { model: small }, credits: 1 }, { when: { model: large }, credits: 12.5 }] }
      - { id: output_credits, meter: output, model: credits, per: 1000, entries: [{ when: { model: large }, credits: 50 }], otherwise: 4 }
    funding: [wallet, overage]
  - id: pooled
    asset: credits
    entitlements: [chat]
    prices: [{ id: input_credits, meter: input, model: credits, per: 1000, entries: [{ when: { model: small }, credits: 1 }, { when: { model: large }, credits: 12.5 }] }]
    allowances: [{ id: pool, name: Included credits, quantity: 20, per_seat: true, rollover: 5 }]
    funding: [allowance, wallet]
credit_assets: [{ id: credits, currency: USD, value: 0.01 }]
gateway: { feature: chat }
`

let world: TestPlane
let count = 0
beforeAll(async () => {
  world = await testPlane({ catalog: CATALOG })
})
afterAll(() => world.close())

/** Sends events one by one and tells each charge as `price[/entry] amount`. */
async function charges(customer: CustomerId, events: readonly Readonly<Record<string, unknown>>[]): Promise<string[][]> {
  const sent = events.map(({ type = 'ai.request', ...data }) => ({ specversion: '1.0', id: `e${(count += 1)}`, source: 'test', type, subject: customer, data: { feature: 'chat', ...data } }))
  for (const event of sent) expect(await ingest(world.plane, [event], { customer: null, key: 'key_test' })).toMatchObject([{ status: 'accepted' }])
  const { rows } = await eventsPage(world.plane, customer, { after: null, limit: 100, from: null, to: null, price: null, feature: null, run: null, type: null, newestFirst: false })
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
  for (const { source, id } of rows) {
    const explained = await explainCharge(world.plane, { customer, source, id, showsCost: true })
    expect(explained.charges.filter(({ price, agrees }) => price !== null && !agrees)).toEqual([])
  }
  return rows.map((row) => [...row.charges.lines.map(({ price, entry, amount }) => `${price}${entry === undefined ? '' : `/${entry}`} ${amount}`), ...(row.context['unpriced'] === undefined ? [] : [`unpriced ${String(row.context['unpriced'])}`])])
}

test('a matrix charges each entry on its own aggregate, another price of the same meter takes over where its conditions fit, and no entry is unpriced', async () => {
  const customer = await world.customer({ plan: 'matrix' })
  const told = await charges(customer, [
    { model: 'small', input_tokens: 1500 }, { model: 'large', input_tokens: 1500 }, { model: 'large', input_tokens: 1500, output_tokens: 500 },
    { model: 'small', output_tokens: 500, tier: 'batch' }, { model: 'huge', input_tokens: 10 },
  ])
  expect(told).toEqual([['input/small 1.5'], ['input/large 7.5'], ['input/large 6.5', 'output 1'], ['output_batch 0.5'], ['unpriced input']])
  const { preview } = await invoicePreview(world.plane, customer)
  expect(preview.lines.map(({ price, entry, billable, exact }) => `${price} ${entry} ${billable} ${exact}`)).toEqual([
    'input large 3000 14000000000000', 'input small 1500 1500000000000', 'output  500 1000000000000', 'output_batch  500 500000000000',
  ])
})

test('a batch, one by one and the other way round come to the same lines', async () => {
  const list = Array.from({ length: 40 }, (_, index) => ({ model: ['small', 'large', 'huge'][index % 3], input_tokens: (index * 37) % 700, output_tokens: (index * 53) % 300, ...(index % 4 === 0 ? { tier: 'batch' } : {}) }))
  const totals = async (groups: (events: typeof list) => (typeof list)[]) => {
    const customer = await world.customer({ plan: 'matrix' })
    for (const group of groups(list)) {
      const sent = group.map((data) => ({ specversion: '1.0', id: `e${(count += 1)}`, source: 'test', type: 'ai.request', subject: customer, data: { feature: 'chat', ...data } }))
      for (const { status } of await ingest(world.plane, sent, { customer: null, key: 'key_test' })) expect(status).toBe('accepted')
    }
    expect((await checkSums(world.plane, customer)).differences).toEqual([])
    return (await invoicePreview(world.plane, customer)).preview.lines.map(({ price, entry, quantity, billable, exact, events }) => [price, entry, quantity, billable, exact, events])
  }
  const whole = await totals((events) => [events])
  expect(await totals((events) => events.map((event) => [event]))).toEqual(whole)
  expect(await totals((events) => [events.toReversed().slice(0, 13), events.toReversed().slice(13)])).toEqual(whole)
})

test('what a price is chosen by is a label, also where it looks like a number', async () => {
  const customer = await world.customer({ plan: 'sized' })
  expect(await charges(customer, [{ output_tokens: 10, size: '1024' }, { output_tokens: 10, size: 512 }, { output_tokens: 10 }])).toEqual([['output_sized/e_1024 20'], ['output_sized/otherwise 10'], ['output_sized/otherwise 10']])
})

test('prices by event: a percentage with a free event and a maximum, an outcome, an amount that the event gives', async () => {
  const customer = await world.customer({ plan: 'by_event' })
  const told = await charges(customer, [
    { type: 'sale', feature: 'sales', amount: '20.00' }, { type: 'sale', feature: 'sales', amount: '20.00' }, { type: 'sale', feature: 'sales', amount: '99.00' },
    { type: 'task.done', feature: 'tasks', result: 'succeeded' }, { type: 'task.done', feature: 'tasks', result: 'failed' }, { type: 'fee', amount: '150.00' },
  ])
  expect(told).toEqual([['cut 0'], ['cut 2.3'], ['cut 5'], ['task 2.5'], ['task 0'], ['pass 100']])
})

test('cost plus 45 % is charged on the cost that the event tells; without one, or in another currency without a rate, it is unpriced', async () => {
  const customer = await world.customer({ plan: 'cost', credit: '1' })
  expect(await charges(customer, [{ cost: { amount: '0.02', currency: 'USD' } }, { cost: { amount: '0.0001', currency: 'USD' } }, { cost: { amount: '1', currency: 'EUR' } }, {}])).toEqual([['cost 0.029'], ['cost 0.001'], ['unpriced requests'], ['unpriced requests']])
})

test('an explanation tells an operator the cost and the margin, and a customer only what it is charged', async () => {
  const customer = await world.customer({ plan: 'cost', credit: '1' })
  await charges(customer, [{ cost: { amount: '0.02', currency: 'USD' } }])
  const explain = async (showsCost: boolean) => (await explainCharge(world.plane, { customer, source: 'test', id: `e${count}`, showsCost })).charges.map(({ model, lines }) => [model, lines.map(({ kind, percent, amount }) => `${kind} ${percent ?? ''} ${amount}`)])
  expect([await explain(true), await explain(false)]).toEqual([[['cost_plus', ['cost  0.02', 'margin 45 0.009']]], [['cost_plus', ['units  0.029']]]])
  await expect(explainCharge(world.plane, { customer, source: 'test', id: 'none', showsCost: true })).rejects.toThrow('has no event none')
})

test('credits by a multiplier matrix draw the wallet of credits, and beyond it cost what a credit is worth', async () => {
  const customer = await world.customer({ plan: 'points' })
  const told = await charges(customer, [{ model: 'small', input_tokens: 2500 }, { model: 'large', input_tokens: 1000, output_tokens: 100 }, { model: 'small', output_tokens: 1000 }])
  expect(told).toEqual([['input_credits/small 2.5'], ['input_credits/large 12.5', 'output_credits/large 5'], ['output_credits/otherwise 4']])
  const { preview } = await invoicePreview(world.plane, customer)
  expect(preview.credits.map(({ asset, used, paid }) => [asset, used, paid.accrued])).toEqual([['credits', 24_000_000n, 24_000_000n]])
  // 24 credits at one cent.
  expect(preview.lines.map(({ kind, exact }) => [kind, exact])).toEqual([['credits', 240_000_000_000n]])
})

test('a cap in the currency counts credits at what they are worth', async () => {
  const node = await world.node({ name: 'caps' })
  // Set while the plan was priced in money.
  const customer = await world.customer({ plan: 'matrix' })
  await putBudget(world.plane, SYSTEM, customer, { id: 'monthly', name: 'Monthly cap', meters: null, limit: '0.30', window: 'billing_period', enforcement: 'hard', entity: null, features: null, terms: {} })
  await changeSubscription(world.plane, SYSTEM, customer, { plan: 'points', standing: null })
  const usage = (credits: number) => ({ quantities: { input_tokens: String(credits * 1_000) }, dimensions: { model: 'small' } })
  const ask = (credits: number) => node.authorize({ reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'small', run: null, type: 'ai.request', bound: usage(credits), ttlMs: 60_000, repeatable: false })
  const refused = await ask(31)
  expect(refused).toMatchObject({ kind: 'denied', denial: { reason: 'limit_exhausted', required: '0.31', unit: 'USD' } })
  const allowed = await ask(30)
  if (allowed.kind !== 'allowed') throw new Error('not allowed')
  node.settle(allowed.reservation, { ...usage(25), cost: null, estimated: false, context: {} })
  await expect.poll(async () => (await balanceReport(world.plane, customer)).budgets.find(({ id }) => id === 'cap:monthly')?.used, { timeout: 15_000 }).toBe('0.25')
  expect([(await ask(6)).kind, (await ask(5)).kind]).toEqual(['denied', 'allowed'])
})

test('a run is charged once whatever batch its events fall into, its usage is not, and it does not begin where its result could not be paid', async () => {
  const node = await world.node()
  const customer = await world.customer({ plan: 'runs', credit: '3' })
  const ask = (run: string | null) => node.authorize({
    reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'small', run, type: 'ai.request',
    bound: { quantities: { output_tokens: '100' }, dimensions: { model: 'small' } }, ttlMs: 60_000, repeatable: false,
  })
  const first = await ask('run-1')
  if (first.kind !== 'allowed') throw new Error('not allowed')
  expect([first.estimate, (await ask('run-2')).kind]).toEqual([2_500_000_000_000n, 'denied'])
  const settled = node.settle(first.reservation, { quantities: { output_tokens: '90' }, dimensions: { model: 'small' }, cost: null, estimated: false, context: {} })
  expect(settled).toMatchObject({ kind: 'settled', charge: 0n })
  const done = { type: 'task.done', feature: 'tasks', run: 'run-1', result: 'succeeded' }
  await expect.poll(async () => (await checkSums(world.plane, customer)).sums.events, { timeout: 5_000 }).toBe(1n)
  expect(await charges(customer, [done, done, { output_tokens: 100, run: 'run-1' }, { output_tokens: 100 }])).toEqual([[], ['task 2.5'], ['task 0'], [], ['output 0.2']])
})

test('two nodes that each know a part of the tiers give back all that was not charged', async () => {
  const own = await testPlane({ catalog: CATALOG })
  try {
    const customer = await own.customer({ plan: 'tiered', credit: '100' })
    const nodes = [await own.node({ name: 'node-a' }), await own.node({ name: 'node-b' })]
    const use = async (node: HotNode) => {
      const usage = { quantities: { output_tokens: '1501' }, dimensions: { model: 'small' } }
      const answer = await node.authorize({ reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'small', run: null, type: 'ai.request', bound: usage, ttlMs: 60_000, repeatable: false })
      if (answer.kind !== 'allowed') throw new Error('not allowed')
      const settled = node.settle(answer.reservation, { ...usage, cost: null, estimated: false, context: {} })
      if (settled.kind !== 'settled') throw new Error(settled.message)
      await settled.written
      return settled
    }
    for (const node of [nodes[0]!, nodes[1]!, nodes[0]!]) expect((await use(node)).isFinal).toBe(false)
    await expect.poll(async () => (await checkSums(own.plane, customer)).sums.events, { timeout: 15_000 }).toBe(3n)
    await own.plane.hub.recall({ customer, budgets: ['wallet:USD'] }, 5_000)
    // 4,503 tokens: 2,000 at 5 and the rest at 1. Each node counted on its own and charged its leases more.
    const [wallet] = await listBudgets(own.plane.sql, customer, own.plane.clock.now(), ['wallet:USD'])
    expect([wallet?.budget, Number(wallet?.settled), Number(wallet?.escrow), (await balanceReport(own.plane, customer)).balance]).toEqual(['wallet:USD', 12.503, 0, '87.497'])
  } finally {
    await own.close()
  }
})

const DAY = 86_400_000
const MARCH = Date.parse('2026-03-01T00:00:00Z')

test('included credits pay before the wallet of credits does, on a node as in settlement, and the rest of a period rolls over within its bound', async () => {
  const clock = virtualClock(instant(MARCH + 3 * DAY))
  const own = await testPlane({ catalog: CATALOG, clock })
  try {
    const node = await own.node()
    const customer = await own.customer({ plan: 'pooled', credit: '10' })
    const use = async (tokens: number, model = 'large') => {
      const answer = await node.authorize({
        reservation: null, customer, key: null, entity: null, feature: 'chat', model, run: null, type: 'ai.request',
        bound: { quantities: { input_tokens: String(tokens) }, dimensions: { model } }, ttlMs: 60_000, repeatable: true,
      })
      if (answer.kind !== 'allowed') return answer.kind === 'denied' ? answer.denial.reason : answer.code
      const settled = node.settle(answer.reservation, { quantities: { input_tokens: String(tokens) }, dimensions: { model }, cost: null, estimated: false, context: {} })
      if (settled.kind !== 'settled') throw new Error(settled.message)
      await settled.written
      return `${formatUnits(settled.charge, settled.currency)} ${settled.currency}`
    }
    const settledEvents = async (count: bigint) => {
      await expect.poll(async () => (await checkSums(own.plane, customer)).sums.events, { timeout: 15_000 }).toBe(count)
    }
    expect([await use(1_000), await use(1_000), await use(4_000, 'tiny'), await use(400)]).toEqual(['12.5 credits', '12.5 credits', 'model_unpriced', '5 credits'])
    await settledEvents(3n)
    // 30 credits used: 20 by the allowance, 10 by the wallet.
    const balance = await balanceReport(own.plane, customer)
    expect([balance.balance, balance.currency, balance.budgets.find(({ id }) => id === 'allowance:pool')]).toMatchObject(['0', 'credits', { used: '20', limit: '20', unit: 'credits' }])
    expect([await use(1_000), (await checkSums(own.plane, customer)).differences]).toEqual(['credit_balance_exhausted', []])

    clock.advance(31 * DAY)
    expect(await use(80)).toBe('1 credits')
    await settledEvents(4n)
    clock.advance(30 * DAY)
    // 19 of 20 were left, and 5 of them stay.
    expect((await balanceReport(own.plane, customer)).budgets.find(({ id }) => id === 'allowance:pool')).toMatchObject({ used: '0', limit: '25' })
    expect([await use(1_000), await use(1_000), await use(1_000)]).toEqual(['12.5 credits', '12.5 credits', 'credit_balance_exhausted'])
    await settledEvents(6n)
    expect((await checkSums(own.plane, customer)).differences).toEqual([])
    const { preview } = await invoicePreview(own.plane, customer)
    expect(preview.credits.map(({ used, paid }) => [used, paid.included, paid.drawn])).toEqual([[25_000_000n, 25_000_000n, 0n]])
  } finally {
    await own.close()
  }
})
