// A stop under load: every request that reached the gateway is answered whole, streams run to their end, and only then nobody listens.

import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'undici'
import { expect, test } from 'vitest'
import { startTollgate, type Sums } from './tollgate.ts'

const CLIENTS = 4
const PAUSE_MS = 10
const NOBODY_LISTENS: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET'])

test('SIGTERM in the middle of traffic fails no request: what is open ends, what is new hears that the connection closes', { timeout: 90_000 }, async () => {
  const tollgate = await startTollgate()
  const { demo } = tollgate
  expect((await tollgate.post(`/v1/customers/${demo.customer}/credits`, { amount: '100' })).status).toBe(201)
  const headers = { authorization: `Bearer ${demo.key}`, 'content-type': 'application/json', 'x-sandbox-chunk-delay-ms': '60' }
  const body = (stream: boolean) => JSON.stringify({ model: demo.model, max_tokens: 30, stream, messages: [{ role: 'user', content: 'Say hello' }] })
  const answered = { before: 0, after: 0, told: 0 }
  const failures: string[] = []
  let isStopping = false

  /** One client that asks again and again on a connection that it keeps, until nobody listens any more. */
  async function loop(stream: boolean): Promise<void> {
    const client = new Client(demo.gateway_url)
    for (;;) {
      try {
        const answer = await client.request({ method: 'POST', path: '/v1/chat/completions', headers, body: body(stream) })
        const text = await answer.body.text()
        if (answer.statusCode !== 200 || (stream && !text.includes('data: [DONE]'))) failures.push(`${answer.statusCode} ${text.slice(-200)}`)
        answered[isStopping ? 'after' : 'before'] += 1
        if (answer.headers['connection'] === 'close') answered.told += 1
      } catch (error) {
        // Reset: it stood in the system's queue when nobody listened any more, and reached nobody. The sums below would show one that did.
        if (!isStopping || !NOBODY_LISTENS.has((error as NodeJS.ErrnoException).code)) failures.push(String(error))
        break
      }
      await delay(PAUSE_MS)
    }
    await client.destroy()
  }

  const loops = Array.from({ length: CLIENTS }, (_, index) => loop(index % 2 === 0))
  await expect.poll(() => answered.before, { timeout: 20_000 }).toBeGreaterThan(4 * CLIENTS)
  isStopping = true
  expect(await tollgate.stop()).toBe(0)
  await Promise.all(loops)
  expect(failures).toEqual([])
  expect(answered.after).toBeGreaterThanOrEqual(CLIENTS)
  expect(answered.told).toBeGreaterThanOrEqual(CLIENTS)

  const again = await startTollgate(tollgate.dataDir)
  await expect.poll(async () => (await again.get<Sums>(`/v1/customers/${demo.customer}/checks/sums`)).events, { timeout: 20_000 }).toBe(answered.before + answered.after)
  expect((await again.get<Sums>(`/v1/customers/${demo.customer}/checks/sums`)).differences).toEqual([])
  await again.stop()
})
