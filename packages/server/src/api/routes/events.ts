// POST /v1/events: each event is answered by itself, in the order sent. A single event that is refused is a refused call.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { API_BODY_BYTES_MAX, type EventResult } from '@tollgate/core'
import { ingest } from '../../app/ingest.ts'
import type { Caller } from '../../app/authenticate.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { readCloudEvents } from '../cloud-events.ts'
import { ingestRoute } from '../contract.ts'
import { settleLines } from '../event-lines.ts'
import { ApiError } from '../problems.ts'
import type { ApiMetrics } from '../metrics.ts'

/** Bodies of this route are read as bytes: their form is told by headers, not by the content type alone. */
export function registerEvents(
  app: FastifyInstance,
  parts: { readonly plane: ControlPlane; readonly callerOf: (request: object) => Caller; readonly metrics: ApiMetrics },
): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    // Whoever takes an answer a line may send a body of any length: it is settled as it comes.
    scope.addContentTypeParser(LINES, async (request: FastifyRequest, payload: AsyncIterable<Buffer>) => (wantsLines(request) ? payload : bufferOf(payload)))
    scope.route({
      method: ingestRoute.method,
      url: ingestRoute.path,
      config: { operation: 'ingestEvents' },
      handler: async (request, reply) => {
        if (request.body instanceof Readable) {
          const { key } = parts.callerOf(request)
          const sender = { customer: key.customer, key: key.id }
          return reply.type('application/x-ndjson').send(Readable.from(settleLines(request.body, (events) => ingest(parts.plane, events, sender))))
        }
        const received = readCloudEvents(request.headers, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0))
        const { key } = parts.callerOf(request)
        const settled = await parts.metrics.timeSettlement(() => ingest(parts.plane, received.events, { customer: key.customer, key: key.id }))
        const results = settled.map((result, index): EventResult => {
          const reason = received.unreadable.get(index)
          return reason === undefined ? result : { status: 'rejected', id: null, field: null, reason }
        })
        if (received.isSingle) assertTaken(results[0]!)
        return answerOf(results)
      },
    })
  })
}

const LINES = ['application/x-ndjson', 'application/jsonl']

function wantsLines(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').split(',').some((type) => LINES.includes(type.split(';', 1)[0]!.trim().toLowerCase()))
}

async function bufferOf(payload: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of payload) {
    bytes += piece.length
    if (bytes > API_BODY_BYTES_MAX) throw new ApiError('request_too_large', `a body has at most ${API_BODY_BYTES_MAX} bytes; with accept: application/x-ndjson it is read as it comes, and may be longer`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function answerOf(results: readonly EventResult[]) {
  const count = (status: EventResult['status']) => results.filter((result) => result.status === status).length
  return {
    results,
    accepted: count('accepted'),
    duplicate: count('duplicate'),
    conflict: count('conflict'),
    rejected: count('rejected'),
    parked: count('parked'),
  }
}

function assertTaken(result: EventResult): void {
  if (result.status === 'rejected') throw new ApiError('event_rejected', result.reason, { field: result.field, extra: { result } })
  if (result.status === 'conflict') throw new ApiError('event_conflict', result.reason, { field: 'id', extra: { result } })
}
