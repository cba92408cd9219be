// Stripe behind our port: signatures by its own package, its API through it too. No request is made but in jobs and where an operator
// asks for a page.

import { InputError, instant, PROVIDER_PAGE_SIZE, type Catalog, type Instant } from '@tollgate/core'
import Stripe from 'stripe'
import type { Connector, Shown } from '../../app/providers/connector.ts'
import { numberOf, record, text, type Json } from '../json.ts'
import { clientOf, failed } from './client.ts'
import { stripePayments } from './payments.ts'
import { METADATA_KEY, ownerOf, readStripe, subscriptionDraft, subscriptionLinks } from './read.ts'

/** How old a signature may be, and how far ahead of our clock its time. */
const TOLERANCE_SECONDS = 300

export const stripeConnector: Connector = {
  provider: 'stripe',
  verify: ({ webhookSecrets }, { body, headers, now }) => {
    const header = headers['stripe-signature']
    if (typeof header !== 'string') return 'the header stripe-signature is missing'
    const at = Number(/(?:^|,)t=(\d{1,12})/.exec(header)?.[1] ?? NaN)
    if (at - Math.floor(now / 1_000) > TOLERANCE_SECONDS) return 'the time of the signature is ahead of our clock'
    return webhookSecrets.some((secret) => isSigned(body, { header, secret, now })) ? null : 'the signature does not fit the body and the secret, or is older than five minutes'
  },
  envelope: (body) => {
    const event = parsed(body)
    const [id, kind, created] = [text(event['id']), text(event['type']), numberOf(event['created'])]
    if (id === null || kind === null || created === null) throw new InputError({ code: 'invalid_event', field: 'id', message: 'a Stripe event has id, type and created' })
    return { id, kind, at: instant(created * 1_000) }
  },
  read: readStripe,
  payments: stripePayments,
  fetch: async (account, id, context) => {
    try {
      return shown((await clientOf(account).subscriptions.retrieve(id)) as unknown as Json, context)
    } catch (error) {
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404) return null
      throw failed(error)
    }
  },
  list: async function* (account, context) {
    try {
      for await (const subscription of clientOf(account).subscriptions.list({ status: 'all', limit: PROVIDER_PAGE_SIZE })) yield shown(subscription as unknown as Json, context)
    } catch (error) {
      throw failed(error)
    }
  },
  pages: {
    checkout: async (account, input) => {
      try {
        const session = await clientOf(account).checkout.sessions.create({
          mode: 'subscription',
          line_items: input.names.map(({ name, quantity }) => ({ price: name, quantity })),
          client_reference_id: input.customer,
          metadata: { [METADATA_KEY]: input.customer },
          subscription_data: { metadata: { [METADATA_KEY]: input.customer }, ...(input.trialDays === null || input.trialDays === 0 ? {} : { trial_period_days: input.trialDays }) },
          success_url: input.successUrl,
          cancel_url: input.cancelUrl,
          ...(input.external === null ? {} : { customer: input.external }),
        })
        return { id: session.id, url: session.url ?? '' }
      } catch (error) {
        throw failed(error)
      }
    },
    portal: async (account, input) => {
      try {
        const session = await clientOf(account).billingPortal.sessions.create({ customer: input.external, return_url: input.returnUrl })
        return { id: session.id, url: session.url }
      } catch (error) {
        throw failed(error)
      }
    },
  },
}

function isSigned(body: string, { header, secret, now }: { readonly header: string; readonly secret: string; readonly now: Instant }): boolean {
  try {
    return Stripe.webhooks.signature?.verifyHeader(body, header, secret, TOLERANCE_SECONDS, undefined, now) ?? false
  } catch {
    return false
  }
}

function shown(subscription: Json, context: { readonly catalog: Catalog; readonly now: Instant }): Shown {
  const id = text(subscription['id']) ?? ''
  const ended = subscription['status'] === 'canceled'
  const draft = subscriptionDraft(subscription, { catalog: context.catalog, at: context.now, stage: ended ? 'ended' : 'changed', previous: {}, fetched: true })
  return 'draft' in draft ? { id, owner: ownerOf(subscription), links: subscriptionLinks(subscription), draft: draft.draft } : { id, stopped: draft.reason }
}

function parsed(body: string): Json {
  try {
    return record(JSON.parse(body))
  } catch {
    throw new InputError({ code: 'invalid_json', field: null, message: 'the body is not valid JSON' })
  }
}
