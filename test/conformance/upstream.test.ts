// The upstreams that the contract runs against: the built-in sandbox, and one that replays bytes of the shape a provider sends,
// cut at awkward places.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSandbox } from '../../packages/server/src/gateway/sandbox/server.ts'
import { silentLog } from '../../packages/server/src/platform/log.ts'
import { upstreamContract } from './upstream.contract.ts'

const USAGE = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 } }
const HEAD = { id: 'chatcmpl-Aq1', created: 1_770_933_892, model: 'gpt-4.1-nano-2025-04-14', service_tier: 'default', system_fingerprint: 'fp_de1' }
const JSON_ANSWER = JSON.stringify({ ...HEAD, object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'Hello, fox 🦊' }, logprobs: null, finish_reason: 'stop' }], usage: USAGE }, null, 2)
const STREAM_ANSWER = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null }], usage: null, obfuscation: 'Qu1' },
  { choices: [{ index: 0, delta: { content: 'Hello, fox 🦊' }, logprobs: null, finish_reason: null }], usage: null, obfuscation: 'y' },
  { choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], usage: null, obfuscation: 'zap0' },
  { choices: [], usage: USAGE, obfuscation: 'h9' },
].map((event) => `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...event })}\n\n`).join('') + 'data: [DONE]\n\n'

upstreamContract('sandbox', async () => {
  const sandbox = createSandbox({ log: silentLog() })
  return { ...(await listening(sandbox.server)), fault: (kind) => ['x-sandbox-fault', kind], close: sandbox.close }
})

upstreamContract('replayed bytes', async () => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() })
    request.on('end', () => {
      const isStream = body.includes('"stream":true')
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
      replay(response, Buffer.from(isStream ? STREAM_ANSWER : JSON_ANSWER), 0)
    })
  })
  return { ...(await listening(server)), fault: () => null, close: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections() }) }
})

/** Seven bytes at a time, as separate chunks. */
function replay(response: ServerResponse, bytes: Buffer, from: number): void {
  if (response.destroyed) return
  if (from >= bytes.length) return void response.end()
  response.write(bytes.subarray(from, from + 7), () => replay(response, bytes, from + 7))
}

async function listening(server: Server): Promise<{ readonly origin: string; readonly chatPath: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, chatPath: '/v1/chat/completions' }
}
