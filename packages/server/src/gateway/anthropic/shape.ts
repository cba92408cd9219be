// Errors in Anthropic's shape: `{ type: "error", error: { type, message }, request_id }`, with members of ours for machines inside.

import type { ErrorShape } from '../surface.ts'
import type { ErrorAnswer } from '../refusal.ts'

export const ANTHROPIC_SHAPE: ErrorShape = {
  body: errorBody,
  event: (answer, requestId) => `event: error\ndata: ${errorBody(answer, requestId)}\n\n`,
  idHeader: 'request-id',
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error', 413: 'request_too_large',
  429: 'rate_limit_error', 503: 'overloaded_error', 504: 'timeout_error', 529: 'overloaded_error',
}

function errorBody({ status, message, param, code, details }: ErrorAnswer, requestId: string): string {
  const type = TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  return JSON.stringify({ type: 'error', error: { type, message, code, ...(param === null ? {} : { param }), ...details }, request_id: requestId })
}
