// The job that carries purchases out: asks for those that were decided and looks after those that wait. An operator's own payment code
// confirms its payments here. And the page on which a customer buys credits itself.

import { formatUnits, HOUR_MS, instant } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { linksOfCustomer, type ProviderName } from '../../store/providers.ts'
import { duePayments, findPayment, insertPayment, listPayments, setPaymentPage, type PaymentRow } from '../../store/recharge.ts'
import { SYSTEM, type Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { connectorOf, requireAccount } from '../providers/accounts.ts'
import { askOf, paymentPort } from './payment-port.ts'
import { purchaseOf, quoteOf } from './purchase.ts'
import { settlePayment } from './settle-payment.ts'

/** Payments of one turn, and at once: a provider that hangs holds up few others. */
const PAYMENTS_PER_TURN = 64
const AT_ONCE = 8

/** The job. Returns how many were looked at. */
export async function carryOutPayments(plane: ControlPlane): Promise<number> {
  const due = await duePayments(plane.sql, { now: plane.clock.now(), limit: PAYMENTS_PER_TURN })
  const waiting = [...due]
  const work = async () => {
    for (let payment = waiting.shift(); payment !== undefined; payment = waiting.shift()) await carryOut(plane, payment)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, work))
  return due.length
}

async function carryOut(plane: ControlPlane, payment: PaymentRow): Promise<void> {
  try {
    const port = paymentPort(plane, payment.method)
    await settlePayment(plane, SYSTEM, payment, payment.state === 'pending' ? await port.ask(payment) : await port.look(payment))
  } catch (error) {
    plane.log.error({ err: error, customer: payment.customer, payment: payment.id }, 'a payment could not be carried out; it is tried again')
  }
}

/** What the operator's payment code says of a payment that it was asked for; a second word of the same kind changes nothing. */
export async function confirmPayment(plane: ControlPlane, actor: Actor, of: { readonly customer: string; readonly id: string }, word: { readonly succeeded: boolean; readonly reference: string | null; readonly reason: string | null }): Promise<PaymentRow> {
  const payment = await findPayment(plane.sql, of.id)
  if (payment === null || payment.customer !== of.customer) throw new Problem('not_found', `customer ${of.customer} has no payment ${of.id}`, 'payment')
  if (payment.state === 'succeeded' && !word.succeeded) throw new Problem('payment_ended', 'the payment succeeded and its credits were granted: refund them instead', 'outcome')
  return settlePayment(plane, actor, of, word.succeeded ? { kind: 'succeeded', providerId: word.reference } : { kind: 'failed', providerId: word.reference, reason: word.reason ?? 'the payment failed' })
}

export async function paymentsPage(plane: ControlPlane, input: { readonly customer: string; readonly before: { readonly at: number; readonly id: string } | null; readonly limit: number }): Promise<Page<PaymentRow>> {
  await getCustomer(plane, input.customer)
  const before = input.before === null ? null : { at: instant(input.before.at), id: input.before.id }
  return pageOf(await listPayments(plane.sql, { ...input, before, limit: input.limit + 1 }), input.limit, ({ createdAt, id }) => `${createdAt} ${id}`)
}

export type TopUpPage = { readonly payment: PaymentRow; readonly url: string }

/** How long a provider's page lives, and a little more. */
const PAGE_LIFE_MS = 25 * HOUR_MS

/** A provider's page on which the customer buys credits. They are granted when its payment succeeds, and not before. */
export async function openTopUpPage(plane: ControlPlane, actor: Actor, customer: string, input: { readonly id: string; readonly provider: ProviderName; readonly asset: string | null; readonly amount: string; readonly keepsCard: boolean; readonly successUrl: string; readonly cancelUrl: string }): Promise<TopUpPage> {
  const { facts, snapshot } = await contextOf(plane, customer)
  const quote = quoteOf(plane, input.asset ?? snapshot.currency, input.amount)
  const { payments } = connectorOf(plane, input.provider)
  if (payments === undefined) throw new Problem('provider_not_set', `${input.provider} takes no payments from here; stripe does`, 'provider')
  const account = await requireAccount(plane, input.provider)
  const payment = await purchaseOf(plane.sql, plane, { customer, id: input.id, cause: 'top_up', method: input.provider, state: 'asked', quote, at: nowOf(plane, facts) })
  await withRetry(plane.sql, async (tx) => {
    // Asked already: the job only ever looks after it, for nobody but its page may take the money.
    await insertPayment(tx, { ...payment, nextLookAt: instant(plane.clock.now() + PAGE_LIFE_MS) })
    await insertAudit(tx, { actor: actor.id, action: 'payment.page_opened', customer, target: payment.id, before: null, after: { provider: input.provider, credits: formatUnits(quote.credits, quote.asset), asset: quote.asset } })
  })
  const external = (await linksOfCustomer(plane.sql, customer)).find((link) => link.provider === input.provider && link.kind === 'customer')?.id ?? null
  const lines = [{ name: askOf(payment).description, amount: payment.net as bigint }, ...(payment.tax > 0n ? [{ name: payment.taxes.map(({ name, percent }) => `${name} ${percent} %`).join(', '), amount: payment.tax as bigint }] : [])]
  const page = await payments.page(account, { ...askOf(payment), external, lines, keepsCard: input.keepsCard, successUrl: input.successUrl, cancelUrl: input.cancelUrl })
  await setPaymentPage(plane.sql, { customer, id: payment.id, page: page.id })
  return { payment: { ...payment, providerId: page.id }, url: page.url }
}
