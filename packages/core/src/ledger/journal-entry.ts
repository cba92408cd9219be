// Journal entries for a general ledger: one a day, currency and cause, balanced, in whole minor units. Each line is the difference of two rounded running
// balances, so that the balance of an account in the other system is always that of ours, rounded once, however many days were exported; what
// cents cannot show is one line on the rounding account. The id of an entry is made of day, currency and cause: a day that is over never
// changes, so that a second export is the same entries.

import { assert } from '../assert.ts'
import { roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import type { AccountMove } from './books.ts'

export type JournalLine = { readonly account: string; /** One of the two is zero, the other above. */ readonly debit: Units; readonly credit: Units }

export type JournalEntry = {
  /** `tollgate-2026-11-25-USD-invoice`. */
  readonly id: string
  readonly day: string
  readonly currency: AssetId
  readonly cause: string
  readonly lines: readonly JournalLine[]
}

const ROUNDING = 'rounding'

/** The journals of one day, by cause. `opening`: credits minus debits of each account before the day, exact. */
export function journalEntriesOf(day: string, currency: AssetId, opening: ReadonlyMap<string, Units>, moves: readonly AccountMove[]): JournalEntry[] {
  const running = new Map(opening)
  return [...new Set(moves.map(({ cause }) => cause))].sort().flatMap((cause) => {
    const steps = new Map<string, bigint>()
    for (const move of moves) {
      if (move.cause !== cause || move.account === ROUNDING) continue
      const before = running.get(move.account) ?? ZERO
      const after = units(before + move.credits - move.debits)
      running.set(move.account, after)
      steps.set(move.account, (steps.get(move.account) ?? 0n) + roundToMinor(after, currency) - roundToMinor(before, currency))
    }
    const rest = -[...steps.values()].reduce((sum, step) => sum + step, 0n)
    const lines = [...[...steps].sort(([a], [b]) => (a < b ? -1 : 1)), [ROUNDING, rest] as const].flatMap(([account, step]) => lineOf(account, step))
    assert(lines.reduce((sum, { debit, credit }) => sum + credit - debit, 0n) === 0n, 'a journal balances')
    return lines.length === 0 ? [] : [{ id: `tollgate-${day}-${currency}-${cause}`, day, currency, cause, lines }]
  })
}

/** `step`: credits minus debits. */
function lineOf(account: string, step: bigint): JournalLine[] {
  if (step === 0n) return []
  return [step > 0n ? { account, debit: ZERO, credit: units(step) } : { account, debit: units(-step), credit: ZERO }]
}
