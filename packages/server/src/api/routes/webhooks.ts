// Webhook endpoints and their deliveries.

import { InputError } from '@tollgate/core'
import { STREAM_TYPES } from '../../app/message-view.ts'
import { createEndpoint, endpoints, getEndpoint, removeEndpoint, reviveEndpoint, rotateEndpoint, type Endpoint } from '../../app/webhooks/endpoints.ts'
import { deliveriesPage } from '../../app/webhooks/deliveries.ts'
import { replay } from '../../app/webhooks/fan-out.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { webhookRoutes } from '../contract/webhooks.ts'
import { readSequence, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const webhookHandlers: Handlers<keyof typeof webhookRoutes> = {
  createWebhook: async ({ plane, caller, body, idText }) => {
    const types = body.types ?? null
    const unknown = types?.find((type) => !(type in STREAM_TYPES))
    if (unknown !== undefined) throw new InputError({ code: 'invalid_choice', field: 'types', message: `there is no type ${unknown}; types are ${Object.keys(STREAM_TYPES).join(', ')}` })
    const made = await createEndpoint(plane, caller.actor, {
      id: `whk_${idText()}`,
      customer: body.customer ?? null,
      url: body.url,
      description: body.description ?? '',
      types: types === null ? null : [...new Set(types)],
      allowPrivate: body.allow_private ?? false,
    })
    return { ...endpointBody(made.endpoint), secret: made.secret }
  },
  listWebhooks: async ({ plane, query }) => ({ data: (await endpoints(plane, query.customer ?? null)).map(endpointBody), next_cursor: null }),
  getWebhook: async ({ plane, params }) => endpointBody(await getEndpoint(plane, params.webhook)),
  deleteWebhook: async ({ plane, caller, params }) => {
    await removeEndpoint(plane, caller.actor, params.webhook)
    return { id: params.webhook, deleted: true }
  },
  rotateWebhook: async ({ plane, caller, params }) => {
    const { endpoint, secret } = await rotateEndpoint(plane, caller.actor, params.webhook)
    return { ...endpointBody(endpoint), secret }
  },
  enableWebhook: async ({ plane, caller, params }) => endpointBody(await reviveEndpoint(plane, caller.actor, params.webhook)),
  listDeliveries: async ({ plane, params, query }) => {
    const page = await deliveriesPage(plane, params.webhook, { status: query.status ?? null, before: readSequence('deliveries', query.cursor), limit: query.limit })
    const data = page.rows.map((row) => ({
      id: String(row.id),
      message: `msg_${row.message}`,
      type: row.type,
      customer: row.customer,
      status: row.status,
      attempts: row.attempts,
      next_attempt_at: timeOrNull(row.nextAttemptAt),
      last_attempt_at: timeOrNull(row.lastAttemptAt),
      last_status: row.lastStatus,
      last_error: row.lastError,
      created_at: timeOf(row.createdAt),
    }))
    return { data, next_cursor: writeCursor('deliveries', page.next) }
  },
  replayWebhook: async ({ plane, params, body }) => ({ queued: await replay(plane, params.webhook, { since: body.since, all: body.all }) }),
}

function endpointBody(row: Endpoint) {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    customer: row.customer,
    types: row.types === null ? null : [...row.types],
    allow_private: row.allowPrivate,
    disabled_at: timeOrNull(row.disabledAt),
    disabled_reason: row.disabledReason,
    created_at: timeOf(row.createdAt),
  }
}
