// An invoice as somebody else's system takes it: plain lines of a name and an amount, which together are exactly what is asked for. Usage,
// fees, discounts, credit and tax are lines each; nothing is computed anew.

import { InputError } from '../assert.ts'
import { parseUnits, units, ZERO, type Units } from '../money.ts'
import type { InvoiceDocument } from './document.ts'

export type HandedLine = {
  /** Stable within the invoice. */
  readonly id: string
  readonly name: string
  /** As printed; below zero it takes off. */
  readonly amount: Units
  /** First and last day that it is for, `YYYY-MM-DD`. */
  readonly from: string
  readonly to: string
}

/** At most `linesMax` of them: what is beyond is one line with their sum. @throws InputError handover_sum, where the lines of a document are not what it asks for. */
export function handedLines(document: InvoiceDocument, linesMax: number): readonly HandedLine[] {
  const { currency, from, to } = document
  const amount = (text: string): Units => parseUnits(text, currency)
  const off = (id: string, name: string, text: string): HandedLine => ({ id, name, amount: units(-amount(text)), from, to })
  const lines = document.lines.map((line): HandedLine => ({ id: `line-${line.line}`, name: line.name, amount: amount(line.amount), from: line.from, to: line.to }))
  const rest: HandedLine[] = [
    ...document.discounts.map(({ name, amount: text }, index) => off(`discount-${index + 1}`, name, text)),
    off('included', 'Included usage', document.included),
    off('promotional', 'Promotional credit', document.promotional),
    ...(document.taxInclusive ? [] : document.taxes.map((tax, index): HandedLine => ({ id: `tax-${index + 1}`, name: `${tax.name} ${tax.percent} %`, amount: amount(tax.amount), from, to }))),
    off('prepaid', 'Paid by credit', document.prepaid),
  ].filter((line) => line.amount !== ZERO)
  const handed = [...folded(lines.filter((line) => line.amount !== ZERO), linesMax - rest.length), ...rest]
  const sum = handed.reduce((total, line) => total + line.amount, 0n)
  if (sum !== amount(document.amountDue)) throw new InputError({ code: 'handover_sum', field: 'amountDue', message: `the lines of invoice ${document.number ?? ''} come to another sum than it asks for` })
  return handed
}

function folded(lines: readonly HandedLine[], max: number): readonly HandedLine[] {
  if (lines.length <= max) return lines
  const [kept, beyond] = [lines.slice(0, max - 1), lines.slice(max - 1)]
  const [first] = beyond
  return [...kept, { ...first!, id: 'further', name: `${beyond.length} further lines`, amount: units(beyond.reduce((sum, { amount }) => sum + amount, 0n)) }]
}
