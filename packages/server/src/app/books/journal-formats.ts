// Journal entries as accounting systems read them: NetSuite's import file and its REST records, and a plain CSV for SAP and all others. A file
// is the same whenever it is written: whoever imports it twice, with the entry's id as external id, posts nothing twice.

import { CAUSE_NAMES, formatDecimal, minorDigits, pow10, assetScale, ZERO, type JournalEntry, type JournalLine, type Units } from '@tollgate/core'
import { csvRow } from '../csv.ts'
import { mappedAccount, type BookSettings } from './settings.ts'

export const JOURNAL_FORMATS = ['csv', 'netsuite-csv', 'netsuite-json'] as const
export type JournalFormat = (typeof JOURNAL_FORMATS)[number]

export function renderJournals(entries: readonly JournalEntry[], format: JournalFormat, settings: BookSettings): string {
  if (format === 'netsuite-json') return entries.map((entry) => `${netsuiteRecord(entry, settings)}\n`).join('')
  const [head, row] = format === 'csv' ? [PLAIN, plainRow] : [NETSUITE, netsuiteRow]
  return [csvRow(head), ...entries.flatMap((entry) => linesOf(entry, settings).map((line, index) => csvRow(row(entry, line, { number: index + 1, settings }))))].join('')
}

type MappedLine = { readonly code: string; readonly name: string; readonly debit: string; readonly credit: string }

/** Lines of accounts that are one to the operator become one; what nets to zero is left out. */
function linesOf(entry: JournalEntry, settings: BookSettings): MappedLine[] {
  const merged = new Map<string, { readonly name: string; net: bigint }>()
  for (const line of entry.lines) {
    const { code, name } = mappedAccount(settings, line.account)
    const known = merged.get(code) ?? { name, net: 0n }
    known.net += signed(line)
    merged.set(code, known)
  }
  const text = (amount: bigint) => formatMinor(amount as Units, entry.currency)
  return [...merged].filter(([, { net }]) => net !== ZERO).map(([code, { name, net }]) => ({ code, name, debit: net < 0n ? text(-net) : '', credit: net > 0n ? text(net) : '' }))
}

function signed({ debit, credit }: JournalLine): bigint {
  return credit - debit
}

/** With the decimal places that the currency prints: `12.50`. */
function formatMinor(amount: Units, currency: string): string {
  const digits = minorDigits(currency)
  const minor = amount / pow10(assetScale(currency) - digits)
  const [whole, fraction = ''] = formatDecimal(minor, digits).split('.')
  return digits === 0 ? whole! : `${whole}.${fraction.padEnd(digits, '0')}`
}

const PLAIN = ['journal_id', 'line', 'date', 'period', 'account', 'account_name', 'debit', 'credit', 'currency', 'cause', 'memo']

type RowContext = { readonly number: number; readonly settings: BookSettings }

function plainRow(entry: JournalEntry, line: MappedLine, { number }: RowContext): string[] {
  return [entry.id, String(number), entry.day, entry.day.slice(0, 7), line.code, line.name, line.debit, line.credit, entry.currency, entry.cause, memoOf(entry)]
}

/** The columns of NetSuite's import assistant for journal entries: lines of one entry share its external id. */
const NETSUITE = ['External ID', 'Date', 'Posting Period', 'Currency', 'Subsidiary', 'Memo', 'Journal Entry - Line: Account', 'Journal Entry - Line: Debit', 'Journal Entry - Line: Credit', 'Journal Entry - Line: Memo']

function netsuiteRow(entry: JournalEntry, line: MappedLine, { settings }: RowContext): string[] {
  const [year, month, day] = entry.day.split('-') as [string, string, string]
  return [entry.id, `${Number(month)}/${Number(day)}/${year}`, `${MONTHS[Number(month) - 1]} ${year}`, entry.currency, settings.subsidiary ?? '', memoOf(entry), `${line.code} ${line.name}`, line.debit, line.credit, memoOf(entry)]
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A body for `POST …/record/v1/journalEntry`. Amounts are written digit by digit: a JSON number that was a float may have lost a cent. */
function netsuiteRecord(entry: JournalEntry, settings: BookSettings): string {
  const text = JSON.stringify
  const items = linesOf(entry, settings).map((line) => `{"account":{"id":${text(line.code)}},${line.debit === '' ? `"credit":${line.credit}` : `"debit":${line.debit}`},"memo":${text(line.name)}}`)
  const head = text({ externalId: entry.id, tranDate: entry.day, ...(settings.subsidiary === null ? {} : { subsidiary: { id: settings.subsidiary } }), currency: { refName: entry.currency }, memo: memoOf(entry) })
  return `${head.slice(0, -1)},"line":{"items":[${items.join(',')}]}}`
}

function memoOf(entry: JournalEntry): string {
  return `${CAUSE_NAMES[entry.cause] ?? entry.cause} of ${entry.day}`
}
