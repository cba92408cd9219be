// Errors in Google's shape: `{ error: { code, message, status, details } }`, the reason and members of ours as an ErrorInfo.

import type { ErrorShape } from '../surface.ts'
import type { ErrorAnswer } from '../refusal.ts'

export const GEMINI_SHAPE: ErrorShape = {
  body: errorBody,
  event: (answer) => `data: ${errorBody(answer)}\n\n`,
  idHeader: null,
}

const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 402: 'RESOURCE_EXHAUSTED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 413: 'INVALID_ARGUMENT', 429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE', 503: 'UNAVAILABLE', 504: 'DEADLINE_EXCEEDED',
}

function errorBody({ status, code, message, param, details }: ErrorAnswer): string {
  const metadata: Record<string, string> = {}
  if (param !== null) metadata['field'] = param
  for (const [name, value] of Object.entries(details ?? {})) if (value !== null) metadata[name] = value
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'tollgate', metadata }
  return JSON.stringify({ error: { code: status, message, status: STATUSES[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'), details: [info] } })
}
