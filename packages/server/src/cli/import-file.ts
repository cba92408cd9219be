// Files of usage as rows: CSV (with a header) and Parquet, streamed, so that a file of any size needs the memory of a batch. A row is the
// texts of its columns; numbers keep the digits that the file has.

import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { CliError } from './output.ts'

export type Row = Readonly<Record<string, string>>
export type ImportFile = {
  readonly columns: readonly string[]
  /** Null where it is known only at the end. */
  readonly rowsTotal: number | null
  /** Rows from `skip` on, in batches. */
  readonly batches: (skip: number, size: number) => AsyncIterable<readonly Row[]>
}

/** Bytes of one CSV record: more is a quote that was never closed. */
const RECORD_BYTES_MAX = 1024 * 1024

export type FileFormat = 'csv' | 'parquet'

export async function openImportFile(path: string, options: { readonly format: FileFormat; readonly delimiter: string }): Promise<ImportFile> {
  try {
    return options.format === 'csv' ? await openCsv(path, options.delimiter) : await openParquet(path)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${path} cannot be read as ${options.format === 'csv' ? 'CSV' : 'Parquet'}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function openCsv(path: string, delimiter: string): Promise<ImportFile> {
  const records = () => createReadStream(path).pipe(parse({ delimiter, columns: true, bom: true, skip_empty_lines: true, trim: true, max_record_size: RECORD_BYTES_MAX }))
  let columns: readonly string[] = []
  const head = createReadStream(path).pipe(parse({ delimiter, bom: true, to: 1, trim: true, max_record_size: RECORD_BYTES_MAX }))
  for await (const record of head as AsyncIterable<string[]>) columns = record
  if (columns.length === 0) throw new CliError(`${path} is empty: its first line must name the columns.`)
  return {
    columns, rowsTotal: null,
    batches: async function* (skip, size) {
      let position = 0
      let batch: Row[] = []
      for await (const row of records() as AsyncIterable<Row>) {
        if (position++ < skip) continue
        batch.push(row)
        if (batch.length < size) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
    },
  }
}

async function openParquet(path: string): Promise<ImportFile> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const rowsTotal = Number(metadata.num_rows)
  return {
    columns: metadata.schema.slice(1).map(({ name }) => name), rowsTotal,
    batches: async function* (skip, size) {
      for (let start = skip; start < rowsTotal; start += size) {
        const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: start, rowEnd: Math.min(start + size, rowsTotal) })
        yield rows.map((row) => Object.fromEntries(Object.entries(row).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, textOf(value)]]))))
      }
    },
  }
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | bigint | boolean)
}
