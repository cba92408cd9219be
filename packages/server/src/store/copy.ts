// COPY of rows into a table, inside a transaction: half the cost of an insert for a large batch.
// The driver never ends the stream of a COPY that the server refuses after the last byte, so a second statement is sent
// behind it: it answers when the COPY is through, and fails when the COPY failed.

import type { PendingQuery, Row } from 'postgres'
import type { Transaction } from '../platform/postgres.ts'

/** The server refused the rows. It does not say which: whoever sends them one by one learns why. */
export class CopyRefusedError extends Error {
  override readonly name = 'CopyRefusedError'
  /** Class 22, a data error: the same rows are refused again. */
  readonly code = '22000'
}

export type CopyValue = string | null

/** `statement` is a `copy … from stdin` in text format; `rows` have its columns in order. */
export async function copyInto(tx: Transaction, statement: PendingQuery<Row[]>, rows: Iterable<readonly CopyValue[]>): Promise<void> {
  const stream = await statement.writable()
  let refusal: unknown = null
  stream.on('error', (error: unknown) => { refusal = error })
  await new Promise<void>((resolve) => stream.write(encode(rows), () => resolve()))
  stream.end()
  // The end of the COPY must be on the wire before the next statement.
  await new Promise((resolve) => setImmediate(resolve))
  try {
    await tx`select 1`
  } catch (error) {
    throw new CopyRefusedError('the rows were refused by the database', { cause: refusal ?? error })
  }
}

/** Columns by tabs, `\N` for null. */
function encode(rows: Iterable<readonly CopyValue[]>): string {
  let text = ''
  for (const row of rows) {
    for (const [index, value] of row.entries()) text += `${index === 0 ? '' : '\t'}${value === null ? '\\N' : escape(value)}`
    text += '\n'
  }
  return text
}

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function escape(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special]!) : text
}
