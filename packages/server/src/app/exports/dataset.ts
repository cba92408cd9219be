// What can be exported, as a table: the columns of each data set, what they hold, and how a page of it is read. CSV and Parquet are written from
// the same rows.

import type { Instant } from '@tollgate/core'
import { chargeRows, documentLineRows, documentRows, eventRows, type ExportRow } from '../../store/exports.ts'
import type { ControlPlane } from '../control-plane.ts'
import { FOCUS_COLUMNS, focusRows } from './focus.ts'

/** `money` has 12 decimal places in Parquet, `quantity` 9; JSON is text. */
export type ColumnKind = 'text' | 'money' | 'quantity' | 'integer' | 'time' | 'boolean'
export type Column = readonly [name: string, kind: ColumnKind]

export type PageRequest = { readonly from: Instant; readonly to: Instant; readonly customer: string | null; readonly after: readonly string[] | null; readonly limit: number }
export type DatasetPage = { readonly rows: readonly ExportRow[]; /** Where the next page begins; null at the end. */ readonly next: readonly string[] | null }

export type Dataset = {
  readonly columns: readonly Column[]
  /** Longest span of one export, in days: what it sums is held in memory by customer. */
  readonly daysMax: number
  readonly page: (plane: ControlPlane, request: PageRequest) => Promise<DatasetPage>
}

const EVENT_PLACE: readonly Column[] = [['customer', 'text'], ['time', 'time'], ['sequence', 'integer']]
const DAYS_MAX = 3_660

export const DATASETS = {
  events: {
    daysMax: DAYS_MAX,
    columns: [
      ...EVENT_PLACE, ['source', 'text'], ['id', 'text'], ['type', 'text'], ['effect', 'text'], ['corrects_source', 'text'], ['corrects_id', 'text'], ['batch', 'integer'], ['entity', 'text'], ['feature', 'text'], ['run', 'text'], ['key', 'text'],
      ['model', 'text'], ['period_start', 'time'], ['catalog_version', 'integer'], ['quantities', 'text'], ['dimensions', 'text'], ['amount', 'money'], ['currency', 'text'], ['cost', 'money'], ['cost_currency', 'text'], ['estimated', 'boolean'],
    ],
    page: async (plane, request) => placed(await eventRows(plane.sql, request), 3, request),
  },
  charges: {
    daysMax: DAYS_MAX,
    columns: [
      ...EVENT_PLACE, ['line', 'integer'], ['source', 'text'], ['id', 'text'], ['effect', 'text'], ['feature', 'text'], ['model', 'text'], ['entity', 'text'], ['period_start', 'time'], ['catalog_version', 'integer'], ['price', 'text'], ['entry', 'text'],
      ['meter', 'text'], ['quantity', 'quantity'], ['included', 'quantity'], ['before', 'quantity'], ['amount', 'money'], ['currency', 'text'],
    ],
    page: async (plane, request) => {
      const page = placed(await chargeRows(plane.sql, request), 3, request)
      return { ...page, rows: page.rows.filter((row) => row[3] !== null) }
    },
  },
  invoices: {
    daysMax: DAYS_MAX,
    columns: [
      ['finalized_at', 'time'], ['id', 'text'], ['customer', 'text'], ['kind', 'text'], ['state', 'text'], ['number', 'text'], ['corrects', 'text'], ['issued', 'text'], ['due', 'text'], ['period_start', 'time'], ['period_end', 'time'], ['buyer', 'text'],
      ['currency', 'text'], ['net', 'money'], ['tax', 'money'], ['amount_due', 'money'], ['credited', 'money'], ['ended_at', 'time'], ['reference', 'text'],
    ],
    page: async (plane, request) => placed(await documentRows(plane.sql, request), 2, request),
  },
  'invoice-lines': {
    daysMax: DAYS_MAX,
    columns: [
      ['finalized_at', 'time'], ['invoice', 'text'], ['customer', 'text'], ['kind', 'text'], ['number', 'text'], ['line', 'integer'], ['line_kind', 'text'], ['price', 'text'], ['name', 'text'], ['from', 'text'], ['to', 'text'], ['quantity', 'quantity'],
      ['unit', 'text'], ['included', 'quantity'], ['exact', 'money'], ['amount', 'money'], ['currency', 'text'],
    ],
    page: async (plane, request) => {
      const page = placed(await documentLineRows(plane.sql, request), 2, request)
      return { ...page, rows: page.rows.filter((row) => row[5] !== null) }
    },
  },
  focus: { daysMax: 31, columns: FOCUS_COLUMNS, page: focusRows },
} as const satisfies Readonly<Record<string, Dataset>>

export type DatasetName = keyof typeof DATASETS

/** A page that is not full is the last; rows of one place are never split. */
function placed(rows: readonly ExportRow[], place: number, { limit }: PageRequest): DatasetPage {
  const places = new Set(rows.map((row) => row.slice(0, place).join('\u0000')))
  const last = rows.at(-1)
  return { rows, next: places.size < limit || last === undefined ? null : last.slice(0, place).map(String) }
}
