// A coupon: something off an invoice for a number of periods, within limits. Whether it may be redeemed is decided here; that the
// count of redemptions is never passed is the database's part.

import type { AssetId } from '../money.ts'
import type { Instant } from '../time.ts'

export type Coupon = {
  /** What customers type, upper case. */
  readonly code: string
  readonly name: string
  /** Percent off the invoice, or an amount off; one of the two. */
  readonly percent: string | null
  readonly amount: string | null
  /** Of `amount`. */
  readonly currency: AssetId | null
  /** Billing periods that it holds for, counted from the one in which it was redeemed; null for all. */
  readonly periods: number | null
  /** Redemptions by all customers together; null for no limit. */
  readonly redemptionsMax: number | null
  /** It can be redeemed before this instant; null for ever. */
  readonly expiresAt: Instant | null
  /** Plans that it is for; null for all. */
  readonly plans: readonly string[] | null
}

export type RedeemedCoupon = Pick<Coupon, 'code' | 'name' | 'percent' | 'amount' | 'currency' | 'plans'>

export type CouponRefusal = 'coupon_expired' | 'coupon_used_up' | 'coupon_of_other_plan' | 'coupon_of_other_currency'

/** Null where it may be redeemed now, else the first reason that it may not. */
export function refuseCoupon(coupon: Coupon, of: { readonly redemptions: number; readonly plan: string; readonly currency: AssetId; readonly now: Instant }): CouponRefusal | null {
  if (coupon.expiresAt !== null && of.now >= coupon.expiresAt) return 'coupon_expired'
  if (coupon.redemptionsMax !== null && of.redemptions >= coupon.redemptionsMax) return 'coupon_used_up'
  if (coupon.plans !== null && !coupon.plans.includes(of.plan)) return 'coupon_of_other_plan'
  if (coupon.currency !== null && coupon.currency !== of.currency) return 'coupon_of_other_currency'
  return null
}
