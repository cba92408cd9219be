// The built-in upstream: an HTTP server that speaks OpenAI's chat completions, so that everything works without a provider's key.
// Its answers are deterministic, its usage is plausible, and its faults come on request (docs/reference/sandbox.md). It runs on
// a loopback port of its own, so that the gateway reaches it the way it reaches any provider.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { GATEWAY_BODY_BYTES_MAX } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import { completionFor, type Completion } from './completion.ts'
import { readControls, type Controls } from './controls.ts'
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
  const path = (request.url ?? '').split('?')[0]
  if (request.method === 'GET' && path === '/v1/models') {
    return sendJson(response, 200, { object: 'list', data: MODELS.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox' })) })
  }
  if (request.method !== 'POST' || path !== '/v1/chat/completions') return sendError(response, 404, 'unknown_url', `The sandbox does not serve ${request.method} ${path}.`)
  const body = await readBody(request)
  if (body === null) return sendError(response, 413, 'request_too_large', 'The body is too large.')
  try {
    const controls = readControls(request.headers)
    await send(response, completionFor(JSON.parse(body), controls, Date.now()), controls)
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error
    sendError(response, 400, 'invalid_request', error.message)
  }
}

async function send(response: ServerResponse, completion: Completion, controls: Controls): Promise<void> {
  const { fault } = controls
  if (controls.latencyMs > 0) await delay(controls.latencyMs)
  if (fault?.kind === 'status') return sendFault(response, fault.status, controls)
  if (fault?.kind === 'reset') return void response.destroy()
  if (completion.isStream) return sendStream(response, completion, controls)
  if (fault?.kind === 'silence') return
  if (fault?.kind === 'error-event') return sendFault(response, 500, controls)
  const body = JSON.stringify(jsonOf(completion, fault?.kind !== 'no-usage'))
  if (fault?.kind === 'invalid-json') return sendBody(response, 200, body.slice(0, body.length / 2))
  if (fault?.kind !== 'cut') return sendBody(response, 200, body)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) })
  response.write(body.slice(0, body.length / 2), () => response.destroy())
}

function jsonOf({ id, created, model, choices, usage }: Completion, hasUsage: boolean): unknown {
  return {
    id, object: 'chat.completion', created, model,
    choices: choices.map(({ words, finishReason }, index) => ({
      index, message: { role: 'assistant', content: words.join(''), refusal: null, annotations: [] }, logprobs: null, finish_reason: finishReason,
    })),
    ...(hasUsage ? { usage } : {}),
    service_tier: 'default',
    system_fingerprint: null,
  }
}

const FAULT_TYPES: Readonly<Record<number, readonly [type: string, code: string]>> = {
  401: ['invalid_request_error', 'invalid_api_key'],
  402: ['insufficient_quota', 'insufficient_quota'],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
}

function sendFault(response: ServerResponse, status: number, controls: Controls): void {
  const [type, code] = FAULT_TYPES[status] ?? [status < 500 ? 'invalid_request_error' : 'server_error', 'sandbox_fault']
  if (controls.retryAfter !== null) response.setHeader('retry-after', controls.retryAfter)
  if (status < 400) response.setHeader('location', 'http://127.0.0.1:9/v1/elsewhere')
  sendJson(response, status, { error: { message: `The sandbox was asked to answer ${status}.`, type, param: null, code } })
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code } })
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendBody(response, status, JSON.stringify(value))
}

function sendBody(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'openai-processing-ms': '1', 'content-length': String(Buffer.byteLength(body)) })
  response.end(body)
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > GATEWAY_BODY_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
