// What one customer's invoices and deferred lines say against its ledger: part of the continuous check of the books. A difference names both sides.

import { formatUnits, parseUnits, units } from '@tollgate/core'
import { accountSums, deferredByLine, outstanding, type StandingSum } from '../../store/books-check.ts'
import type { ControlPlane } from '../control-plane.ts'

export async function checkDocuments(plane: ControlPlane, customer: string): Promise<string[]> {
  return plane.sql.begin('isolation level repeatable read read only', async (tx) => {
    const [deferred, due] = [await deferredByLine(tx, customer), await outstanding(tx, customer)]
    const [deferredLedger, receivable] = [await accountSums(tx, { customer, account: 'deferred_revenue' }), await accountSums(tx, { customer, account: 'receivable' })]
    return [
      ...differences('deferred by invoice line', deferred, 'ledger: deferred revenue', deferredLedger, 1n),
      ...differences('invoices outstanding', due, 'ledger: receivable', receivable, -1n),
    ]
  }) as Promise<string[]>
}

/** `sign`: the ledger's sums are credits minus debits. */
function differences(left: string, documents: readonly StandingSum[], right: string, ledger: readonly StandingSum[], sign: 1n | -1n): string[] {
  return [...new Set([...documents, ...ledger].map(({ asset }) => asset))].flatMap((asset) => {
    const amount = (rows: readonly StandingSum[]) => rows.reduce((sum, row) => (row.asset === asset ? sum + parseUnits(row.amount, asset) : sum), 0n)
    const [a, b] = [amount(documents), sign * amount(ledger)]
    return a === b ? [] : [`${left} ${formatUnits(units(a), asset)} ≠ ${right} ${formatUnits(units(b), asset)} ${asset}`]
  })
}
