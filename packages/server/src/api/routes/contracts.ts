// Contracts and coupons.

import { formatCatalogPath } from '@tollgate/core'
import { readContract } from '../../app/contracts/contract-file.ts'
import { applyContract, checkContract, contractOf, endContract } from '../../app/contracts/contracts.ts'
import { couponsPage, createCoupon, endCoupon, redeemCoupon, redemptions } from '../../app/contracts/coupons.ts'
import type { contractRoutes } from '../contract/contracts.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const contractHandlers: Handlers<keyof typeof contractRoutes> = {
  getContract: async ({ plane, params }) => {
    const versions = await contractOf(plane, params.customer)
    const [latest] = versions
    return {
      customer: params.customer, version: latest?.version ?? 0, document: latest?.document === undefined || latest.document === null ? null : { ...latest.document },
      history: versions.map(({ version, document, appliedAt, appliedBy }) => ({ version, applied_at: timeOf(appliedAt), applied_by: appliedBy, name: document?.name ?? null })),
    }
  },
  checkContract: async ({ plane, params, body }) => {
    const document = readContract(body.source)
    const [[latest], problems] = await Promise.all([contractOf(plane, params.customer), checkContract(plane, params.customer, document)])
    return { base_version: latest?.version ?? 0, problems: problems.map(({ path, code, message }) => ({ path: formatCatalogPath(path), code, message })), document: { ...document } }
  },
  putContract: async ({ plane, caller, params, body }) => applyContract(plane, caller.actor, params.customer, { document: readContract(body.source), baseVersion: body.base_version ?? null }),
  endContract: async ({ plane, caller, params }) => endContract(plane, caller.actor, params.customer),
  createCoupon: async ({ plane, caller, body }) => couponBody(await createCoupon(plane, caller.actor, {
    code: body.code, name: body.name, percent: body.percent ?? null, amount: body.amount ?? null, currency: body.currency ?? null, periods: body.periods ?? null,
    redemptionsMax: body.redemptions_max ?? null, plans: body.plans ?? null, expiresAt: body.expires_at ?? null,
  })),
  listCoupons: async ({ plane, query }) => {
    const rows = await couponsPage(plane, { after: readCursor('coupons', query.cursor), limit: query.limit })
    return { data: rows.map(couponBody), next_cursor: writeCursor('coupons', rows.length === query.limit ? rows.at(-1)!.coupon.code : null) }
  },
  endCoupon: async ({ plane, caller, params }) => couponBody(await endCoupon(plane, caller.actor, params.code.toUpperCase())),
  redeemCoupon: async ({ plane, caller, params, body }) => redemptionBody(await redeemCoupon(plane, caller.actor, params.customer, body.code)),
  listRedemptions: async ({ plane, params }) => ({ data: (await redemptions(plane, params.customer)).map(redemptionBody) }),
}

type CouponRow = Awaited<ReturnType<typeof createCoupon>>
type RedemptionRow = Awaited<ReturnType<typeof redeemCoupon>>

function couponBody({ coupon, redemptions: count, createdAt, endedAt }: CouponRow) {
  return {
    code: coupon.code, name: coupon.name, percent: coupon.percent, amount: coupon.amount, currency: coupon.currency, periods: coupon.periods, redemptions_max: coupon.redemptionsMax,
    plans: coupon.plans === null ? null : [...coupon.plans], expires_at: timeOrNull(coupon.expiresAt), redemptions: count, created_at: timeOf(createdAt), ended_at: timeOrNull(endedAt),
  }
}

/** What the customer may know of it. */
function redemptionBody({ coupon: { code, name, percent, amount, currency, periods }, redeemedAt, fromPeriod }: RedemptionRow) {
  return { code, name, percent, amount, currency, periods, redeemed_at: timeOf(redeemedAt), from: timeOf(fromPeriod) }
}
