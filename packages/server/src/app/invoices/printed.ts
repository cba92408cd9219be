// How figures of an invoice are printed. Decimal text in, text out: no amount becomes a float on the way.

import { minorDigits, type InvoiceDocument } from '@tollgate/core'

/** `1234.5` → `1,234.50`. */
export function printAmount(amount: string, currency: string): string {
  const digits = minorDigits(currency)
  return new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount as Intl.StringNumericLiteral)
}

export function printQuantity(quantity: string): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: 9 }).format(quantity as Intl.StringNumericLiteral)
}

export type TotalRow = { readonly label: string; readonly amount: string; readonly isTotal: boolean }

/** The rows under the lines; what is zero is left out, except what is due. */
export function totalsOf(document: InvoiceDocument): TotalRow[] {
  const row = (label: string, amount: string, isTotal = false): TotalRow => ({ label, amount: printAmount(amount, document.currency), isTotal })
  const minus = (amount: string) => (amount.startsWith('-') ? amount.slice(1) : `-${amount}`)
  const rows: TotalRow[] = [row('Subtotal', document.subtotal)]
  for (const { name, amount } of document.discounts) if (amount !== '0') rows.push(row(name, minus(amount)))
  if (document.included !== '0') rows.push(row('Included in the plan', minus(document.included)))
  if (document.promotional !== '0') rows.push(row('Paid by promotional credit', minus(document.promotional)))
  for (const tax of document.taxes) rows.push(row(`${tax.name} ${tax.percent} %${document.taxInclusive ? ' (included)' : ''} on ${printAmount(tax.base, document.currency)}`, tax.amount))
  rows.push(row('Total', document.total, document.prepaid === '0'))
  if (document.prepaid !== '0') rows.push(row('Paid by credit, taxed when it was bought', minus(document.prepaid)), row('Due', document.amountDue, true))
  return rows
}

export function titleOf(document: InvoiceDocument): string {
  const kind = document.kind === 'invoice' ? 'Invoice' : 'Credit note'
  return document.number === null ? `${kind} (draft)` : `${kind} ${document.number}`
}

/** Facts beside the title, in the order in which they are printed. */
export function factsOf(document: InvoiceDocument): readonly (readonly [string, string])[] {
  const facts: [string, string | null][] = [
    ['Issued', document.issued],
    ['Due', document.kind === 'invoice' ? document.due : null],
    ['Corrects', document.corrects],
    ['Period', `${document.from} to ${document.to}`],
    ['Currency', document.currency],
  ]
  return facts.flatMap(([label, value]) => (value === null ? [] : [[label, value] as const]))
}

export function partyLines(party: InvoiceDocument['seller']): string[] {
  return [party.name, ...party.address, ...(party.country === null ? [] : [party.country]), ...(party.taxId === null ? [] : [`Tax id ${party.taxId}`]), ...(party.email === null ? [] : [party.email])]
}
