// How a request steers the sandbox: `x-sandbox-…` headers, which the gateway passes to no other upstream. What is malformed is
// answered with a 400 that says what is accepted, so that a test never runs with another behaviour than it asked for.

import type { IncomingHttpHeaders } from 'node:http'

export type Controls = {
  /** Words of the answer; null leaves it to the prompt. */
  readonly outputTokens: number | null
  readonly inputTokens: number | null
  readonly cachedTokens: number | null
  /** Pause between two events of a stream. */
  readonly chunkDelayMs: number
  /** Pause before the answer begins. */
  readonly latencyMs: number
  readonly fault: Fault | null
  readonly retryAfter: string | null
  /** Name of the tool that the answer calls instead of saying words. */
  readonly tool: string | null
  /** How the answer is packed, as a provider would that ignores what it was asked. */
  readonly encoding: 'gzip' | 'br' | null
}

export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  /** Text that stops in the middle of its JSON, under status 200. */
  | { readonly kind: 'invalid-json' }
  /** The connection breaks: before the first byte, or in the middle of the answer. */
  | { readonly kind: 'reset' | 'cut' }
  /** Half of a stream, or nothing of a JSON answer, and then no byte more. */
  | { readonly kind: 'silence' }
  /** Half of a stream, then an error in it. */
  | { readonly kind: 'error-event' }
  /** A whole answer without usage. */
  | { readonly kind: 'no-usage' }
  /** Half of a stream, then its end without finish, usage or end marker. */
  | { readonly kind: 'early-end' }

const KINDS = ['invalid-json', 'reset', 'cut', 'silence', 'error-event', 'no-usage', 'early-end'] as const
const TOKENS_MAX = 1_000_000
const PAUSE_MS_MAX = 600_000
/** A reader's pace, so that a stream in a terminal looks like one. */
const CHUNK_DELAY_MS = 10

/** @throws {RangeError} with the header at fault. */
export function readControls(headers: IncomingHttpHeaders): Controls {
  return {
    outputTokens: number(headers, 'x-sandbox-output-tokens', TOKENS_MAX),
    inputTokens: number(headers, 'x-sandbox-input-tokens', TOKENS_MAX),
    cachedTokens: number(headers, 'x-sandbox-cached-tokens', TOKENS_MAX),
    chunkDelayMs: number(headers, 'x-sandbox-chunk-delay-ms', PAUSE_MS_MAX) ?? CHUNK_DELAY_MS,
    latencyMs: number(headers, 'x-sandbox-latency-ms', PAUSE_MS_MAX) ?? 0,
    fault: fault(headers['x-sandbox-fault']),
    retryAfter: text(headers['x-sandbox-retry-after']),
    tool: text(headers['x-sandbox-tool']),
    encoding: encoding(text(headers['x-sandbox-encoding'])),
  }
}

function number(headers: IncomingHttpHeaders, name: string, max: number): number | null {
  const value = text(headers[name])
  if (value === null) return null
  if (!/^\d{1,7}$/.test(value) || Number(value) > max) throw new RangeError(`${name} must be a whole number from 0 to ${max}, got ${JSON.stringify(value.slice(0, 40))}`)
  return Number(value)
}

function encoding(value: string | null): Controls['encoding'] {
  if (value === null || value === 'gzip' || value === 'br') return value
  throw new RangeError(`x-sandbox-encoding must be gzip or br, got ${JSON.stringify(value.slice(0, 40))}`)
}

function fault(header: string | string[] | undefined): Fault | null {
  const value = text(header)
  if (value === null) return null
  if (/^[3-5]\d\d$/.test(value)) return { kind: 'status', status: Number(value) }
  const kind = KINDS.find((candidate) => candidate === value)
  if (kind === undefined) throw new RangeError(`x-sandbox-fault must be a status from 300 to 599 or one of ${KINDS.join(', ')}, got ${JSON.stringify(value.slice(0, 40))}`)
  return { kind }
}

function text(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
