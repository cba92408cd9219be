// Both sides of the hand-over held against each other: the final invoices of a span here, and what the receiver has. Whatever is on one side
// alone, twice, of another amount, or ended on one side is told; nothing is changed.

import { formatUnits, InputError, instant, parseUnits, RECONCILED_INVOICES_MAX, type Instant, type Units } from '@tollgate/core'
import { handedIn, isHandedOver, readHandoverSetting } from '../../store/handovers.ts'
import type { ControlPlane } from '../control-plane.ts'
import { numberText } from '../invoices/compose.ts'
import { Problem } from '../problems.ts'
import { openAccount } from '../providers/accounts.ts'
import { plainAmount, receiverOf } from './handovers.ts'
import type { FoundInvoice, HandoverTarget } from './port.ts'

export type Difference = {
  /** `missing`: here, not there. `unknown`: there, and says it is of ours, but is not. `twice`: more than one there. `amount`, `currency` and `state`: they differ. */
  readonly kind: 'missing' | 'unknown' | 'twice' | 'amount' | 'currency' | 'state'
  readonly invoice: string | null
  readonly number: string | null
  readonly customer: string | null
  readonly externalId: string | null
  readonly here: string | null
  readonly there: string | null
}

export type Reconciliation = {
  readonly target: HandoverTarget
  readonly from: Instant
  readonly to: Instant
  readonly here: { readonly invoices: number; readonly totals: ReadonlyMap<string, Units> }
  readonly there: { readonly invoices: number; readonly totals: ReadonlyMap<string, Units>; /** Invoices of the receiver that are not from us. */ readonly others: number }
  readonly differences: readonly Difference[]
}

/** Clocks differ, and an invoice is handed over after it was finalized: the receiver is asked for some days more. */
const LATER_MS = 14 * 86_400_000
const EARLIER_MS = 3_600_000

export async function reconcileHandover(plane: ControlPlane, span: { readonly from: Instant; readonly to: Instant }): Promise<Reconciliation> {
  const setting = await readHandoverSetting(plane.sql)
  if (setting === null) throw new Problem('not_found', 'invoices are not handed over: PUT /v1/handover')
  const receiver = receiverOf(plane, setting.target)
  const own = await handedIn(plane.sql, { target: setting.target, ...span, limit: RECONCILED_INVOICES_MAX + 1 })
  if (own.length > RECONCILED_INVOICES_MAX) throw new InputError({ code: 'too_many_rows', field: 'to', message: `more than ${RECONCILED_INVOICES_MAX} invoices were finalized in the span: take a shorter one` })
  const account = receiver.provider === null ? null : await openAccount(plane, receiver.provider)
  const found = new Map<string, FoundInvoice[]>()
  let others = 0
  for await (const one of receiver.list(account, { start: instant(span.from - EARLIER_MS), end: instant(span.to + LATER_MS) })) {
    if (one.invoice === null) others += 1
    else found.set(one.invoice, [...(found.get(one.invoice) ?? []), one])
  }
  const differences: Difference[] = []
  const [here, there] = [new Map<string, Units>(), new Map<string, Units>()]
  let matched = 0
  for (const row of own) {
    const isAsked = row.invoiceState === 'open' || row.invoiceState === 'paid'
    const due = parseUnits(plainAmount(row.amountDue), row.currency)
    if (isAsked) add(here, row.currency, due)
    const theirs = found.get(row.invoice) ?? []
    found.delete(row.invoice)
    matched += theirs.length
    for (const one of theirs) if (one.state !== 'void') add(there, one.currency, one.total)
    const tell = (kind: Difference['kind'], one: FoundInvoice | null, sides: readonly [string | null, string | null]): void =>
      void differences.push({ kind, invoice: row.invoice, number: numberText(row.series, row.number), customer: row.customer, externalId: one?.externalId ?? null, here: sides[0], there: sides[1] })
    const [first] = theirs
    if (first === undefined) {
      if (isAsked) tell('missing', null, [row.state ?? 'not queued', row.reason])
      continue
    }
    if (theirs.filter(({ state }) => state !== 'void').length > 1) tell('twice', theirs[1]!, ['1', String(theirs.length)])
    if (first.currency !== row.currency) tell('currency', first, [row.currency, first.currency])
    else if (first.total !== due) tell('amount', first, [formatUnits(due, row.currency), formatUnits(first.total, first.currency)])
    if (differs(row.invoiceState, first.state)) tell('state', first, [row.invoiceState, first.state])
  }
  for (const [invoice, theirs] of found) {
    for (const one of theirs) {
      // One of a day before or after the span is of another reconciliation.
      if (await isHandedOver(plane.sql, { invoice, target: setting.target })) continue
      matched += 1
      add(there, one.currency, one.total)
      differences.push({ kind: 'unknown', invoice, number: one.number, customer: null, externalId: one.externalId, here: null, there: formatUnits(one.total, one.currency) })
    }
  }
  return { target: receiver.target, ...span, here: { invoices: own.length, totals: here }, there: { invoices: matched, totals: there, others }, differences }
}

/** Ended on one side only; who pays it where is told by the receiver's own messages. */
function differs(here: string, there: FoundInvoice['state']): boolean {
  const isEnded = (state: string): boolean => state === 'void' || state === 'uncollectible'
  return isEnded(here) !== isEnded(there) || (there === 'draft' && !isEnded(here))
}

function add(totals: Map<string, Units>, currency: string, amount: bigint): void {
  totals.set(currency, ((totals.get(currency) ?? 0n) + amount) as Units)
}
