import { afterAll, beforeAll, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../test/gateway.ts'

let world: TestGateway
beforeAll(async () => {
  world = await testGateway({ limits: { inFlightPerCustomerMax: 2 } })
})
afterAll(() => world.close())

test('one customer at its bound is told to wait, and another is not touched', async () => {
  const greedy = await world.key(await world.customer())
  const other = await world.key(await world.customer())
  const ask = (key: string) => world.post('/v1/chat/completions', { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hi' }] }, { key, headers: { 'x-sandbox-latency-ms': '100' } })
  const answers = await Promise.all([ask(greedy), ask(greedy), ask(greedy), ask(greedy), ask(other)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429])
  expect(answers[4]!.status).toBe(200)
  const refused = answers.find(({ status }) => status === 429)!
  expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry'), ((await refused.json()) as { error: { code: string } }).error.code]).toEqual(['1', 'true', 'too_many_requests_in_flight'])
  expect((await ask(greedy)).status).toBe(200)
})
