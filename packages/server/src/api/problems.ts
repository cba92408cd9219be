// Every error of the API in one table: its stable code, its status, and what to do. Each answer that is no success is made from it
// (application/problem+json, RFC 9457), and so is docs/reference/errors.md. What is not in the table is an error of ours: it is
// logged, and its text stays here.

import { AssertionFailure, InputError } from '@tollgate/core'
import { InvalidCatalogError } from '../app/plan-catalog.ts'
import { Problem } from '../app/problems.ts'
import { ProviderError } from '../app/providers/connector.ts'
import { QueueFullError } from '../app/settlement/queue.ts'
import { SealError } from '../platform/secrets.ts'
import { ENTRIES } from './contract/errors.ts'

export type ErrorCode = keyof typeof ENTRIES

/** What is answered; `extra` are further members of the body. */
export type Refusal = {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly field: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly extra: Readonly<Record<string, unknown>>
  /** False for an error of ours, which must be logged. */
  readonly isExpected: boolean
}

/** One of several things that are wrong with an input. */
export type FieldProblem = { readonly field: string | null; readonly code: string; readonly detail: string }

/** An error of the edge itself, before any use case: by its code in the table. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode
  readonly field: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail: string,
    more: { readonly field?: string | null; readonly headers?: Readonly<Record<string, string>>; readonly extra?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(detail)
    this.code = code
    this.field = more.field ?? null
    this.headers = more.headers ?? {}
    this.extra = more.extra ?? {}
  }
}

/** An input in which several things may be wrong: the first one is the problem, all of them are listed. */
export function invalidInput(problems: readonly FieldProblem[]): ApiError {
  const [first] = problems
  const code = first !== undefined && isKnown(first.code) ? first.code : 'invalid_value'
  return new ApiError(code, first?.detail ?? 'the request is not valid', {
    field: first?.field ?? null,
    extra: problems.length > 1 ? { errors: problems } : {},
  })
}

/** Any error as what is answered. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof ApiError) return refusal(error.code, error.message, error)
  if (error instanceof InvalidCatalogError) return refusal(error.code, error.message, { extra: { issues: error.issues } })
  if (error instanceof QueueFullError) return refusal(error.code, error.message, { headers: { 'retry-after': String(error.retryAfterSeconds) } })
  if (error instanceof ProviderError) return refusal(error.code, error.message)
  if (error instanceof Problem) return refusal(error.code, error.message, error)
  if (error instanceof InputError)
    return isKnown(error.code) ? refusal(error.code, error.message, error) : { ...refusal('invalid_value', error.message, error), code: error.code }
  if (error instanceof SealError) return refusal(error.code, error.message)
  const code = codeOf(error)
  if (code in FRAMEWORK) return refusal(FRAMEWORK[code]!, frameworkDetail(code, error))
  // A text that PostgreSQL cannot keep, or a number beyond its columns: the input's fault, whatever it was.
  if (/^22[0-9A-Z]{3}$/.test(code))
    return refusal('invalid_value', 'a value of the request cannot be stored: it is out of range or holds characters that no text may hold')
  if (/^(08|53|57P)/.test(code) || UNREACHABLE.has(code))
    return { ...refusal('database_unavailable', 'the database does not answer; try again in a moment', { headers: { 'retry-after': '1' } }), isExpected: false }
  const detail = error instanceof AssertionFailure ? 'a check of our own failed, so nothing was changed' : 'something broke on our side'
  return { ...refusal('internal_error', `${detail}; the log has more under this request id`), isExpected: false }
}

/** The body of a problem. `type` leads to the entry in the served docs. */
export function problemBody(refused: Refusal, requestId: string): Readonly<Record<string, unknown>> {
  const { code, status, title, detail, field, extra } = refused
  return { type: `/docs#${code}`, title, status, detail, code, ...(field === null ? {} : { field }), request_id: requestId, ...extra }
}

/** The reference page of all errors, in Markdown. */
export function renderErrorReference(): string {
  const rows = Object.entries(ENTRIES).map(([code, { status, title, advice }]) => `| \`${code}\` | ${status} | ${title}. ${advice} |`)
  return [
    '# Errors',
    '',
    'Every error of the API is `application/problem+json`: `type`, `title`, `status`, `detail` (a sentence for a person), `code` (stable, for a',
    'program), `field` where one is at fault, `request_id` (also in the header `x-request-id`; the log has it), and `errors` where several things are',
    'wrong with one input. A refusal of `POST /v1/authorize` and `POST /v1/check` is no error: it is data in a 200.',
    '',
    'Repeat a call after 408, 429 and 503, after `retry-after` seconds where that is given, and after 409 `idempotency_running`; with the same',
    '`Idempotency-Key`, reservation id or event ids nothing happens twice. Nothing else gets better by itself.',
    '',
    '| code | status | meaning and what to do |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function refusal(
  code: ErrorCode,
  detail: string,
  more: { readonly field?: string | null; readonly headers?: Readonly<Record<string, string>>; readonly extra?: Readonly<Record<string, unknown>> } = {},
): Refusal {
  const { status, title } = ENTRIES[code]
  return { code, status, title, detail, field: more.field ?? null, headers: more.headers ?? {}, extra: more.extra ?? {}, isExpected: true }
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ENTRIES, code)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What the framework refuses before a route is asked. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_BAD_URL: 'not_found',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Driver and sockets when nobody is there. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'ENOENT',
])

function frameworkDetail(code: string, error: unknown): string {
  switch (FRAMEWORK[code]) {
    case 'unsupported_media_type':
      return 'send the body as application/json'
    case 'not_found':
      return 'the address is not a valid one'
    case 'invalid_json':
      return `the body is not valid JSON${error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message.slice(0, 200)}` : ''}`
    default:
      return error instanceof Error ? error.message : 'the request is not valid'
  }
}
