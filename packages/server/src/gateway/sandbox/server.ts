// The built-in upstream: an HTTP server that speaks the APIs of OpenAI, Anthropic and Gemini, so that everything works without a
// provider's key. Its answers are deterministic, its usage is plausible, and its faults come on request
// (docs/reference/sandbox.md). It runs on a loopback port of its own, so that the gateway reaches it the way it reaches any provider.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { GATEWAY_BODY_BYTES_MAX } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import { readControls, type Controls } from './controls.ts'
import type { Body, Fields, Format } from './formats/format.ts'
import { openaiError } from './formats/openai-chat.ts'
import { formatAt } from './formats/table.ts'
import { replyTo, type Reply } from './reply.ts'
import { sendStream } from './stream.ts'

export type Sandbox = { readonly server: Server; readonly close: () => Promise<void> }

/** The caller listens, on 127.0.0.1 only: the sandbox asks nobody for a key. */
export function createSandbox(parts: { readonly log: Log }): Sandbox {
  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      parts.log.error({ err: error }, 'the sandbox failed')
      response.destroy()
    })
  })
  return {
    server,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

const MODELS = ['sandbox-small', 'sandbox-large'] as const

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  if (request.method === 'GET' && path === '/v1/models') {
    return sendJson(response, 200, { object: 'list', data: MODELS.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox' })) })
  }
  const found = request.method === 'POST' ? formatAt(path) : null
  if (found === null) return sendJson(response, 404, openaiError(404, 'invalid_request_error', 'unknown_url', `The sandbox does not serve ${request.method} ${path}.`))
  const { format, params } = found
  const body = await readBody(request)
  if (body === null) return sendJson(response, 413, format.error(413, 'invalid_request_error', 'request_too_large', 'The body is too large.'))
  try {
    const controls = readControls(request.headers)
    const fields = await fieldsOf(body, request.headers['content-type'] ?? '')
    await send(response, format, replyTo(format.read({ fields, params, query }), controls, Date.now()), controls)
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error
    sendJson(response, 400, format.error(400, 'invalid_request_error', 'invalid_request', error.message))
  }
}

async function send(response: ServerResponse, format: Format, reply: Reply, controls: Controls): Promise<void> {
  const { fault } = controls
  if (controls.latencyMs > 0) await delay(controls.latencyMs)
  if (fault?.kind === 'status') return sendFault(response, format, fault.status, controls)
  if (fault?.kind === 'reset') return void response.destroy()
  const hasUsage = fault?.kind !== 'no-usage'
  if (reply.isStream && format.events !== null) {
    const events = format.events(reply, hasUsage)
    return sendStream(response, { events, errorEvent: format.errorEvent('The sandbox was asked to fail here.'), isArray: events[0]?.startsWith('[') === true }, controls)
  }
  if (fault?.kind === 'silence') return
  if (fault?.kind === 'error-event') return sendFault(response, format, 500, controls)
  const { bytes, type } = bytesOf(format.body(reply, hasUsage))
  if (fault?.kind === 'invalid-json') return sendBytes(response, 200, bytes.subarray(0, bytes.length / 2), type)
  if (fault?.kind !== 'cut') return sendBytes(response, 200, bytes, type, controls.encoding)
  response.writeHead(200, { 'content-type': type, 'content-length': String(bytes.length) })
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
}

function bytesOf(body: Body): { readonly bytes: Buffer; readonly type: string } {
  return 'json' in body ? { bytes: Buffer.from(JSON.stringify(body.json)), type: 'application/json' } : body
}

const FAULT_TYPES: Readonly<Record<number, readonly [type: string, code: string]>> = {
  401: ['invalid_request_error', 'invalid_api_key'],
  402: ['insufficient_quota', 'insufficient_quota'],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
}

function sendFault(response: ServerResponse, format: Format, status: number, controls: Controls): void {
  const [type, code] = FAULT_TYPES[status] ?? [status < 500 ? 'invalid_request_error' : 'server_error', 'sandbox_fault']
  if (controls.retryAfter !== null) response.setHeader('retry-after', controls.retryAfter)
  if (status < 400) response.setHeader('location', 'http://127.0.0.1:9/v1/elsewhere')
  sendJson(response, status, format.error(status, type, code, `The sandbox was asked to answer ${status}.`))
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBytes(response, status, Buffer.from(JSON.stringify(value)), 'application/json')
}

function sendBytes(response: ServerResponse, status: number, bytes: Buffer, type: string, encoding: Controls['encoding'] = null): void {
  const packed = encoding === 'gzip' ? gzipSync(bytes) : encoding === 'br' ? brotliCompressSync(bytes) : bytes
  if (encoding !== null) response.setHeader('content-encoding', encoding)
  response.writeHead(status, { 'content-type': type, 'openai-processing-ms': '1', 'content-length': String(packed.length) })
  response.end(packed)
}

/** JSON, or the fields of a form; of its files the names. */
async function fieldsOf(body: Buffer, contentType: string): Promise<Fields> {
  if (!contentType.startsWith('multipart/form-data')) return (JSON.parse(body.toString()) ?? {}) as Fields
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  return Object.fromEntries([...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]))
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > GATEWAY_BODY_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
