// What the gateway tells of budgets: warnings, rates in the IETF's headers, less output and another model, through the official SDK.

import type OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { BudgetRule, CustomerId, RuleTerms } from '@tollgate/core'
import { SYSTEM } from '../../app/actor.ts'
import { putBudget } from '../../app/budgets.ts'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => { world = await testGateway() })
afterAll(() => world.close())
beforeEach(async () => {
  customer = await world.customer('1000')
  key = await world.key(customer)
  world.upstream.requests.length = 0
})

const MESSAGES = [{ role: 'user', content: 'Hello there' }] as const
async function put(terms: RuleTerms, { limit = '5', window = 'day', meters = null, enforcement = 'hard' }: { readonly limit?: string; readonly window?: BudgetRule['window']; readonly meters?: readonly string[] | null; readonly enforcement?: BudgetRule['enforcement'] } = {}): Promise<void> {
  await putBudget(world.world.plane, SYSTEM, customer, { id: 'cap', name: 'The cap', meters, limit, window, enforcement, entity: null, features: null, terms })
}
const ask = (body: Record<string, unknown> = {}) => world.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES, max_tokens: 400, ...body }, { key, headers: { 'x-sandbox-output-tokens': '500' } })

test('output that the budget does not afford is lowered in the body, held so, and told in the headers', async () => {
  await put({ exhausted: { action: 'clamp' } })
  const response = await ask()
  expect(response.status).toBe(200)
  const degraded = response.headers.get('x-tollgate-degraded')!
  expect(degraded).toMatch(/^output_tokens=\d+; budget="cap:cap"; reason=limit_exhausted$/)
  const most = Number(/output_tokens=(\d+)/.exec(degraded)![1])
  const { usage, choices } = (await response.json()) as OpenAI.ChatCompletion
  expect([usage!.completion_tokens, choices[0]!.finish_reason]).toEqual([most, 'length'])
  expect(Number(response.headers.get('x-tollgate-charge'))).toBeLessThanOrEqual(5)
})

test('a refusal names the output with which the request would fit, and with that it does', async () => {
  await put({})
  const refused = await ask()
  const { error } = (await refused.json()) as { readonly error: Record<string, string> }
  expect([refused.status, error['code']]).toEqual([402, 'limit_exhausted'])
  expect((await ask({ max_tokens: Number(error['fits_output_tokens']) })).status).toBe(200)
})

test('another model is asked, charged and told of, where the budget falls back to it', async () => {
  await put({ where: { model: ['sandbox-small'] }, exhausted: { action: 'fallback', model: 'fixed-model' } }, { limit: '0' })
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'fixed', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }))
  const response = await ask({ max_completion_tokens: 20, max_tokens: 20 })
  expect([response.status, response.headers.get('x-tollgate-degraded')]).toEqual([200, 'model="fixed-model"; budget="cap:cap"; reason=limit_exhausted'])
  expect(world.upstream.requests).toHaveLength(1)
})

test('a soft budget past its limit is a warning in the header, on streams too', async () => {
  await put({}, { enforcement: 'soft', limit: '0' })
  for (const stream of [false, true]) {
    const response = await ask({ stream, max_tokens: 5 })
    await response.text()
    expect([response.status, response.headers.get('x-tollgate-warning')]).toEqual([200, 'soft; budget="cap:cap"; reason=limit_exhausted'])
  }
})

test('a rate answers 429 with when to come back, and every answer says how it stands', async () => {
  await put({}, { window: 'minute', limit: '500', meters: ['input_tokens'] })
  const first = await ask({ max_tokens: 1 })
  expect(first.headers.get('ratelimit-policy')).toMatch(/^"cap:cap";q=\d+;w=60$/)
  expect(first.headers.get('ratelimit')).toMatch(/^"cap:cap";r=\d+;t=\d+$/)
  let refused = first
  for (let index = 0; index < 100 && refused.status === 200; index++) refused = await ask({ max_tokens: 1 })
  expect(refused.status).toBe(429)
  const after = Number(refused.headers.get('retry-after'))
  expect(after >= 1 && after <= 60).toBe(true)
  expect(((await refused.json()) as { readonly error: { readonly code: string } }).error.code).toBe('rate_limited')
  expect(refused.headers.get('ratelimit')).toMatch(/^"cap:cap";r=\d+;t=\d+$/)
})

test('a run that asks the same again and again is warned of by its header', async () => {
  const answers = []
  for (let index = 0; index < 5; index++) answers.push(await world.post('/v1/chat/completions', { model: 'sandbox-small', messages: MESSAGES, max_tokens: 1 }, { key, headers: { 'x-tollgate-run': 'loop' } }))
  expect(answers.map(({ headers }) => headers.get('x-tollgate-warning'))).toEqual([null, null, null, null, 'runaway; budget="run:loop"; reason=run_halted'])
})
