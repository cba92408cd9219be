// One part of an export: some pages of a data set as a file in memory, and where the next part begins. Whoever exports asks for part after part and
// may stop at any; the memory of the server is that of one part, whatever the length of the whole.

import { DAY_MS, EXPORT_PART_ROWS_MAX, InputError, type Instant } from '@tollgate/core'
import { csvRow } from '../csv.ts'
import type { ExportRow } from '../../store/exports.ts'
import type { ControlPlane } from '../control-plane.ts'
import { DATASETS, type Dataset, type DatasetName } from './dataset.ts'
import { parquetFile } from './parquet.ts'

export const PART_FORMATS = ['csv', 'parquet'] as const
export type PartFormat = (typeof PART_FORMATS)[number]

export type PartRequest = {
  readonly dataset: DatasetName
  readonly from: Instant
  readonly to: Instant
  readonly customer: string | null
  readonly format: PartFormat
  readonly after: readonly string[] | null
  /** Rows, about: a part ends with a whole page. */
  readonly rows: number
}
export type Part = { readonly body: string | Uint8Array; readonly rows: number; readonly next: readonly string[] | null }

const PAGE_ROWS = 2_000

export async function exportPart(plane: ControlPlane, request: PartRequest): Promise<Part> {
  const dataset: Dataset = DATASETS[request.dataset]
  if (request.from >= request.to) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must be after from' })
  if (request.to - request.from > dataset.daysMax * DAY_MS) throw new InputError({ code: 'out_of_range', field: 'to', message: `at most ${dataset.daysMax} days of ${request.dataset} in one export` })
  const rows: ExportRow[] = []
  let after = request.after
  do {
    const page = await dataset.page(plane, { ...request, after, limit: Math.min(PAGE_ROWS, request.rows) })
    rows.push(...page.rows)
    after = page.next
  } while (after !== null && rows.length < Math.min(request.rows, EXPORT_PART_ROWS_MAX))
  return { rows: rows.length, next: after, body: request.format === 'parquet' ? parquetFile(dataset.columns, rows) : csvOf(dataset, rows, request.after === null) }
}

/** Only the first part has the names, so that the parts one after the other are one file. */
function csvOf({ columns }: Dataset, rows: readonly ExportRow[], isFirst: boolean): string {
  return [...(isFirst ? [csvRow(columns.map(([name]) => name))] : []), ...rows.map((row) => csvRow(row.map((cell) => cell ?? '')))].join('')
}
