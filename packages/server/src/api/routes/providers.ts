// Billing providers in the words of the contract.

import { accountView, connectorOf, setAccount, type AccountView } from '../../app/providers/accounts.ts'
import { getMessage, linkCustomer, messagesPage, providerLinks, replayMessages } from '../../app/providers/inbox.ts'
import { checkoutPage, portalPage } from '../../app/providers/pages.ts'
import { resync } from '../../app/providers/resync.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { providerRoutes } from '../contract/providers.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const providerHandlers: Handlers<keyof typeof providerRoutes> = {
  getProvider: async ({ plane, params }) => accountBody(await accountView(plane, connectorOf(plane, params.provider).provider)),
  setProvider: async ({ plane, caller, params, body }) =>
    accountBody(
      await setAccount(plane, caller.actor, connectorOf(plane, params.provider).provider, {
        webhookSecret: body.webhook_secret, apiKey: body.api_key, apiUrl: body.api_url, webhookUser: body.webhook_user, addresses: body.addresses, allowPrivate: body.allow_private,
      }),
    ),
  listProviderMessages: async ({ plane, query }) => {
    const [at, provider, id] = readCursor('provider_messages', query.cursor)?.split(' ') ?? []
    const page = await messagesPage(plane, {
      provider: query.provider ?? null, state: query.state ?? null, customer: query.customer ?? null, before: at === undefined ? null : { at: Number(at), key: `${provider} ${id}` }, limit: query.limit,
    })
    return { data: page.rows.map(messageBody), next_cursor: writeCursor('provider_messages', page.next) }
  },
  getProviderMessage: async ({ plane, params }) => {
    const row = await getMessage(plane, params.provider, params.message)
    return { ...messageBody(row), body: row.body }
  },
  replayProviderMessages: async ({ plane, caller, body }) => ({ queued: await replayMessages(plane, caller.actor, body) }),
  resyncProvider: async ({ plane, caller, params, body }) => {
    const { provider, read, drifts, driftCount, applied, finishedAt } = await resync(plane, caller.actor, params.provider, body.apply)
    return { provider, read, drifts: [...drifts], drift_count: driftCount, applied, finished_at: timeOf(finishedAt) }
  },
  linkProviderCustomer: async ({ plane, caller, params, body }) => {
    await linkCustomer(plane, caller.actor, params.customer, { provider: body.provider, external: body.external_id })
    return { data: await providerLinks(plane, params.customer), next_cursor: null }
  },
  openCheckout: async ({ plane, caller, params, body }) =>
    checkoutPage(plane, caller.actor, params.customer, { provider: body.provider, plan: body.plan, seats: body.seats, addOns: body.add_ons, successUrl: body.success_url, cancelUrl: body.cancel_url }),
  openPortal: async ({ plane, caller, params, body }) => portalPage(plane, caller.actor, params.customer, { provider: body.provider, returnUrl: body.return_url }),
}

function accountBody({ provider, hasWebhookSecret, hasApiKey, settings, updatedAt }: AccountView) {
  return {
    provider,
    webhook_url: `/v1/providers/${provider}/webhook`,
    has_webhook_secret: hasWebhookSecret,
    has_api_key: hasApiKey,
    api_url: settings.apiUrl ?? null,
    webhook_user: settings.webhookUser ?? null,
    addresses: [...(settings.addresses ?? [])],
    updated_at: timeOrNull(updatedAt),
  }
}

function messageBody(row: Awaited<ReturnType<typeof messagesPage>>['rows'][number]) {
  const { provider, id, kind, at, state, code, reason, customer, attempts, receivedAt, processedAt } = row
  return { provider, id, kind, at: timeOf(at), state, code, reason, customer, attempts, received_at: timeOf(receivedAt), processed_at: timeOrNull(processedAt) }
}
