// Drives one address with a fixed number of connections, closed loop, from a process of its own. Reads one JSON job a line on
// stdin ({ port, connections, seconds, stream, key }) and answers one JSON line: requests per second, p50 and p99 in
// milliseconds, p50 of the first byte, errors; an answer that is not 200 is one, and says nothing of latency. With `hold` it opens streams that do not end and keeps them until the next job. Raw sockets: a client library would cost more than the proxy that is measured.

import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { eachMessage } from './wire.ts'

export type LoadJob = { readonly port: number; readonly connections: number; readonly seconds: number; readonly stream: boolean; readonly key: string; /** One for each connection in turn, instead of `key`. */ readonly keys?: readonly string[]; readonly headers?: readonly string[]; readonly hold?: boolean }
export type LoadResult = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number; readonly firstByteP50Ms: number; readonly errors: number; readonly total: number }

let held: readonly Socket[] = []
for await (const line of createInterface({ input: process.stdin })) {
  for (const socket of held) socket.destroy()
  held = []
  const job = JSON.parse(line) as LoadJob
  process.stdout.write(`${JSON.stringify(job.hold === true ? await hold(job) : await drive(job))}\n`)
}

/** Opens the streams one after another and answers when each has sent its first bytes. */
async function hold(job: LoadJob): Promise<LoadResult> {
  const requests = requestsOf(job)
  const sockets: Socket[] = []
  let errors = 0
  for (let index = 0; index < job.connections; index++) {
    await new Promise<void>((resolve) => {
      const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true }, () => void socket.write(requests[index % requests.length]!))
      socket.once('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) errors += 1
        resolve()
      })
      socket.once('error', () => {
        errors += 1
        resolve()
      })
      sockets.push(socket)
    })
  }
  held = sockets
  return { perSecond: 0, p50Ms: 0, p99Ms: 0, firstByteP50Ms: 0, errors, total: sockets.length }
}

async function drive(job: LoadJob): Promise<LoadResult> {
  const requests = requestsOf(job)
  const latencies: number[] = []
  const firstBytes: number[] = []
  const sockets: Socket[] = []
  let errors = 0
  let measuring = false
  const open = (_: unknown, index: number) => new Promise<void>((resolve, reject) => {
    const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true }, () => {
      sockets.push(socket)
      resolve()
    })
    socket.once('error', reject)
    let sentAt = 0
    let isWaiting = false
    const send = () => {
      sentAt = performance.now()
      isWaiting = true
      socket.write(requests[index % requests.length]!)
    }
    socket.on('data', () => {
      if (measuring && isWaiting) firstBytes.push(performance.now() - sentAt)
      isWaiting = false
    })
    eachMessage(socket, (response) => {
      if (!response.startsWith('HTTP/1.1 200')) errors += 1
      else if (measuring) latencies.push(performance.now() - sentAt)
      if (!socket.destroyed) send()
    })
    socket.once('connect', send)
  })
  await Promise.all(Array.from({ length: job.connections }, open))
  // The first moments belong to connecting and compiling.
  await new Promise((resolve) => setTimeout(resolve, 300))
  measuring = true
  const startedAt = performance.now()
  await new Promise((resolve) => setTimeout(resolve, job.seconds * 1_000))
  const elapsed = (performance.now() - startedAt) / 1_000
  measuring = false
  for (const socket of sockets) socket.destroy()
  const at = (values: number[], share: number) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
  return { perSecond: latencies.length / elapsed, p50Ms: at(latencies, 0.5), p99Ms: at(latencies, 0.99), firstByteP50Ms: at(firstBytes, 0.5), errors, total: latencies.length }
}

function requestsOf(job: LoadJob): Buffer[] {
  return (job.keys ?? [job.key]).map((key) => requestBytes({ ...job, key }))
}

function requestBytes(job: LoadJob): Buffer {
  const messages = [{ role: 'system', content: 'You are a terse assistant.' }, { role: 'user', content: 'Say something about foxes and dogs, please.' }]
  const body = JSON.stringify({ model: 'gpt-5-mini', messages, max_completion_tokens: 64, ...(job.stream ? { stream: true } : {}), ...(job.hold === true ? { user: 'hold' } : {}) })
  const head = ['POST /v1/chat/completions HTTP/1.1', 'host: 127.0.0.1', `authorization: Bearer ${job.key}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, ...(job.headers ?? [])]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
