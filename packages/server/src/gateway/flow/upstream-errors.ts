// What an upstream's failure becomes for the client. Its own 400, 404, 429, 500 and the like pass; what it says about OUR account
// (bad key, no money left there) becomes a 502 without its words, because a tenant would take it for its own account.

import type { UpstreamFailure } from '../upstream.ts'
import { errorAnswer, type ErrorAnswer } from '../refusal.ts'

/** Codes with which providers say that the account we call them with has run out of money or quota. */
const ACCOUNT_EXHAUSTED = /"(?:insufficient_quota|credit_balance_exhausted|billing_hard_limit_reached|billing_not_active|(?:organization|project)_(?:spend|usage)_limit_exceeded)"/

/** The answer in place of an upstream's, or null when the upstream's own may pass. `body` is one character per byte. */
export function replacedAnswer(status: number, body: string): ErrorAnswer | null {
  if (status === 401) return ours('upstream_authentication_failed', 'The provider does not accept the key that this gateway has for it. The operator has to replace it; your own key is fine.')
  if (status === 402 || (status === 429 && isAccountExhausted(body))) {
    return ours('upstream_quota_exhausted', "The gateway's own account with the provider is used up. The operator has to see to it; your own balance is not the cause.")
  }
  if (status < 200 || (status >= 300 && status < 400)) return ours('upstream_redirected', `The provider answered ${status}, which this gateway does not follow.`)
  return null
}

export function isAccountExhausted(body: string): boolean {
  return ACCOUNT_EXHAUSTED.test(body)
}

/** No usable answer came at all. */
export function failureAnswer(failure: UpstreamFailure): ErrorAnswer {
  switch (failure) {
    case 'unreachable':
      return lost(502, 'upstream_unreachable', 'The provider could not be reached. Nothing was charged; try again.')
    case 'cut':
      return lost(502, 'upstream_connection_lost', 'The connection to the provider broke before its answer was complete. Nothing was charged; try again.')
    case 'silent':
      return lost(504, 'upstream_timeout', 'The provider did not answer in time. Nothing was charged; try again.')
    case 'resting':
      return { ...lost(503, 'upstream_resting', 'The provider failed several times in a row and is not asked for a moment. Nothing was charged; try again.'), retryAfterSeconds: 1 }
    case 'aborted':
      return lost(503, 'gateway_stopping', 'The gateway is stopping. Nothing was charged; try again.')
  }
}

/** The answer was not what its head promised: a 200 that is not JSON. */
export function invalidAnswer(): ErrorAnswer {
  return lost(502, 'upstream_invalid_answer', 'The provider answered 200 with something that is not JSON. Nothing was charged; try again.')
}

/** A stream that had begun cannot change its status any more: this goes into it as an event, and what was used is charged. */
export function brokenStream(failure: UpstreamFailure): ErrorAnswer {
  return failure === 'silent'
    ? errorAnswer({ status: 504, type: 'server_error', code: 'upstream_timeout', message: 'The provider fell silent in the middle of its answer. What it had sent is charged.' })
    : errorAnswer({ status: 502, type: 'server_error', code: 'upstream_connection_lost', message: 'The connection to the provider broke in the middle of its answer. What it had sent is charged.' })
}

function ours(code: string, message: string): ErrorAnswer {
  return errorAnswer({ status: 502, type: 'server_error', code, message, retry: false })
}

function lost(status: number, code: string, message: string): ErrorAnswer {
  return errorAnswer({ status, type: 'server_error', code, message, retry: true })
}
