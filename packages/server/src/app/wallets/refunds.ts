// Money that providers give back: the job that asks them, and what they tell of refunds that were made on their side.

import { divideRounded, formatUnits, instant, MINUTE_MS, parseUnits, units } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { findBlock } from '../../store/credits.ts'
import type { ProviderName } from '../../store/providers.ts'
import { findPayment, type PaymentRow } from '../../store/recharge.ts'
import { dueRefunds, listRefunds, refundedOf, updateRefund, type RefundRow } from '../../store/refunds.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { SYSTEM } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { openAccount } from '../providers/accounts.ts'
import { ProviderError } from '../providers/connector.ts'
import { blocksOf } from './settle-payment.ts'
import { refundIn } from './take-back.ts'

const REFUNDS_PER_TURN = 20
const RETRY_MS = 10_000
const RETRY_MS_MAX = 30 * MINUTE_MS
const LISTED_MAX = 200

export async function refundsOf(plane: ControlPlane, customer: string): Promise<readonly RefundRow[]> {
  await getCustomer(plane, customer)
  return listRefunds(plane.sql, customer, LISTED_MAX)
}

/** The job. The id of the refund is its key at the provider, so that asking again is the same refund. */
export async function carryOutRefunds(plane: ControlPlane): Promise<number> {
  const due = await dueRefunds(plane.sql, { now: plane.clock.now(), limit: REFUNDS_PER_TURN })
  for (const refund of due) await carryOut(plane, refund)
  return due.length
}

async function carryOut(plane: ControlPlane, refund: RefundRow): Promise<void> {
  try {
    const payment = refund.payment === null ? null : await findPayment(plane.sql, refund.payment)
    const account = await openAccount(plane, refund.method as ProviderName)
    const payments = plane.connectors.get(refund.method as ProviderName)?.payments
    if (payment === null || payment.providerId === null || account === null || payments === undefined) throw new ProviderError(`${refund.method} is not set up here`, true)
    const amount = parseUnits(refund.net!, payment.currency) + parseUnits(refund.tax!, payment.currency)
    const { id } = await payments.refund(account, { refund: refund.id, providerId: payment.providerId, amount, currency: payment.currency, reason: refund.reason })
    await updateRefund(plane.sql, { id: refund.id, state: 'done', providerId: id, failure: null, nextTryAt: null })
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    await plane.sql.begin(async (tx) => {
      const nextTryAt = error.retryable ? instant(plane.clock.now() + Math.min(RETRY_MS * 2 ** refund.attempts, RETRY_MS_MAX)) : null
      await updateRefund(tx, { id: refund.id, state: error.retryable ? 'pending' : 'failed', providerId: null, failure: error.message, nextTryAt })
      if (!error.retryable) await insertOutbox(tx, [{ customer: refund.customer, type: 'credits.refund_failed', payload: { refund: refund.id, block: refund.block, net: refund.net, tax: refund.tax, currency: refund.currency, reason: error.message } }])
    })
  }
}

/** A provider says how much of a payment was given back by now, tax included: what is not booked yet is. Credit that was spent meanwhile is owed. */
export async function bookRefunded(tx: Transaction, plane: ControlPlane, payment: PaymentRow, gross: bigint): Promise<void> {
  const { customer, currency } = payment
  const delta = gross - (await refundedOf(tx, { payment: payment.id, currency }))
  const [id] = blocksOf(payment)
  const block = await findBlock(tx, { customer, block: id })
  if (delta <= 0n || block === null) return
  const share = divideRounded(block.granted * delta, payment.net + payment.tax)
  const left = block.granted - block.taken
  const amount = units(share < left ? share : left)
  if (amount <= 0n) return
  const number = formatUnits(units(gross), currency).replace('.', '-')
  await refundIn(tx, plane, SYSTEM, { customer, block: id }, { id: `${payment.id.replace(/^pay_/, 'rfd_')}-${number}`, amount: formatUnits(amount, payment.asset), spentToo: true, throughProvider: false, reason: `refunded at ${payment.method}`, given: { by: payment.method, gross: units(delta) } })
}
