// Sends deliveries that are due: signed, to public addresses only unless the endpoint may be private, without following redirects.
// 2xx is delivered, 410 disables the endpoint, anything else is tried again on the table of Standard Webhooks. A turn ends within the
// timeout of one attempt, whatever endpoints do. At least once: a receiver tells repetitions by `webhook-id`.

import { instant, WEBHOOK_ANSWER_BYTES_MAX, WEBHOOK_DELIVERIES_MAX, WEBHOOK_DELIVERIES_PER_ENDPOINT_MAX, WEBHOOK_TIMEOUT_MS, type Instant } from '@tollgate/core'
import { Agent, request } from 'undici'
import { publicLookup } from '../../platform/public-lookup.ts'
import { open } from '../../platform/secrets.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { claimDeliveries, disableEndpoint, finishAttempt, hasDelivered, listEndpoints, type ClaimedDelivery, type EndpointRow, type Outcome } from '../../store/webhooks.ts'
import type { ControlPlane } from '../control-plane.ts'
import { signedHeaders } from './sign.ts'

/** Waits before the second, third … attempt, from the standard's table: three days in all. */
export const RETRY_DELAYS_MS: readonly number[] = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000]
/** Added to each wait at random, so that what failed together does not come back together. */
const JITTER = 0.1
/** Longest wait that an endpoint may ask for by retry-after. */
const RETRY_AFTER_MS_MAX = 24 * 3_600_000
/** A claim outlives the longest attempt: nobody else takes the delivery meanwhile. */
const CLAIM_MS = WEBHOOK_TIMEOUT_MS * 4
const ERROR_LENGTH_MAX = 300

export type Answer = { readonly status: number; readonly retryAfterMs: number | null } | { readonly error: string }

const timeouts = { headersTimeout: WEBHOOK_TIMEOUT_MS, bodyTimeout: WEBHOOK_TIMEOUT_MS }
const publicOnly = new Agent({ ...timeouts, connect: { timeout: WEBHOOK_TIMEOUT_MS, lookup: publicLookup } })
const anywhere = new Agent({ ...timeouts, connect: { timeout: WEBHOOK_TIMEOUT_MS } })

/** One turn: sends what is due. Returns how many attempts it made. */
export async function deliverDue(plane: ControlPlane, random: () => number = Math.random): Promise<number> {
  const now = plane.clock.now()
  const claimed = await claimDeliveries(plane.sql, { now, until: instant(now + CLAIM_MS), limit: WEBHOOK_DELIVERIES_MAX, perEndpoint: WEBHOOK_DELIVERIES_PER_ENDPOINT_MAX })
  if (claimed.length === 0) return 0
  const endpoints = new Map((await listEndpoints(plane.sql)).map((row) => [row.id, row]))
  await Promise.all(claimed.map(async (delivery) => {
    const endpoint = endpoints.get(delivery.endpoint)
    if (endpoint === undefined) return
    const answer = await send(plane, endpoint, delivery)
    const outcome = outcomeOf(delivery, answer, { now: plane.clock.now(), random })
    await finishAttempt(plane.sql, outcome)
    if (outcome.status !== 'failed') return
    if ('status' in answer && answer.status === 410) await disable(plane, endpoint, 'the endpoint answered 410 Gone')
    else if (!(await hasDelivered(plane.sql, endpoint.id, delivery.createdAt))) await disable(plane, endpoint, 'nothing reached the endpoint for three days')
  }))
  return claimed.length
}

async function send(plane: ControlPlane, endpoint: EndpointRow, delivery: ClaimedDelivery): Promise<Answer> {
  const now = plane.clock.now()
  const sealed = [endpoint.secretSealed, ...(endpoint.previousSealed !== null && endpoint.previousUntil !== null && now < endpoint.previousUntil ? [endpoint.previousSealed] : [])]
  const secrets = sealed.map((text) => open(plane.masterKey, text, endpoint.id))
  try {
    const { statusCode, headers, body } = await request(endpoint.url, {
      method: 'POST',
      dispatcher: endpoint.allowPrivate ? anywhere : publicOnly,
      headers: { 'content-type': 'application/json', 'user-agent': 'tollgate-webhooks/1', ...signedHeaders({ id: messageId(delivery), timestamp: Math.floor(now / 1_000), body: delivery.body }, secrets) },
      body: delivery.body,
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    })
    await body.dump({ limit: WEBHOOK_ANSWER_BYTES_MAX }).catch(() => undefined)
    return { status: statusCode, retryAfterMs: retryAfterOf(headers['retry-after']) }
  } catch (error) {
    return { error: (error instanceof Error ? error.message : String(error)).slice(0, ERROR_LENGTH_MAX) }
  }
}

/** The same for every attempt and for a replay: the receiver's idempotency key. */
function messageId(delivery: Pick<ClaimedDelivery, 'message'>): string {
  return `msg_${delivery.message}`
}

/** What an attempt leads to. Pure. */
export function outcomeOf(delivery: Pick<ClaimedDelivery, 'id' | 'attempts'>, answer: Answer, at: { readonly now: Instant; readonly random: () => number }): Outcome {
  const told = 'error' in answer ? { lastStatus: null, lastError: answer.error } : { lastStatus: answer.status, lastError: answer.status >= 200 && answer.status < 300 ? null : `HTTP ${answer.status}` }
  if ('status' in answer && answer.status >= 200 && answer.status < 300) return { id: delivery.id, status: 'delivered', nextAttemptAt: null, ...told }
  const delayMs = RETRY_DELAYS_MS[delivery.attempts - 1]
  if (delayMs === undefined || ('status' in answer && answer.status === 410)) return { id: delivery.id, status: 'failed', nextAttemptAt: null, ...told }
  const asked = 'status' in answer ? Math.min(answer.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX) : 0
  return { id: delivery.id, status: 'pending', nextAttemptAt: instant(at.now + Math.round(Math.max(delayMs, asked) * (1 + JITTER * at.random()))), ...told }
}

/** Seconds only: a date would be read against a clock that is not ours. */
function retryAfterOf(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : null
}

async function disable(plane: ControlPlane, endpoint: EndpointRow, reason: string): Promise<void> {
  plane.log.warn({ endpoint: endpoint.id, url: endpoint.url, reason }, 'a webhook endpoint is disabled; enable it when it works again, what waits is sent then')
  await plane.sql.begin(async (tx) => {
    await disableEndpoint(tx, { id: endpoint.id, at: plane.clock.now(), reason })
    await insertOutbox(tx, [{ customer: endpoint.customer, type: 'webhook.disabled', payload: { webhook: endpoint.id, url: endpoint.url, reason } }])
  })
}
