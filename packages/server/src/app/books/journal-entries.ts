// Journal entries of closed days, for an accounting system: made of the sums that closing kept, so that a second export is the same entries with the
// same ids. Only currencies are booked; credits of another unit are money when they are bought or invoiced.

import { accountIn, carried, instant, isCurrency, isDebitAccount, JOURNAL_DAYS_MAX, journalEntriesOf, roundToMinor, InputError, DAY_MS, units, ZERO, type Instant, type JournalEntry, type Units } from '@tollgate/core'
import type { Sql, Transaction } from '../../platform/postgres.ts'
import { closedDays, closedMoves, lastClosedDay } from '../../store/books.ts'
import type { ControlPlane } from '../control-plane.ts'
import { byAsset, closeDays, dayText } from './days.ts'
import type { BookCheck } from './month.ts'
import { bookSettings, type BookSettings } from './settings.ts'

export type JournalExport = { readonly entries: readonly JournalEntry[]; readonly settings: BookSettings; /** Days up to it can be exported; null while none is closed. */ readonly closedThrough: string | null }

/** Entries of the days from `from` to before `to` that are closed. Days that are over are closed first. */
export async function exportJournals(plane: ControlPlane, span: { readonly from: Instant; readonly to: Instant }): Promise<JournalExport> {
  if (span.from >= span.to) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must be after from' })
  if (span.to - span.from > JOURNAL_DAYS_MAX * DAY_MS) throw new InputError({ code: 'out_of_range', field: 'to', message: `at most ${JOURNAL_DAYS_MAX} days in one export` })
  await closeDays(plane)
  return plane.sql.begin('isolation level repeatable read read only', async (tx) => ({ entries: await entriesOf(tx, span), settings: await bookSettings(tx), closedThrough: await lastClosedDay(tx) })) as Promise<JournalExport>
}

async function entriesOf(sql: Sql | Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<JournalEntry[]> {
  const balances = openings(byAsset(await closedMoves(sql, { from: null, to: dayText(span.from) })))
  const rows = await closedDays(sql, { from: dayText(span.from), to: dayText(span.to) })
  return [...new Set(rows.map(({ day }) => day))].flatMap((day) =>
    [...byAsset(rows.filter((row) => row.day === day))].filter(([asset]) => isCurrency(asset)).flatMap(([asset, moves]) => {
      const opening = balances.get(asset) ?? new Map<string, Units>()
      balances.set(asset, carried(opening, moves))
      return journalEntriesOf(day, asset, opening, moves)
    }),
  )
}

function openings(moves: ReturnType<typeof byAsset>): Map<string, Map<string, Units>> {
  return new Map([...moves].map(([asset, own]) => [asset, carried(new Map(), own)]))
}

/** The entries of the month's closed days move every account by exactly what the ledger moved it, as rounded. */
export async function entriesDisagree(tx: Transaction, span: { readonly from: Instant; readonly to: Instant }): Promise<BookCheck[]> {
  const last = await lastClosedDay(tx)
  if (last === null || last < dayText(span.from)) return []
  const to = instant(Math.min(span.to, Date.parse(last) + DAY_MS))
  const entries = await entriesOf(tx, { from: span.from, to })
  const before = openings(byAsset(await closedMoves(tx, { from: null, to: dayText(span.from) })))
  const after = openings(byAsset(await closedMoves(tx, { from: null, to: dayText(to) })))
  return [...after].filter(([asset]) => isCurrency(asset)).flatMap(([asset, balances]) => {
    const lines = entries.filter(({ currency }) => currency === asset).flatMap((entry) => entry.lines)
    const accounts = [...balances.keys()].filter((account) => account !== 'rounding').map((account) => {
      const booked = lines.filter((line) => line.account === account).reduce((sum, { debit, credit }) => sum + credit - debit, 0n)
      const moved = roundToMinor(balances.get(account) ?? ZERO, asset) - roundToMinor(before.get(asset)?.get(account) ?? ZERO, asset)
      return { account, booked, moved }
    })
    const sides = lines.reduce((sum, { debit, credit }) => ({ debit: sum.debit + debit, credit: sum.credit + credit }), { debit: 0n, credit: 0n })
    const check = (name: string, left: bigint, right: bigint): BookCheck => ({ name, asset, left: units(left), right: units(right), agrees: left === right })
    return [
      check('debits of journal entries = their credits', sides.debit, sides.credit),
      ...accounts.filter(({ booked, moved }) => booked !== moved).map(({ account, booked, moved }) => check(`journal entries = ledger: ${accountIn(account).name}${isDebitAccount(account) ? ' (credits less debits)' : ''}`, booked, moved)),
    ]
  })
}
