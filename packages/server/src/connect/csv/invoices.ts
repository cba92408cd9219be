// Finished invoices as CSV, for whatever has no adapter: a file an invoice, in a folder a month, named by its number and written whole, so
// that a repetition replaces it by the same bytes. A row a line; the sum of the rows is what the invoice asks for.

import { formatInstant, formatUnits, parseUnits, units, type Span } from '@tollgate/core'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../app/handover/port.ts'

const COLUMNS = ['invoice_id', 'number', 'customer_id', 'issued_at', 'due_at', 'line_id', 'description', 'from', 'to', 'amount', 'currency'] as const
/** Rows of one invoice: more than anybody prints. */
const LINES_MAX = 100_000

export function csvInvoices(folder: string): InvoiceReceiver {
  return {
    target: 'csv',
    provider: null,
    linesMax: LINES_MAX,
    takesBelowZero: true,
    deliver: async (_account, invoice) => {
      const name = join(formatInstant(invoice.issuedAt).slice(0, 7), `${invoice.number.replaceAll(/[^\w.-]/g, '_')}.csv`)
      const path = join(folder, name)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(`${path}.part`, csvOf(invoice), { mode: 0o600 })
      await rename(`${path}.part`, path)
      return { externalId: name, total: invoice.amountDue }
    },
    list: (_account, span) => listFiles(folder, span),
  }
}

function csvOf(invoice: HandedInvoice): string {
  const own = [invoice.id, invoice.number, invoice.customer, formatInstant(invoice.issuedAt), invoice.dueAt === null ? '' : formatInstant(invoice.dueAt)]
  const rows = invoice.lines.map((line) => [...own, line.id, line.name, line.from, line.to, formatUnits(line.amount, invoice.currency), invoice.currency])
  return [[...COLUMNS], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Quoted where it must be; a text that a spreadsheet would run as a formula is led by an apostrophe. */
function cell(text: string, column: number): string {
  const safe = column === COLUMNS.indexOf('description') && /^[=+@\t-]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

async function* listFiles(folder: string, span: Span): AsyncGenerator<FoundInvoice> {
  for (const month of (await foldersOf(folder)).sort()) {
    if (month < formatInstant(span.start).slice(0, 7) || month > formatInstant(span.end).slice(0, 7)) continue
    for (const file of (await readdir(join(folder, month))).filter((name) => name.endsWith('.csv')).sort()) {
      const rows = readRows(await readFile(join(folder, month, file), 'utf8'))
      const at = (row: readonly string[] | undefined, column: (typeof COLUMNS)[number]): string => row?.[COLUMNS.indexOf(column)] ?? ''
      const [first] = rows
      const issued = Date.parse(at(first, 'issued_at'))
      if (first === undefined || issued < span.start || issued >= span.end) continue
      const currency = at(first, 'currency')
      yield { externalId: join(month, file), invoice: at(first, 'invoice_id'), number: at(first, 'number'), currency, total: units(rows.reduce((sum, row) => sum + parseUnits(at(row, 'amount'), currency), 0n)), state: 'open' }
    }
  }
}

async function foldersOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}$/.test(entry.name)).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Rows after the header, as this file writes them. */
function readRows(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)!.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === '\r\n') rows.push([])
    if (end === '') break
  }
  return rows.slice(1).filter((row) => row.length === COLUMNS.length)
}
