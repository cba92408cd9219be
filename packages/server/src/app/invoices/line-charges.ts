// What a line of an invoice is made of: the charges of its events by day, feature and model. They sum to what the line was charged for, and to more or
// less where usage of the period came or was corrected since; the answer says both.

import { formatUnits, InputError, LINE_CHARGES_MAX, parseUnits, units, type InvoiceDocument, type Units } from '@tollgate/core'
import { chargesOfLine, lineOf, type LineChargeRow } from '../../store/line-charges.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'
import { getInvoice } from './actions.ts'

type LineCharges = {
  readonly name: string
  readonly price: string
  readonly currency: string
  /** Of the line when it was written. */
  readonly charged: Units
  /** Of its events now. */
  readonly charges: Units
  readonly rows: readonly (Omit<LineChargeRow, 'amount'> & { readonly amount: Units })[]
}

/** @throws {Problem} not_found; {InputError} too_many_rows. */
export async function lineCharges(plane: ControlPlane, key: { readonly customer: string; readonly invoice: string; readonly line: number }, by: 'day' | 'feature' | 'model' | null): Promise<LineCharges> {
  const { timeZone } = await getCustomer(plane, key.customer)
  const invoice = await getInvoice(plane, { customer: key.customer, id: key.invoice })
  const line = await lineOf(plane.sql, key)
  const printed = (invoice.document as InvoiceDocument).lines.find((one) => one.line === key.line)
  if (line === null || printed === undefined) throw new Problem('not_found', `invoice ${key.invoice} has no line ${key.line}`, 'line')
  const isUsage = line.kind === 'usage' || line.kind === 'late_usage'
  const rows = isUsage ? await chargesOfLine(plane.sql, { ...line, customer: key.customer, timeZone, by, limit: LINE_CHARGES_MAX + 1 }) : []
  if (rows.length > LINE_CHARGES_MAX) throw new InputError({ code: 'too_many_rows', field: 'by', message: `the line has more than ${LINE_CHARGES_MAX} days, features and models: ask by one of them` })
  const amount = (text: string): Units => parseUnits(text, invoice.currency)
  return {
    name: printed.name, price: line.price, currency: invoice.currency, charged: amount(line.charges), charges: units(rows.reduce((sum, row) => sum + amount(row.amount), 0n)),
    rows: rows.map((row) => ({ ...row, amount: amount(row.amount) })),
  }
}

/** As text on the wire: `charges − charged` is what came since. */
export function lineChargesBody({ charged, charges, rows, currency, ...rest }: LineCharges) {
  const text = (value: Units): string => formatUnits(value, currency)
  return { ...rest, currency, charged: text(charged), charges: text(charges), data: rows.map((row) => ({ ...row, events: Number(row.events), amount: text(row.amount) })) }
}
