// Amounts between our units and Stripe's smallest ones.

import { assetScale, minorDigits, pow10 } from '@tollgate/core'

/** Stripe counts these in hundredths although they have none. */
const HUNDREDTHS: ReadonlySet<string> = new Set(['ISK', 'UGX'])

function digitsOf(currency: string): number {
  return HUNDREDTHS.has(currency) ? 2 : minorDigits(currency)
}

/** Our units as Stripe's smallest ones; a price is rounded to what the currency prints before. */
export function stripeAmount(amount: bigint, currency: string): number {
  return Number(amount / pow10(assetScale(currency) - digitsOf(currency)))
}

export function fromStripeAmount(amount: number, currency: string): bigint {
  return BigInt(amount) * pow10(assetScale(currency) - digitsOf(currency))
}
