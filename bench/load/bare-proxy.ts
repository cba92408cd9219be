// The baseline of the gateway benchmark: the cheapest proxy that node:http and undici allow. It reads the request whole, sends it
// on through a pool, and passes head and body back with back-pressure. No key, no decision, no metering, no limits.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'
import { announce } from './wire.ts'

const pool = new Pool(process.argv[2] ?? '', { pipelining: 1 })

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => void chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    const headers = ['content-type', request.headers['content-type'] ?? 'application/json', 'authorization', request.headers.authorization ?? '']
    pool.dispatch({ path: request.url ?? '/', method: 'POST', headers, body }, new Relay(request, response))
  })
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))

class Relay implements Dispatcher.DispatchHandler {
  readonly response: ServerResponse

  constructor(_request: IncomingMessage, response: ServerResponse) {
    this.response = response
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    delete headers['transfer-encoding']
    delete headers['connection']
    this.response.writeHead(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return
    controller.pause()
    this.response.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.response.end()
  }

  onResponseError(): void {
    this.response.destroy()
  }
}
