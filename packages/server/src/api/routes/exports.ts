// Files that are exported: journal entries, and records in parts.

import { DAY_MS, instant } from '@tollgate/core'
import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import { exportJournals } from '../../app/books/journal-entries.ts'
import { renderJournals } from '../../app/books/journal-formats.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { getCustomer } from '../../app/customers.ts'
import { disputeFile } from '../../app/disputes/dispute.ts'
import { exportPart } from '../../app/exports/part.ts'
import { EXPORTS } from '../contract.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { readInput } from '../read-input.ts'

const TYPES = { csv: 'text/csv; charset=utf-8', 'netsuite-csv': 'text/csv; charset=utf-8', 'netsuite-json': 'application/x-ndjson', parquet: 'application/vnd.apache.parquet' } as const

export function registerExports(app: FastifyInstance, parts: { readonly plane: ControlPlane; readonly font: string | null }): void {
  const { plane } = parts
  registerJournals(app, plane)
  registerDisputes(app, parts)
  const { method, path, params, query } = EXPORTS.exportData
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    config: { operation: 'exportData' },
    handler: async (request, reply) => {
      const { dataset } = readInput(params, request.params, 'path')
      const { from, to, customer, format, rows, after } = readInput(query, request.query, 'query')
      if (customer !== undefined) await getCustomer(plane, customer)
      const part = await exportPart(plane, { dataset, ...daySpan(from, to), customer: customer ?? null, format, rows, after: placeOf(dataset, after) })
      const next = part.next === null ? null : writeCursor(dataset, JSON.stringify(part.next))
      return reply
        .type(TYPES[format])
        .headers({ 'content-disposition': `attachment; filename="${dataset}-${from}-${to}.${format}"`, 'tollgate-rows': String(part.rows), ...(next === null ? {} : { 'tollgate-next': next }) })
        .send(typeof part.body === 'string' ? part.body : Buffer.from(part.body.buffer, part.body.byteOffset, part.body.byteLength))
    },
  })
}

function registerJournals(app: FastifyInstance, plane: ControlPlane): void {
  const { method, path, query } = EXPORTS.exportJournals
  app.route({
    method,
    url: path,
    config: { operation: 'exportJournals' },
    handler: async (request, reply) => {
      const { from, to, format } = readInput(query, request.query, 'query')
      const { entries, settings, closedThrough } = await exportJournals(plane, daySpan(from, to))
      const ending = format === 'netsuite-json' ? 'ndjson' : 'csv'
      return reply.type(TYPES[format]).headers({ 'content-disposition': `attachment; filename="journals-${from}-${to}.${ending}"`, 'tollgate-closed-through': closedThrough ?? '' }).send(renderJournals(entries, format, settings))
    },
  })
}

function registerDisputes(app: FastifyInstance, { plane, font }: { readonly plane: ControlPlane; readonly font: string | null }): void {
  const { method, path, params, query } = EXPORTS.exportDispute
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    config: { operation: 'exportDispute' },
    handler: async (request, reply) => {
      const { customer } = readInput(params, request.params, 'path')
      const { from, to } = readInput(query, request.query, 'query')
      const pieces = await disputeFile(plane, { customer, ...daySpan(from, to), font })
      return reply.type('application/zip').header('content-disposition', `attachment; filename="dispute-${customer}-${from}-${to}.zip"`).send(Readable.from(pieces))
    },
  })
}

/** From the first day to the end of the last. */
function daySpan(from: string, to: string) {
  return { from: instant(Date.parse(from)), to: instant(Date.parse(to) + DAY_MS) }
}

function placeOf(dataset: string, after: string | undefined): readonly string[] | null {
  const text = readCursor(dataset, after)
  return text === null ? null : (JSON.parse(text) as string[])
}
