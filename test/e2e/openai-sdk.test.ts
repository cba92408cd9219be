import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTollgate, type Sums, type Tollgate } from './tollgate.ts'

let tollgate: Tollgate
beforeAll(async () => { tollgate = await startTollgate() }, 60_000)
afterAll(() => tollgate.stop())

const customer = () => `/v1/customers/${tollgate.demo.customer}`
const ask = (content: string) => ({ model: tollgate.demo.model, messages: [{ role: 'user' as const, content }] })

test('the main job: the SDK spends the wallet, is refused without a retry, is topped up, goes on, and the invoice adds up', async () => {
  const client = tollgate.client()
  let requests = 0
  let refusal: unknown = null
  for (; requests < 500 && refusal === null; requests++) {
    try {
      if (requests % 2 === 0) {
        expect((await client.chat.completions.create(ask(`question ${requests}`))).choices[0]?.message.content).toBeTruthy()
      } else {
        let text = ''
        for await (const chunk of await client.chat.completions.create({ ...ask(`question ${requests}`), stream: true })) text += chunk.choices[0]!.delta.content ?? ''
        expect(text).toBeTruthy()
      }
    } catch (error) {
      refusal = error
      requests -= 1
    }
  }
  expect(refusal).toBeInstanceOf(OpenAI.APIError)
  const error = refusal as InstanceType<typeof OpenAI.APIError>
  expect([error.status, error.type, error.code]).toEqual([402, 'insufficient_quota', 'credit_balance_exhausted'])
  expect(error.message).toMatch(/credit balance/)
  expect(error.headers?.get('x-should-retry')).toBe('false')
  expect((error.error as { top_up_url: string }).top_up_url).toContain('http')

  const topUp = await tollgate.post(`${customer()}/credits`, { amount: '1.00' })
  expect(topUp.status).toBe(201)
  await client.chat.completions.create(ask('after the top-up'))
  requests += 1

  await expect.poll(async () => (await tollgate.get<Sums>(`${customer()}/checks/sums`)).events, { timeout: 5_000 }).toBe(requests)
  const check = await tollgate.get<Sums>(`${customer()}/checks/sums`)
  expect(check.differences).toEqual([])
  const preview = await tollgate.get<{ lines: { kind: string; exact: string; opening: string; events_url: string; price: string }[]; amount_due: string }>(`${customer()}/invoices/preview`)
  expect(preview.amount_due).toBe('0')
  for (const line of preview.lines) {
    if (line.kind !== 'usage') continue
    expect([line.price, await chargesBehind(line.events_url, line.price)]).toEqual([line.price, unitsOf(line.exact)])
  }
})

test('each settlement shows on the event stream within a second, to its own tenant', async () => {
  const stop = new AbortController()
  const stream = await fetch(`${tollgate.demo.url}/v1/stream`, { headers: { authorization: `Bearer ${tollgate.demo.key}` }, signal: stop.signal })
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  await tollgate.client().chat.completions.create(ask('watch me'))
  const sentAt = performance.now()
  let text = ''
  while (!text.includes('event: usage.settled')) text += (await reader.read()).value ?? ''
  expect(performance.now() - sentAt).toBeLessThan(1_000)
  stop.abort()
})

test('a client that goes away in mid-stream pays for what was used', async () => {
  const before = (await tollgate.get<Sums>(`${customer()}/checks/sums`)).events
  const stream = await new OpenAI({ apiKey: tollgate.demo.key, baseURL: `${tollgate.demo.gateway_url}/v1`, defaultHeaders: { 'x-sandbox-chunk-delay-ms': '5', 'x-sandbox-output-tokens': '60' } })
    .chat.completions.create({ ...ask('a long story'), stream: true })
  let chunks = 0
  for await (const _ of stream) if ((chunks += 1) === 5) break
  await expect.poll(async () => (await tollgate.get<Sums>(`${customer()}/checks/sums`)).events, { timeout: 10_000 }).toBe(before + 1)
  const { data } = await tollgate.get<{ data: { quantities: { output_tokens: string } }[] }>(`${customer()}/events?order=newest&limit=1`)
  expect(Number(data[0]!.quantities.output_tokens)).toBeGreaterThanOrEqual(5)
})

/** Sum of the charges of one price over all its events, in units of 10^-12. */
async function chargesBehind(url: string, price: string): Promise<bigint> {
  let sum = 0n
  let cursor: string | null = null
  do {
    const path = url.replace(tollgate.demo.url, '')
    const page: { data: { charges: { price: string | null; amount: string }[] }[]; next_cursor: string | null } = await tollgate.get(cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`)
    for (const event of page.data) for (const charge of event.charges) if (charge.price === price) sum += unitsOf(charge.amount)
    cursor = page.next_cursor
  } while (cursor !== null)
  return sum
}

function unitsOf(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}
