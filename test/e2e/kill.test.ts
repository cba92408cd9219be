import { expect, test } from 'vitest'
import { Pool } from 'undici'
import { dataFolder, startTollgate, type Sums, type Tollgate } from './tollgate.ts'

const REQUESTS = 10_000
const CONNECTIONS = 64

/** Outcomes by request, as the client saw them: only a complete answer counts as acknowledged. */
type Tally = { acknowledged: number; refused: number; cut: number }

async function drive(tollgate: Tollgate, requests: number, tally: Tally, onProgress: (done: number) => void): Promise<void> {
  const pool = new Pool(tollgate.demo.gateway_url, { connections: CONNECTIONS })
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < requests) {
      const index = next
      next += 1
      const body = JSON.stringify({ model: tollgate.demo.model, max_tokens: 20, stream: index % 4 === 0, messages: [{ role: 'user', content: `request ${index}` }] })
      try {
        const answer = await pool.request({ method: 'POST', path: '/v1/chat/completions', headers: { authorization: `Bearer ${tollgate.demo.key}`, 'content-type': 'application/json', 'x-sandbox-chunk-delay-ms': '0' }, body })
        const text = await answer.body.text()
        // A key that goes on after a hundred refusals in a second is refused with another word.
        if (answer.statusCode === 402 || (answer.statusCode === 429 && text.includes('too_many_refusals'))) tally.refused += 1
        else if (answer.statusCode === 200 && (index % 4 !== 0 || text.endsWith('data: [DONE]\n\n'))) tally.acknowledged += 1
        else tally.cut += 1
      } catch {
        tally.cut += 1
        // The process is gone: do not spin through the rest.
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (tally.cut > CONNECTIONS * 2) return
      }
      onProgress(index)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  await pool.destroy()
}

test('kill -9 of everything under load: nothing acknowledged is lost, nothing is charged twice, and all sums agree', { timeout: 180_000 }, async () => {
  const dataDir = dataFolder()
  const first = await startTollgate(dataDir)
  const customer = `/v1/customers/${first.demo.customer}`
  expect((await first.post(`${customer}/credits`, { amount: '1000' })).status).toBe(201)
  const before: Tally = { acknowledged: 0, refused: 0, cut: 0 }
  let killing: Promise<void> | null = null
  await drive(first, REQUESTS / 2, before, (done) => {
    if (done > REQUESTS / 4) killing ??= first.kill()
  })
  await killing
  expect(before.acknowledged).toBeGreaterThan(1_000)

  const second = await startTollgate(dataDir)
  const after: Tally = { acknowledged: 0, refused: 0, cut: 0 }
  try {
    await drive(second, REQUESTS - REQUESTS / 4, after, () => undefined)
    expect([after.cut, after.refused]).toEqual([0, 0])
    const acknowledged = before.acknowledged + after.acknowledged
    const events = async () => (await second.get<Sums>(`${customer}/checks/sums`)).events
    await expect.poll(events, { timeout: 20_000 }).toBeGreaterThanOrEqual(acknowledged)
    // A request may be settled whose answer the kill cut off; never more than were in flight.
    expect(await events()).toBeLessThanOrEqual(acknowledged + CONNECTIONS)
    const check = await second.get<Sums>(`${customer}/checks/sums`)
    expect(check.differences).toEqual([])
  } finally {
    await second.stop()
  }
})

test('a wallet under 64 concurrent clients is spent to less than one request and never below zero', { timeout: 120_000 }, async () => {
  const tollgate = await startTollgate()
  try {
    const tally: Tally = { acknowledged: 0, refused: 0, cut: 0 }
    await drive(tollgate, 1_500, tally, () => undefined)
    expect(tally.cut).toBe(0)
    expect(tally.refused).toBeGreaterThan(0)
    const customer = `/v1/customers/${tollgate.demo.customer}`
    await expect.poll(async () => (await tollgate.get<Sums>(`${customer}/checks/sums`)).events, { timeout: 10_000 }).toBe(tally.acknowledged)
    const balance = await tollgate.get<{ balance: string; debt: string }>(`${customer}/balance`)
    expect(balance.debt).toBe('0')
    expect(Number(balance.balance)).toBeGreaterThanOrEqual(0)
    expect(Number(balance.balance)).toBeLessThan(0.01)
    expect((await tollgate.get<Sums>(`${customer}/checks/sums`)).differences).toEqual([])
  } finally {
    await tollgate.stop()
  }
})

test('a gateway whose control plane was killed ends its streams, and the next one finds and charges what it wrote', { timeout: 60_000 }, async () => {
  const dataDir = dataFolder()
  const first = await startTollgate(dataDir)
  const stream = await fetch(`${first.demo.gateway_url}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: `Bearer ${first.demo.key}`, 'content-type': 'application/json', 'x-sandbox-chunk-delay-ms': '25', 'x-sandbox-output-tokens': '40' },
    body: JSON.stringify({ model: first.demo.model, stream: true, messages: [{ role: 'user', content: 'go on without your head' }] }),
  })
  await first.killControlPlane()
  expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/)
  const second = await startTollgate(dataDir)
  try {
    const customer = `/v1/customers/${second.demo.customer}`
    await expect.poll(async () => (await second.get<Sums>(`${customer}/checks/sums`)).events, { timeout: 5_000 }).toBe(1)
    const { data } = await second.get<{ data: { quantities: { output_tokens: string } }[] }>(`${customer}/events`)
    expect(data[0]!.quantities.output_tokens).toBe('40')
  } finally {
    await second.stop()
  }
})
