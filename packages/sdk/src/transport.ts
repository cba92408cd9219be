// One call to Tollgate with its deadline and retries. A retry sends the same bytes: ids in them make it safe. It decides nothing:
// whoever calls says what an answer means, and what none means.

import { isTransient, TollgateError } from './error.ts'
import type { Options } from './types.ts'

export type Body = Readonly<Record<string, unknown>>
export type Answer = { readonly kind: 'answer'; readonly status: number; readonly body: Body } | { readonly kind: 'unavailable'; readonly error: TollgateError }
/** Without a body it reads. */
export type Send = (path: string, body?: unknown) => Promise<Answer>

const TIMEOUT_MS = 2_000
const RETRIES = 2
/** First pause; each further is twice as long, less a random part, so that many clients do not come back at once. */
const PAUSE_MS = 50
/** A server that asks for a longer pause is asked again by the caller, not here. */
const PAUSE_MS_MAX = 2_000

export function createTransport(options: Options): Send {
  const { url, key, timeoutMs = TIMEOUT_MS, retries = RETRIES, fetch: send = (address, init) => fetch(address, init) } = options
  const base = url.replace(/\/+$/, '')
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept: 'application/json' }

  /** A transient answer is an answer of nobody. */
  async function attempt(path: string, body: string | undefined): Promise<Answer & { readonly pauseMs: number | null }> {
    try {
      const response = await send(`${base}${path}`, { ...(body === undefined ? { method: 'GET' } : { method: 'POST', body }), headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
      const answer = parse(await response.text())
      if (!isTransient(response.status)) return { kind: 'answer', status: response.status, body: answer, pauseMs: null }
      return { kind: 'unavailable', error: errorOf(response.status, answer), pauseMs: pauseOf(response.headers.get('retry-after')) }
    } catch (cause) {
      return {
        kind: 'unavailable',
        error: new TollgateError({ code: 'unavailable', status: null, message: `Tollgate does not answer at ${base}: ${messageOf(cause)}`, cause }),
        pauseMs: null,
      }
    }
  }

  return async (path, body) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    for (let retry = 0; ; retry++) {
      const { pauseMs, ...answer } = await attempt(path, text)
      if (answer.kind === 'answer' || retry >= retries) return answer
      await pause(pauseMs ?? PAUSE_MS * 2 ** retry * (0.5 + Math.random() / 2))
    }
  }
}

/** The error that a problem+json tells. */
export function errorOf(status: number, body: Body): TollgateError {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : null)
  return new TollgateError({
    code: text('code') ?? 'unknown',
    status,
    message: text('detail') ?? text('title') ?? `Tollgate answered ${status}`,
    field: text('field'),
    requestId: text('request_id'),
  })
}

function pauseOf(retryAfter: string | null): number | null {
  const seconds = retryAfter === null ? NaN : Number(retryAfter)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, PAUSE_MS_MAX) : null
}

function parse(text: string): Body {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Body) : {}
  } catch {
    return {}
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
