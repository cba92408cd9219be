// Budget rules on real nodes and a real authority, on a clock that the test turns: windows, rolling windows, templates, members,
// rollover, conditions, allocation and thresholds.

import { afterAll, beforeAll, expect, test } from 'vitest'
import fc from 'fast-check'
import { instant, type BudgetRule, type CustomerId, type EntityId, type RuleTerms } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import type { AuthorizeInput, HotNode } from '../hot/contract.ts'
import type { Actor } from './actor.ts'
import { SYSTEM } from './actor.ts'
import { budgetById, membersPage } from './budget-report.ts'
import { deleteBudget, putBudget, setMemberLimit } from './budgets.ts'
import { createCustomer, createEntity } from './customers.ts'
import { forgetEndedBudgets } from './retention.ts'
import { advanceTestClock, createTestClock } from './subscription/test-clocks.ts'

const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }]
meters: [{ id: units, unit: unit, event_type: ai.request, properties: [units] }]
plans:
  - { id: invoiced, name: Invoiced, entitlements: [tasks], prices: [{ id: units, meter: units, model: per_unit, amount: 1 }], funding: [overage] }
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`
const HOUR = 3_600_000
let now = Date.parse('2026-03-10T12:00:00Z')
let world: TestPlane
let nodes: readonly HotNode[]
beforeAll(async () => {
  world = await testPlane({ clock: { now: () => instant(now) }, catalog: CATALOG })
  nodes = [await world.node({ name: 'near' }), await world.node({ name: 'far' })]
})
afterAll(() => world.close())

type Asked = { readonly units?: number; readonly entity?: EntityId | null; readonly tag?: string; readonly run?: string }
const input = (customer: CustomerId, { units = 1, entity = null, tag, run }: Asked): AuthorizeInput => ({
  reservation: null, customer, key: null, entity, feature: 'tasks', model: null, run: run ?? null, type: 'ai.request', ttlMs: HOUR, repeatable: false,
  bound: { quantities: { units: String(units) }, dimensions: tag === undefined ? {} : { tag } },
})

/** Uses the units on a node and settles them; `allowed`, or the reason. */
async function use(node: HotNode, customer: CustomerId, asked: Asked = {}): Promise<string> {
  const answer = await node.authorize(input(customer, asked))
  if (answer.kind !== 'allowed') return answer.kind === 'denied' ? answer.denial.reason : answer.code
  const settled = node.settle(answer.reservation, { quantities: { units: String(asked.units ?? 1) }, dimensions: {}, cost: null, estimated: false, context: {} })
  if (settled.kind === 'settled') await settled.written
  return 'allowed'
}

async function uses(customer: CustomerId, count: number, asked: Asked = {}): Promise<number> {
  let allowed = 0
  for (let index = 0; index < count; index++) if ((await use(nodes[index % nodes.length]!, customer, asked)) === 'allowed') allowed += 1
  return allowed
}

type Put = { readonly id?: string; readonly window?: BudgetRule['window']; readonly limit?: number; readonly terms?: RuleTerms; readonly entity?: EntityId | null; readonly enforcement?: BudgetRule['enforcement']; readonly actor?: Actor; readonly money?: boolean }
async function put(customer: CustomerId, { id = 'cap', window = 'day', limit = 3, terms = {}, entity = null, enforcement = 'hard', actor = SYSTEM, money = false }: Put): Promise<void> {
  await putBudget(world.plane, actor, customer, { id, name: id, meters: money ? null : ['units'], limit: String(limit), window, enforcement, entity, features: null, terms })
}
const used = async (customer: CustomerId, id: string) => Number((await budgetById(world.plane, customer, id)).used)
const customerWith = async (rule: Put): Promise<CustomerId> => {
  const customer = await world.customer({ plan: 'invoiced' })
  await put(customer, rule)
  return customer
}

test.each(['hour', 'day', 'week', 'month', 'quarter', 'year', 'billing_period'] as const)('a budget of a %s holds over nodes, and starts anew in the next', async (window) => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ window })
  expect(await uses(customer, 5)).toBe(3)
  const { budget } = await budgetById(world.plane, customer, 'cap:cap')
  expect(budget.period.start <= now && now < budget.period.end).toBe(true)
  now = budget.period.end - 1
  expect(await uses(customer, 2)).toBe(0)
  now = budget.period.end
  expect(await uses(customer, 5)).toBe(3)
})

test('several windows on one customer hold at once: the first that is used up refuses', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ id: 'hourly', window: 'hour', limit: 2 })
  await put(customer, { id: 'daily', window: 'day', limit: 3 })
  expect(await uses(customer, 4)).toBe(2)
  now += HOUR
  expect(await uses(customer, 4)).toBe(1)
  now += HOUR
  expect(await uses(customer, 4)).toBe(0)
})

test('a rolling window holds no more than its limit in any position, on any node, in any order of use and time', async () => {
  const steps = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 25 * 60_000 }), units: fc.integer({ min: 1, max: 4 }), node: fc.integer({ min: 0, max: 1 }) }), { minLength: 8, maxLength: 25 })
  await fc.assert(fc.asyncProperty(steps, async (run) => {
    now += 100 * HOUR
    const customer = await customerWith({ window: 'hour', limit: 6, terms: { rolling: true } })
    const admitted: { readonly at: number; readonly units: number }[] = []
    for (const { waitMs, units, node } of run) {
      now += waitMs
      if ((await use(nodes[node]!, customer, { units })) === 'allowed') admitted.push({ at: now, units })
    }
    for (const { at } of admitted) expect(admitted.filter((one) => one.at > at - HOUR && one.at <= at).reduce((sum, one) => sum + one.units, 0)).toBeLessThanOrEqual(6)
    // What has left the window may be used again: an hour and a cycle later nothing of it counts.
    now += HOUR + 5 * 60_000
    expect(await use(nodes[0]!, customer, { units: 6 })).toBe('allowed')
  }), { numRuns: 12 })
}, 60_000)

test('what was not used comes over into the next period, up to its bound and once', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ limit: 10, terms: { rolloverMax: '4' } })
  expect(await uses(customer, 3)).toBe(3)
  now += 24 * HOUR
  expect(await uses(customer, 20)).toBe(14)
  now += 24 * HOUR
  expect(await uses(customer, 20)).toBe(10)
  now += 24 * HOUR
  expect(await uses(customer, 8)).toBe(8)
  now += 24 * HOUR
  expect(await uses(customer, 20)).toBe(12)
})

test('a template gives each value its own budget, a member its own limit, and nobody else any', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ limit: 2, terms: { per: ['tag'] } })
  expect([await uses(customer, 3, { tag: 'a' }), await uses(customer, 3, { tag: 'b/ü,@' }), await uses(customer, 5)]).toEqual([2, 2, 5])
  expect(await setMemberLimit(world.plane, SYSTEM, customer, { rule: 'cap:cap', values: ['a'], limit: '4' })).toBe('cap:cap@a')
  await setMemberLimit(world.plane, SYSTEM, customer, { rule: 'cap:cap', values: ['c'], limit: '1' })
  expect([await uses(customer, 5, { tag: 'a' }), await uses(customer, 3, { tag: 'c' })]).toEqual([2, 1])
  await setMemberLimit(world.plane, SYSTEM, customer, { rule: 'cap:cap', values: ['a'], limit: null })
  await expect.poll(() => used(customer, 'cap:cap@a')).toBe(4)
  const standing = await budgetById(world.plane, customer, 'cap:cap@a')
  expect([standing.limit, standing.worstCase.overspend]).toEqual([2n, 0n])
  const page = await membersPage(world.plane, customer, { rule: 'cap:cap', after: null, limit: 2 })
  expect(page.rows.map(({ budget }) => budget.id)).toEqual(['cap:cap@a', 'cap:cap@b%2F%C3%BC%2C%40'])
  expect(page.next).toBe('cap:cap@b%2F%C3%BC%2C%40')
})

test('a member whose limit is set is listed before it used anything and in every period, once, over pages and no longer than its limit', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ limit: 2, terms: { per: ['tag'] } })
  const set = (value: string, limit: string | null) => setMemberLimit(world.plane, SYSTEM, customer, { rule: 'cap:cap', values: [value], limit })
  const listed = async (limit = 10, after: string | null = null) => {
    const { rows, next } = await membersPage(world.plane, customer, { rule: 'cap:cap', after, limit })
    return { rows: rows.map((row) => [row.budget.id, row.limit, row.used]), next }
  }
  await set('d', '7')
  await set('a', '5')
  expect((await listed()).rows).toEqual([['cap:cap@a', 5n, 0n], ['cap:cap@d', 7n, 0n]])
  expect([await uses(customer, 1, { tag: 'a' }), await uses(customer, 1, { tag: 'c' })]).toEqual([1, 1])
  await expect.poll(async () => (await listed()).rows).toEqual([['cap:cap@a', 5n, 1n], ['cap:cap@c', 2n, 1n], ['cap:cap@d', 7n, 0n]])
  expect(await listed(2)).toMatchObject({ rows: [['cap:cap@a', 5n, 1n], ['cap:cap@c', 2n, 1n]], next: 'cap:cap@c' })
  expect(await listed(2, 'cap:cap@c')).toEqual({ rows: [['cap:cap@d', 7n, 0n]], next: null })
  now += 24 * HOUR
  expect((await listed()).rows).toEqual([['cap:cap@a', 5n, 0n], ['cap:cap@d', 7n, 0n]])
  await set('d', null)
  expect((await listed()).rows).toEqual([['cap:cap@a', 5n, 0n]])
})

test('users, teams and runs are limited side by side, each by the nearest of its kind', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ id: 'user', limit: 2, terms: { per: ['user'] } })
  const entity = (kind: 'team' | 'user', parent: EntityId | null) => createEntity(world.plane, SYSTEM, customer, { id: null, parent, kind, name: kind })
  const team = await entity('team', null)
  const [alice, bob] = [await entity('user', team), await entity('user', team)]
  await put(customer, { id: 'team', limit: 3, entity: team })
  await put(customer, { id: 'run', window: 'lifetime', limit: 1, terms: { per: ['run'] } })
  expect([await uses(customer, 3, { entity: alice }), await uses(customer, 3, { entity: bob })]).toEqual([2, 1])
  expect([await uses(customer, 3, { run: 'r1' }), await uses(customer, 3, { run: 'r2' })]).toEqual([1, 1])
})

test('raised, lowered and removed budgets are in force at once; what a rule counts cannot change', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ limit: 1 })
  expect(await uses(customer, 2)).toBe(1)
  await put(customer, { limit: 3 })
  expect(await uses(customer, 4)).toBe(2)
  await put(customer, { limit: 1 })
  expect(await uses(customer, 1)).toBe(0)
  await expect(put(customer, { limit: 9, terms: { rolling: true } })).rejects.toThrow('its window cannot change')
  await expect(put(customer, { limit: 9, terms: { per: ['tag'] } })).rejects.toThrow('its per cannot change')
  await deleteBudget(world.plane, SYSTEM, customer, 'cap:cap')
  expect(await uses(customer, 4)).toBe(4)
  await expect(budgetById(world.plane, customer, 'cap:cap')).rejects.toThrow('has no budget cap:cap')
})

test('a customer sets caps of its own and never touches the operator’s', async () => {
  const customer = await customerWith({ id: 'theirs', limit: 5 })
  const tenant: Actor = { id: 'key_tenant', scopes: ['customer'], customer }
  await put(customer, { id: 'own', limit: 2, actor: tenant })
  expect(await uses(customer, 4)).toBe(2)
  await expect(put(customer, { id: 'theirs', limit: 9, actor: tenant })).rejects.toThrow('was set by the operator')
  await expect(deleteBudget(world.plane, tenant, customer, 'cap:theirs')).rejects.toThrow('was set by the operator')
  await deleteBudget(world.plane, tenant, customer, 'cap:own')
  expect(await uses(customer, 4)).toBe(3)
})

test('where a budget forbids it, what is allocated below cannot exceed it, whichever is written last', async () => {
  const customer = await customerWith({ id: 'all', limit: 10, window: 'month', terms: { overcommit: false } })
  const team = async (name: string) => createEntity(world.plane, SYSTEM, customer, { id: null, parent: null, kind: 'team', name })
  const [red, blue] = [await team('red'), await team('blue')]
  await put(customer, { id: 'red', limit: 6, window: 'month', entity: red })
  await expect(put(customer, { id: 'blue', limit: 5, window: 'month', entity: blue })).rejects.toThrow('budget cap:all is 10 and forbids to allocate more, but 11 would be allocated')
  await put(customer, { id: 'blue', limit: 4, window: 'month', entity: blue })
  await expect(put(customer, { id: 'all', limit: 9, window: 'month', terms: { overcommit: false } })).rejects.toThrow('forbids to allocate more')
  await put(customer, { id: 'other', limit: 50, window: 'day', entity: blue })
})

test('each threshold is told once a period, in the transaction that crossed it', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ limit: 10, terms: { thresholds: [50, 90, 100] } })
  const told = async () => (await world.database.sql<{ percent: number }[]>`select (payload->>'percent')::int as percent from outbox where customer_id = ${customer} and type = 'budget.threshold' order by id`).map(({ percent }) => percent)
  const settledTo = async (units: number) => {
    await expect.poll(() => used(customer, 'cap:cap')).toBe(units)
  }
  await use(nodes[0]!, customer, { units: 4 })
  await settledTo(4)
  expect(await told()).toEqual([])
  await use(nodes[1]!, customer, { units: 5 })
  await settledTo(9)
  expect(await told()).toEqual([50, 90])
  await put(customer, { limit: 100, terms: { thresholds: [50, 90, 100] } })
  await use(nodes[0]!, customer, { units: 45 })
  await settledTo(54)
  expect(await told()).toEqual([50, 90])
  now += 24 * HOUR
  await use(nodes[0]!, customer, { units: 50 })
  await settledTo(50)
  expect(await told()).toEqual([50, 90, 50])
})

test('ended budgets of members are forgotten after 40 days, those of rules and what is lent out stay', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ id: 'each', limit: 5, terms: { per: ['tag'] } })
  await put(customer, { id: 'all', limit: 50 })
  expect(await uses(customer, 2, { tag: 'a' })).toBe(2)
  const rows = async () => (await world.database.sql<{ id: string }[]>`select distinct budget_id as id from budget_state where customer_id = ${customer} and budget_id like 'cap:%' order by 1`).map(({ id }) => id)
  await expect.poll(() => used(customer, 'cap:each@a')).toBe(2)
  now += 41 * 24 * HOUR
  await forgetEndedBudgets(world.plane)
  expect(await rows()).toEqual(['cap:all', 'cap:each@a'])
  // The next request finds a new day, and what the old one had left goes back.
  expect(await uses(customer, 2, { tag: 'b' })).toBe(2)
  now += 41 * 24 * HOUR
  expect(await uses(customer, 2, { tag: 'c' })).toBe(2)
  await expect.poll(async () => {
    await forgetEndedBudgets(world.plane)
    return rows()
  }, { timeout: 10_000 }).toEqual(expect.not.arrayContaining(['cap:each@a']))
  expect(await rows()).toContain('cap:all')
})

test('a limit in money counts what requests cost, and a metered one counts without refusing', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const customer = await customerWith({ id: 'spend', limit: 2, money: true })
  await put(customer, { id: 'counted', limit: 1, enforcement: 'metered' })
  expect(await uses(customer, 4)).toBe(2)
  await expect.poll(() => used(customer, 'cap:counted')).toBe(2)
  expect((await budgetById(world.plane, customer, 'cap:counted')).worstCase.overspend).toBe(null)
})

test('a customer on a test clock is checked and admitted by its own time', async () => {
  now = Date.parse('2026-03-10T12:00:00Z')
  const { id: testClock } = await createTestClock(world.plane, SYSTEM, { name: 'ahead', now: instant(now) })
  const { id: customer } = await createCustomer(world.plane, SYSTEM, { id: null, name: 'Ahead', externalId: null, plan: 'invoiced', timeZone: 'UTC', metadata: {}, startsAt: null, testClock })
  await put(customer, { terms: { rolling: true } })
  const checked = async () => (await nodes[0]!.check(input(customer, {}))).kind
  expect([await uses(customer, 4), await checked()]).toEqual([3, 'denied'])
  await advanceTestClock(world.plane, SYSTEM, testClock, instant(now + 26 * HOUR))
  expect([await checked(), await uses(customer, 4), await checked()]).toEqual(['allowed', 3, 'denied'])
})
