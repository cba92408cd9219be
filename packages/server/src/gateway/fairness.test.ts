// One hostile tenant beside nine good ones, through the whole gateway: what it may take, what it is told, and what the others notice.

import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../test/gateway.ts'
import type { GatewayLimits } from './limits.ts'

let world: TestGateway
afterEach(() => world.close())
const start = async (limits: Partial<GatewayLimits>) => { world = await testGateway({ limits }) }
const BODY = { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }
const ask = (key: string, { latencyMs = 0, model = 'sandbox-small' }: { readonly latencyMs?: number; readonly model?: string } = {}) => world.post('/v1/chat/completions', { ...BODY, model }, { key, headers: { 'x-sandbox-latency-ms': String(latencyMs) } })
const codeOf = async (response: Response) => ((await response.json()) as { readonly error: { readonly code: string } }).error.code
const goodKeys = () => Promise.all(Array.from({ length: 9 }, async () => world.key(await world.customer())))

test('while one tenant floods the gateway the nine others are all answered, and it is told to wait', { timeout: 60_000 }, async () => {
  await start({ inFlightMax: 60, fairPartMin: 2 })
  const [hostile, good] = [await world.key(await world.customer('10000')), await goodKeys()]
  await Promise.all([hostile, ...good].map((key) => ask(key)))
  const flood = Array.from({ length: 200 }, () => ask(hostile, { latencyMs: 3_000 }))
  await expect.poll(() => world.counts.get('shed') ?? 0, { timeout: 20_000 }).toBeGreaterThan(0)
  const answers = await Promise.all(good.flatMap((key) => [ask(key), ask(key)]))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 18 }, () => 200))
  const told = await Promise.all(flood)
  // Half of the node while it is alone, and never more.
  const served = told.filter(({ status }) => status === 200).length
  expect(served >= 2 && served <= 30).toBe(true)
  const refused = told.find(({ status }) => status === 429)!
  expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry'), await codeOf(refused)]).toEqual(['1', 'true', 'gateway_busy'])
})

test('an upstream that is slow keeps its own requests waiting, shares its slots, and touches no other upstream', { timeout: 60_000 }, async () => {
  await start({ upstreamSlotsMax: 4, upstreamQueueMax: 8, upstreamQueueMs: 30_000 })
  world.upstream.answer = (response) => void setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'fixed', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })), 300)
  const [hostile, good] = [await world.key(await world.customer()), await goodKeys()]
  const flood = Array.from({ length: 40 }, () => ask(hostile, { model: 'fixed-model' }))
  await expect.poll(() => world.counts.get('shed') ?? 0, { timeout: 20_000 }).toBeGreaterThan(0)
  // Another upstream answers as if nothing were; at this one the first slots that come free are for who has none.
  expect(await Promise.all(good.map(async (key) => (await ask(key)).status))).toEqual(good.map(() => 200))
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  // Four run and eight wait at any time; whoever finds more is told at once.
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(12)
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
  expect((await ask(good[0]!, { model: 'fixed-model' })).status).toBe(200)
})

test('a key that is refused again and again is told so without a decision, and asks anew in the next second', { timeout: 60_000 }, async () => {
  await start({ refusalsPerSecondMax: 10 })
  const broke = await world.key(await world.customer('0.000001'))
  const before = world.node.stats()['denied']!
  const codes = new Map<string, number>()
  for (let wave = 0; wave < 12; wave++) {
    for (const code of await Promise.all(Array.from({ length: 25 }, async () => codeOf(await ask(broke))))) codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  expect([...codes.keys()].sort()).toEqual(['credit_balance_exhausted', 'too_many_refusals'])
  // Those that were on their way together are decided together; the others of a second are not.
  expect(world.node.stats()['denied']! - before).toBe(codes.get('credit_balance_exhausted'))
  await expect.poll(async () => codeOf(await ask(broke)), { timeout: 5_000 }).toBe('credit_balance_exhausted')
})

const LATE_MS = 3_000

test('an address that guesses keys waits for its answers and leaves no record; a good key is asked as if nothing were, a new one is late once', { timeout: 60_000 }, async () => {
  await start({ unknownKeysPerSecondMax: 1, shedDelayMs: LATE_MS, shedDelayedMax: 20 })
  const [good, fresh] = [await world.key(await world.customer()), await world.key(await world.customer())]
  expect((await ask(good)).status).toBe(200)
  let guesses = 0
  const guess = async () => {
    const startedAt = performance.now()
    const response = await ask(`tg_gateway_${'x'.repeat(30)}${guesses++}`)
    return { status: response.status, retryAfter: response.headers.get('retry-after'), ms: performance.now() - startedAt }
  }
  // Into the middle of a second: what follows is of one second.
  await new Promise((resolve) => setTimeout(resolve, 1_050 - (Date.now() % 1_000)))
  expect((await guess()).status).toBe(401)
  const flood = Array.from({ length: 60 }, guess)
  const timed = async (key: string) => {
    const startedAt = performance.now()
    return [(await ask(key)).status, performance.now() - startedAt >= LATE_MS - 5]
  }
  expect(await timed(good)).toEqual([200, false])
  const told = await Promise.all(flood)
  expect([...new Set(told.map(({ status, retryAfter }) => `${status} ${retryAfter}`))].sort()).toEqual(['401 null', '429 1'])
  expect(told.filter(({ status }) => status === 401).every(({ ms }) => ms >= LATE_MS - 5)).toBe(true)
  expect(told.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(20)
  await new Promise((resolve) => setTimeout(resolve, 1_050 - (Date.now() % 1_000)))
  await guess()
  expect(await timed(fresh)).toEqual([200, true])
  expect(await timed(fresh)).toEqual([200, false])
  expect(await world.world.plane.sql`select 1 from outbox where type = 'request.denied'`).toHaveLength(0)
})

test('a WebSocket is refused in words, and its connection is of use for nothing else', async () => {
  await start({})
  const key = await world.key(await world.customer())
  const answer = await raw(`GET /v1/realtime?model=sandbox-small HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 501 /)
  expect(answer).toContain('"code":"websocket_not_served"')
})

test('heads that never end, heads that are too large and headers with line breaks get an error and their connection closed', { timeout: 20_000 }, async () => {
  await start({ headersTimeoutMs: 300, requestTimeoutMs: 600, connectionsCheckMs: 100 })
  const slow = raw('GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ', { drip: 'a', everyMs: 50 })
  const large = raw(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(20_000)}\r\n\r\n`)
  const body = raw('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n', { drip: ' ', everyMs: 50 })
  const twice = raw('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n')
  expect((await slow).slice(0, 12)).toBe('HTTP/1.1 408')
  expect((await large).slice(0, 12)).toBe('HTTP/1.1 431')
  expect((await body).slice(0, 12)).toMatch(/^HTTP\/1\.1 (?:401|408)/)
  expect((await twice).slice(0, 12)).toBe('HTTP/1.1 400')
  const key = await world.key(await world.customer())
  for (const value of ['a\rb', 'a\nb', 'a\0b']) {
    const answer = await raw(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nx-tollgate-run: ${value}\r\ncontent-length: 2\r\n\r\n{}`)
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 400')
  }
})

/** All that comes back on a connection of its own until it is closed; `drip` is sent on and on. */
function raw(text: string, slow?: { readonly drip: string; readonly everyMs: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    let dripping: NodeJS.Timeout | undefined
    // Nothing may drip before the text: on a busy machine it takes a while to connect.
    const socket = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' }, () => {
      socket.write(text, 'latin1')
      if (slow !== undefined) dripping = setInterval(() => void socket.write(slow.drip), slow.everyMs)
    })
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (slow === undefined) socket.end()
    })
    socket.on('error', (error) => (answer === '' ? reject(error) : undefined))
    socket.on('close', () => {
      clearInterval(dripping)
      resolve(answer)
    })
  })
}
