// What may be credited of an invoice, and the tax that goes back with it. Any series of credit notes over a line never exceeds the
// line, and notes over all of an invoice give back exactly its tax: the tax of a note is the difference that it makes.

import { InputError } from '../assert.ts'
import { divideRounded } from '../decimal.ts'
import { formatUnits, roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'

/** A line of an invoice with what earlier credit notes took of it, both as printed and without tax. */
export type CreditableLine = { readonly line: number; readonly amount: Units; readonly credited: Units }

export type CreditNoteInput = {
  readonly currency: AssetId
  readonly lines: readonly CreditableLine[]
  /** Net of the invoice after discounts and credit, and its tax: what was asked for. */
  readonly net: Units
  readonly tax: Units
  /** Net that earlier notes gave back. */
  readonly creditedNet: Units
  /** What this note takes of each line. */
  readonly take: readonly { readonly line: number; readonly amount: Units }[]
}

export type CreditNote = { readonly net: Units; readonly tax: Units; readonly total: Units }

/** @throws {InputError} `out_of_range` naming the line or the invoice that has less left. */
export function creditNote(input: CreditNoteInput): CreditNote {
  const { currency } = input
  let net = 0n
  const seen = new Set<number>()
  for (const { line, amount } of input.take) {
    const known = input.lines.find((candidate) => candidate.line === line)
    if (known === undefined || seen.has(line)) throw new InputError({ code: 'invalid_value', field: 'lines', message: seen.has(line) ? `line ${line} is named twice` : `the invoice has no line ${line}` })
    seen.add(line)
    const left = known.amount - known.credited
    if (amount <= ZERO || amount !== roundToMinor(amount, currency)) throw new InputError({ code: 'out_of_range', field: 'lines', message: `line ${line}: the amount must be above zero and have no more digits than ${currency} prints` })
    if (amount > left) throw new InputError({ code: 'out_of_range', field: 'lines', message: `line ${line} has ${formatUnits(units(left > 0n ? left : 0n), currency)} left to credit` })
    net += amount
  }
  if (net === 0n) throw new InputError({ code: 'required', field: 'lines', message: 'a credit note takes something of at least one line' })
  const room = input.net - input.creditedNet
  if (net > room) throw new InputError({ code: 'out_of_range', field: 'lines', message: `the invoice has ${formatUnits(units(room > 0n ? room : 0n), currency)} left to credit after discounts, credits and earlier notes` })
  const tax = units(taxUpTo(input, units(input.creditedNet + net)) - taxUpTo(input, input.creditedNet))
  return { net: units(net), tax, total: units(net + tax) }
}

/** Tax on the first `net` of the invoice's net, rounded: all of it at the end. */
function taxUpTo(input: CreditNoteInput, net: Units): Units {
  return input.net === ZERO ? ZERO : roundToMinor(units(divideRounded(input.tax * net, input.net)), input.currency)
}
