// Records of requests as they are read. What only the operator may see, such as cost and upstream, is left out for everybody else.

import type { Instant } from '@tollgate/core'
import { deletePrompt, erasePrompts, promptsKept, readPrompt } from '../../app/prompts.ts'
import { getRequest, requestsPage, type RequestRecord } from '../../app/requests.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { requestRoutes } from '../contract/requests.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const requestHandlers: Handlers<keyof typeof requestRoutes> = {
  listRequests: async ({ plane, caller, params, query }) => {
    const page = await requestsPage(plane, params.customer, {
      after: readCursor('requests', query.cursor), limit: query.limit, from: query.from ?? null, to: query.to ?? null, outcome: query.outcome ?? null, feature: query.feature ?? null, run: query.run ?? null, model: query.model ?? null,
    })
    const prompts = caller.isOperator ? await promptsKept(plane, params.customer, page.rows.map(({ id }) => id)) : null
    return { data: page.rows.map((row) => requestBody(row, prompts)), next_cursor: writeCursor('requests', page.next) }
  },
  getRequest: async ({ plane, caller, params }) => {
    const record = await getRequest(plane, params.customer, params.request)
    return requestBody(record, caller.isOperator ? await promptsKept(plane, params.customer, [record.id]) : null)
  },
  getPrompt: async ({ plane, caller, params }) => {
    const { id, time, expiresAt, prompt, answer, redacted, isCut } = await readPrompt(plane, caller.actor, params.customer, params.request)
    return { request: id, time: timeOf(time), kept_until: timeOf(expiresAt), prompt, answer, redacted: { ...redacted }, cut: isCut }
  },
  deletePrompt: async ({ plane, caller, params }) => {
    await deletePrompt(plane, caller.actor, params.customer, params.request)
    return { request: params.request, deleted: true }
  },
  erasePrompts: async ({ plane, caller, params }) => ({ erased: await erasePrompts(plane, caller.actor, params.customer) }),
}

/** `prompts`: which are kept, for the operator; null for anybody else. */
function requestBody(record: RequestRecord, prompts: ReadonlyMap<string, Instant> | null) {
  const { charge, currency } = record
  return {
    id: record.id,
    outcome: record.outcome,
    time: timeOf(record.time),
    request_id: record.requestId,
    surface: record.surface,
    status: record.status,
    entity: record.entity,
    feature: record.feature,
    run: record.run,
    tags: { ...record.tags },
    model: record.model,
    model_asked: record.modelAsked,
    model_returned: record.modelReturned,
    stream: record.isStream,
    degraded: record.degraded,
    cache: record.cache,
    ending: record.ending,
    error: record.error,
    latency_ms: record.latencyMs,
    first_byte_ms: record.firstByteMs,
    usage: { ...record.usage },
    estimated: record.isEstimated,
    estimate: record.estimate,
    charge: charge === null || currency === null ? null : { amount: charge, currency },
    denial: record.denial,
    ...(prompts !== null ? { ...(record.key === null ? {} : { key: record.key }), provider: record.provider, upstream: record.upstream, upstream_key: record.upstreamKey, tried: record.tried, attempts: record.attempts, cost: record.cost, prompt_kept_until: timeOrNull(prompts.get(record.id) ?? null) } : {}),
  }
}
