// Redemption codes in the words of the contract.

import { batchesPage, codeRedemptions, createCodes, endBatch, redeemCode } from '../../app/wallets/codes.ts'
import type { codeRoutes } from '../contract/codes.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const codeHandlers: Handlers<keyof typeof codeRoutes> = {
  createCodes: async ({ plane, caller, body, idText }) => {
    const { grants } = body
    const made = await createCodes(plane, caller.actor, {
      id: `cbt_${idText()}`, name: body.name, grants: grants.kind === 'add_on' ? { kind: 'add_on', addOn: grants.add_on, quantity: grants.quantity } : grants,
      count: body.count, codes: body.codes, redemptionsMax: body.redemptions_max, perCustomerMax: body.per_customer_max, startsAt: body.starts_at, expiresAt: body.expires_at,
    })
    return { batch: batchBody(made.batch), codes: [...made.codes] }
  },
  listCodeBatches: async ({ plane, query }) => {
    const page = await batchesPage(plane, { after: readCursor('code_batches', query.cursor), limit: query.limit })
    return { data: page.rows.map(batchBody), next_cursor: writeCursor('code_batches', page.next) }
  },
  endCodes: async ({ plane, caller, params }) => batchBody(await endBatch(plane, caller.actor, params.batch)),
  listBatchRedemptions: async ({ plane, params }) => ({ data: (await codeRedemptions(plane, { customer: null, batch: params.batch })).map(redemptionBody) }),
  redeemCode: async ({ plane, caller, params, body, idText }) => redemptionBody(await redeemCode(plane, caller.actor, { customer: params.customer, id: `rdm_${idText()}` }, body.code)),
  listCodeRedemptions: async ({ plane, params }) => ({ data: (await codeRedemptions(plane, { customer: params.customer, batch: null })).map(redemptionBody) }),
}

function batchBody(row: Awaited<ReturnType<typeof endBatch>>) {
  const { id, name, grants, codes, redemptions, redemptionsMax, perCustomerMax, startsAt, expiresAt, endedAt, createdAt } = row
  return {
    id, name, redemptions_max: redemptionsMax, per_customer_max: perCustomerMax, codes, redemptions,
    grants: grants.kind === 'add_on' ? { kind: grants.kind, add_on: grants.addOn, quantity: grants.quantity } : grants.kind === 'credits' ? { ...grants, features: [...(grants.features ?? [])] } : grants,
    starts_at: timeOrNull(startsAt), expires_at: timeOrNull(expiresAt), ended_at: timeOrNull(endedAt), created_at: timeOf(createdAt),
  }
}

function redemptionBody({ id, customer, batch, name, given, redeemedAt }: Awaited<ReturnType<typeof redeemCode>>) {
  return { id, customer, batch, name, given: { ...given }, redeemed_at: timeOf(redeemedAt) }
}
