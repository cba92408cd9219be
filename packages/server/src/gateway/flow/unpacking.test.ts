// A packed answer and a slow client: what a few bytes unpack to waits where it is packed.

import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'

let world: TestGateway
beforeAll(async () => { world = await testGateway({ limits: { clientStallMs: 4_000 } }) })
afterAll(() => world.close())

const PIECES = 600
const PIECE_BYTES = 1024 * 1024

test('a few bytes that unpack to very many take no memory while their client does not read', { timeout: 60_000 }, async () => {
  // One after the other: packed at once, it would take the memory that it must not.
  const piece = gzipSync(Buffer.alloc(PIECE_BYTES, 'a'))
  const bomb = Buffer.concat([gzipSync('{"model":"m","text":"'), ...Array.from({ length: PIECES }, () => piece), gzipSync('"}')])
  world.upstream.answer = (response) => void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
  const key = await world.key(await world.customer('1000'))
  const body = JSON.stringify({ model: 'fixed-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 })
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  const before = process.memoryUsage.rss()
  let most = 0
  const watch = setInterval(() => { most = Math.max(most, process.memoryUsage.rss() - before) }, 20)
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  socket.pause()
  await expect.poll(() => world.settled.length, { timeout: 30_000 }).toBe(1)
  clearInterval(watch)
  socket.destroy()
  expect(world.settled).toMatchObject([{ estimated: true }])
  expect(most).toBeLessThan((PIECES * PIECE_BYTES) / 3)
})
