// The upstream of the benchmark, in a process of its own: answers every chat completion with the same bytes, as JSON or as a
// stream of events in several writes, or with the beginning of a stream that never goes on. Raw sockets, so that it stays far cheaper than what is measured.

import { createServer, type AddressInfo, type Socket } from 'node:net'
import { announce, eachMessage } from './wire.ts'

/** Content events of one stream, and into how many writes they are spread. */
const EVENTS = 24
const WRITES = 6

const USAGE = { prompt_tokens: 24, completion_tokens: EVENTS, total_tokens: 24 + EVENTS, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } }
const HEAD = { id: 'chatcmpl-bench', created: 1_772_000_000, model: 'gpt-5-mini-2025-08-07', service_tier: 'default' }

const json = jsonAnswer()
const writes = streamWrites()

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  eachMessage(socket, (request) => (request.includes('"user":"hold"') ? void socket.write(writes[0]!) : request.includes('"stream":true') ? stream(socket, 0) : void socket.write(json)))
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))

function stream(socket: Socket, index: number): void {
  const bytes = writes[index]
  if (bytes === undefined || socket.destroyed) return
  socket.write(bytes)
  setImmediate(stream, socket, index + 1)
}

function jsonAnswer(): Buffer {
  const message = { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog. '.repeat(8), refusal: null, annotations: [] }
  const body = JSON.stringify({ ...HEAD, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }], usage: USAGE })
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nopenai-processing-ms: 1\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

function streamWrites(): Buffer[] {
  const event = (data: unknown) => chunked(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  const chunk = { ...HEAD, object: 'chat.completion.chunk' }
  const events = Array.from({ length: EVENTS }, (_, index) => event({ ...chunk, choices: [{ index: 0, delta: { content: ` word${index}` }, logprobs: null, finish_reason: null }], usage: null }))
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nopenai-processing-ms: 1\r\ntransfer-encoding: chunked\r\n\r\n'
  const tail = event({ ...chunk, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], usage: null }) + event({ ...chunk, choices: [], usage: USAGE }) + event('[DONE]') + '0\r\n\r\n'
  return Array.from({ length: WRITES }, (_, index) => {
    const part = events.slice((index * EVENTS) / WRITES, ((index + 1) * EVENTS) / WRITES).join('')
    return Buffer.from((index === 0 ? head : '') + part + (index === WRITES - 1 ? tail : ''))
  })
}

function chunked(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}
