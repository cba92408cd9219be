// The audit log read: a page, or all of it as a stream of pages, so that an export of any length takes a page of memory.

import type { Instant } from '@tollgate/core'
import { listAudit, type AuditFilter, type AuditRow } from '../../store/audit.ts'
import type { ControlPlane } from '../control-plane.ts'
import { csvRow } from '../csv.ts'
import { pageOf, type Page } from '../listings.ts'

export type { AuditFilter, AuditRow }

export async function auditPage(plane: ControlPlane, input: AuditFilter & { readonly before: bigint | null; readonly limit: number }): Promise<Page<AuditRow>> {
  return pageOf(await listAudit(plane.sql, { ...input, limit: input.limit + 1 }), input.limit, ({ id }) => String(id))
}

const EXPORT_PAGE = 500

/** Newest first. */
export async function* auditPages(plane: ControlPlane, filter: AuditFilter): AsyncGenerator<readonly AuditRow[]> {
  for (let before: bigint | null = null; ;) {
    const rows: AuditRow[] = await listAudit(plane.sql, { ...filter, before, limit: EXPORT_PAGE })
    if (rows.length > 0) yield rows
    if (rows.length < EXPORT_PAGE) return
    before = rows.at(-1)!.id
  }
}

const COLUMNS = ['id', 'at', 'actor', 'action', 'customer', 'target', 'before', 'after', 'reason'] as const

export function csvHead(): string {
  return csvRow(COLUMNS)
}

export function csvLine(row: AuditRow): string {
  const values = [String(row.id), iso(row.at), row.actor, row.action, row.customer ?? '', row.target, jsonText(row.before), jsonText(row.after), row.reason ?? '']
  return csvRow(values)
}

export function ndjsonLine(row: AuditRow): string {
  return `${JSON.stringify({ ...row, id: String(row.id), at: iso(row.at) })}\n`
}

function jsonText(value: unknown): string {
  return value === null ? '' : JSON.stringify(value)
}

function iso(at: Instant): string {
  return new Date(at).toISOString()
}
