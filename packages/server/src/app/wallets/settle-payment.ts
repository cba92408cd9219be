// What becomes of a purchase: its credits are granted once, by its id, however often and by whatever way its success is told; a failure
// counts against the rule that made it. Runs in the transaction of a caller that holds the customer's lock.

import { DAY_MS, instant, RECHARGE_FAILURES_MAX, makeId, type Instant } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { lockCustomers } from '../../store/customers.ts'
import { insertTransfers } from '../../store/ledger.ts'
import { findPayment, findRule, paymentOfReference, updatePayment, writeRule, type PaymentRow } from '../../store/recharge.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import { tellNodes } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addBlock } from '../credits.ts'
import { Problem } from '../problems.ts'
import { paymentMembers, type PaymentOutcome } from './payment-port.ts'
import { writePurchaseInvoice } from './purchase-invoice.ts'

/** Where bought credits stand in the burn order unless told otherwise, and those that came on top: before them. */
const PRIORITY = { paid: 100, bonus: 90 }

export async function settlePayment(plane: ControlPlane, actor: Actor, of: Pick<PaymentRow, 'customer' | 'id'>, outcome: PaymentOutcome): Promise<PaymentRow> {
  const { isGranted } = await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [of.customer])
    return { isGranted: await settlePaymentIn(tx, plane, actor, of, outcome) }
  })
  if (isGranted) await tellNodes(plane, of.customer)
  return (await findPayment(plane.sql, of.id))!
}

/** True where credits were granted: the nodes are to be told. */
export async function settlePaymentIn(tx: Transaction, plane: ControlPlane, actor: Actor, of: Pick<PaymentRow, 'customer' | 'id'>, outcome: PaymentOutcome): Promise<boolean> {
  const payment = await findPayment(tx, of.id)
  if (payment === null || payment.customer !== of.customer) throw new Problem('not_found', `customer ${of.customer} has no payment ${of.id}`, 'payment')
  // Money that came is credited, also where it was given up before; nothing else changes a purchase that has ended.
  if (payment.state === 'succeeded' || (payment.state === 'failed' && outcome.kind !== 'succeeded')) return false
  const now = plane.clock.now()
  const attempts = payment.attempts + 1
  if (outcome.kind === 'waiting') {
    const lookAt = outcome.lookAgainMs === null ? null : instant(now + outcome.lookAgainMs)
    await updatePayment(tx, { ...of, state: outcome.isAsked ? 'asked' : payment.state, providerId: outcome.providerId, providerSource: outcome.source ?? null, reason: outcome.reason, attempts, endedAt: null, nextLookAt: lookAt })
    await insertOutbox(tx, outcome.messages ?? [])
    return false
  }
  const other = outcome.providerId === null || payment.providerId !== null ? null : await paymentOfReference(tx, { method: payment.method, providerId: outcome.providerId })
  if (other !== null) throw new Problem('already_exists', `${outcome.providerId} is the payment of purchase ${other}: one payment pays one purchase`, 'reference')
  const reason = outcome.kind === 'failed' ? outcome.reason : null
  await updatePayment(tx, { ...of, state: outcome.kind, providerId: outcome.providerId, providerSource: null, reason, attempts, endedAt: now, nextLookAt: null })
  await insertAudit(tx, { actor: actor.id, action: `payment.${outcome.kind}`, customer: of.customer, target: of.id, before: { state: payment.state }, after: { ...paymentMembers(payment), reason } })
  if (outcome.kind === 'failed') {
    await insertOutbox(tx, [{ customer: of.customer, type: 'credits.payment_failed', payload: { ...paymentMembers(payment), reason } }])
    await countFailure(tx, payment, { reason: outcome.reason, now })
    return false
  }
  await grant(tx, plane, actor, { ...payment, providerId: payment.providerId ?? outcome.providerId }, now)
  return true
}

async function grant(tx: Transaction, plane: ControlPlane, actor: Actor, payment: PaymentRow, now: Instant): Promise<void> {
  const { customer, id, asset, credits, bonus, currency, net, tax, features } = payment
  const [block, bonusBlock] = blocksOf(payment)
  const endOf = (days: number | null) => (days === null ? null : instant(now + days * DAY_MS))
  await addBlock(tx, plane, actor, { customer, id: block, asset, amount: credits, category: 'paid', priority: PRIORITY.paid, expiresAt: endOf(payment.days), reference: id, cost: { amount: net, currency }, features })
  if (bonus > 0n) await addBlock(tx, plane, actor, { customer, id: bonusBlock, asset, amount: bonus, category: 'promotional', priority: PRIORITY.bonus, expiresAt: endOf(payment.bonusDays), reference: id, cost: null, features })
  // Paid credits are taxed when they are bought.
  if (tax > 0n) await insertTransfers(tx, [{ debit: 'payment_clearing', credit: 'tax_payable', asset: currency, amount: tax, customer, id: makeId('transfer', plane.randomText()), cause: 'top_up', causeId: id, batch: null, periodStart: null }])
  const invoice = await writePurchaseInvoice(tx, payment, now)
  const rule = payment.cause === 'recharge' ? await findRule(tx, { customer, asset }) : null
  if (rule !== null && rule.failures > 0 && rule.stoppedAt === null) await writeRule(tx, { ...rule, failures: 0 })
  await insertOutbox(tx, [{ customer, type: 'credits.payment_succeeded', payload: { ...paymentMembers(payment), taxes: payment.taxes, invoice, block, bonus_block: bonus > 0n ? bonusBlock : null } }])
}

/** The blocks of a purchase: their ids follow from its own, so that a second grant would be the first. */
export function blocksOf({ id }: Pick<PaymentRow, 'id'>): readonly [string, string] {
  const block = id.replace(/^pay_/, 'blk_')
  return [block, `${block}-bonus`]
}

async function countFailure(tx: Transaction, { cause, customer, asset }: PaymentRow, { reason, now }: { readonly reason: string; readonly now: Instant }): Promise<void> {
  const rule = cause === 'recharge' ? await findRule(tx, { customer, asset }) : null
  if (rule === null || rule.stoppedAt !== null) return
  const failures = rule.failures + 1
  const isStopped = failures >= RECHARGE_FAILURES_MAX
  await writeRule(tx, { ...rule, failures, ...(isStopped ? { stoppedAt: now, stoppedReason: reason } : {}) })
  if (isStopped) await insertOutbox(tx, [{ customer, type: 'credits.recharge_stopped', payload: { asset, failures, reason } }])
}
