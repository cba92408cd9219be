// What is still to be asked for of a period: all that it comes to by now, less what its invoices asked for already. One rule for the fee at
// the start of a period, an invoice in its middle, the close, and usage that came late or was corrected: nothing is asked for twice,
// whatever happened in between, and the printed amounts of a period's invoices sum to the printed whole.

import { units, ZERO, type Units } from '../money.ts'
import { NONE } from '../quantity.ts'
import type { Span } from '../time.ts'
import type { ChargeLine } from './close.ts'

/** Sums over the invoices of a period so far. */
export type InvoicedLine = { readonly kind: ChargeLine['kind']; readonly price: string; readonly entry: string; readonly exact: Units; readonly amount: Units }

/** The difference for each line of the period, with what was printed of it before; lines that owe nothing are left out. */
export function dueLines(whole: readonly ChargeLine[], invoiced: readonly InvoicedLine[], period: Span): ChargeLine[] {
  const before = new Map<string, { exact: bigint; amount: bigint; kind: ChargeLine['kind']; price: string; entry: string }>()
  for (const line of invoiced) {
    const key = keyOf(line)
    const sums = before.get(key)
    if (sums === undefined) before.set(key, { ...line })
    else {
      sums.exact += line.exact
      sums.amount += line.amount
    }
  }
  const due = whole.map((line): ChargeLine => {
    const known = before.get(keyOf(line))
    before.delete(keyOf(line))
    return known === undefined ? line : { ...line, exact: units(line.exact - known.exact), before: { exact: units(known.exact), amount: units(known.amount) } }
  })
  // Asked for once, and not owed any more: a correction, or a price that the period does not have after all.
  const gone = [...before.values()].map((known): ChargeLine => ({
    kind: known.kind, price: known.price, entry: known.entry, name: known.price, period,
    quantity: NONE, included: NONE, billable: NONE, scale: 0, events: 0, charges: ZERO, exact: units(-known.exact), before: { exact: units(known.exact), amount: units(known.amount) },
  }))
  return [...due, ...gone].filter((line) => line.exact !== ZERO)
}

/** Late usage is usage of its period, and a proration a part of its fee: they are only called otherwise on paper. */
const OWN_KIND: Partial<Readonly<Record<ChargeLine['kind'], ChargeLine['kind']>>> = { late_usage: 'usage', proration: 'fee' }

function keyOf(line: Pick<ChargeLine, 'kind' | 'price' | 'entry'>): string {
  return JSON.stringify([OWN_KIND[line.kind] ?? line.kind, line.price, line.entry])
}
