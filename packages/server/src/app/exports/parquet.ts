// Rows as a Parquet file of one row group. Amounts and quantities are decimals of 38 digits, so that no reader makes floats of them.

import { MONEY_SCALE, parseDecimal, QUANTITY_SCALE_MAX } from '@tollgate/core'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { ExportRow } from '../../store/exports.ts'
import type { Column, ColumnKind } from './dataset.ts'

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>
type Element = Schema[number]

export function parquetFile(columns: readonly Column[], rows: readonly ExportRow[]): Uint8Array {
  const schema: Schema = [{ name: 'root', num_children: columns.length }, ...columns.map(([name, kind]): Element => ({ name, repetition_type: 'OPTIONAL', ...ELEMENTS[kind] }))]
  const columnData = columns.map(([name, kind], index) => ({ name, data: rows.map((row) => valueOf(row[index] ?? null, kind)) }))
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, rowGroupSize: Math.max(1, rows.length) }))
}

const ELEMENTS: Readonly<Record<ColumnKind, Omit<Element, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  money: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38, scale: MONEY_SCALE },
  quantity: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38, scale: QUANTITY_SCALE_MAX },
  integer: { type: 'INT64' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  boolean: { type: 'BOOLEAN' },
}

function valueOf(text: string | null, kind: ColumnKind): unknown {
  if (text === null) return null
  if (kind === 'money') return parseDecimal(text, MONEY_SCALE, 'amount')
  if (kind === 'quantity') return parseDecimal(text, QUANTITY_SCALE_MAX, 'quantity')
  if (kind === 'integer') return BigInt(text)
  if (kind === 'time') return new Date(Date.parse(text))
  return kind === 'boolean' ? text === 'true' : text
}
