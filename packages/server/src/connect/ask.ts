// A provider's API without a client of its own: bounded in time and size, one retry for a moment's trouble. A write needs a key of idempotency
// among its headers, because it is repeated too. Used in jobs only.

import { PROVIDER_BODY_BYTES_MAX, PROVIDER_TIMEOUT_MS } from '@tollgate/core'
import { request } from 'undici'
import { pauseOf, ProviderError } from '../app/providers/connector.ts'
import { systemClock } from '../platform/clock.ts'
import { record, type Json } from './json.ts'

/** The JSON that was answered; null for 404. */
export function askProvider(name: string, url: string, headers: Readonly<Record<string, string>>): Promise<Json | null> {
  return repeated(name, url, { headers, body: null, method: 'GET' })
}

/** Sends a form, or the text of a JSON. */
export async function tellProvider(name: string, url: string, headers: Readonly<Record<string, string>>, body: URLSearchParams | string, method: 'POST' | 'PUT' = 'POST'): Promise<Json> {
  const answer = await repeated(name, url, { headers, body, method })
  if (answer === null) throw new ProviderError(`${name} answered 404`, false)
  return answer
}

type Asked = { readonly headers: Readonly<Record<string, string>>; /** Null for a GET. */ readonly body: URLSearchParams | string | null; readonly method: 'GET' | 'POST' | 'PUT' }

async function repeated(name: string, url: string, asked: Asked): Promise<Json | null> {
  for (let retry = 0; ; retry++) {
    const answer = await once(name, url, asked)
    if (answer.kind === 'answered') return answer.body
    // What it wants to wait for is the caller's to wait.
    if (!answer.error.retryable || answer.error.pauseMs !== null || retry === 1) throw answer.error
  }
}

async function once(name: string, url: string, { headers, body: sent, method }: Asked): Promise<{ readonly kind: 'answered'; readonly body: Json | null } | { readonly kind: 'failed'; readonly error: ProviderError }> {
  try {
    const { statusCode, headers: answered, body } = await request(url, { method, ...(sent === null ? {} : { body: sent.toString() }), headers: { accept: 'application/json', ...(sent === null ? {} : { 'content-type': typeof sent === 'string' ? 'application/json' : 'application/x-www-form-urlencoded' }), ...headers }, headersTimeout: PROVIDER_TIMEOUT_MS, bodyTimeout: PROVIDER_TIMEOUT_MS })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length
      if (bytes > PROVIDER_BODY_BYTES_MAX) return { kind: 'failed', error: new ProviderError(`${name} answered more than ${PROVIDER_BODY_BYTES_MAX} bytes`, false) }
      chunks.push(chunk as Buffer)
    }
    if (statusCode === 404) return { kind: 'answered', body: null }
    const text = Buffer.concat(chunks).toString()
    if (statusCode < 200 || statusCode > 299) return { kind: 'failed', error: new ProviderError(`${name} answered ${statusCode}: ${text.slice(0, 200)}`, statusCode >= 500 || statusCode === 429, pauseOf(answered['retry-after'], systemClock.now())) }
    return { kind: 'answered', body: record(JSON.parse(text)) }
  } catch (error) {
    return { kind: 'failed', error: new ProviderError(`${name} does not answer: ${(error as Error).message}`, true) }
  }
}
