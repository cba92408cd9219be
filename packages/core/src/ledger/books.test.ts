// Books roll forward by cause, and journals of any days sum to them to the cent.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundToMinor, units, type Units } from '../money.ts'
import { carried, rollForward, type AccountMove } from './books.ts'
import { CHART, isDebitAccount } from './chart.ts'
import { journalEntriesOf } from './journal-entry.ts'

const amount = (cents: number) => units(BigInt(Math.round(cents * 100)) * 10n ** 8n)
const move = (account: string, cause: string, debits: number, credits: number): AccountMove => ({ account, cause, debits: amount(debits * 100), credits: amount(credits * 100) })

test('deferred revenue rolls forward from its opening by cause, and receivable reads above zero', () => {
  const opening = new Map<string, Units>([['deferred_revenue', amount(10_000)], ['receivable', units(-amount(5_000))]])
  const books = rollForward('USD', opening, [
    move('receivable', 'invoice', 59, 0), move('deferred_revenue', 'invoice', 0, 49), move('fee_revenue', 'invoice', 0, 10),
    move('deferred_revenue', 'recognition', 24.5, 0), move('fee_revenue', 'recognition', 0, 24.5), move('payment_clearing', 'payment', 50, 0), move('receivable', 'payment', 0, 50),
  ])
  const of = (account: string) => books.accounts.find((one) => one.account === account)!
  expect(of('deferred_revenue')).toMatchObject({ opening: amount(10_000), closing: amount(12_450), movements: [{ cause: 'invoice', amount: amount(4_900) }, { cause: 'recognition', amount: amount(-2_450) }] })
  expect(of('receivable')).toMatchObject({ opening: amount(5_000), closing: amount(5_900) })
  expect(books.revenue).toBe(amount(3_450))
  // The opening was not whole: 100 of deferred against 50 of receivable.
  expect(books.imbalance).toBe(amount(5_000))
})

const accounts = fc.constantFrom(...Object.keys(CHART), 'something_new')
const transfers = fc.array(fc.record({ debit: accounts, credit: accounts, cause: fc.constantFrom('usage', 'invoice', 'payment', 'recognition'), day: fc.integer({ min: 1, max: 5 }), amount: fc.bigInt({ min: 1n, max: 10n ** 15n }) }).filter(({ debit, credit }) => debit !== credit), { maxLength: 30 })
const movesOf = (rows: readonly { readonly debit: string; readonly credit: string; readonly cause: string; readonly amount: bigint }[]): AccountMove[] =>
  rows.flatMap(({ debit, credit, cause, amount: moved }) => [{ account: debit, cause, debits: units(moved), credits: units(0n) }, { account: credit, cause, debits: units(0n), credits: units(moved) }])

test('journals balance, and of any days they sum to the rounded balance of every account; other days do not change them', () => {
  fc.assert(fc.property(transfers, fc.integer({ min: 1, max: 5 }), (rows, from) => {
    let balances = new Map<string, Units>()
    const sums = new Map<string, bigint>()
    const all = []
    for (let day = 1; day <= 5; day++) {
      const moves = movesOf(rows.filter((row) => row.day === day))
      const journals = journalEntriesOf(`2026-11-0${day}`, 'USD', balances, moves)
      all.push(...journals)
      for (const journal of journals) {
        expect(journal.lines.reduce((sum, { debit, credit }) => sum + credit - debit, 0n)).toBe(0n)
        for (const { account, debit, credit } of journal.lines) sums.set(account, (sums.get(account) ?? 0n) + credit - debit)
      }
      balances = carried(balances, moves)
      for (const [account, balance] of balances) if (account !== 'rounding') expect(sums.get(account) ?? 0n).toBe(roundToMinor(balance, 'USD'))
      // An export of some days again is those days of the first one.
      const before = carried(new Map(), movesOf(rows.filter((row) => row.day < from)))
      if (day === from) expect(journalEntriesOf(`2026-11-0${day}`, 'USD', before, moves)).toEqual(journals)
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  }))
})

test('whatever is posted, books that began whole stay whole: assets and expenses are liabilities and revenue', () => {
  fc.assert(fc.property(transfers, (rows) => {
    const books = rollForward('USD', new Map(), movesOf(rows))
    expect(books.imbalance).toBe(0n)
    for (const one of books.accounts) {
      const net = one.credits - one.debits
      expect(one.closing).toBe(isDebitAccount(one.account) ? -net : net)
    }
  }))
})
