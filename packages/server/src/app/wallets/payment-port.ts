// How money for credits is asked for: a port with one adapter a method. `stripe` charges the customer's saved card off session; `request`
// tells the operator's own payment code by a message and waits for its word through the API. Called in jobs only; asking twice for
// one payment must take the money once.

import { formatUnits, MINUTE_MS, HOUR_MS, DAY_MS, units } from '@tollgate/core'
import { linksOfCustomer, type ProviderName } from '../../store/providers.ts'
import type { PaymentRow } from '../../store/recharge.ts'
import type { OutboxRow } from '../../store/settlement.ts'
import type { ControlPlane } from '../control-plane.ts'
import { openAccount } from '../providers/accounts.ts'
import { ProviderError, type Account, type ProviderPayments } from '../providers/connector.ts'

/** What became of a payment when it was asked for or looked at. */
export type PaymentOutcome =
  | { readonly kind: 'succeeded'; readonly providerId: string | null }
  | { readonly kind: 'failed'; readonly providerId: string | null; readonly reason: string }
  | {
      readonly kind: 'waiting'
      /** False where it must be asked for again. */
      readonly isAsked: boolean
      readonly providerId: string | null
      /** What it will be charged to: fixed before it is asked for, so that a repetition asks for the same. */
      readonly source?: string
      readonly reason: string | null
      /** Null where only somebody else can end it. */
      readonly lookAgainMs: number | null
      readonly messages?: readonly OutboxRow[]
    }

export type PaymentPort = {
  readonly ask: (payment: PaymentRow) => Promise<PaymentOutcome>
  readonly look: (payment: PaymentRow) => Promise<PaymentOutcome>
}

export const PAYMENT_METHODS = ['stripe', 'request'] as const
export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

export function paymentPort(plane: ControlPlane, method: string): PaymentPort {
  return method === 'request' ? requestPort() : providerPort(plane, method as ProviderName)
}

/** How long the operator's code may take before it is reminded, and how often. */
const REMIND_AFTER_MS = DAY_MS

function requestPort(): PaymentPort {
  const tell = (payment: PaymentRow, isReminder: boolean): PaymentOutcome => ({
    kind: 'waiting', isAsked: true, providerId: null, reason: null, lookAgainMs: REMIND_AFTER_MS,
    messages: [{ customer: payment.customer, type: 'credits.payment_requested', payload: { ...paymentMembers(payment), reminder: isReminder } }],
  })
  return { ask: async (payment) => tell(payment, false), look: async (payment) => tell(payment, true) }
}

export function paymentMembers(payment: PaymentRow): Readonly<Record<string, unknown>> {
  const { id, cause, method, asset, currency, credits, bonus, net, tax } = payment
  return {
    payment: id, cause, method, credits: formatUnits(credits, asset), bonus: formatUnits(bonus, asset), asset, amount: formatUnits(units(net + tax), currency), net: formatUnits(net, currency), tax: formatUnits(tax, currency), currency,
  }
}

/** Providers remember an idempotency key for a day: until then asking again is safe, afterwards only looking is. */
const ASK_AGAIN_WITHIN_MS = 20 * HOUR_MS
const RETRY_MS = 5_000
const RETRY_MS_MAX = 10 * MINUTE_MS
const LOOK_MS = MINUTE_MS
const LOOK_MS_MAX = HOUR_MS

function providerPort(plane: ControlPlane, provider: ProviderName): PaymentPort {
  return {
    ask: async (payment) =>
      attempt(plane, provider, payment, false, async (payments, account) => {
        const customer = (await linksOfCustomer(plane.sql, payment.customer)).find((link) => link.provider === provider && link.kind === 'customer')?.id
        if (customer === undefined) return { kind: 'failed', providerId: null, reason: `the customer is not linked with ${provider}` }
        if (payment.providerSource !== null) return toOutcome(payment, await payments.charge(account, { ...askOf(payment), external: customer, source: payment.providerSource }))
        const source = await payments.source(account, customer)
        if (source === null) return { kind: 'failed', providerId: null, reason: `${provider} has no card or account of the customer to charge` }
        return { kind: 'waiting', isAsked: false, providerId: null, source, reason: null, lookAgainMs: 0 }
      }),
    look: async (payment) =>
      payment.providerId === null
        ? { kind: 'failed', providerId: null, reason: 'its page was never opened' }
        : attempt(plane, provider, payment, true, async (payments, account) => toOutcome(payment, await payments.look(account, payment.providerId!))),
  }
}

async function attempt(plane: ControlPlane, provider: ProviderName, payment: PaymentRow, isAsked: boolean, work: (payments: ProviderPayments, account: Account) => Promise<PaymentOutcome>): Promise<PaymentOutcome> {
  try {
    const payments = plane.connectors.get(provider)?.payments
    const account = await openAccount(plane, provider)
    if (payments === undefined || account === null || account.apiKey === null) throw new ProviderError(`${provider} is not set up here with an API key`, true)
    return await work(payments, account)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (!error.retryable && !isAsked) return { kind: 'failed', providerId: null, reason: error.message }
    const tooLate = !isAsked && plane.clock.now() - payment.createdAt > ASK_AGAIN_WITHIN_MS
    if (!tooLate) return { kind: 'waiting', isAsked, providerId: null, reason: error.message, lookAgainMs: Math.min(RETRY_MS * 2 ** payment.attempts, RETRY_MS_MAX) }
    return {
      kind: 'waiting', isAsked: true, providerId: null, lookAgainMs: null, reason: `nobody knows whether it was paid: ${error.message}`,
      messages: [{ customer: payment.customer, type: 'credits.payment_unclear', payload: { ...paymentMembers(payment), reason: error.message } }],
    }
  }
}

export function askOf(payment: PaymentRow): { readonly payment: string; readonly customer: string; readonly amount: bigint; readonly currency: string; readonly description: string } {
  const { id, customer, net, tax, currency, credits, asset } = payment
  return { payment: id, customer, amount: net + tax, currency, description: `Credits: ${formatUnits(credits, asset)} ${asset}` }
}

function toOutcome(payment: PaymentRow, found: Awaited<ReturnType<ProviderPayments['look']>>): PaymentOutcome {
  if (found.kind !== 'processing') return found
  return { kind: 'waiting', isAsked: true, providerId: found.providerId, reason: null, lookAgainMs: Math.min(LOOK_MS * 2 ** payment.attempts, LOOK_MS_MAX) }
}
