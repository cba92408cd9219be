import fc from 'fast-check'
import { expect, test } from 'vitest'
import { units, type Units } from '../money.ts'
import { creditNoteTransfers, invoiceTransfers, paymentTransfers, recognitionTransfers } from './invoice-transfers.ts'
import { accountBalances } from './transfer.ts'

const amount = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map(units)
const postings = fc.record({ asset: fc.constant('USD'), accrued: amount, fees: amount, deferred: amount, discounts: amount, tax: amount, isTaxInside: fc.boolean(), amountDue: amount })
const owed = (transfers: Parameters<typeof accountBalances>[0], account: string) => accountBalances(transfers).get(account as 'receivable') ?? 0n

test('what an invoice asks for is exactly what stands on receivable, and paying it leaves nothing there', () => {
  fc.assert(fc.property(postings, (posting) => {
    const transfers = invoiceTransfers(posting)
    expect(owed(transfers, 'receivable')).toBe(-posting.amountDue)
    expect(owed([...transfers, ...paymentTransfers('USD', posting.amountDue)], 'receivable')).toBe(0n)
    expect(owed(transfers, 'accrued_usage')).toBe(posting.accrued)
    expect([...accountBalances(transfers).values()].reduce((sum, balance) => sum + balance, 0n)).toBe(0n)
    for (const transfer of transfers) expect(transfer.amount > 0n).toBe(true)
  }))
})

test('a credit note over everything takes net and tax back', () => {
  const transfers = creditNoteTransfers('USD', { net: 100n as Units, tax: 19n as Units })
  expect([owed(transfers, 'receivable'), owed(transfers, 'credit_notes'), owed(transfers, 'tax_payable')]).toEqual([119n, -100n, -19n])
})

test('deferred fees become revenue as their time passes, and time that was given back takes it away', () => {
  expect(recognitionTransfers('USD', 5n as Units)).toEqual([{ debit: 'deferred_revenue', credit: 'fee_revenue', asset: 'USD', amount: 5n }])
  expect(recognitionTransfers('USD', 0n as Units)).toEqual([])
  expect(recognitionTransfers('USD', -5n as Units)).toEqual([{ debit: 'fee_revenue', credit: 'deferred_revenue', asset: 'USD', amount: 5n }])
})
