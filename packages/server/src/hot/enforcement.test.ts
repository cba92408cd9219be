// What nodes do with a budget that is used up, watched, stopped, throttled or cut off from its authority, on a real control plane.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, RUNAWAY_DEFAULT, type Authority, type BudgetRule, type CustomerId, type EntityId, type KeyRecord, type RuleTerms } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { SYSTEM } from '../app/actor.ts'
import { putBudget } from '../app/budgets.ts'
import { createEntity, putRunaway } from '../app/customers.ts'
import { changeSubscription } from '../app/subscription/set-standing.ts'
import { freeze, lift, previewFreeze } from '../app/freezes.ts'
import type { AuthorizeInput, HotNode } from './contract.ts'

const CATALOG = `
currency: USD
features: [{ id: tasks, name: Tasks, kind: metered }, { id: other, name: Other, kind: metered }]
meters:
  - { id: input_tokens, unit: token, event_type: ai.request, properties: [input_tokens] }
  - { id: output_tokens, unit: token, event_type: ai.request, properties: [output_tokens] }
  - { id: requests, unit: request, event_type: ai.request, aggregation: count }
plans:
  - id: invoiced
    name: Invoiced
    entitlements: [tasks, other]
    prices:
      - { id: input, meter: input_tokens, model: per_unit, amount: 1, per: 1000 }
      - { id: output, meter: output_tokens, model: per_unit, amount: 2, per: 1000 }
    funding: [overage]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
gateway: { feature: tasks, models: [] }
`
let now = Date.parse('2026-03-10T12:00:00Z')
let world: TestPlane
let node: HotNode
let isAway = false
beforeAll(async () => {
  world = await testPlane({ clock: { now: () => instant(now) }, catalog: CATALOG })
  node = await world.node({ authority: awayable })
})
afterAll(() => world.close())

/** An authority that may be away for acquires, as in an outage of the control plane. */
function awayable(authority: Authority): Authority {
  return { ...authority, acquire: (identity, request) => (isAway ? Promise.reject(new Error('away')) : authority.acquire(identity, request)) }
}

type Asked = Partial<Pick<AuthorizeInput, 'model' | 'key' | 'entity' | 'feature' | 'canClamp' | 'withModel'>> & { readonly input?: number; readonly output?: number }
const request = (customer: CustomerId, { input = 100, output = 100, model = 'large', ...asked }: Asked = {}): AuthorizeInput => ({
  reservation: null, customer, key: null, entity: null, feature: 'tasks', model, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false,
  bound: { quantities: { input_tokens: String(input), output_tokens: String(output), requests: '1' }, dimensions: model === null ? {} : { model } }, ...asked,
})

async function ask(customer: CustomerId, asked: Asked = {}, on = node) {
  const answer = await on.authorize(request(customer, asked))
  if (answer.kind === 'problem') throw new Error(answer.message)
  return answer
}

/** In short: what was decided, how it was changed, what was warned of. */
async function outcome(customer: CustomerId, asked: Asked = {}, on = node): Promise<string> {
  const answer = await ask(customer, asked, on)
  if (answer.kind === 'denied') return `${answer.denial.reason}${answer.denial.fitsOutputTokens === undefined ? '' : ` fits ${answer.denial.fitsOutputTokens}`}`
  const { degrade, warnings } = answer
  return ['allow', ...(degrade === null ? [] : [`${degrade.model ?? 'same'}/${degrade.outputTokens ?? 'all'} for ${degrade.scope}`]), ...warnings.map(({ why, scope }) => `${why} ${scope}`)].join(' ')
}

/** Settles with what was held, unless told otherwise. */
async function spend(customer: CustomerId, asked: Asked = {}, used: { readonly input?: number; readonly output?: number } = {}): Promise<void> {
  const answer = await ask(customer, asked)
  if (answer.kind !== 'allowed') throw new Error(`refused: ${answer.denial.reason}`)
  const settled = node.settle(answer.reservation, { quantities: { input_tokens: String(used.input ?? asked.input ?? 100), output_tokens: String(used.output ?? asked.output ?? 100) }, dimensions: {}, cost: null, estimated: false, context: {} })
  if (settled.kind === 'settled') await settled.written
}

type Put = { readonly id?: string; readonly limit?: string; readonly window?: BudgetRule['window']; readonly enforcement?: BudgetRule['enforcement']; readonly meters?: readonly string[] | null; readonly entity?: EntityId | null }
async function customerWith(terms: RuleTerms, { id = 'cap', limit = '1', window = 'day', enforcement = 'hard', meters = null, entity = null }: Put = {}): Promise<CustomerId> {
  const customer = await world.customer({ plan: 'invoiced' })
  await putBudget(world.plane, SYSTEM, customer, { id, name: id, meters, limit, window, enforcement, entity, features: null, terms })
  return customer
}
const keyOf = (part: Partial<KeyRecord>): KeyRecord => ({ id: 'key_1', hint: '', scopes: ['gateway'], customer: null, entity: null, feature: null, models: null, expiresAt: null, showsCost: false, ...part })

test('a budget that falls back gives the model it names, once what is left does not pay for the one asked for', async () => {
  const customer = await customerWith({ where: { model: ['large'] }, exhausted: { action: 'fallback', model: 'small' } })
  expect(await outcome(customer, { output: 400 })).toBe('allow')
  expect(await outcome(customer, { output: 400 })).toBe('allow small/all for cap:cap')
  expect(await outcome(customer, { output: 400, model: 'small' })).toBe('allow')
  expect(await outcome(customer, { output: 400, withModel: () => null })).toMatch(/^limit_exhausted/)
  const answer = await ask(customer, { output: 400, withModel: (model) => ({ model, bound: { quantities: { input_tokens: '1', output_tokens: '1', requests: '1' }, dimensions: { model } } }) })
  expect(answer).toMatchObject({ kind: 'allowed', estimate: 3_000_000_000n, degrade: { model: 'small', reason: 'limit_exhausted' } })
})

test('a chain of fallbacks ends, and a hard budget on all models refuses in the end', async () => {
  const customer = await customerWith({ exhausted: { action: 'fallback', model: 'small' } }, { limit: '0.5' })
  await putBudget(world.plane, SYSTEM, customer, { id: 'second', name: 'second', meters: null, limit: '0', window: 'day', enforcement: 'hard', entity: null, features: null, terms: { where: { model: ['small'] }, exhausted: { action: 'fallback', model: 'large' } } })
  expect(await outcome(customer, { output: 400 })).toMatch(/^limit_exhausted/)
})

test('output is clamped to what is left where budget, key or plan allow it and the caller can, else the refusal names what fits', async () => {
  const budget = await customerWith({ exhausted: { action: 'clamp' } })
  // A dollar: 0.1 for the input, 0.9 for 450 tokens of output.
  expect(await outcome(budget, { output: 1_000, canClamp: true })).toBe('allow same/450 for cap:cap')
  expect(await outcome(budget, { output: 1_000, canClamp: true })).toBe('limit_exhausted')
  const key = await customerWith({})
  expect(await outcome(key, { output: 1_000, canClamp: true })).toBe('limit_exhausted fits 450')
  expect(await outcome(key, { output: 1_000, key: keyOf({ clampsOutput: true }) })).toBe('limit_exhausted fits 450')
  expect(await outcome(key, { output: 450 })).toBe('allow')
  const again = await customerWith({})
  expect(await outcome(again, { output: 1_000, canClamp: true, key: keyOf({ clampsOutput: true }) })).toBe('allow same/450 for cap:cap')
})

test('many who are clamped at once never hold more than the budget has', async () => {
  const customer = await customerWith({ exhausted: { action: 'clamp' } }, { limit: '5' })
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(customer, { output: 500, canClamp: true })))
  const held = answers.reduce((sum, answer) => sum + (answer.kind === 'allowed' ? answer.estimate : 0n), 0n)
  expect(held).toBeLessThanOrEqual(5_000_000_000_000n)
  expect(held).toBeGreaterThan(4_500_000_000_000n)
})

test('a soft budget warns past its limit, acts first where it was told to, and never refuses', async () => {
  const plain = await customerWith({}, { enforcement: 'soft' })
  await spend(plain, { output: 500 })
  expect(await outcome(plain, { output: 500 })).toBe('allow soft cap:cap')
  const acting = await customerWith({ exhausted: { action: 'fallback', model: 'small' } }, { enforcement: 'soft' })
  await spend(acting, { output: 500 })
  expect(await outcome(acting, { output: 500 })).toBe('allow small/all for cap:cap soft cap:cap')
  const clamping = await customerWith({ exhausted: { action: 'clamp' } }, { enforcement: 'soft' })
  await spend(clamping, { output: 450 })
  expect(await outcome(clamping, { output: 500, canClamp: true })).toBe('allow soft cap:cap')
  expect(await outcome(await customerWith({ exhausted: { action: 'overage' } }, { limit: '0' }))).toBe('allow overage cap:cap')
})

test('what is observed is let through, warned of and recorded, by budget, by key and by customer', async () => {
  const budget = await customerWith({ observe: true }, { limit: '0' })
  expect(await outcome(budget)).toBe('allow observed cap:cap')
  const other = await customerWith({}, { limit: '0' })
  expect(await outcome(other, { key: keyOf({ observe: true }) })).toBe('allow observed cap:cap')
  expect(await outcome(other)).toMatch(/^limit_exhausted/)
  await changeSubscription(world.plane, SYSTEM, other, { plan: null, standing: null, observe: true })
  expect(await outcome(other)).toBe('allow observed cap:cap')
  await changeSubscription(world.plane, SYSTEM, other, { plan: null, standing: null, observe: false })
  expect(await outcome(other)).toMatch(/^limit_exhausted/)
  const recorded = () => world.database.sql<{ type: string }[]>`select type from outbox where customer_id = ${other} and type like 'request.%' order by id`
  await expect.poll(async () => (await recorded()).map(({ type }) => type)).toEqual(['request.observed', 'request.denied', 'request.observed', 'request.denied'])
})

test('a freeze stops customer, entity and all below, key or feature at once, says what it hits, and is lifted', async () => {
  const customer = await world.customer({ plan: 'invoiced' })
  const team = await createEntity(world.plane, SYSTEM, customer, { id: null, parent: null, kind: 'team', name: 'team' })
  const user = await createEntity(world.plane, SYSTEM, customer, { id: null, parent: team, kind: 'user', name: 'user' })
  expect(await outcome(customer, { entity: user })).toBe('allow')
  const input = { id: 'frz_1', customer, kind: 'entity' as const, target: team, reason: 'runaway' }
  expect(await previewFreeze(world.plane, SYSTEM, input)).toMatchObject({ customers: 1, entities: 2 })
  expect(await outcome(customer, { entity: user })).toBe('allow')
  await freeze(world.plane, SYSTEM, input)
  expect([await outcome(customer, { entity: user }), await outcome(customer)]).toEqual(['frozen', 'allow'])
  await lift(world.plane, SYSTEM, 'frz_1')
  expect(await outcome(customer, { entity: user })).toBe('allow')
  await freeze(world.plane, SYSTEM, { id: 'frz_2', customer: null, kind: 'feature', target: 'other', reason: '' })
  expect([await outcome(customer, { feature: 'other' }), await outcome(customer)]).toEqual(['frozen', 'allow'])
  await freeze(world.plane, SYSTEM, { id: 'frz_3', customer, kind: 'customer', target: customer, reason: '' })
  expect(await outcome(customer, { key: keyOf({ observe: true }) })).toBe('frozen')
  await expect(lift(world.plane, { id: 'key_t', scopes: ['customer'], customer }, 'frz_3')).rejects.toThrow('was set by the operator')
  for (const id of ['frz_2', 'frz_3']) await lift(world.plane, SYSTEM, id)
  expect(await outcome(customer, { feature: 'other' })).toBe('allow')
})

test('a rate lets its limit through in a window, says when to come back, and takes what was really used', async () => {
  const customer = await customerWith({}, { window: 'minute', limit: '3', meters: ['requests'] })
  const answers = []
  for (let index = 0; index < 4; index++) answers.push(await ask(customer))
  expect(answers.map(({ kind }) => kind)).toEqual(['allowed', 'allowed', 'allowed', 'denied'])
  expect(answers[1]).toMatchObject({ rates: [{ name: 'cap:cap', limit: 3, windowSeconds: 60, remaining: 1, resetSeconds: 40 }] })
  expect(answers[3]).toMatchObject({ denial: { reason: 'rate_limited', retryAfterMs: 20_000 }, rates: [{ remaining: 0 }] })
  now += 20_000
  expect([await outcome(customer), await outcome(customer)]).toEqual(['allow', 'rate_limited'])
  const tokens = await customerWith({}, { window: 'minute', limit: '1000', meters: ['output_tokens'] })
  await spend(tokens, { output: 1_000 }, { output: 200 })
  expect(await outcome(tokens, { output: 800 })).toBe('allow')
  expect(await outcome(tokens, { output: 1 })).toBe('rate_limited')
})

test('a rate is shared among the nodes that have the customer: together they let no more than the limit and one burst through', async () => {
  const customer = await customerWith({ burst: '10' }, { window: 'minute', limit: '10', meters: ['requests'] })
  const second = await world.node({ name: 'second' })
  await Promise.all([ask(customer), ask(customer, {}, second)])
  await expect.poll(() => (node.snapshot(customer) instanceof Promise ? null : 'fresh')).toBe('fresh')
  const outcomes: string[] = []
  for (let index = 0; index < 40; index++) outcomes.push(await outcome(customer, {}, index % 2 === 0 ? node : second))
  expect(outcomes.filter((one) => one === 'allow').length).toBeLessThanOrEqual(20)
  now += 60_000
  const later: string[] = []
  for (let index = 0; index < 40; index++) later.push(await outcome(customer, {}, index % 2 === 0 ? node : second))
  expect(later.filter((one) => one === 'allow').length).toBe(10)
})

test('past its limit a throttled budget lets a few a minute through', async () => {
  const customer = await customerWith({ exhausted: { action: 'throttle', perMinute: 2 } }, { limit: '0' })
  expect([await outcome(customer), await outcome(customer), await outcome(customer)]).toEqual(['allow throttled cap:cap', 'allow throttled cap:cap', 'rate_limited'])
  now += 30_000
  expect(await outcome(customer)).toBe('allow throttled cap:cap')
})

test('cut off from the authority, a node spends its lease and then does what each budget says', async () => {
  const closed = await customerWith({})
  const open = await customerWith({ failMode: { mode: 'open', amount: '0.7' } }, { limit: '100' })
  const leased = await customerWith({}, { limit: '1000' })
  expect([await outcome(closed, { output: 400 }), await outcome(open), await outcome(leased)]).toEqual(['allow', 'allow', 'allow'])
  isAway = true
  try {
    // What is missing was never refused by the authority: it cannot be asked.
    expect(await outcome(closed, { output: 400 })).toBe('budget_unavailable')
    expect(await outcome(leased)).toBe('allow')
    const fresh = await customerWith({ failMode: { mode: 'open', amount: '0.7' } }, { limit: '100' })
    expect([await outcome(fresh), await outcome(fresh), await outcome(fresh)]).toEqual(['allow unconfirmed cap:cap', 'allow unconfirmed cap:cap', 'budget_unavailable'])
  } finally {
    isAway = false
  }
  expect(await outcome(closed, { output: 400 })).toMatch(/^limit_exhausted/)
})

test('a soft budget holds what is usual, once that is known, and what is learnt is measured', async () => {
  const customer = await customerWith({}, { enforcement: 'soft', limit: '1000', meters: ['output_tokens'] })
  for (let index = 0; index < 40; index++) await spend(customer, { output: 100 }, { input: 10, output: 10 })
  const before = node.stats()['estimates_settled']!
  await spend(customer, { output: 100 }, { input: 10, output: 10 })
  await spend(customer, { output: 100 }, { input: 100, output: 100 })
  expect([node.stats()['estimates_settled']! - before, node.stats()['estimates_exceeded']]).toEqual([2, 1])
  // 490 tokens are left, and a request for 3,000 usually uses an eighth: it fits, as its upper bound would not.
  expect(await outcome(customer, { output: 3_000 })).toBe('allow')
})

test('a run that repeats itself is warned of and told once; where it was asked for it is slowed down or ended', async () => {
  const customer = await world.customer({ plan: 'invoiced' })
  const repeat = async (run: string, prompt = 'same') => {
    now += 1_000
    const answer = await node.authorize({ ...request(customer), run, prompt })
    return answer.kind === 'allowed' ? ['allow', ...answer.warnings.map(({ why, scope }) => `${why} ${scope}`)].join(' ') : answer.kind === 'denied' ? answer.denial.reason : answer.code
  }
  for (let index = 0; index < 4; index++) expect(await repeat('r1')).toBe('allow')
  expect([await repeat('r1'), await repeat('r1', 'other'), await repeat('r2')]).toEqual(['allow runaway run:r1', 'allow runaway run:r1', 'allow'])
  const told = () => world.database.sql<{ scope: string }[]>`select payload->>'scope' as scope from outbox where customer_id = ${customer} and type = 'run.suspected'`
  await expect.poll(async () => (await told()).map(({ scope }) => scope)).toEqual(['run:r1'])
  await putRunaway(world.plane, SYSTEM, customer, { ...RUNAWAY_DEFAULT, action: 'throttle' })
  for (let index = 0; index < 4; index++) await repeat('r3')
  expect([await repeat('r3'), await repeat('r3')]).toEqual(['allow runaway run:r3', 'rate_limited'])
  await putRunaway(world.plane, SYSTEM, customer, { ...RUNAWAY_DEFAULT, action: 'halt' })
  for (let index = 0; index < 4; index++) await repeat('r4')
  expect([await repeat('r4'), await repeat('r4', 'other'), await repeat('r5')]).toEqual(['run_halted', 'run_halted', 'allow'])
  await putRunaway(world.plane, SYSTEM, customer, { ...RUNAWAY_DEFAULT, action: 'off' })
  expect(await repeat('r4')).toBe('allow')
})
