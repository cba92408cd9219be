// Finished invoices as CSV, for whatever has no adapter: a file an invoice, in a folder a month, named by its number and written whole, so
// that a repetition replaces it by the same bytes. A row a line; the sum of the rows is what the invoice asks for. What becomes of it is a file
// beside it: `….paid.csv`, `….void.csv`, `….uncollectible.csv`, and one of each credit note, whose amounts are below zero.

import { formatInstant, formatUnits, parseUnits, units, type Span } from '@tollgate/core'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FoundInvoice, HandedInvoice, InvoiceReceiver, StandingThere } from '../../app/handover/port.ts'

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
      await writeWhole(path, csvOf(invoice))
      return { externalId: name, total: invoice.amountDue }
    },
    voids: true,
    look: (_account, name) => standing(folder, name),
    end: async (_account, name, { end, invoice, number, reference, amount, currency, at }) => {
      await writeWhole(join(folder, besideOf(name, end)), [['invoice_id', 'number', 'state', 'at', 'reference', 'amount', 'currency'], [invoice, number, end, formatInstant(at), reference, formatUnits(amount, currency), currency]])
    },
    credit: async (_account, name, note) => {
      const rows = await rowsOf(join(folder, name))
      const day = formatInstant(note.at).slice(0, 10)
      const row = [note.invoice, note.number, at(rows[0], 'customer_id'), formatInstant(note.at), '', note.id, `Credit: ${note.reason}`, day, day, formatUnits(units(-note.amount), note.currency), note.currency]
      await writeWhole(join(folder, besideOf(name, note.id)), [[...COLUMNS], row])
    },
    list: (_account, span) => listFiles(folder, span),
  }
}

function csvOf(invoice: HandedInvoice): string[][] {
  const own = [invoice.id, invoice.number, invoice.customer, formatInstant(invoice.issuedAt), invoice.dueAt === null ? '' : formatInstant(invoice.dueAt)]
  const rows = invoice.lines.map((line) => [...own, line.id, line.name, line.from, line.to, formatUnits(line.amount, invoice.currency), invoice.currency])
  return [[...COLUMNS], ...rows]
}

async function writeWhole(path: string, rows: readonly (readonly string[])[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.part`, rows.map((row) => `${row.map(cell).join(',')}\r\n`).join(''), { mode: 0o600 })
  await rename(`${path}.part`, path)
}

/** What became of an invoice: `INV-000042.csv` and `paid` are `INV-000042.paid.csv`. */
function besideOf(name: string, what: string): string {
  return name.replace(/csv$/, `${what}.csv`)
}

const BESIDE = /\.(?:(paid|void|uncollectible)|(crn_[\w-]+))\.csv$/

async function standing(folder: string, name: string): Promise<StandingThere | null> {
  const rows = await rowsOf(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const [first] = rows ?? []
  if (rows === null || first === undefined) return null
  const currency = at(first, 'currency')
  const sum = (own: readonly (readonly string[])[]) => own.reduce((total, row) => total + parseUnits(at(row, 'amount'), currency), 0n)
  const beside = (await readdir(dirname(join(folder, name)))).filter((file) => file.startsWith(basename(name).replace(/csv$/, '')) && BESIDE.test(file)).map((file) => ({ file, match: BESIDE.exec(file)! }))
  const notes = beside.filter(({ match }) => match[2] !== undefined)
  let credited = 0n
  for (const { file } of notes) credited -= sum(await rowsOf(join(folder, dirname(name), file)))
  const ends = beside.flatMap(({ match }) => match[1] ?? [])
  const state = (['paid', 'void', 'uncollectible'] as const).find((end) => ends.includes(end)) ?? 'open'
  return { externalId: name, currency, total: units(sum(rows)), state, credited: units(credited), notes: notes.map(({ match }) => match[2]!) }
}

async function rowsOf(path: string): Promise<string[][]> {
  return readRows(await readFile(path, 'utf8'))
}

function at(row: readonly string[] | undefined, column: (typeof COLUMNS)[number]): string {
  return row?.[COLUMNS.indexOf(column)] ?? ''
}

/** Quoted where it must be; a text that a spreadsheet would run as a formula is led by an apostrophe. */
function cell(text: string, column: number): string {
  const safe = column === COLUMNS.indexOf('description') && /^[=+@\t-]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

async function* listFiles(folder: string, span: Span): AsyncGenerator<FoundInvoice> {
  for (const month of (await foldersOf(folder)).sort()) {
    if (month < formatInstant(span.start).slice(0, 7) || month > formatInstant(span.end).slice(0, 7)) continue
    for (const file of (await readdir(join(folder, month))).filter((name) => name.endsWith('.csv') && !BESIDE.test(name)).sort()) {
      const rows = await rowsOf(join(folder, month, file))
      const [first] = rows
      const issued = Date.parse(at(first, 'issued_at'))
      if (first === undefined || issued < span.start || issued >= span.end) continue
      const currency = at(first, 'currency')
      yield { externalId: join(month, file), invoice: at(first, 'invoice_id'), number: at(first, 'number'), currency, total: units(rows.reduce((sum, row) => sum + parseUnits(at(row, 'amount'), currency), 0n)), state: (await standing(folder, join(month, file)))?.state ?? 'open' }
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
