// Wallets that fill themselves and purchases of credits, in the words of the contract.

import { formatUnits, instant, units, type Units } from '@tollgate/core'
import { contextOf } from '../../app/customers.ts'
import { noticeDefaults, putNoticeDefault, putWalletNotices, walletNotices, type WalletNotices } from '../../app/wallets/notices.ts'
import { confirmPayment, openTopUpPage, paymentsPage } from '../../app/wallets/payments.ts'
import { purchaseOf, quoteOf } from '../../app/wallets/purchase.ts'
import { refundsOf } from '../../app/wallets/refunds.ts'
import { moveCredit, refundBlock, voidBlock } from '../../app/wallets/take-back.ts'
import { putRecharge, rechargeRules, removeRecharge } from '../../app/wallets/recharge.ts'
import { purchaseInvoice, purchaseNote } from '../../app/wallets/purchase-invoice.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { walletRoutes } from '../contract/wallets.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { documentBody } from './invoices.ts'

export const walletHandlers: Handlers<keyof typeof walletRoutes> = {
  voidCredits: async ({ plane, caller, params, body }) => {
    const block = await voidBlock(plane, caller.actor, params, body.reason)
    return { block_id: block.id, voided_at: timeOrNull(block.voidedAt) }
  },
  refundCredits: async ({ plane, caller, params, body, idText }) => {
    return refundBody(await refundBlock(plane, caller.actor, params, { id: `rfd_${idText()}`, amount: body.amount, spentToo: body.spent_too, throughProvider: body.through_provider, reason: body.reason }))
  },
  listRefunds: async ({ plane, params }) => ({ data: (await refundsOf(plane, params.customer)).map(refundBody) }),
  moveCredits: async ({ plane, caller, params, body, idText }) => {
    const moved = await moveCredit(plane, caller.actor, params.customer, { id: `mov_${idText()}`, to: body.to, asset: body.asset ?? null, features: body.features, amount: body.amount, reason: body.reason })
    return { ...moved, blocks: [...moved.blocks] }
  },
  getWalletNotices: async ({ plane, params }) => noticesBody(params.asset, await walletNotices(plane, params)),
  putWalletNotices: async ({ plane, caller, params, body }) =>
    noticesBody(params.asset, await putWalletNotices(plane, caller.actor, { ...params, side: caller.isOperator ? 'operator' : 'tenant' }, { lowBalance: body.low_balance, expiryDays: body.expiry_days })),
  listNoticeDefaults: async ({ plane }) => ({ data: (await noticeDefaults(plane)).map((row) => ({ asset: row.asset, ...termsBody(row) })) }),
  putNoticeDefault: async ({ plane, caller, params, body }) => ({ asset: params.asset, ...termsBody(await putNoticeDefault(plane, caller.actor, params.asset, { lowBalance: body.low_balance, expiryDays: body.expiry_days })) }),
  quoteCredits: async ({ plane, params, query }) => {
    const { snapshot } = await contextOf(plane, params.customer)
    const quote = quoteOf(plane, query.asset ?? snapshot.currency, query.amount)
    const { asset, credits, bonus, net, tax, amount, currency, taxes } = paymentBody(await purchaseOf(plane.sql, plane, { customer: params.customer, id: 'pay_quote', cause: 'top_up', method: 'request', state: 'pending', quote, at: instant(0) }))
    return { asset, credits, bonus, net, tax, amount, currency, taxes }
  },
  openTopUp: async ({ plane, caller, params, body, idText }) => {
    const { payment, url } = await openTopUpPage(plane, caller.actor, params.customer, {
      id: `pay_${idText()}`, provider: body.provider, asset: body.asset ?? null, amount: body.amount, keepsCard: body.keeps_card, successUrl: body.success_url, cancelUrl: body.cancel_url,
    })
    return { payment: paymentBody(payment), url }
  },
  listPayments: async ({ plane, params, query }) => {
    const [at, id] = readCursor('payments', query.cursor)?.split(' ') ?? []
    const page = await paymentsPage(plane, { customer: params.customer, before: at === undefined || id === undefined ? null : { at: Number(at), id }, limit: query.limit })
    return { data: page.rows.map(paymentBody), next_cursor: writeCursor('payments', page.next) }
  },
  getRefundNote: async ({ plane, params }) => documentBody(await purchaseNote(plane, params)),
  getPaymentInvoice: async ({ plane, params }) => documentBody(await purchaseInvoice(plane, params)),
  confirmPayment: async ({ plane, caller, params, body }) =>
    paymentBody(await confirmPayment(plane, caller.actor, { customer: params.customer, id: params.payment }, { succeeded: body.outcome === 'succeeded', reference: body.reference, reason: body.reason })),
  listRecharges: async ({ plane, params }) => ({ data: (await rechargeRules(plane, params.customer)).map(ruleBody) }),
  putRecharge: async ({ plane, caller, params, body }) =>
    ruleBody(
      await putRecharge(plane, caller.actor, { customer: params.customer, asset: params.asset }, {
        threshold: body.threshold, amount: body.amount, target: body.target, monthMax: body.month_max, cooldownMs: body.cooldown_seconds * 1_000, method: body.method,
      }),
    ),
  deleteRecharge: async ({ plane, caller, params }) => {
    await removeRecharge(plane, caller.actor, { customer: params.customer, asset: params.asset })
    return { removed: true }
  },
}

function noticesBody(asset: string, { operator, tenant, isOwn }: WalletNotices) {
  return { asset, operator: termsBody(operator), is_own: isOwn, tenant: termsBody(tenant) }
}

function termsBody({ lowBalance, expiryDays }: WalletNotices['operator']) {
  return { low_balance: [...lowBalance], expiry_days: [...expiryDays] }
}

function refundBody(row: Awaited<ReturnType<typeof refundsOf>>[number]) {
  const { id, block, asset, amount, owed, net, tax, currency, method, state, reason, failure } = row
  return { id, block, asset, amount, owed, net, tax, currency, method, state, reference: row.providerId, reason, failure, created_at: timeOf(row.createdAt) }
}

function paymentBody(row: Awaited<ReturnType<typeof confirmPayment>>) {
  const { id, cause, method, state, asset, currency, taxes, reason } = row
  const money = (amount: Units) => formatUnits(amount, currency)
  return {
    id, cause, method, state, asset, credits: formatUnits(row.credits, asset), bonus: formatUnits(row.bonus, asset), net: money(row.net), tax: money(row.tax), amount: money(units(row.net + row.tax)), currency, taxes: [...taxes],
    refunded: money(row.refunded), reference: row.providerId, reason, created_at: timeOf(row.createdAt), ended_at: timeOrNull(row.endedAt),
  }
}

function ruleBody(row: Awaited<ReturnType<typeof putRecharge>>) {
  const { asset } = row
  const credits = (amount: Units | null) => (amount === null ? null : formatUnits(amount, asset))
  return {
    asset, threshold: formatUnits(row.threshold, asset), amount: credits(row.amount), target: credits(row.target), month_max: row.monthMax, cooldown_seconds: Math.floor(row.cooldownMs / 1_000), method: row.method as 'stripe' | 'request',
    failures: row.failures, stopped_at: timeOrNull(row.stoppedAt), stopped_reason: row.stoppedReason,
  }
}
