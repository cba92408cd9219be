// Coupons: made by an operator, redeemed for a customer within their limits. A redemption counts from the billing period in which it
// happens.

import { formatUnits, InputError, parseShare, parseUnits, refuseCoupon, type Coupon, type CouponRefusal } from '@tollgate/core'
import { insertAudit } from '../../store/audit.ts'
import { countRedemption, endCoupon as markEnded, findCoupon, insertCoupon, insertRedemption, listCoupons, redemptionsOf, type CouponRow, type RedemptionRow } from '../../store/contracts.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { withRetry } from '../../platform/postgres.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'

export async function createCoupon(plane: ControlPlane, actor: Actor, input: Coupon): Promise<CouponRow> {
  const coupon = checked(plane, { ...input, code: input.code.toUpperCase() })
  await withRetry(plane.sql, async (tx) => {
    if (!(await insertCoupon(tx, coupon))) throw new Problem('already_exists', `a coupon ${coupon.code} exists`, 'code')
    await insertAudit(tx, { actor: actor.id, action: 'coupon.created', customer: null, target: coupon.code, before: null, after: coupon })
  })
  return { coupon, redemptions: 0, createdAt: plane.clock.now(), endedAt: null }
}

/** What it gives stays with those who redeemed it; nobody can redeem it any more. */
export async function endCoupon(plane: ControlPlane, actor: Actor, code: string): Promise<CouponRow> {
  await withRetry(plane.sql, async (tx) => {
    const found = await findCoupon(tx, code)
    if (found === null) throw new Problem('not_found', `there is no coupon ${code}`, 'code')
    await markEnded(tx, code)
    await insertAudit(tx, { actor: actor.id, action: 'coupon.ended', customer: null, target: code, before: null, after: null })
  })
  return (await findCoupon(plane.sql, code))!
}

export function couponsPage(plane: ControlPlane, page: { readonly after: string | null; readonly limit: number }): Promise<readonly CouponRow[]> {
  return listCoupons(plane.sql, page)
}

export async function redemptions(plane: ControlPlane, customer: string): Promise<readonly RedemptionRow[]> {
  await getCustomer(plane, customer)
  return redemptionsOf(plane.sql, [customer])
}

/** The same customer redeeming it again changes nothing and answers the first redemption. */
export async function redeemCoupon(plane: ControlPlane, actor: Actor, customer: string, typed: string): Promise<RedemptionRow> {
  const code = typed.trim().toUpperCase()
  const { snapshot, plan } = await contextOf(plane, customer)
  await changeCustomer(plane, customer, async (tx) => {
    const found = await findCoupon(tx, code)
    if (found === null || found.endedAt !== null) throw new Problem('not_found', `there is no coupon ${code}`, 'code')
    if ((await redemptionsOf(tx, [customer])).some(({ coupon }) => coupon.code === code)) return
    const refusal = refuseCoupon(found.coupon, { redemptions: found.redemptions, plan: plan.id, currency: plan.currency, now: plane.clock.now() })
    if (refusal !== null) throw new Problem('coupon_refused', WORDS[refusal](found.coupon), 'code')
    if (!(await countRedemption(tx, code))) throw new Problem('coupon_refused', WORDS.coupon_used_up(found.coupon), 'code')
    await insertRedemption(tx, { customer, code, fromPeriod: snapshot.period.start })
    await insertAudit(tx, { actor: actor.id, action: 'coupon.redeemed', customer, target: code, before: null, after: null })
    await insertOutbox(tx, [{ customer, type: 'coupon.redeemed', payload: { code, name: found.coupon.name } }])
  })
  return (await redemptionsOf(plane.sql, [customer])).find(({ coupon }) => coupon.code === code)!
}

const WORDS: Readonly<Record<CouponRefusal, (coupon: Coupon) => string>> = {
  coupon_expired: ({ code }) => `coupon ${code} has expired`,
  coupon_used_up: ({ code }) => `coupon ${code} has been redeemed as often as it may be`,
  coupon_of_other_plan: ({ code, plans }) => `coupon ${code} is for ${(plans ?? []).join(', ')}`,
  coupon_of_other_currency: ({ code, currency }) => `coupon ${code} is in ${currency}`,
}

function checked(plane: ControlPlane, coupon: Coupon): Coupon {
  const { percent, amount, currency, plans, expiresAt } = coupon
  if ((percent === null) === (amount === null)) throw new InputError({ code: 'required', field: 'percent', message: 'a coupon takes off either a percent or an amount' })
  if (percent !== null) parseShare(percent, 'percent')
  if (expiresAt !== null && expiresAt <= plane.clock.now()) throw new InputError({ code: 'out_of_range', field: 'expires_at', message: 'expires_at must be in the future' })
  const catalog = plane.catalogs.current()
  const unknown = (plans ?? []).find((plan) => !catalog.plans.has(plan))
  if (unknown !== undefined) throw new InputError({ code: 'unknown_plan', field: 'plans', message: `the catalog in force has no plan ${unknown}` })
  if (amount === null) return { ...coupon, currency: null }
  const money = currency ?? catalog.currency
  const parsed = parseUnits(amount, money, 'amount')
  if (parsed <= 0n) throw new InputError({ code: 'out_of_range', field: 'amount', message: 'amount must be above zero' })
  return { ...coupon, amount: formatUnits(parsed, money), currency: money }
}
