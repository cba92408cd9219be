// Drives one address with a fixed number of connections, closed loop, from a process of its own. Reads one JSON job a line on
// stdin ({ port, connections, seconds, stream, key }) and answers one JSON line: requests per second, p50 and p99 in
// milliseconds, errors. Raw sockets: a client library would cost more than the proxy that is measured.

import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { eachMessage } from './wire.ts'

export type LoadJob = { readonly port: number; readonly connections: number; readonly seconds: number; readonly stream: boolean; readonly key: string }
export type LoadResult = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number; readonly errors: number }

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await drive(JSON.parse(line) as LoadJob))}\n`)

async function drive(job: LoadJob): Promise<LoadResult> {
  const request = requestBytes(job)
  const latencies: number[] = []
  const sockets: Socket[] = []
  let errors = 0
  let measuring = false
  const open = () => new Promise<void>((resolve, reject) => {
    const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true }, () => {
      sockets.push(socket)
      resolve()
    })
    socket.once('error', reject)
    let sentAt = 0
    const send = () => {
      sentAt = performance.now()
      socket.write(request)
    }
    eachMessage(socket, (response) => {
      if (!response.startsWith('HTTP/1.1 200')) errors += 1
      if (measuring) latencies.push(performance.now() - sentAt)
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
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN
  return { perSecond: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), errors }
}

function requestBytes(job: LoadJob): Buffer {
  const messages = [{ role: 'system', content: 'You are a terse assistant.' }, { role: 'user', content: 'Say something about foxes and dogs, please.' }]
  const body = JSON.stringify({ model: 'gpt-5-mini', messages, max_completion_tokens: 64, ...(job.stream ? { stream: true } : {}) })
  const head = ['POST /v1/chat/completions HTTP/1.1', 'host: 127.0.0.1', `authorization: Bearer ${job.key}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
