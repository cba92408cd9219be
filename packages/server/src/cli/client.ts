// How client commands reach a running server: where it is, with which key, and what its answers mean. The key comes from the
// environment or from the file that the demo writes, never from a flag, and goes only to the address that it was given for.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as z from 'zod'
import { CliError, type CliDeps } from './output.ts'

const TIMEOUT_MS = 30_000
const DEMO_FILE = 'demo.json'

type Server = { readonly url: string; readonly adminKey: string | null }

export type Client = {
  readonly url: string
  /** Any answer, for those who look at the status themselves. Throws CliError when nobody answers. */
  readonly fetch: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** The body of a 2xx answer. Throws ServerProblem otherwise. */
  readonly request: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** A file, its body not yet read. Throws ServerProblem where the answer is none. */
  readonly download: (path: string) => Promise<Response>
}

/** `body` is the JSON that was answered, else null. */
export type Answer = { readonly status: number; readonly body: unknown }

/** A refusal by the server, in its own words. */
export class ServerProblem extends CliError {
  readonly status: number
  /** Stable code of the problem, such as `catalog_conflict`; empty where the answer had none. */
  readonly code: string
  readonly body: Readonly<Record<string, unknown>>

  constructor(input: { readonly message: string; readonly status: number; readonly code: string; readonly body: Readonly<Record<string, unknown>>; readonly hint: string | null }) {
    super(input.message, input.hint)
    this.status = input.status
    this.code = input.code
    this.body = input.body
  }
}

export function connect(deps: CliDeps): Client {
  const server = findServer(deps.env)
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> => send(server, { method, path, body })
  return {
    url: server.url,
    fetch: ask,
    request: async (method, path, body) => {
      const answer = await ask(method, path, body)
      if (answer.status >= 200 && answer.status < 300) return answer.body
      throw problemOf(answer, server, `${method} ${path}`)
    },
    download: async (path) => {
      const response = await reach(server, { method: 'GET', path, body: undefined }, null)
      if (response.ok) return response
      throw problemOf({ status: response.status, body: parseJson(await response.text()) }, server, `GET ${path}`)
    },
  }
}

/** An answer in the shape that this version knows. */
export function understood<Shape extends z.ZodType>(shape: Shape, answer: unknown, client: Client): z.output<Shape> {
  const parsed = shape.safeParse(answer)
  if (!parsed.success) throw new CliError(`${client.url} answered something that this version does not understand: is it a Tollgate, and as new?`)
  return parsed.data
}

/** TOLLGATE_URL and TOLLGATE_ADMIN_KEY, else what the demo wrote: address and key always come from the same place. */
function findServer(env: CliDeps['env']): Server {
  const url = env.TOLLGATE_URL ?? ''
  if (url !== '') return { url: checkedUrl(url, 'TOLLGATE_URL'), adminKey: env.TOLLGATE_ADMIN_KEY || null }
  if ((env.TOLLGATE_ADMIN_KEY ?? '') !== '') throw new CliError('TOLLGATE_ADMIN_KEY is set, but not the address that it belongs to.', 'Set TOLLGATE_URL too, such as http://127.0.0.1:4100')
  return demoServer(join(env.TOLLGATE_DATA_DIR || '.tollgate', DEMO_FILE))
}

function demoServer(file: string): Server {
  const hint = 'Start the demo with `npm start`, or set TOLLGATE_URL and TOLLGATE_ADMIN_KEY.'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`No server is known: TOLLGATE_URL is not set and ${file} cannot be read (${codeOf(error)}).`, hint)
  }
  const demo = parseJson(text)
  if (!isObject(demo) || typeof demo.url !== 'string') throw new CliError(`${file} does not say where the demo runs.`, hint)
  return { url: checkedUrl(demo.url, file), adminKey: typeof demo.admin_key === 'string' ? demo.admin_key : null }
}

function checkedUrl(text: string, source: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new CliError(`${source} must hold an address such as http://127.0.0.1:4100, not ${JSON.stringify(text)}.`)
  return text.replace(/\/+$/, '')
}

async function send(server: Server, call: Sent): Promise<Answer> {
  try {
    const response = await reach(server, call, AbortSignal.timeout(TIMEOUT_MS))
    return { status: response.status, body: parseJson(await response.text()) }
  } catch (error) {
    throw error instanceof CliError ? error : unreachable(server, error)
  }
}

type Sent = { readonly method: string; readonly path: string; readonly body: unknown }

/** A file may take as long as it takes. */
async function reach(server: Server, call: Sent, signal: AbortSignal | null): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (server.adminKey !== null) headers.authorization = `Bearer ${server.adminKey}`
  if (call.body !== undefined) headers['content-type'] = 'application/json'
  if (call.method !== 'GET') headers['idempotency-key'] = crypto.randomUUID()
  try {
    return await fetch(server.url + call.path, {
      method: call.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // A redirect would take the key elsewhere.
      redirect: 'error',
      signal,
    })
  } catch (error) {
    throw unreachable(server, error)
  }
}

function unreachable(server: Server, error: unknown): CliError {
  if (error instanceof Error && error.name === 'TimeoutError') return new CliError(`${server.url} did not answer within ${TIMEOUT_MS / 1000} s.`, 'See `tollgate status`.')
  const code = codeOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
  return new CliError(`No Tollgate answers at ${server.url} (${code}).`, 'Start one with `npm start`, or set TOLLGATE_URL to where it runs.')
}

/** An answer in problem+json, or whatever a proxy said instead. */
function problemOf(answer: Answer, server: Server, call: string): ServerProblem {
  const body = isObject(answer.body) ? answer.body : {}
  const code = typeof body.code === 'string' ? body.code : ''
  const detail = [body.detail, body.title, body.message].find((text) => typeof text === 'string')
  const field = typeof body.field === 'string' ? ` (${body.field})` : ''
  const message = detail === undefined ? `${server.url} answered ${answer.status} to ${call}: is it a Tollgate?` : `${String(detail)}${field}${code === '' ? '' : ` [${code}]`}`
  return new ServerProblem({ status: answer.status, code, body, message, hint: hintFor(answer.status, server) })
}

function hintFor(status: number, server: Server): string | null {
  if (status !== 401 && status !== 403) return null
  return server.adminKey === null ? 'Set TOLLGATE_ADMIN_KEY to a key with the scope admin.' : 'The key must have the scope admin and belong to this server: see TOLLGATE_ADMIN_KEY.'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function codeOf(error: unknown): string {
  if (isObject(error) && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
