// Why a request is refused, as one value that each surface writes in its own shape. `retry` becomes x-should-retry, which the
// official SDKs obey: a refusal must not be asked again three times. What a provider says about our own account with it never
// reaches a client.

import { DENIAL_STATUS, formatInstant, instant, unreachable, type Denial, type DenialReason } from '@tollgate/core'
import type { Shed } from './in-flight.ts'
import type { GatewayLimits } from './limits.ts'

export type ErrorAnswer = {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly message: string
  readonly param: string | null
  /** Whether a client should try again by itself; null leaves it to the client's own rule for the status. */
  readonly retry: boolean | null
  readonly retryAfterSeconds: number | null
  /** Further members of the error object. */
  readonly details: Readonly<Record<string, string | null>> | null
}

/** Thrown where a request cannot go on; the route answers with it. Denials of budgets are values, not this. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly answer: ErrorAnswer

  constructor(answer: ErrorAnswer) {
    super(answer.message)
    this.answer = answer
  }
}

export function errorAnswer(input: Pick<ErrorAnswer, 'status' | 'type' | 'code' | 'message'> & Partial<ErrorAnswer>): ErrorAnswer {
  return { param: null, retry: false, retryAfterSeconds: null, details: null, ...input }
}

export function invalidRequest(message: string, input: { readonly code?: string; readonly param?: string | null; readonly status?: number } = {}): RequestRefused {
  return new RequestRefused(errorAnswer({ status: input.status ?? 400, type: 'invalid_request_error', code: input.code ?? 'invalid_request', message, param: input.param ?? null }))
}

export function invalidKey(hint: string | null): RequestRefused {
  const message = hint === null
    ? 'No API key came with the request. Send the header "Authorization: Bearer <your Tollgate key>".'
    : `The API key ${hint} is unknown, revoked or expired. Ask the operator of this gateway for a new one.`
  return new RequestRefused(errorAnswer({ status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message }))
}

/** They are not looked up: whoever has a good one is through in a moment. */
export function tooManyUnknownKeys(): ErrorAnswer {
  return shedAnswer('too_many_unknown_keys', 'So many keys come that nobody knows that this one is not looked up now. Try again in a second.')
}

export function forbidden(code: string, message: string): RequestRefused {
  return new RequestRefused(errorAnswer({ status: 403, type: 'invalid_request_error', code, message }))
}

/** Something of ours is missing for a moment: the client may try again. */
export function unavailable(message: string): ErrorAnswer {
  return errorAnswer({ status: 503, type: 'server_error', code: 'budget_unavailable', message, retry: true, retryAfterSeconds: 1 })
}

const QUOTA_REASONS: ReadonlySet<DenialReason> = new Set(['limit_exhausted', 'allowance_exhausted', 'credit_balance_exhausted'])

/** A denial as the client sees it: money and quota as 402 `insufficient_quota`, rights as 403, our own outage as 503. */
export function denialAnswer(decision: string, denial: Denial): ErrorAnswer {
  const { status, retry } = DENIAL_STATUS[denial.reason]
  return {
    status,
    type: QUOTA_REASONS.has(denial.reason) ? 'insufficient_quota' : status === 429 ? 'rate_limit_error' : status === 503 ? 'server_error' : 'invalid_request_error',
    code: denial.reason,
    message: denial.message,
    param: null,
    retry,
    retryAfterSeconds: status === 503 ? 1 : denial.retryAfterMs === undefined ? null : Math.max(1, Math.ceil(denial.retryAfterMs / 1_000)),
    details: {
      decision_id: decision,
      scope: denial.scope,
      limit: denial.limit,
      used: denial.used,
      required: denial.required,
      unit: denial.unit,
      resets_at: denial.resetsAt === null ? null : formatInstant(instant(denial.resetsAt)),
      top_up_url: denial.topUpUrl,
      upgrade_url: denial.upgradeUrl,
      ...(denial.fitsOutputTokens === undefined ? {} : { fits_output_tokens: String(denial.fitsOutputTokens) }),
    },
  }
}

/** Of a bound of requests in flight: the one that was met says how much there is of it. */
export function tooManyInFlight(shed: Shed, { inFlightPerCustomerMax, inFlightPerKeyMax }: Pick<GatewayLimits, 'inFlightPerCustomerMax' | 'inFlightPerKeyMax'>): ErrorAnswer {
  switch (shed) {
    case 'customer':
      return shedAnswer('too_many_requests_in_flight', `This customer has ${inFlightPerCustomerMax} requests in flight on this gateway, the most it may have. Wait for some to finish.`)
    case 'key':
      return shedAnswer('too_many_requests_in_flight', `This key has ${inFlightPerKeyMax} requests in flight on this gateway, the most that one may have. Wait for some to finish.`)
    case 'fair_part':
      return shedAnswer('gateway_busy', 'The gateway is busy, and this customer has its part of it in flight. Wait for some to finish.')
    case 'node':
      return { ...shedAnswer('gateway_busy', 'The gateway has as many requests in flight as it takes. Try again in a moment.'), status: 503, type: 'server_error' }
    default:
      return unreachable(shed)
  }
}

/** A key in a loop: nothing is decided for it for the rest of the second. */
export function tooManyRefusals(perSecond: number): ErrorAnswer {
  return shedAnswer('too_many_refusals', `This key was refused ${perSecond} times within a second. Look at why before it asks again.`)
}

/** All slots at the upstream are taken, and none came free in time. */
export function upstreamBusy(upstream: string): ErrorAnswer {
  return { ...unavailable(`The upstream ${upstream} has as many requests as it takes. Try again in a moment.`), code: 'upstream_busy' }
}

function shedAnswer(code: string, message: string): ErrorAnswer {
  return errorAnswer({ status: 429, type: 'requests', code, retry: true, retryAfterSeconds: 1, message })
}
