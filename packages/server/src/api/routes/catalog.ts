// The catalog: in force, planned, published.

import { applyCatalog, catalogInForce, planCatalog } from '../../app/plan-catalog.ts'
import type { catalogRoutes } from '../contract/catalog.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

export const catalogHandlers: Handlers<keyof typeof catalogRoutes> = {
  getCatalog: async ({ plane }) => {
    const row = await catalogInForce(plane)
    if (row === null) return { version: 0, applied_at: null, applied_by: null, source: '', document: null }
    return {
      version: row.version,
      applied_at: timeOf(row.appliedAt),
      applied_by: row.appliedBy,
      source: row.source,
      document: row.document as unknown as Record<string, unknown>,
    }
  },
  planCatalog: async ({ plane, body }) => {
    const { baseVersion, changes, customersTouched, issues } = await planCatalog(plane, body.source)
    return {
      base_version: baseVersion,
      changes: changes.map(({ fields, ...change }) => ({ ...change, fields: fields.map((field) => ({ ...field })) })),
      customers_touched: Object.fromEntries(customersTouched),
      issues: [...issues],
    }
  },
  putCatalog: async ({ plane, caller, body }) => applyCatalog(plane, caller.actor, { source: body.source, baseVersion: body.base_version ?? null }),
}
