// Failures that users of other gateways reported, each as the guarantee that it must not happen here: budgets passed by being many or
// unknown, holds that stay behind, usage that is left out or told twice, refusals where no limit is.

import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BudgetRule, CustomerId, RuleTerms } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type FixedUpstream, type TestGateway } from '../../../../../test/gateway.ts'
import { SYSTEM } from '../../app/actor.ts'
import { putBudget } from '../../app/budgets.ts'
import { balanceReport } from '../../app/reports.ts'
import { freeze } from '../../app/freezes.ts'
import { createEntity } from '../../app/customers.ts'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => { world = await testGateway() })
afterAll(() => world.close())
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.settled.length = 0
  world.upstream.requests.length = 0
  world.upstream.answer = told({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 })
})

const told = (usage: unknown): FixedUpstream['answer'] => (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'gpt-4.1-nano', choices: [{ message: { content: 'Hi' } }], usage }))
const ask = (body: Record<string, unknown> = {}, headers: Record<string, string> = {}, raw = key) => world.post('/v1/chat/completions', { model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5, ...body }, { key: raw, headers })
const put = (terms: RuleTerms, more: Partial<BudgetRule> & { readonly limit: string; readonly meters?: readonly string[] | null }) => putBudget(world.world.plane, SYSTEM, customer, { id: 'cap', name: 'Cap', meters: null, window: 'day', enforcement: 'hard', entity: null, features: null, terms, ...more })
const statuses = async (all: readonly Promise<Response>[]) => (await Promise.all(all)).map(({ status }) => status)
const served = (all: readonly number[]) => all.filter((status) => status === 200).length

test('first requests at once, of a run, key or user that nobody has seen before, pass no default budget', async () => {
  // Each holds a dollar and more while it runs; two fit into three dollars of a run.
  world.upstream.answer = (response, request) => void setTimeout(() => told({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 })(response, request), 300)
  await put({ per: ['run'] }, { limit: '3' })
  const results = await statuses(Array.from({ length: 8 }, () => ask({}, { 'x-tollgate-run': 'new' })))
  expect(served(results)).toBeLessThanOrEqual(2)
  expect(served(results)).toBeGreaterThan(0)
  await createEntity(world.world.plane, SYSTEM, customer, { id: 'ent_newcomer', kind: 'user', name: 'Newcomer', parent: null })
  await put({ per: ['user'] }, { id: 'users', limit: '3' } as never)
  expect(served(await statuses(Array.from({ length: 8 }, () => ask({}, { 'x-tollgate-entity': 'ent_newcomer' }))))).toBeLessThanOrEqual(2)
})

test('a limit of thirty tokens lets no more than thirty through, however many ask at once', async () => {
  world.upstream.answer = told({ prompt_tokens: 1, completion_tokens: 5, total_tokens: 6 })
  await put({}, { limit: '30', meters: ['output_tokens'] })
  expect(served(await statuses(Array.from({ length: 30 }, () => ask())))).toBeLessThanOrEqual(6)
  const used = world.settled.reduce((sum, { quantities }) => sum + Number(quantities['output_tokens']), 0)
  expect(used).toBeLessThanOrEqual(30)
})

test('of two budgets each counts its own: a rule for one does not fire by the other', async () => {
  await put({}, { limit: '0.4' })
  await put({}, { id: 'large', limit: '900' } as never)
  const refused = await ask()
  const { error } = (await refused.json()) as { error: Record<string, string> }
  expect([refused.status, error['scope'], error['limit']]).toEqual([402, 'cap:cap', '0.4'])
  await put({}, { limit: '900' })
  expect((await ask()).status).toBe(200)
})

test('where no budget is set none is exceeded, and no maximum of output is asked for', async () => {
  const { max_tokens: _, ...open } = { max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }
  expect((await world.post('/v1/chat/completions', { model: 'fixed-model', ...open }, { key })).status).toBe(200)
})

test('requests that fail or are given up leave no hold behind: what was free before is free after', async () => {
  await put({}, { limit: '3' })
  world.upstream.answer = (response) => void response.writeHead(500).end('{}')
  for (let count = 0; count < 20; count++) expect((await ask()).status).toBe(500)
  world.upstream.answer = (response) => void setTimeout(() => told({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })(response, world.upstream.requests[0]!), 50)
  for (let count = 0; count < 5; count++) {
    const controller = new AbortController()
    const given = world.post('/v1/chat/completions', { model: 'fixed-model', messages: [], max_tokens: 1, stream: true }, { key, signal: controller.signal }).catch(() => null)
    await delay(10)
    controller.abort()
    await given
  }
  await expect.poll(() => world.node.openFor(customer), { timeout: 10_000 }).toBe(0)
  world.upstream.answer = told({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 })
  expect((await ask()).status).toBe(200)
})

test('a client cannot leave the usage of its stream out', async () => {
  world.upstream.answer = (response, { body }) => {
    const asked = (JSON.parse(body) as { stream_options?: { include_usage?: boolean } }).stream_options?.include_usage === true
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"Hi"}}]}\n\n${asked ? 'data: {"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\n' : ''}data: [DONE]\n\n`)
  }
  for (const options of [undefined, { include_usage: false }, {}, { include_obfuscation: false }]) await (await ask({ stream: true, stream_options: options })).text()
  expect(world.settled.map(({ quantities, estimated }) => [quantities['output_tokens'], estimated])).toEqual(Array.from({ length: 4 }, () => ['5', false]))
})

test('figures that make no sense are never a credit: a charge is not below zero', async () => {
  for (const usage of [{ prompt_tokens: -100, completion_tokens: 5, total_tokens: -95 }, { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 50 } }, { prompt_tokens: 1.5, completion_tokens: 'many', total_tokens: null }, { prompt_tokens: 1e300, completion_tokens: 1, total_tokens: 1 }]) {
    world.upstream.answer = told(usage)
    const response = await ask()
    expect([response.status, Number(response.headers.get('x-tollgate-charge')) >= 0]).toEqual([200, true])
  }
  for (const { quantities, cost } of world.settled) expect([...Object.values(quantities), cost?.amount ?? '0'].every((one) => Number(one) >= 0)).toBe(true)
})

test('a path that is passed on meets the same decision as every other, and is metered by its rule', async () => {
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"meta":{"billed_units":{"search_units":3}}}')
  const rerank = (raw: string) => world.post('/v1/rerank', { query: 'x', documents: [] }, { key: raw })
  expect((await rerank(await world.key(customer, { models: ['sandbox-small'] }))).status).toBe(403)
  expect((await rerank(key)).status).toBe(200)
  await freeze(world.world.plane, SYSTEM, { id: 'frz_stop', customer, kind: 'customer', target: customer, reason: 'stop' })
  expect([(await rerank(key)).status, world.upstream.requests.length]).toEqual([403, 1])
  expect(world.settled.map(({ quantities }) => quantities['search_units'])).toEqual(['3'])
})

test('where the operator chose so, a stream whose client went away is stopped at once and charged for what was seen', async () => {
  const other = await testGateway({ catalog: TEST_CATALOG.replace('gateway:\n', 'gateway:\n  client_gone: stop\n') })
  try {
    const one = await other.customer()
    const response = await other.post('/v1/chat/completions', { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hi' }], stream: true, max_tokens: 400 }, { key: await other.key(one), headers: { 'x-sandbox-output-tokens': '400', 'x-sandbox-chunk-delay-ms': '20' } })
    const reader = response.body!.getReader()
    for (let count = 0; count < 3; count++) await reader.read()
    await reader.cancel()
    await expect.poll(() => other.node.openFor(one), { timeout: 5_000 }).toBe(0)
    expect(other.settled).toMatchObject([{ estimated: true, context: { ending: 'client_gone' } }])
    expect(Number(other.settled[0]!.quantities['output_tokens'])).toBeLessThan(40)
  } finally {
    await other.close()
  }
})

test('a stream that is given up before its first piece, as those do who ask twice and keep the faster, pays no answer that nobody made', async () => {
  const other = await testGateway({ catalog: TEST_CATALOG.replace('gateway:\n', 'gateway:\n  client_gone: stop\n') })
  try {
    const one = await other.customer()
    const raw = await other.key(one)
    let isStopped = false
    other.upstream.answer = (response) => {
      response.on('close', () => { isStopped = true })
      setTimeout(() => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': waiting\n\n'), 200)
    }
    const controller = new AbortController()
    const given = other.post('/v1/chat/completions', { model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 400, stream: true }, { key: raw, signal: controller.signal }).catch(() => null)
    await expect.poll(() => other.upstream.requests.length).toBe(1)
    controller.abort()
    await given
    await expect.poll(() => other.node.openFor(one), { timeout: 10_000 }).toBe(0)
    expect([isStopped, other.settled.map(({ quantities, estimated }) => [quantities['output_tokens'], estimated])]).toEqual([true, [['0', true]]])
  } finally {
    await other.close()
  }
})

test('what the headers of all answers charged is what left the wallet, to the last digit, however many ran at once', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => ask({ seed: index })))
  const charged = answers.reduce((sum, { headers }) => sum + Math.round(Number(headers.get('x-tollgate-charge')) * 100), 0)
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200))
  await expect.poll(async () => Math.round(Number((await balanceReport(world.world.plane, customer)).balance) * 100), { timeout: 10_000 }).toBe(100_000 - charged)
})

test('a provider that repeats its usage in each chunk is charged for the last, and one that tells it twice once', async () => {
  const chunk = (completion: number, more = '') => `data: {"model":"gpt-4.1-nano","choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":10,"completion_tokens":${completion},"total_tokens":${10 + completion}}${more}}\n\n`
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${chunk(1)}${chunk(2)}${chunk(3)}${chunk(3)}data: [DONE]\n\n`)
  await (await ask({ stream: true })).text()
  expect(world.settled.map(({ quantities }) => [quantities['input_tokens'], quantities['output_tokens']])).toEqual([['10', '3']])
})
