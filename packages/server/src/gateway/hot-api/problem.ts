// Errors of the hot API: application/problem+json with a stable `code`, the field at fault and what to do.

import type { InputError } from '@tollgate/core'
import type { ReservationProblem } from '../../hot/contract.ts'
import { sendJson, type Exchange } from '../exchange.ts'

const PROBLEM_STATUS: Readonly<Record<ReservationProblem['code'], number>> = {
  customer_not_found: 404,
  directory_unavailable: 503,
  reservation_not_found: 404,
  already_settled: 409,
  already_released: 409,
  settled_with_other_usage: 409,
  reservation_conflict: 422,
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid', 401: 'The key is missing or not valid', 403: 'The key may not do this', 404: 'Not found', 409: 'It contradicts what happened before',
  413: 'The body is too large', 422: 'The id was used for another request', 500: 'Something broke', 503: 'Not available for a moment',
}

export type Problem = { readonly status: number; readonly code: string; readonly field: string | null; readonly detail: string }

export function sendProblem(exchange: Exchange, { status, code, field, detail }: Problem): void {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'The request failed', status, code, field, detail, request_id: exchange.requestId }
  sendJson(exchange, status, JSON.stringify(body), status === 503 ? ['retry-after', '1'] : [], 'application/problem+json')
}

export function sendReservationProblem(exchange: Exchange, problem: ReservationProblem): void {
  sendProblem(exchange, { status: PROBLEM_STATUS[problem.code], code: problem.code, field: null, detail: problem.message })
}

export function inputProblem(error: InputError): Problem {
  return { status: 400, code: error.code, field: error.field, detail: error.message }
}
