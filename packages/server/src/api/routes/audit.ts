// The audit log: a page as JSON, and all of it streamed as CSV or NDJSON.

import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import * as z from 'zod'
import { auditPage, auditPages, csvHead, csvLine, ndjsonLine, type AuditFilter, type AuditRow } from '../../app/audit/read.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { auditFilter, type auditRoutes } from '../contract/audit.ts'
import { timeOf } from '../contract/fields.ts'
import { readSequence, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { readInput } from '../read-input.ts'

export const auditHandlers: Handlers<keyof typeof auditRoutes> = {
  listAudit: async ({ plane, query }) => {
    const before = readSequence('audit', query.cursor)
    const page = await auditPage(plane, { ...filterOf(query), before, limit: query.limit })
    return { data: page.rows.map(entryBody), next_cursor: writeCursor('audit', page.next) }
  },
}

const exportQuery = z.strictObject({ ...auditFilter, format: z.enum(['csv', 'ndjson']).default('ndjson') })

export function registerAuditExport(app: FastifyInstance, plane: ControlPlane): void {
  app.route({
    method: 'GET',
    url: '/v1/audit/export',
    config: { operation: 'listAudit' },
    handler: async (request, reply) => {
      const { format, ...query } = readInput(exportQuery, request.query, 'query')
      const lineOf = format === 'csv' ? csvLine : ndjsonLine
      const lines = async function* () {
        if (format === 'csv') yield csvHead()
        for await (const rows of auditPages(plane, filterOf(query))) yield rows.map(lineOf).join('')
      }
      return reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson').header('content-disposition', `attachment; filename="audit.${format}"`).send(Readable.from(lines()))
    },
  })
}

type Query = { readonly [K in keyof typeof auditFilter]?: z.output<(typeof auditFilter)[K]> | undefined }

function filterOf(query: Query): AuditFilter {
  return { customer: query.customer ?? null, actor: query.actor ?? null, action: query.action ?? null, target: query.target ?? null, from: query.from ?? null, to: query.to ?? null }
}

function entryBody({ id, at, actor, action, customer, target, before, after, reason }: AuditRow) {
  return { id: String(id), at: timeOf(at), actor, action, customer, target, before, after, reason }
}
