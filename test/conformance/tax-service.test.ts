// The HTTP adapter against the contract, on a real socket; and what it sends: signed, with its key, and no more than the question.

import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpTaxService } from '../../packages/server/src/connect/tax/http-tax-service.ts'
import { ASK, NOW, taxServiceContract, type Behind } from './tax-service.contract.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const asks: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
let behind: Behind = 'silent'
const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => void pieces.push(piece)).on('end', () => {
    asks.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
    if (behind === 'silent') return void request.socket.destroy()
    response.writeHead(behind.status ?? 200, { 'content-type': 'application/json' }).end(typeof behind.body === 'string' ? behind.body : JSON.stringify(behind.body))
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

const service = () => httpTaxService({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tax`, secret: SECRET, clock: { now: () => NOW } })
const answers = (next: Behind) => void (behind = next)
taxServiceContract('HTTP', { service, answers, asked: () => asks.map(({ headers }) => String(headers['idempotency-key'])) })

test('what is sent is the question, signed over id, time and body', async () => {
  answers({ body: { treatment: 'reverse_charge' } })
  await service().determine(ASK)
  const { headers, body } = asks.at(-1)!
  expect(JSON.parse(body)).toEqual({
    id: ASK.id, day: '2026-11-25', currency: 'EUR',
    customer: { id: 'cus_acme', name: 'Acme GmbH', address: ['Hauptstr. 1', '10115 Berlin'], country: 'DE', tax_id: 'DE123456789' }, seller: { name: 'Seller Inc.', address: [], country: 'US', tax_id: null },
  })
  const signature = createHmac('sha256', Buffer.alloc(32, 7)).update(`${ASK.id}.${NOW / 1_000}.${body}`).digest('base64')
  expect([headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']]).toEqual([ASK.id, String(NOW / 1_000), `v1,${signature}`])
})

test('a moment of trouble is passed over: it is asked once more, with the same key', async () => {
  answers({ status: 503, body: {} })
  const before = asks.length
  await expect(service().determine(ASK)).rejects.toThrow('503')
  expect(asks.slice(before).map(({ headers }) => headers['idempotency-key'])).toEqual([ASK.id, ASK.id])
})
