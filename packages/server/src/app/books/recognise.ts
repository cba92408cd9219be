// Revenue recognition: a job moves what has passed of deferred fees to revenue, by day, and a credit note takes back what is still deferred.
// A day is posted while it runs, up to its end, so that its journal holds the revenue of that day; what could not be posted then is caught up.
// Invariant: what is deferred of lines that stand is the ledger's account deferred_revenue.

import {
  assert, DAY_MS, formatUnits, instant, makeId, parseUnits, recognisedBy, recognitionTransfers, releasedByCredit, releaseTransfers, units, ZERO,
  type Deferral, type Instant, type Transfer, type Units,
} from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { lockCustomers } from '../../store/customers.ts'
import { customersToRecognise, deferralsOf, dueDeferrals, moveDeferrals, type DeferralRow, type DueDeferral } from '../../store/deferrals.ts'
import { insertTransfers, type TransferRow } from '../../store/ledger.ts'
import type { ControlPlane } from '../control-plane.ts'

/** Customers of one transaction: settlement waits for their locks no longer than for a closing run's. */
const CUSTOMERS_PER_TRANSACTION = 250

/** The job: posts what is due by the end of the running day (UTC). Returns how many transfers. */
export async function recogniseRevenue(plane: ControlPlane, at: Instant = plane.clock.now()): Promise<number> {
  const through = instant((Math.floor(at / DAY_MS) + 1) * DAY_MS)
  let posted = 0
  for (let after = ''; ; ) {
    const customers = await customersToRecognise(plane.sql, { through, after, limit: CUSTOMERS_PER_TRANSACTION })
    const last = customers.at(-1)
    if (last === undefined) return posted
    posted += await withRetry(plane.sql, (tx) => recogniseIn(tx, plane, customers, through))
    after = last
  }
}

async function recogniseIn(tx: Transaction, plane: ControlPlane, customers: readonly string[], through: Instant): Promise<number> {
  await lockCustomers(tx, customers)
  // Read under the lock: another run may have posted it meanwhile.
  const due = (await dueDeferrals(tx, customers, through)).map((row) => ({ row, recognised: recognisedBy(deferralOf(row), through) }))
  const transfers = byInvoice(due.map(({ row }) => row)).flatMap((rows) => {
    const sum = due.filter(({ row }) => rows.includes(row)).reduce((total, { row, recognised }) => total + recognised - amountOf(row, row.recognised), 0n)
    return recognitionTransfers(rows[0]!.asset, units(sum)).map((transfer) => rowOf(plane, rows[0]!, transfer, { cause: 'recognition', causeId: rows[0]!.invoice }))
  })
  await insertTransfers(tx, transfers)
  await moveDeferrals(tx, due.map(({ row, recognised }) => ({ ...row, recognised: formatUnits(recognised, row.asset), recognisedUntil: through < row.endsAt ? through : row.endsAt })))
  return transfers.length
}

/** One transfer an invoice and day. Its cause is the invoice, so that voiding the invoice undoes it too. */
function byInvoice(rows: readonly DueDeferral[]): DueDeferral[][] {
  const groups = new Map<string, DueDeferral[]>()
  for (const row of rows) {
    const key = `${row.customer} ${row.invoice}`
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [row])
    else known.push(row)
  }
  return [...groups.values()]
}

export type CreditedLine = { readonly line: number; readonly taken: Units; /** What was left to credit of the line. */ readonly creditable: Units }

/**
 * Inside the transaction of a credit note: what is still deferred of the lines that it takes was never revenue. It leaves deferred revenue in
 * the note's share, and the rest of the line is spread over the rest of its time.
 */
export async function releaseDeferred(tx: Transaction, plane: ControlPlane, note: { readonly customer: string; readonly invoice: string; readonly id: string; readonly periodStart: Instant; readonly lines: readonly CreditedLine[] }): Promise<void> {
  const moved = (await deferralsOf(tx, { customer: note.customer, id: note.invoice })).flatMap((row) => {
    const line = note.lines.find((candidate) => candidate.line === row.line)
    if (line === undefined) return []
    const recognised = amountOf(row, row.recognised)
    const deferred = units(amountOf(row, row.amount) - amountOf(row, row.released) - recognised)
    const released = releasedByCredit(deferred, line)
    return [{ row, releasedNow: released, next: { ...row, released: formatUnits(units(amountOf(row, row.released) + released), row.asset), basisAt: row.recognisedUntil, basisRecognised: row.recognised } }]
  })
  const transfers = moved.flatMap(({ row, releasedNow }) => releaseTransfers(row.asset, releasedNow).map((transfer) => rowOf(plane, { ...row, periodStart: note.periodStart }, transfer, { cause: 'credit_note', causeId: note.id })))
  await insertTransfers(tx, transfers)
  await moveDeferrals(tx, moved.map(({ next }) => next))
}

function rowOf(plane: ControlPlane, of: { readonly customer: string; readonly periodStart: Instant }, transfer: Transfer, cause: Pick<TransferRow, 'cause' | 'causeId'>): TransferRow {
  return { ...transfer, ...cause, customer: of.customer, id: makeId('transfer', plane.randomText()), batch: null, periodStart: of.periodStart }
}

function deferralOf(row: DeferralRow): Deferral {
  const deferral = {
    amount: amountOf(row, row.amount), span: { start: row.startsAt, end: row.endsAt }, released: amountOf(row, row.released),
    basis: { at: row.basisAt, recognised: amountOf(row, row.basisRecognised) },
  }
  assert(deferral.amount !== ZERO, 'a deferral defers something')
  return deferral
}

function amountOf(row: DeferralRow, text: string): Units {
  return parseUnits(text, row.asset)
}
