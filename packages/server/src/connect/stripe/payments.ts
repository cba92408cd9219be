// Money for credits through Stripe: a saved card charged while its owner is away, a checkout page, a refund. Each write carries our id as
// the idempotency key and in its metadata, so that a repetition is the same payment and a webhook finds it.

import Stripe from 'stripe'
import type { PaymentAsk, PaymentFound, ProviderPayments } from '../../app/providers/connector.ts'
import { stripeAmount } from './amount.ts'
import { clientOf, failed } from './client.ts'
import { METADATA_KEY, PAYMENT_KEY } from './read.ts'

export const stripePayments: ProviderPayments = {
  source: async (account, external) => {
    try {
      const stripe = clientOf(account)
      const customer = await stripe.customers.retrieve(external)
      if (customer.deleted === true) return null
      const preferred = customer.invoice_settings.default_payment_method
      if (preferred !== null) return typeof preferred === 'string' ? preferred : preferred.id
      return (await stripe.customers.listPaymentMethods(external, { limit: 1 })).data[0]?.id ?? null
    } catch (error) {
      throw failed(error)
    }
  },
  charge: async (account, ask) => {
    try {
      const intent = await clientOf(account).paymentIntents.create(
        {
          amount: stripeAmount(ask.amount, ask.currency), currency: ask.currency.toLowerCase(), customer: ask.external, payment_method: ask.source, off_session: true, confirm: true,
          description: ask.description, metadata: metadataOf(ask),
        },
        { idempotencyKey: `tollgate-${ask.payment}` },
      )
      return intentFound(intent)
    } catch (error) {
      // The bank's no, or its wish to see the customer: nothing was taken.
      if (error instanceof Stripe.errors.StripeCardError) return { kind: 'failed', providerId: error.payment_intent?.id ?? null, reason: error.message }
      throw failed(error)
    }
  },
  look: async (account, providerId) => {
    try {
      if (providerId.startsWith('cs_')) return sessionFound(await clientOf(account).checkout.sessions.retrieve(providerId))
      return intentFound(await clientOf(account).paymentIntents.retrieve(providerId))
    } catch (error) {
      throw failed(error)
    }
  },
  page: async (account, ask) => {
    try {
      const metadata = metadataOf(ask)
      const session = await clientOf(account).checkout.sessions.create(
        {
          mode: 'payment',
          line_items: ask.lines.map(({ name, amount }) => ({ quantity: 1, price_data: { currency: ask.currency.toLowerCase(), unit_amount: stripeAmount(amount, ask.currency), product_data: { name } } })),
          payment_intent_data: { metadata, description: ask.description, ...(ask.keepsCard ? { setup_future_usage: 'off_session' as const } : {}) },
          client_reference_id: ask.customer,
          metadata,
          success_url: ask.successUrl,
          cancel_url: ask.cancelUrl,
          ...(ask.external === null ? { customer_creation: 'always' as const } : { customer: ask.external }),
        },
        { idempotencyKey: `tollgate-${ask.payment}` },
      )
      return { id: session.id, url: session.url ?? '' }
    } catch (error) {
      throw failed(error)
    }
  },
  refund: async (account, ask) => {
    try {
      const stripe = clientOf(account)
      const intent = ask.providerId.startsWith('cs_') ? (await stripe.checkout.sessions.retrieve(ask.providerId)).payment_intent : ask.providerId
      const refund = await stripe.refunds.create(
        { payment_intent: typeof intent === 'string' ? intent : (intent?.id ?? ''), amount: stripeAmount(ask.amount, ask.currency), reason: 'requested_by_customer', metadata: { tollgate_refund: ask.refund } },
        { idempotencyKey: `tollgate-${ask.refund}` },
      )
      return { id: refund.id }
    } catch (error) {
      throw failed(error)
    }
  },
}

function metadataOf({ customer, payment }: PaymentAsk): Record<string, string> {
  return { [METADATA_KEY]: customer, [PAYMENT_KEY]: payment }
}

function intentFound(intent: Stripe.PaymentIntent): PaymentFound {
  if (intent.status === 'succeeded') return { kind: 'succeeded', providerId: intent.id }
  if (intent.status === 'processing') return { kind: 'processing', providerId: intent.id }
  return { kind: 'failed', providerId: intent.id, reason: intent.last_payment_error?.message ?? `Stripe shows the payment as ${intent.status.replaceAll('_', ' ')}` }
}

function sessionFound({ id, status, payment_status: paid }: Stripe.Checkout.Session): PaymentFound {
  if (paid === 'paid') return { kind: 'succeeded', providerId: id }
  return status === 'expired' ? { kind: 'failed', providerId: id, reason: 'the page expired unpaid' } : { kind: 'processing', providerId: id }
}
