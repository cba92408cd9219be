// Totals in real time: a node knows what it charged when the answer ends, the event stream tells it with where the period stands within a
// second, and reports, preview and balance then say the same.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseUnits } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../api.ts'
import { testGateway, type TestGateway } from '../gateway.ts'

let gateway: TestGateway
let api: TestApi
let url: string
beforeAll(async () => {
  gateway = await testGateway()
  api = await testApi({ world: gateway.world })
  url = await api.listen()
})
afterAll(async () => {
  await api.app.close()
  await gateway.close()
})

test('what a request cost is known on its node at once, and on the stream, in reports and in the preview within a second', async () => {
  const customer = await gateway.customer('10')
  const key = await gateway.key(customer)
  const stop = new AbortController()
  const stream = await fetch(`${url}/v1/stream?customer=${customer}`, { signal: stop.signal, headers: { authorization: `Bearer ${api.admin}` } })
  const settled = nextSettled(stream.body!)
  let charged = 0n
  let balance: bigint = parseUnits('10', 'USD')
  for (let request = 0; request < 3; request++) {
    const answer = await gateway.post('/v1/chat/completions', { model: 'sandbox-small', max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] }, { key })
    expect(answer.status).toBe(200)
    await answer.json()
    const answeredAt = performance.now()
    const charge = parseUnits(answer.headers.get('x-tollgate-charge')!, 'USD')
    charged += charge
    balance -= charge
    expect(parseUnits(answer.headers.get('x-tollgate-balance')!, 'USD')).toBe(balance)
    let seen = 0n
    for (let totals: Json[] = []; seen < charged; seen = totals.reduce((sum, { amount }) => sum + parseUnits(amount, 'USD'), 0n)) totals = ((await settled.next()).value as Json).totals
    expect(seen).toBe(charged)
    expect(performance.now() - answeredAt).toBeLessThan(1_000)
  }
  const get = async (path: string): Promise<Json> => (await api.call(`GET /v1/customers/${customer}${path}`)).body
  const sum = (rows: Json[], member: string) => rows.reduce((total, row) => total + parseUnits(row[member], 'USD'), 0n)
  expect(sum((await get('/usage?granularity=total')).data, 'amount')).toBe(charged)
  expect(sum((await get('/invoices/preview')).lines, 'exact')).toBe(charged)
  expect(parseUnits((await get('/balance')).balance, 'USD')).toBe(balance)
  stop.abort()
})

async function* nextSettled(body: AsyncIterable<Uint8Array>): AsyncGenerator<Json> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = frames.pop()!
    for (const frame of frames) if (frame.includes('event: usage.settled')) yield JSON.parse(frame.split('\n').find((line) => line.startsWith('data: '))!.slice(6))
  }
}
