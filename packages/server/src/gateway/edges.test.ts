// The edges that an attacker tries: headers in both directions, WebSocket upgrades, addresses inside, answers that try to write heads.

import { connect, createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { UPSTREAM_ROUTING, type CustomerId, type UpstreamConfig } from '@tollgate/core'
import { TEST_CATALOG, testGateway, type TestGateway } from '../../../../test/gateway.ts'

let world: TestGateway
let customer: CustomerId
let key: string
beforeAll(async () => {
  world = await testGateway({ catalog: TEST_CATALOG.replace('models: [sandbox-small,', 'models: [inside, sandbox-small,').replace('  models:\n    - { name: sandbox-small,', '  models:\n    - { name: inside, model: "gpt-4.1-nano" }\n    - { name: sandbox-small,') })
  customer = await world.customer('1000')
  key = await world.key(customer)
})
afterAll(() => world.close())
beforeEach(() => {
  world.upstream.requests.length = 0
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')
})

const BODY = { model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }

/** What comes back for raw bytes, until the server closes or falls silent. */
function raw(bytes: string, waitMs = 1_500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    const done = () => {
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(done, waitMs)
    socket.on('data', (chunk) => { text += chunk.toString('latin1') })
    socket.on('close', () => {
      clearTimeout(timer)
      done()
    })
    socket.on('error', () => undefined)
  })
}

test('a provider gets the headers of the list and its own key, and nothing else of the client', async () => {
  const sent: Record<string, string> = {
    accept: 'application/json', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b', 'openai-beta': 'x', 'anthropic-version': '2023-06-01', 'anthropic-beta': 'b', 'x-goog-api-client': 'c',
    cookie: 'session=secret', 'x-api-key': 'tenant', 'x-goog-api-key': 'tenant', 'api-key': 'tenant', 'openai-organization': 'org-tenant', 'openai-project': 'proj', 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1', 'proxy-authorization': 'Basic x',
    'x-tollgate-feature': 'chat', 'x-tollgate-tag-team': 'a', 'x-sandbox-output-tokens': '5', 'x-stainless-lang': 'js', 'user-agent': 'tenant/1', referer: 'http://inside', origin: 'http://inside', 'accept-encoding': 'gzip', 'x-anything': 'x', te: 'trailers',
  }
  expect((await world.post('/v1/chat/completions', BODY, { key, headers: sent })).status).toBe(200)
  const { headers } = world.upstream.requests[0]!
  expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'anthropic-beta', 'anthropic-version', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'openai-beta', 'traceparent', 'tracestate', 'user-agent', 'x-goog-api-client'])
  expect([headers['authorization'], headers['user-agent'], headers['accept-encoding'], headers['traceparent']]).toEqual(['Bearer sk-provider', 'tollgate', 'identity', sent['traceparent']])
})

test("a client gets the provider's headers of the list, and nothing that tells of its account or steers the connection", async () => {
  world.upstream.answer = (response) => void response.writeHead(200, {
    'content-type': 'application/json', 'openai-processing-ms': '12', 'openai-version': '2020-10-01', 'x-ratelimit-limit-requests': '10', 'cache-control': 'no-store',
    'openai-organization': 'org-operator', 'openai-project': 'proj', 'set-cookie': 'a=b', 'x-request-id': 'req_provider', 'cf-ray': 'x', server: 'provider', 'strict-transport-security': 'max-age=1', 'access-control-allow-origin': '*', 'x-tollgate-charge': '0', 'x-anything': 'x', trailer: 'x', location: 'http://inside',
  }).end('{"model":"gpt-4.1-nano","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')
  const { headers } = await world.post('/v1/chat/completions', BODY, { key, headers: { 'x-request-id': 'mine' } })
  const got = [...headers.keys()].filter((name) => !name.startsWith('x-tollgate-'))
  expect(got.sort()).toEqual(['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'openai-processing-ms', 'openai-version', 'x-ratelimit-limit-requests', 'x-request-id'])
  expect([headers.get('x-request-id'), headers.get('x-tollgate-charge')]).toEqual(['mine', '0.03'])
})

test('a request id or tag that would write another header is not taken over', async () => {
  const answer = await raw(`GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nx-request-id: a%0d%0aset-cookie: b\r\nconnection: close\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 200/)
  expect(answer).not.toMatch(/set-cookie|%0d/i)
  expect((await raw(`GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nx-request-id: a\rb: c\r\nconnection: close\r\n\r\n`)).startsWith('HTTP/1.1 400')).toBe(true)
  // Two lengths, or a length beside chunks: what one server reads as the next request.
  for (const smuggled of ['content-length: 5\r\ncontent-length: 6', 'content-length: 5\r\ntransfer-encoding: chunked']) expect(await raw(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n${smuggled}\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/)
})

test('WebSocket sessions are refused clearly, on every path, and nothing is asked', async () => {
  for (const path of ['/v1/realtime?model=fixed-model', '/v1/responses', '/v1/chat/completions', '/']) {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`)
    expect(answer.startsWith('HTTP/1.1 101')).toBe(false)
    expect(answer).toMatch(/^HTTP\/1\.1 501[\s\S]*connection: close[\s\S]*websocket_not_served/)
  }
  expect(world.upstream.requests).toEqual([])
})

test('an upstream whose address is inside is left out unless that was said, however it came to be configured', async () => {
  const config = (baseUrl: string, allowPrivate: boolean): UpstreamConfig => ({ id: 'ups_inside', name: 'inside', kind: 'openai', provider: 'openai', baseUrl, secret: 'sk', models: ['gpt-4.1-nano'], allowPrivate, routing: UPSTREAM_ROUTING })
  const ask = async () => (await world.post('/v1/chat/completions', { ...BODY, model: 'inside' }, { key })).status
  for (const address of [world.upstream.baseUrl, world.upstream.baseUrl.replace('127.0.0.1', 'localhost'), world.upstream.baseUrl.replace('127.0.0.1', '[::ffff:127.0.0.1]'), 'http://169.254.169.254/latest', 'https://metadata.google.internal/v1']) {
    world.withUpstreams([config(address, false)])
    expect([address, await ask()]).toEqual([address, 503])
  }
  expect(world.upstream.requests).toEqual([])
  world.withUpstreams([config(world.upstream.baseUrl, true)])
  expect(await ask()).toBe(200)
})

test('an upstream that answers what is no answer costs nothing and stops nobody', { timeout: 30_000 }, async () => {
  const answers: readonly (readonly [string, string])[] = [
    ['a head without end', `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-large: ${'a'.repeat(200_000)}\r\n\r\n{}`],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}'],
    ['a chunk of no size', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n'],
    ['a head that writes another', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nretry-after: 1\rset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}'],
    ['less than it said', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"model":"gpt-4.1-nano"'],
  ]
  let bytes = ''
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => void socket.end(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    for (const [what, answer] of answers) {
      bytes = answer
      world.withUpstreams([{ id: 'ups_inside', name: 'inside', kind: 'openai', provider: 'openai', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, secret: 'sk', models: ['gpt-4.1-nano'], allowPrivate: true, routing: UPSTREAM_ROUTING }])
      world.settled.length = 0
      const response = await world.post('/v1/chat/completions', { ...BODY, model: 'inside' }, { key })
      expect([what, response.status, response.headers.get('set-cookie'), world.node.openFor(customer), world.settled.length]).toEqual([what, 502, null, 0, 0])
      expect((await world.post('/v1/chat/completions', BODY, { key })).status).toBe(200)
    }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test('bodies of all requests together are bounded, and whoever comes past it hears to try again', { timeout: 30_000 }, async () => {
  const small = await testGateway({ limits: { bodiesBytesMax: 100_000 } })
  try {
    const raw = await small.key(await small.customer())
    const socket = connect(Number(new URL(small.url).port), '127.0.0.1', () => socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${raw}\r\ncontent-length: 95000\r\n\r\n${' '.repeat(90_000)}`))
    const ask = async (size: number) => {
      const response = await small.post('/v1/chat/completions', { model: 'sandbox-small', messages: [{ role: 'user', content: 'x'.repeat(size) }], max_tokens: 1 }, { key: raw })
      return [response.status, response.headers.get('retry-after')]
    }
    await expect.poll(() => ask(20_000), { timeout: 10_000 }).toEqual([503, '1'])
    expect(await ask(10)).toEqual([200, null])
    socket.destroy()
    await expect.poll(() => ask(5_000), { timeout: 10_000 }).toEqual([200, null])
  } finally {
    await small.close()
  }
})

test('a redirect is not followed, wherever it leads', async () => {
  for (const status of [301, 302, 307, 308]) {
    world.upstream.answer = (response) => void response.writeHead(status, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    const response = await world.post('/v1/chat/completions', BODY, { key })
    expect([response.status, response.headers.get('location'), ((await response.json()) as { error: { code: string } }).error.code]).toEqual([502, null, 'upstream_redirected'])
  }
  expect(world.upstream.requests).toHaveLength(4)
})
