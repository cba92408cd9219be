// Records of requests as they are read. What only the operator may see, such as cost and upstream, is left out for everybody else.

import { getRequest, requestsPage, type RequestRecord } from '../../app/requests.ts'
import { timeOf } from '../contract/fields.ts'
import type { requestRoutes } from '../contract/requests.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const requestHandlers: Handlers<keyof typeof requestRoutes> = {
  listRequests: async ({ plane, caller, params, query }) => {
    const page = await requestsPage(plane, params.customer, {
      after: readCursor('requests', query.cursor), limit: query.limit, from: query.from ?? null, to: query.to ?? null, outcome: query.outcome ?? null, feature: query.feature ?? null, run: query.run ?? null, model: query.model ?? null,
    })
    return { data: page.rows.map((row) => requestBody(row, caller.isOperator)), next_cursor: writeCursor('requests', page.next) }
  },
  getRequest: async ({ plane, caller, params }) => requestBody(await getRequest(plane, params.customer, params.request), caller.isOperator),
}

function requestBody(record: RequestRecord, isOperator: boolean) {
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
    ...(isOperator ? { ...(record.key === null ? {} : { key: record.key }), provider: record.provider, upstream: record.upstream, upstream_key: record.upstreamKey, tried: record.tried, attempts: record.attempts, cost: record.cost } : {}),
  }
}
