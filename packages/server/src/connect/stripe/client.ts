// The official client for one account, and its errors in our words.

import { PROVIDER_TIMEOUT_MS } from '@tollgate/core'
import Stripe from 'stripe'
import { pauseOf, ProviderError, type Account } from '../../app/providers/connector.ts'
import { systemClock } from '../../platform/clock.ts'

export function clientOf({ apiKey, settings }: Account): Stripe {
  if (apiKey === null) throw new ProviderError('no API key of Stripe is set: PUT /v1/providers/stripe with api_key', false)
  const url = settings.apiUrl === undefined ? null : new URL(settings.apiUrl)
  return new Stripe(apiKey, {
    timeout: PROVIDER_TIMEOUT_MS,
    maxNetworkRetries: 2,
    telemetry: false,
    ...(url === null ? {} : { host: url.hostname, port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port), protocol: url.protocol === 'http:' ? ('http' as const) : ('https' as const) }),
  })
}

export function failed(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error
  return new ProviderError(`Stripe: ${error.message}`, error.statusCode === undefined || error.statusCode >= 500 || error.statusCode === 429 || ACCOUNT_FAULTS.has(error.statusCode), pauseOf(error.headers?.['retry-after'], systemClock.now()))
}

/** The operator's key is wrong or may not do this: it is tried again when that is mended. */
const ACCOUNT_FAULTS: ReadonlySet<number> = new Set([401, 403])
